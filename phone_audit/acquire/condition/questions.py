"""What a phone is asked about its condition, as data. Nothing at any path is run; only regular files are opened."""

from collections.abc import Sequence

from phone_audit.acquire.commands import MEGABYTE, Command, quoted
from phone_audit.model.command_list import listed

ACCESSIBILITY = Command(listed("accessibility"), limit=8 * MEGABYTE)
ADB = Command(listed("adb"), timeout=15.0, limit=4 * MEGABYTE)
APPOPS = Command(listed("appops"), timeout=60.0)
CONNECTIVITY = Command(listed("connectivity"), limit=16 * MEGABYTE)
DEVICE_POLICY = Command(listed("device policy"), limit=8 * MEGABYTE)
IDLE_LIST = Command(listed("idle list"), timeout=15.0, limit=MEGABYTE)
MOUNTS = Command(listed("mounts"), timeout=10.0, limit=4 * MEGABYTE)
NETSTATS = Command(listed("netstats"), timeout=60.0)
ROLES = Command(listed("roles"), timeout=15.0, limit=8 * MEGABYTE)
SYSTEM_SETTINGS = Command(listed("system settings"), limit=8 * MEGABYTE)
TRANSPARENCY = Command(listed("transparency"), timeout=60.0, limit=4 * MEGABYTE)

ROLES_SINCE, TRANSPARENCY_SINCE = 29, 34
"""API levels in which the services came."""

CA_FOLDER = "/system/etc/security/cacerts"
CONSCRYPT_FOLDER = "/apex/com.android.conscrypt/cacerts"
"""From Android 14 on the certificates of this folder are used, where it is there."""
OTA_CERTIFICATES = "/system/etc/security/otacerts.zip"
HOSTS = "/system/etc/hosts"
ADB_KEYS = "/data/misc/adb/adb_keys"
BUILT_IN_ADB_KEYS = ("/adb_keys", "/product/etc/security/adb_keys")
"""Where `adbd` looks for keys that need no question; AOSP builds them into test firmware only."""
BUILD_PROPS = (
    "/system/build.prop",
    "/vendor/build.prop",
    "/product/build.prop",
    "/product/etc/build.prop",
    "/system_ext/build.prop",
    "/system_ext/etc/build.prop",
    "/odm/build.prop",
    "/odm/etc/build.prop",
)
ROOT_PROGRAMS = (
    "/system/bin/su",
    "/system/xbin/su",
    "/sbin/su",
    "/vendor/bin/su",
    "/product/bin/su",
    "/su/bin/su",
    "/system/xbin/daemonsu",
    "/system/app/Superuser.apk",
    "/system/app/SuperSU/SuperSU.apk",
    "/sbin/magisk",
    "/system/bin/magisk",
    "/debug_ramdisk/magisk",
    "/data/local/tmp/su",
    "/data/local/tmp/magisk",
    "/data/adb/magisk",
    "/data/adb/ksu",
    "/data/adb/ap",
)
"""Where su, SuperSU, Magisk, KernelSU and APatch put their programs, as their installers do."""
FRAMEWORK = (
    "/system/framework/*.jar",
    "/system/bin/app_process*",
    "/system/lib*/libandroid_runtime.so",
    "/system/lib*/libc.so",
    "/apex/com.android.runtime/lib*/bionic/libc.so",
    "/apex/com.android.art/javalib/*.jar",
)
"""Code that runs in every process: what a phone of the same build has byte for byte."""


def secure_settings(user: int) -> Command:
    """Ask for the table that each user has of their own."""
    return Command(listed("secure settings", user=user), limit=8 * MEGABYTE)


def added_folder(user: int) -> str:
    """Return the folder of the certificate authorities that a user added."""
    return f"/data/misc/user/{user}/cacerts-added"


def removed_folder(user: int) -> str:
    """Return the folder of the certificate authorities that a user switched off."""
    return f"/data/misc/user/{user}/cacerts-removed"


def small_files(users: Sequence[int]) -> Command:
    """Ask for the bytes of all small files in one command; see `parse.small_files`."""
    folders = (CA_FOLDER, CONSCRYPT_FOLDER, *(add(user) for user in users for add in (added_folder, removed_folder)))
    files = (HOSTS, OTA_CERTIFICATES, ADB_KEYS, *BUILT_IN_ADB_KEYS, *BUILD_PROPS)
    words = [*(quoted(path) for path in files), *(f"{quoted(folder)}/*" for folder in folders)]
    text = listed(
        "small files",
        small_files=" ".join(words),
        plain_paths=" ".join(quoted(folder) for folder in folders),
        own_paths=" ".join(ROOT_PROGRAMS),
    )
    return Command(text, timeout=30.0, limit=24 * MEGABYTE)


def framework_hashes() -> Command:
    """Ask for the SHA-256 of the framework's files, as `sha256sum` prints it. The patterns are ours: no path is."""
    return Command(listed("framework hashes", own_paths=" ".join(FRAMEWORK)), timeout=180.0, limit=MEGABYTE)
