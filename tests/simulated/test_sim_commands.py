"""The commands of the phone, one by one."""

import hashlib
import re

import pytest

from tests.simulated.lines import PROFILE, run, said

APK = "/system/app/AutoRegistration/AutoRegistration.apk"
APK_BYTES = (PROFILE.folder / "com.qualcomm.qti.autoregistration.apk").read_bytes()
NOTES = "/data/app/org.example.notes-Rr5Uo9eGqK6mDw3Jx8VtPQ==/base.apk"


# --------------------------------------------------------------------------- properties
def test_getprop_lists_every_property_sorted() -> None:
    lines = said("getprop").splitlines()
    names = [line.partition("]")[0] for line in lines]
    assert names == sorted(names)
    assert "[ro.product.model]: [Nokia 7 plus]" in lines
    assert len(lines) == len(PROFILE.properties)


def test_getprop_of_one() -> None:
    assert said("getprop ro.build.display.id; getprop ro.nosuch; getprop ro.nosuch other") == "00WW_3_22C\n\nother\n"


# ----------------------------------------------------------------------------- packages
def test_a_package_is_listed_with_everything() -> None:
    assert said("pm list packages -f -u -i -U --show-versioncode example") == (
        "package:/data/app/com.example.weather-4kQ8sT0yHn2ZrVb7LwXc1A==/base.apk=com.example.weather versionCode:412"
        "  installer=com.android.vending uid:10077\n"
        f"package:{NOTES}=org.example.notes versionCode:7  installer=null uid:10078\n"
    )


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("-3", ["com.example.weather", "org.example.notes"]),
        ("-d", ["com.android.egg"]),
        ("-s -d", ["com.android.egg"]),
        ("-3 -d", []),
        ("--user 0 telephony", ["com.android.providers.telephony", "com.qualcomm.qti.telephonyservice"]),
        ("--user 10", []),
    ],
)
def test_packages_are_chosen(options: str, names: list[str]) -> None:
    assert said(f"pm list packages {options}").splitlines() == [f"package:{name}" for name in names]


def test_the_system_and_the_others_are_all() -> None:
    everything = said("pm list packages").splitlines()
    assert sorted(said("pm list packages -s; cmd package list packages -3").splitlines()) == sorted(everything)
    assert len(everything) == 27
    assert len(said("pm list packages -e").splitlines()) == 26


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("pm list packages --apex-only", "Error: Unknown option: --apex-only\n"),
        (
            "pm list packages --user all",
            "Error: java.lang.SecurityException: Shell does not have permission to access user -1\n",
        ),
        ("pm list nonsense", "Error: unknown list type 'nonsense'\n"),
        ("pm nonsense", "Unknown command: nonsense\n"),
        ("pm", "Package manager (package) commands:\n  help\n    Print this help text.\n"),
    ],
)  # fmt: skip
def test_what_the_package_service_refuses(line: str, answer: str) -> None:
    assert run(line) == (answer.encode(), b"", 255)


def test_the_paths_of_a_package() -> None:
    folder = "/data/app/com.example.weather-4kQ8sT0yHn2ZrVb7LwXc1A=="
    assert said("pm path com.example.weather") == (
        f"package:{folder}/base.apk\npackage:{folder}/split_config.xxhdpi.apk\n"
    )
    assert run("pm path no.such") == (b"", b"", 1)
    assert run("pm path --user 10 com.android.phone") == (b"", b"", 1)


def test_users() -> None:
    assert said("pm list users; am get-current-user; cmd activity get-current-user") == (
        "Users:\n\tUserInfo{0:Owner:c13} running\n0\n0\n"
    )


def test_the_dump_of_one_package() -> None:
    text = said("dumpsys package org.example.notes")
    assert "    codePath=/data/app/org.example.notes-Rr5Uo9eGqK6mDw3Jx8VtPQ==\n" in text
    assert "    versionCode=7 minSdk=28 targetSdk=28\n    versionName=0.7\n    splits=[base]\n" in text
    assert f"version:3, signatures:[{PROFILE.signers['example']}], past signatures:[]}}\n" in text
    assert "        android.permission.READ_EXTERNAL_STORAGE: granted=true, flags=[ USER_SET ]\n" in text
    assert text.count("  Package [") == 1
    assert said("cmd package dump org.example.notes") == "DUMP OF SERVICE package:\n" + text


def test_a_permission_that_was_not_granted() -> None:
    text = said("dumpsys package com.example.weather")
    assert "        android.permission.ACCESS_FINE_LOCATION: granted=false\n" in text
    assert "    splits=[base, config.xxhdpi]\n" in text
    assert "    installerPackageName=com.android.vending\n" in text


