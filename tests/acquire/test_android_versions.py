"""What Android versions and makers do differently, read from phones in memory."""

from pathlib import Path

import pytest

from phone_audit.acquire.collect import Acquired
from phone_audit.acquire.transport import Answer
from phone_audit.model.device import Module, NotUnderstood, Package
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import QUIET, Fake, FakePhone, dumped, fake_phone
from tests.acquire.packages.dumps_of import dump

APEX = "pm list packages --apex-only -f --show-versioncode --user 0"
UPDATED = "/data/apex/active/com.android.tzdata@351400020.apex"
SECURE = "\tUserInfo{0:Owner:4c13} running\n\tUserInfo{150:Secure Folder:10061030} running\n"


def read(phone: FakePhone, into: Path, *, users: str = "all") -> Acquired:
    return collect(phone, depth="quick", users=users, into=into, on_progress=QUIET)


def notes(acquired: Acquired) -> list[tuple[str, str]]:
    return [(note.subject, note.code) for note in acquired.snapshot.skipped]


def package(acquired: Acquired, name: str) -> Package:
    return next(package for package in acquired.snapshot.packages if package.name == name)


def lock(phone: FakePhone, user: int) -> None:
    """Let every list of a user fail."""
    said = f"Error: java.lang.SecurityException: Shell does not have permission to access user {user}\n"
    for command in [command for command in phone.says if command.startswith("pm list packages")]:
        phone.says[command.replace("--user 0", f"--user {user}")] = Answer(said.encode(), 255, truncated=False)


# APEX modules


