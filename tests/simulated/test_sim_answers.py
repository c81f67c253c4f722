"""Every command of the list is answered; of the rest, what people type with the stock adb client."""

import hashlib
import re

import pytest

from phone_audit.acquire.adb.stream_transport import with_exit_status
from phone_audit.acquire.commands import quoted
from phone_audit.acquire.packages.package_dump import single_packages_command
from phone_audit.acquire.packages.package_list import package_list_command
from phone_audit.acquire.questions.file_facts import digest_command, every_apk, hash_command, look_command
from phone_audit.model.command_list import COMMANDS, line, listed
from phone_audit.simulated.answers import ANSWERS
from tests.simulated.lines import PROFILE, run, said

APK = "/system/app/AutoRegistration/AutoRegistration.apk"
APK_BYTES = (PROFILE.folder / "com.qualcomm.qti.autoregistration.apk").read_bytes()
NOTES = "/data/app/org.example.notes-Rr5Uo9eGqK6mDw3Jx8VtPQ==/base.apk"
HOSTS = "/system/etc/hosts"
HOSTS_BYTES = b"127.0.0.1       localhost\n::1             ip6-localhost\n"
ODD = "/it's\n\u00e9 $x"
SYSTEM = [package.name for package in PROFILE.packages if package.system]
MARK = "phone-audit:0123456789abcdef"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_every_command_of_the_list_has_an_answer_and_nothing_else_has() -> None:
    assert ANSWERS.keys() == COMMANDS.keys()


# ------------------------------------------------------------------------------------------ the phone as a whole
def test_properties_are_sorted() -> None:
    rows = said(COMMANDS["properties"]).splitlines()
    assert rows == sorted(rows, key=lambda row: row.partition("]")[0])
    assert "[ro.product.model]: [Nokia 7 plus]" in rows
    assert len(rows) == len(PROFILE.properties)


def test_who_where_and_when() -> None:
    assert said(COMMANDS["shell id"]).startswith("uid=2000(shell) gid=2000(shell) groups=2000(shell),1004(input),")
    assert said(COMMANDS["selinux"]) == "Enforcing\n"
    assert said(COMMANDS["date"]) == "1548000000 +0000\n"


def test_what_android_9_does_not_have_is_said_as_it_says_it() -> None:
    assert run(COMMANDS["cores"]) == (b"", b"/system/bin/sh: nproc: not found\n", 127)
    assert run(COMMANDS["roles"]) == (b"", b"Can't find service: role\n", 0)
    assert run(COMMANDS["transparency"]) == (b"", b"cmd: Can't find service: transparency\n" * 2, 20)
    assert run(COMMANDS["mounts"]) == (b"", b"cat: /proc/mounts: No such file or directory\n", 1)


# ------------------------------------------------------------------------------------------- users and packages
def test_users() -> None:
    assert said(COMMANDS["users"]) == "Users:\n\tUserInfo{0:Owner:c13} running\n"
    assert said(COMMANDS["current user"]) == "0\n"


def test_a_package_is_listed_with_everything() -> None:
    rows = said(package_list_command("-f -u -i -U --show-versioncode", 0, "cmd package").text).splitlines()
    assert len(rows) == 27
    assert [row for row in rows if "example" in row] == [
        "package:/data/app/com.example.weather-4kQ8sT0yHn2ZrVb7LwXc1A==/base.apk=com.example.weather versionCode:412"
        "  installer=com.android.vending uid:10077",
        f"package:{NOTES}=org.example.notes versionCode:7  installer=null uid:10078",
    ]


@pytest.mark.parametrize(
    ("flags", "user", "names"),
    [
        ("-3", 0, ["com.example.weather", "org.example.notes"]),
        ("-d", 0, ["com.android.egg"]),
        ("-s -u", 0, SYSTEM),
        ("-3 -u", 0, ["com.example.weather", "org.example.notes"]),
        ("-u", 10, []),
    ],
)
def test_packages_are_chosen(flags: str, user: int, names: list[str]) -> None:
    assert said(package_list_command(flags, user).text).splitlines() == [f"package:{name}" for name in names]


def test_modules_came_later() -> None:
    text = package_list_command("--apex-only -f", 0).text
    assert run(text) == (b"Error: Unknown option: --apex-only\n", b"", 255)


def test_the_dump_of_one_package() -> None:
    text = said(single_packages_command(["org.example.notes", "no.such"]).text)
    assert text.startswith("@0\n")
    assert "    codePath=/data/app/org.example.notes-Rr5Uo9eGqK6mDw3Jx8VtPQ==\n" in text
    assert "    versionCode=7 minSdk=28 targetSdk=28\n    versionName=0.7\n    splits=[base]\n" in text
    assert f"version:3, signatures:[{PROFILE.signers['example']}], past signatures:[]}}\n" in text
    assert "        android.permission.READ_EXTERNAL_STORAGE: granted=true, flags=[ USER_SET ]\n" in text
    assert text.count("  Package [") == 1
    assert "@1\nDexopt state:\n  Unable to find package: no.such\n" in text