def test_the_receiver_of_the_registration_package() -> None:
    text = said("dumpsys package com.qualcomm.qti.autoregistration")
    assert re.search(
        r"      android.intent.action.BOOT_COMPLETED:\n"
        r"        [0-9a-f]+ com.qualcomm.qti.autoregistration/.AutoRegistrationReceiver filter [0-9a-f]+\n"
        r'          Action: "android.intent.action.BOOT_COMPLETED"\n          mPriority=1000,',
        text,
    )
    assert "    sharedUser=SharedUserSetting{" in text


def test_the_dump_of_all_holds_the_hidden_copy_once() -> None:
    text = said("dumpsys package")
    packages, _, hidden = text.partition("Hidden system packages:\n")
    assert packages.count("  Package [") == 27
    assert re.findall(r"  Package \[(.*?)\]", hidden) == ["com.android.documentsui"]
    assert "    versionCode=28 minSdk" in hidden
    assert "    codePath=/system/priv-app/DocumentsUI\n" in hidden
    flags = "    flags=[ SYSTEM HAS_CODE ALLOW_CLEAR_USER_DATA UPDATED_SYSTEM_APP ALLOW_BACKUP ]\n"
    assert (packages.count(flags), hidden.count(flags)) == (1, 1)


def test_services() -> None:
    listed = said("dumpsys -l")
    assert said("cmd -l") == listed
    assert "  package\n" in listed
    assert run("dumpsys nosuch") == (b"", b"Can't find service: nosuch\n", 0)
    assert run("cmd nosuch") == (b"", b"cmd: Can't find service: nosuch\n", 20)
    assert said("service check package; service check x") == "Service package: found\nService x: not found\n"
    assert said("dumpsys").count("DUMP OF SERVICE ") == len(PROFILE.services)
    assert said("dumpsys wifi") == ""


def test_accessibility_lists_what_is_installed() -> None:
    text = said("dumpsys accessibility")
    assert "     0 : com.android.talkback/.TalkBackService\n" in text
    assert "services:{}]" in text


def test_settings() -> None:
    assert "adb_enabled=1\n" in said("settings list global")
    assert said(
        "settings get global adb_enabled; settings get --user 0 secure x; cmd settings get secure location_mode"
    ) == ("1\nnull\n3\n")
    assert run("settings get nosuch x") == (b"", b"Invalid namespace\n", 255)


# -------------------------------------------------------------------------------- files
def test_hashes_are_those_of_the_files() -> None:
    digest = hashlib.sha256(APK_BYTES).hexdigest()
    assert said(f"sha256sum {APK}") == f"{digest}  {APK}\n"
    assert said(f"sha256sum -b {APK}; toybox sha256sum <{APK}") == f"{digest}\n{digest}  -\n"
    assert said(f"md5sum -b {APK}") == hashlib.md5(APK_BYTES).hexdigest() + "\n"


def test_one_that_fails_does_not_stop_the_others() -> None:
    out, err, status = run(f"sha256sum /nosuch {APK} /system")
    assert out.count(b"\n") == 1
    assert err == b"sha256sum: /nosuch: No such file or directory\nsha256sum: /system: Is a directory\n"
    assert status == 1


@pytest.mark.parametrize(
    ("line", "data"),
    [
        (f"cat {APK}", APK_BYTES),
        (f"head -c 100 {APK}", APK_BYTES[:100]),
        (f"tail -c 100 {APK}", APK_BYTES[-100:]),
        (f"tail -c +101 {APK} | head -c 50", APK_BYTES[100:150]),
        (f"dd if={APK} bs=64 skip=2 count=3 2>/dev/null", APK_BYTES[128:320]),
        (f"dd if={APK} bs=4096 skip=100 count=50 iflag=skip_bytes,count_bytes status=none", APK_BYTES[100:150]),
        (f"dd if={APK} 2>/dev/null", APK_BYTES),
        (f"cat {APK} | cat - {APK}", APK_BYTES * 2),
    ],
)
def test_bytes_and_ranges_of_a_file(line: str, data: bytes) -> None:
    assert run(line) == (data, b"", 0)


def test_lines() -> None:
    assert said("printf '1\\n2\\n3\\n' | head -n 2") == "1\n2\n"
    assert said("printf '1\\n2\\n3\\n' | tail -n 2") == "2\n3\n"
    assert said("printf '1\\n2\\n3\\n' | tail -n +2") == "2\n3\n"
    assert said("printf '1\\n2\\n3\\n' | tail -n 9") == "1\n2\n3\n"


def test_counts() -> None:
    assert said(f"wc -c {APK}; wc -c <{APK}") == f"{len(APK_BYTES)} {APK}\n{len(APK_BYTES)}\n"
    assert said("echo abc d | wc") == "      1       2       6\n"
    assert said(f"wc -c {APK} {NOTES}").splitlines()[-1].split() == [str(len(APK_BYTES) + len_of(NOTES)), "total"]


