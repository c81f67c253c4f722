"""What a phone is asked about its condition, as data. Nothing at any path is run; only regular files are opened."""

from collections.abc import Sequence

from phone_audit.acquire.commands import MEGABYTE, Command, quoted

ACCESSIBILITY = Command("dumpsys accessibility", limit=8 * MEGABYTE)
ADB = Command("dumpsys adb", timeout=15.0, limit=4 * MEGABYTE)
APPOPS = Command("date '+%s %z';dumpsys appops", timeout=60.0)
CONNECTIVITY = Command("dumpsys connectivity", limit=16 * MEGABYTE)
DEVICE_POLICY = Command("dumpsys device_policy", limit=8 * MEGABYTE)
IDLE_LIST = Command("dumpsys deviceidle whitelist", timeout=15.0, limit=MEGABYTE)
MOUNTS = Command("cat /proc/mounts", timeout=10.0, limit=4 * MEGABYTE)
NETSTATS = Command("dumpsys netstats detail", timeout=60.0)
ROLES = Command("dumpsys role", timeout=15.0, limit=8 * MEGABYTE)
SYSTEM_SETTINGS = Command("settings list --user 0 system", limit=8 * MEGABYTE)
TRANSPARENCY = Command(
    "cmd transparency get image_info;cmd transparency get apex_info", timeout=60.0, limit=4 * MEGABYTE
)

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

FILES = (
    ': files;set --;for a in @F;do if [ -f "$a" ]&&[ -r "$a" ];then set -- "$@" "$a";fi;done;'
    "printf '\\0folders\\0';for d in @D;do if [ ! -d \"$d\" ];then k=none;"
    'elif [ -r "$d" ]&&[ -x "$d" ];then k=open;else k=shut;fi;printf \'%s\\0%s\\0\' $k "$d";done;'
    "printf '\\0there\\0';for p in @P;do if [ -e \"$p\" ];then printf '%s\\0' \"$p\";fi;done;"
    "printf '\\0files\\0';if [ $# -gt 0 ];then stat -L -c %s \"$@\" 2>/dev/null;printf '\\0';printf '%s\\0' \"$@\";"
    "printf '\\0bytes\\0';cat \"$@\" 2>/dev/null;else printf '\\0\\0bytes\\0';fi"
)
HASHES = (
    ': framework;set --;for a in @F;do if [ -f "$a" ]&&[ -r "$a" ];then set -- "$@" "$a";fi;done;'
    "H=sha256sum;command -v $H >/dev/null 2>&1||H='toybox sha256sum';"
    'if [ $# -gt 0 ];then $H "$@" 2>/dev/null;fi'
)


def secure_settings(user: int) -> Command:
    """Ask for the table that each user has of their own."""
    return Command(f"settings list --user {user} secure", limit=8 * MEGABYTE)


def added_folder(user: int) -> str:
    """Give the folder of the certificate authorities that a user added."""
    return f"/data/misc/user/{user}/cacerts-added"


def removed_folder(user: int) -> str:
    """Give the folder of the certificate authorities that a user switched off."""
    return f"/data/misc/user/{user}/cacerts-removed"


def small_files(users: Sequence[int]) -> Command:
    """Ask for the bytes of all small files in one command; see `parse.small_files`."""
    folders = (CA_FOLDER, CONSCRYPT_FOLDER, *(add(user) for user in users for add in (added_folder, removed_folder)))
    files = (HOSTS, OTA_CERTIFICATES, ADB_KEYS, *BUILT_IN_ADB_KEYS, *BUILD_PROPS)
    words = [*(quoted(path) for path in files), *(f"{quoted(folder)}/*" for folder in folders)]
    text = FILES.replace("@F", " ".join(words), 1)
    text = text.replace("@D", " ".join(quoted(folder) for folder in folders), 1)
    return Command(text.replace("@P", " ".join(ROOT_PROGRAMS), 1), timeout=30.0, limit=24 * MEGABYTE)


def framework_hashes() -> Command:
    """Ask for the SHA-256 of the framework's files, as `sha256sum` prints it. The patterns are ours: no path is."""
    return Command(HASHES.replace("@F", " ".join(FRAMEWORK), 1), timeout=180.0, limit=MEGABYTE)