def test_a_permission_that_was_not_granted() -> None:
    text = said(single_packages_command(["com.example.weather"]).text)
    assert "        android.permission.ACCESS_FINE_LOCATION: granted=false\n" in text
    assert "    splits=[base, config.xxhdpi]\n" in text
    assert "    installerPackageName=com.android.vending\n" in text


def test_the_receiver_of_the_registration_package() -> None:
    text = said(single_packages_command(["com.qualcomm.qti.autoregistration"]).text)
    assert re.search(
        r"      android.intent.action.BOOT_COMPLETED:\n"
        r"        [0-9a-f]+ com.qualcomm.qti.autoregistration/.AutoRegistrationReceiver filter [0-9a-f]+\n"
        r'          Action: "android.intent.action.BOOT_COMPLETED"\n          mPriority=1000,',
        text,
    )
    assert "    sharedUser=SharedUserSetting{" in text


def test_the_dump_of_all_holds_the_hidden_copy_once() -> None:
    text = said(COMMANDS["package dump"])
    packages, _, hidden = text.partition("Hidden system packages:\n")
    assert packages.count("  Package [") == 27
    assert re.findall(r"  Package \[(.*?)\]", hidden) == ["com.android.documentsui"]
    assert "    versionCode=28 minSdk" in hidden
    assert "    codePath=/system/priv-app/DocumentsUI\n" in hidden
    flags = "    flags=[ SYSTEM HAS_CODE ALLOW_CLEAR_USER_DATA UPDATED_SYSTEM_APP ALLOW_BACKUP ]\n"
    assert (packages.count(flags), hidden.count(flags)) == (1, 1)


# ----------------------------------------------------------------------------------------- settings and services
def test_settings() -> None:
    assert "adb_enabled=1\n" in said(COMMANDS["global settings"])
    assert "location_mode=3\n" in said(listed("secure settings", user=0))
    assert "time_12_24=24\n" in said(COMMANDS["system settings"])


def test_dumps_of_services() -> None:
    text = said(COMMANDS["accessibility"])
    assert "     0 : com.android.talkback/.TalkBackService\n" in text
    assert "services:{}]" in text
    assert said(COMMANDS["user dump"]).startswith("Current user: 0\n")
    assert said(COMMANDS["connectivity"]) == ""
    assert said(COMMANDS["appops"]) == "1548000000 +0000\n"


# --------------------------------------------------------------------------------------------------------- files
def test_what_lies_at_paths() -> None:
    words = [HOSTS, "/nosuch", "/system", "/dev/null", "/system/build.prop", ODD]
    text = look_command([*map(quoted, words), every_apk("/system/app/NfcNci")]).text
    kinds, _, files = said(text).partition("\0files\0")
    assert kinds.split("\0")[1:] == [
        "missing", "/nosuch", "", "folder", "/system", "", "device", "/dev/null", "", "denied", "/system/build.prop",
        "", "missing", ODD, "",
    ]  # fmt: skip
    assert files.split("\0")[1:] == [HOSTS, "/system/app/NfcNci/NfcNci.apk"]
    assert files.startswith(f"{len(HOSTS_BYTES)}\n")


def test_a_pattern_that_meets_nothing_stands_for_itself() -> None:
    assert said(look_command([every_apk("/data/app")]).text) == (
        "\0missing\0/data/app/*.apk\0\0files\0\0"  # the shell may not list that folder
    )


def test_modes_and_times() -> None:
    assert said(listed("mode", path=quoted("/sdcard"))) == "41f9\n"
    out, err, status = run(listed("times", plain_paths=f"'{APK}' '/nosuch'"))
    assert re.fullmatch(rf"1548000000\n{len(APK_BYTES)} 1230768000 1230768000 \d+ {APK}\n", out.decode())
    assert (err, status) == (b"stat: '/nosuch': No such file or directory\n", 1)