def test_modules_with_the_versions_of_the_firmware(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.says[APEX] = (
        f"package:{UPDATED}=com.google.android.tzdata6 versionCode:351400020\n"
        "package:/system/apex/com.google.android.devicelock.apex=com.google.android.devicelock versionCode:1\n"
        "package:/data/apex/decompressed/com.android.mediaprovider@990090000.decompressed.apex="
        "com.google.android.mediaprovider versionCode:990090000\n"
    )
    sections = dump("android-15-shared-users-and-apex.txt").partition("APEX session state:")[2]
    phone.says["dumpsys package"] = dumped({"org.a": Fake("org.a")}, f"APEX session state:{sections}")
    acquired = read(phone, tmp_path)
    assert acquired.snapshot.modules == (
        Module(
            name="com.google.android.devicelock",
            version_code=1,
            path="/system/apex/com.google.android.devicelock.apex",
            updated=False,
            factory_version_code=1,
            factory_path="/system/apex/com.google.android.devicelock.apex",
        ),
        Module(
            name="com.google.android.mediaprovider",
            version_code=990090000,
            path="/data/apex/decompressed/com.android.mediaprovider@990090000.decompressed.apex",
            updated=False,
            factory_version_code=None,
            factory_path=None,
        ),
        Module(
            name="com.google.android.tzdata6",
            version_code=351400020,
            path=UPDATED,
            updated=True,
            factory_version_code=351010000,
            factory_path="/system/apex/com.google.android.tzdata6.apex",
        ),
    )
    assert notes(acquired) == []


def test_modules_of_android_10_have_their_path_from_the_dump(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.says[APEX] = "package:com.android.media versionCode:290000000\n"
    module = "com.android.media\n  Version: 290000000\n  Path: /system/apex/m.apex\n  IsActive: true\n"
    sections = f"Active APEX packages:\n\n{module}"
    phone.says["dumpsys package"] = dumped({"org.a": Fake("org.a")}, sections)
    [found] = read(phone, tmp_path).snapshot.modules
    assert (found.version_code, found.path, found.updated) == (290000000, "/system/apex/m.apex", False)


@pytest.mark.parametrize("said", ["Error: Unknown option: --apex-only\n", ""])
def test_a_phone_before_android_10_has_no_modules_and_misses_nothing(tmp_path: Path, said: str) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.says |= {
        f"pm list packages {flags} --user 0": Answer(said.encode(), 255 if said else 0, truncated=False)
        for flags in ("--apex-only -f --show-versioncode", "--apex-only -f", "--apex-only")
    }
    acquired = read(phone, tmp_path)
    assert acquired.snapshot.modules == ()
    assert notes(acquired) == []


# Users and profiles


def test_what_the_dump_says_of_a_locked_secure_folder_is_kept(tmp_path: Path) -> None:
    secret = Fake("org.secret", uid=10002, installed="false")
    phone = fake_phone(Fake("org.a", system=True), users=SECURE)
    lock(phone, 150)
    in_folder = secret.block() + "    User 150: ceDataInode=7 installed=true hidden=false suspended=false enabled=0\n"
    phone.says["dumpsys package"] = f"Packages:\n{Fake('org.a', system=True).block()}{in_folder}"
    phone.says[": single;echo @0;dumpsys package 'org.secret';"] = f"@0\nPackages:\n{in_folder}"
    phone.tree[secret.base] = b"secret"
    acquired = read(phone, tmp_path)
    assert [(user.id, user.type, user.readable) for user in acquired.snapshot.users] == [
        (0, "system", True),
        (150, "managed", False),
    ]
    assert {user.id: user.installed for user in package(acquired, "org.secret").users} == {0: False, 150: True}
    assert [file.hash_source for file in package(acquired, "org.secret").files] == ["device"]
    [note] = acquired.snapshot.skipped
    assert (note.subject, note.code) == ("user 150", "user-locked")
    assert note.reason == (
        "The phone does not let the shell look into user 150 (managed) (on a Samsung: the Secure Folder); ask its "
        "owner to allow it. What dumpsys says of its packages was read."
    )


def test_the_main_user_is_no_profile_whose_owner_could_be_asked(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a", system=True))
    lock(phone, 0)
    [note] = [note for note in read(phone, tmp_path).snapshot.skipped if note.code == "user-locked"]
    assert note.reason.startswith("The phone refuses to list the packages of its main user.")


def test_the_current_user_is_in_the_dump_of_the_users_too(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"), users="\tUserInfo{0:Owner:13} running\n\tUserInfo{10:Kid:410}\n")
    phone.says["am get-current-user"] = Answer(b"Error: unknown command\n", 255, truncated=False)
    phone.says["dumpsys user"] = "Current user: 10\n\nUsers:\n"
    read(phone, tmp_path, users="current")
    lists = {command for command in phone.asked if command.startswith("pm list packages")}
    assert all(command.endswith("--user 10") for command in lists)


def test_a_list_that_breaks_off_is_no_whole_list(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002))
    broken = "package:org.a uid:10001\nError: java.lang.SecurityException: no permission to access user 10\n"
    phone.says["pm list packages -3 -u -U --user 0"] = Answer(broken.encode(), 255, truncated=False)
    acquired = read(phone, tmp_path)
    assert [found.name for found in acquired.snapshot.packages] == ["org.a", "org.b"]
    assert notes(acquired) == [("pm list packages -3 -u -U --user 0", "cut-off")]


def test_an_error_behind_the_list_is_no_installer(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    for command in [command for command in phone.says if command.startswith("pm list packages -f")]:
        line = "package:/data/app/org.a-1/base.apk=org.a versionCode:7  installer=null uid:10001\n"
        phone.says[command] = Answer(
            f"{line}Error: java.lang.IllegalStateException: x\n".encode(), 255, truncated=False
        )
    acquired = read(phone, tmp_path)
    assert package(acquired, "org.a").users[0].installer is None


# A package service that says less


def test_without_the_dump_the_lists_tell_what_is_installed(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"), Fake("org.gone", uid=10002))
    phone.says["dumpsys package"] = Answer(b"Can't find service: package\n", 0, truncated=False)
    phone.says["pm list packages --user 0"] = "package:org.a\n"
    acquired = read(phone, tmp_path)
    assert {name: package(acquired, name).users[0].installed for name in ("org.a", "org.gone")} == {
        "org.a": True,
        "org.gone": False,
    }


# What the reader does not know


def test_lines_that_are_not_understood_are_counted(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"), users="\tUserInfo{0:Owner:c13} running\n\tUserRecord[7]\n")
    block = Fake("org.a").block().replace("    versionName=", "    newKey=1\n    versionName=")
    phone.says["dumpsys package"] = f"Packages:\n{block}"
    listed = str(phone.says["pm list packages -f -u -i -U --show-versioncode --user 0"])
    phone.says["pm list packages -f -u -i -U --show-versioncode --user 0"] = f"WARNING: linker: odd\n{listed}"
    acquired = read(phone, tmp_path)
    assert acquired.snapshot.not_understood == (
        NotUnderstood(command="dumpsys package", lines=1, forms=("newKey=",)),
        NotUnderstood(command="pm list packages", lines=1, forms=("WARNING:",)),
        NotUnderstood(command="pm list users", lines=1, forms=("UserRecord[7]",)),
    )
    assert notes(acquired) == []


def test_a_package_in_a_new_form_leaves_the_list_unfinished(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.says["pm list packages -3 -u -U --user 0"] = "package:org.a uid:10001\npackage:[org.new] u0\n"
    acquired = read(phone, tmp_path)
    [note] = acquired.snapshot.skipped
    assert (note.subject, note.code) == ("pm list packages -3", "not-understood")
    assert "[org.new]" in note.reason
    assert acquired.snapshot.not_understood == (
        NotUnderstood(command="pm list packages", lines=1, forms=("package:",)),
    )


def test_a_phone_that_is_understood_counts_nothing(tmp_path: Path) -> None:
    assert read(fake_phone(Fake("org.a")), tmp_path).snapshot.not_understood == ()


def test_versions_of_a_static_library_are_confirmed_and_contradict_nothing(tmp_path: Path) -> None:
    def library(version: int) -> str:
        name = "org.lib"
        block = Fake(name, path=f"/data/app/lib{version}/base.apk", uid=10000 + version).block()
        return block.replace("    appId", f"    compat name={name}_{version}\n    appId")

    phone = fake_phone(Fake("org.a", system=True), Fake("org.b", uid=10009))
    both = library(2) + library(3)
    known = dumped({"org.a": Fake("org.a", system=True), "org.b": Fake("org.b", uid=10009)})
    phone.says["dumpsys package"] = known.rstrip("\n") + "\n" + both
    phone.says[": single;echo @0;dumpsys package 'org.lib_2';echo @1;dumpsys package 'org.lib_3';"] = (
        f"@0\nPackages:\n{library(2)}\n@1\nPackages:\n{library(3)}\n"
    )
    phone.tree |= {f"/data/app/lib{version}/base.apk": b"library%d" % version for version in (2, 3)}
    acquired = read(phone, tmp_path)
    assert notes(acquired) == []
    assert [package(acquired, f"org.lib_{version}").app_id for version in (2, 3)] == [10002, 10003]