def len_of(path: str) -> int:
    return int(said(f"stat -c %s {path}"))


def test_stat_in_its_own_words() -> None:
    assert said(f"stat -c '%n %s %a %A %U:%G %u:%g %F %h %Y' {APK} /sdcard /data/app") == (
        f"{APK} {len(APK_BYTES)} 644 -rw-r--r-- root:root 0:0 regular file 1 1230768000\n"
        "/sdcard 21 777 lrwxrwxrwx root:root 0:0 symbolic link 1 1230768000\n"
        "/data/app 4096 771 drwxrwx--x system:system 1000:1000 directory 5 1230768000\n"
    )
    assert said("stat -L -c %F /sdcard") == "directory\n"
    assert run("stat /nosuch") == (b"", b"stat: '/nosuch': No such file or directory\n", 1)


def test_ls() -> None:
    assert said("ls /system/app/NfcNci; ls -d /system/app") == "NfcNci.apk\n/system/app\n"
    assert said("ls -l /system/app/NfcNci /sdcard/Download") == (
        "/sdcard/Download:\ntotal 4\n-rw-rw---- 1 root sdcard_rw 19 2009-01-01 00:00 a file with blanks.txt\n"
        "/system/app/NfcNci:\ntotal 4\n-rw-r--r-- 1 root root 3533 2009-01-01 00:00 NfcNci.apk\n"
    ).replace("3533", str(len_of("/system/app/NfcNci/NfcNci.apk")))
    assert said("ls -ld /sdcard") == "lrwxrwxrwx 1 root root 21 2009-01-01 00:00 /sdcard -> /storage/self/primary\n"
    assert said("ls -Z /system/app/NfcNci") == "u:object_r:system_file:s0 NfcNci.apk\n"
    assert run("ls /data/app") == (b"", b"ls: /data/app: Permission denied\n", 1)
    assert run("ls /nosuch /system/etc")[2] == 1


def test_find() -> None:
    assert said("find /system/app/NfcNci") == "/system/app/NfcNci\n/system/app/NfcNci/NfcNci.apk\n"
    assert said("find /system -name '*.apk' -type f").count("\n") == 25
    assert said("find /system -maxdepth 0 -print0") == "/system\0"
    assert run("find /nosuch") == (b"", b"find: '/nosuch': No such file or directory\n", 1)


def test_links() -> None:
    assert said("readlink /sdcard; readlink -f /sdcard/Download") == (
        "/storage/self/primary\n/storage/emulated/0/Download\n"
    )
    assert run("readlink /system") == (b"", b"", 1)


# --------------------------------------------------------------------------------- self
def test_who_where_and_when() -> None:
    assert said("id").startswith("uid=2000(shell) gid=2000(shell) groups=2000(shell),1004(input),")
    assert said("id -u; id -un; whoami; getenforce; uname; uname -m; uname -r") == (
        "2000\nshell\nshell\nEnforcing\nLinux\naarch64\n4.4.78-perf+\n"
    )
    assert said("date +%s; date '+%s %z'; date +%Y-%m-%dT%H:%M:%S%z; date +%s.%N") == (
        "1548000000\n1548000000 +0000\n2019-01-20T16:00:00+0000\n1548000000.250000000\n"
    )
    assert said("date -u") == "Sun Jan 20 16:00:00 UTC 2019\n"
    assert said("which sh sha256sum") == "/system/bin/sh\n/system/bin/sha256sum\n"
    assert run("which nosuch") == (b"", b"", 1)


def test_processes() -> None:
    assert [line.split()[-1] for line in said("ps").splitlines()] == ["NAME", "sh", "ps"]
    assert "com.qualcomm.qti.autoregistration\n" in said("ps -A -o NAME")


def test_sleep_waits_on_the_phone() -> None:
    assert run("sleep 1000") == (b"", b"", 0)
    assert run("sleep x")[2] == 1


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("ls -y /", "ls: Unknown option 'y' (see \"ls --help\")"),
        ("ls --color", "ls: Unknown option 'color' (see \"ls --help\")"),
        ("head -c", 'head: Missing argument to -c (see "head --help")'),
        ("head -c x /system/etc/hosts", "head: not a number: invalid literal for int() with base 10: 'x'"),
        ("dd of=/x", "dd: bad arg of"),
        ("find / -exec rm", "find: bad arg '-exec'"),
        ("date x", "date: bad date 'x'"),
        ("toybox nosuch", 'toybox: Unknown command nosuch (see "toybox --help")'),
    ],
)
def test_words_that_a_command_does_not_know(line: str, error: str) -> None:
    out, err, status = run(line)
    assert (out, err.decode().splitlines()[0], status) == (b"", error, 1)