def test_hashes_are_those_of_the_files() -> None:
    assert run(hash_command([(HOSTS, 60), ("/nosuch", 1), ("/system/build.prop", 1)]).text) == (
        f"@0\n{sha256(HOSTS_BYTES)}  -\n@1\n@2\n".encode(),
        b"/system/bin/sh: can't open /system/build.prop: Permission denied\n",
        1,
    )
    odd = f'$H <{quoted(HOSTS)}|while read -r d n;do echo "$d  @{HOSTS.encode().hex()}";done;'
    groups = f"$H '{APK}' '/nosuch';{odd}$H <$'/nosuch\\047'|while read -r d n;do echo \"$d  @00\";done;"
    assert said(listed("hashes", hashed_groups=groups)) == (
        f"{sha256(APK_BYTES)}  {APK}\n{sha256(HOSTS_BYTES)}  @{HOSTS.encode().hex()}\n@end\n"
    )
    kinds = [hashlib.new(kind, APK_BYTES, usedforsecurity=False).hexdigest() for kind in ("sha256", "sha1", "md5")]
    assert said(digest_command(APK).text) == "".join(f"{digest}  -\n" for digest in kinds)
    assert run(digest_command("/system").text) == (b"", b"", 1)
    assert said(listed("framework hashes", own_paths="/system/etc/host* /nosuch*")) == (
        f"{sha256(HOSTS_BYTES)}  {HOSTS}\n"
    )


def test_small_files() -> None:
    text = listed(
        "small files",
        small_files="'/system/build.prop' '/system/etc'/*",
        plain_paths="'/system/etc' '/data/app' '/nosuch'",
        own_paths="/system/bin/su /system/bin/sh",
    )
    assert said(text) == (
        "\0folders\0open\0/system/etc\0shut\0/data/app\0none\0/nosuch\0\0there\0/system/bin/sh\0"
        f"\0files\0{len(HOSTS_BYTES)}\n\0{HOSTS}\0\0bytes\0{HOSTS_BYTES.decode()}"
    )


def test_the_rest_of_a_file() -> None:
    assert run(listed("rest of a file", path=f"'{APK}'", block=64, skip=2)) == (APK_BYTES[128:], b"", 0)
    assert run(listed("rest of a file", path=f"'{APK}'", block=4096, skip=10**18)) == (b"", b"", 0)
    assert run(listed("rest of a file", path="'/nosuch'", block=64, skip=2)) == (b"", b"", 1)


def test_ranges_are_answered_line_by_line() -> None:
    asked = [
        line("range", number=1, plain_path=f"'{APK}'", block=64, skip=2, count=3),
        line("range", number=2, plain_path="'/nosuch'", block=64, skip=0, count=1),
        "3 '/etc/hosts';reboot 1 0 1\n",
        line("range", number=4, plain_path=f"'{HOSTS}'", block=1, skip=3, count=0),
    ]
    out, err, status = run(listed("ranges", mark=MARK), "".join(asked).encode())
    assert out == f"{MARK}:0:0\n".encode() + APK_BYTES[128:320] + f"{MARK}:1:0\n{MARK}:2:1\n{MARK}:4:0\n".encode()
    assert (err, status) == (b"", 0)


# --------------------------------------------------------------------------------- what `watch` asks again and again
def test_sockets_are_told_as_often_as_asked() -> None:
    text = listed("sockets", own_paths="/proc/net/tcp", mark=MARK)
    once = f"cat: /proc/net/tcp: No such file or directory\n{MARK}\n{MARK}\n"
    assert run(text, b"\n\n")[0].decode() == once * 2
    assert said(text) == ""


def test_traffic_and_looked_up_names() -> None:
    assert said(COMMANDS["traffic"]) == said(COMMANDS["looked up names"]) == ""


# ------------------------------------------------------------------------------------------- what stands around them
def test_the_exit_status_stands_behind_all_that_was_said() -> None:
    script = with_exit_status(listed("times", plain_paths="'/nosuch'"), MARK).decode()
    assert said(script, b"never read") == f"1548000000\nstat: '/nosuch': No such file or directory\n{MARK}1\n"
    assert said(with_exit_status(COMMANDS["selinux"], MARK).decode()) == f"Enforcing\n{MARK}0\n"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("echo a 'b  c'", (b"a b  c\n", b"", 0)),
        ("exit 7", (b"", b"", 7)),
        ("exit", (b"", b"", 0)),
        (f"cat {HOSTS} /nosuch", (HOSTS_BYTES, b"cat: /nosuch: No such file or directory\n", 1)),
        ("cat", (b"given", b"", 0)),
        ("nosuch -x", (b"", b"/system/bin/sh: nosuch: not found\n", 127)),
    ],
)
def test_what_people_type(typed: str, answer: tuple[bytes, bytes, int]) -> None:
    assert run(typed, b"given") == answer


@pytest.mark.parametrize(
    "typed", ["echo a; id", "echo $(id)", "echo 'a", "ls *", " ", "(eval 'x) </dev/null 2>&1; echo m$?"]
)
def test_there_is_no_shell(typed: str) -> None:
    out, err, status = run(typed)
    assert (out, status) == (b"", 2)
    assert b"the simulated phone has no shell" in err
