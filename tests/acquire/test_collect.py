import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from phone_audit.acquire.collect import Acquired
from phone_audit.acquire.questions.file_facts import LOOK_PREFIX
from phone_audit.acquire.transport import Answer
from phone_audit.errors import AcquireError, CommandError, DeviceLostError, UsageError
from phone_audit.model.device import Package, PackageFile, PackageUser, User
from phone_audit.model.finding import Skipped
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import HASH_SETUP, QUIET, Fake, FakePhone, dumped, fake_phone

RICH = "pm list packages -f -u -i -U --show-versioncode --user 0"
LOCKED = Answer(
    b"\nException occurred while executing 'list':\n"
    b"java.lang.SecurityException: Shell does not have permission to access user 11\n",
    255,
    truncated=False,
)


def read(
    phone: FakePhone, into: Path, *, users: str = "all", depth: str = "standard", paths: tuple[str, ...] = ()
) -> Acquired:
    return collect(
        phone,
        depth=depth,  # type: ignore[arg-type]
        users=users,
        into=into,
        on_progress=QUIET,
        paths=paths,
        clock=lambda: 1_699_999_998.0,
    )


def notes(acquired: Acquired) -> list[tuple[str, str]]:
    return [(note.subject, note.code) for note in acquired.snapshot.skipped]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def package(acquired: Acquired, name: str = "org.a") -> Package:
    return next(package for package in acquired.snapshot.packages if package.name == name)


def test_one_package_whole(tmp_path: Path) -> None:
    acquired = read(fake_phone(Fake("org.a", installer="com.android.vending")), tmp_path)
    content = b"bytes of org.a"
    assert acquired.snapshot.packages == (
        Package(
            name="org.a",
            app_id=10001,
            system=False,
            version_code=7,
            version_name="1.0",
            signers=None,
            files=(
                PackageFile(
                    path="/data/app/org.a-1/base.apk",
                    sha256=digest(content),
                    hash_source="device",
                    size=len(content),
                    role="base",
                ),
            ),
            users=(
                PackageUser(
                    id=0,
                    installed=True,
                    enabled=True,
                    hidden=False,
                    suspended=False,
                    installer="com.android.vending",
                    first_install="2024-04-01T11:00:00Z",
                    last_update="2024-05-01T11:00:00Z",
                    granted=("android.permission.CAMERA", "android.permission.INTERNET"),
                    appops=None,
                    traffic=None,
                ),
            ),
        ),
    )
    assert acquired.snapshot.skipped == ()
    assert acquired.snapshot.users == (User(id=0, type="system", readable=True),)
    assert acquired.snapshot.serial == "SERIAL1"
    assert acquired.snapshot.build.id == "X"
    assert acquired.phone_clock_offset == 2.5
    [apk] = acquired.apks
    assert (apk.path, apk.sha256, apk.size) == ("/data/app/org.a-1/base.apk", digest(content), len(content))
    assert apk.local is not None
    assert apk.local.read_bytes() == content
    assert apk.local == tmp_path / f"{digest(content)}.apk"


def test_quick_copies_nothing_and_still_hashes(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    acquired = read(phone, tmp_path, depth="quick")
    assert acquired.apks == ()
    assert not any(asked.startswith("pull") for asked in phone.asked)
    assert package(acquired).files[0].hash_source == "device"


def test_equal_bytes_are_copied_once(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002))
    phone.tree["/data/app/org.b-1/base.apk"] = phone.tree["/data/app/org.a-1/base.apk"]
    acquired = read(phone, tmp_path)
    assert [apk.path for apk in acquired.apks] == ["/data/app/org.a-1/base.apk", "/data/app/org.b-1/base.apk"]
    assert len({apk.local for apk in acquired.apks}) == 1
    assert sum(asked.startswith("pull") for asked in phone.asked) == 1


def test_splits_and_the_hidden_system_package(tmp_path: Path) -> None:
    hidden = "Hidden system packages:\n" + Fake("org.a", code="/system/app/A", system=True).block()
    phone = fake_phone(Fake("org.a", splits="base, config.en", system=True), rest=hidden)
    phone.tree["/data/app/org.a-1/split_config.en.apk"] = b"split"
    phone.tree["/system/app/A/A.apk"] = b"firmware"
    acquired = read(phone, tmp_path)
    assert [(file.path, file.role) for file in package(acquired).files] == [
        ("/data/app/org.a-1/base.apk", "base"),
        ("/data/app/org.a-1/split_config.en.apk", "split"),
        ("/system/app/A/A.apk", "hidden-system"),
    ]
    assert len(acquired.apks) == 3
    assert notes(acquired) == []


def test_a_split_that_is_promised_but_not_there_is_noted(tmp_path: Path) -> None:
    acquired = read(fake_phone(Fake("org.a", splits="base, config.en")), tmp_path)
    assert notes(acquired) == [("org.a", "split-missing")]


def test_splits_in_a_folder_that_cannot_be_listed_are_found_by_their_names(tmp_path: Path) -> None:
    def unlisted(phone: FakePhone, command: str) -> None:
        if command.startswith(LOOK_PREFIX):
            phone.says[command] = Answer(phone._look(command.replace("'/*.apk", "'")), 0, truncated=False)

    phone = fake_phone(Fake("org.a", splits="base, config.en"))
    phone.tree["/data/app/org.a-1/split_config.en.apk"] = b"split"
    phone.changes = unlisted
    acquired = read(phone, tmp_path)
    assert notes(acquired) == []
    assert [file.role for file in package(acquired).files] == ["base", "split"]


def test_a_hidden_system_package_that_is_not_found_is_noted(tmp_path: Path) -> None:
    hidden = "Hidden system packages:\n" + Fake("org.a", code="/system/app/A", system=True).block()
    assert notes(read(fake_phone(Fake("org.a"), rest=hidden), tmp_path)) == [("org.a", "hidden-missing")]


def test_of_a_removed_package_whose_data_was_kept_no_file_is_expected(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a", installed="false"), Fake("org.b", uid=10002))
    del phone.tree["/data/app/org.a-1/base.apk"]
    assert notes(read(phone, tmp_path)) == []


@pytest.mark.parametrize("kind", ["folder", "fifo", "device", "denied", "missing"])
def test_what_is_no_readable_file_is_noted_and_not_opened(tmp_path: Path, kind: str) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.tree["/data/app/org.a-1/base.apk"] = kind
    acquired = read(phone, tmp_path)
    [file] = package(acquired).files
    assert (file.sha256, file.hash_source, file.size) == (None, "none", None)
    assert notes(acquired) == [("/data/app/org.a-1/base.apk", kind)]
    assert not any("pull" in asked for asked in phone.asked)


def test_an_empty_file_is_noted(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.tree["/data/app/org.a-1/base.apk"] = b""
    assert notes(read(phone, tmp_path)) == [("/data/app/org.a-1/base.apk", "empty")]


ODD = [
    "/data/app/with space 'q' \"d\" $(id) `id` ; & |/base.apk",
    "/data/app/new\nline/base.apk",
    "/data/a/\udcff\udcc3(/b.apk",
]


@pytest.mark.parametrize("path", ODD)
def test_any_path_can_be_asked_for_and_copied(tmp_path: Path, path: str) -> None:
    phone = fake_phone(Fake("org.a", path=path))
    acquired = read(phone, tmp_path)
    assert notes(acquired) == []
    [apk] = acquired.apks
    assert apk.sha256 == digest(b"bytes of org.a")
    assert all(command.isascii() for command in phone.asked if not command.startswith("pull"))
    assert acquired.snapshot.model_dump_json().encode("utf-8")


def test_a_phone_without_a_hash_tool_is_hashed_here(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.hash_tool = False
    acquired = read(phone, tmp_path)
    [file] = package(acquired).files
    assert (file.sha256, file.hash_source) == (digest(b"bytes of org.a"), "host")
    assert notes(acquired) == []
    [file] = package(read(phone, tmp_path, depth="quick")).files
    assert (file.sha256, file.hash_source, file.size) == (None, "none", 14)


def test_a_file_that_changes_between_hashing_and_copying_is_noted(tmp_path: Path) -> None:
    def change(phone: FakePhone, command: str) -> None:
        if command.startswith("pull"):
            phone.tree["/data/app/org.a-1/base.apk"] = b"other bytes"

    phone = fake_phone(Fake("org.a"))
    phone.changes = change
    acquired = read(phone, tmp_path)
    assert notes(acquired) == [("/data/app/org.a-1/base.apk", "changed")]
    assert acquired.apks == ()


def test_one_file_that_cannot_be_copied_does_not_stop_the_others(tmp_path: Path) -> None:
    def refuse(phone: FakePhone, command: str) -> None:
        if command == "pull /data/app/org.a-1/base.apk":
            raise CommandError("It stands still.")

    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002))
    phone.changes = refuse
    acquired = read(phone, tmp_path)
    assert notes(acquired) == [("/data/app/org.a-1/base.apk", "not-copied")]
    assert [apk.path for apk in acquired.apks] == ["/data/app/org.b-1/base.apk"]


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    def full(phone: FakePhone, command: str) -> None:
        if command.startswith("pull"):
            raise OSError(28, "No space left on device")

    phone = fake_phone(Fake("org.a"))
    phone.changes = full
    with pytest.raises(AcquireError, match="is full"):
        read(phone, tmp_path)


# Users


def with_locked_profile() -> FakePhone:
    users = "\tUserInfo{0:Owner:c13} running\n\tUserInfo{11:Work:1030} running\n"
    phone = fake_phone(Fake("org.a"), users=users)
    phone.says["pm list packages -f -u -i -U --show-versioncode --user 11"] = LOCKED
    return phone


def test_a_locked_profile_is_noted_and_the_owner_is_read(tmp_path: Path) -> None:
    acquired = read(with_locked_profile(), tmp_path)
    assert acquired.snapshot.users == (
        User(id=0, type="system", readable=True),
        User(id=11, type="managed", readable=False),
    )
    assert notes(acquired) == [("user 11", "user-locked")]
    assert [user.id for user in package(acquired).users] == [0]


def test_a_locked_profile_that_ends_with_status_0_is_seen_too(tmp_path: Path) -> None:
    phone = with_locked_profile()
    phone.says["pm list packages -f -u -i -U --show-versioncode --user 11"] = Answer(LOCKED.output, 0, truncated=False)
    assert notes(read(phone, tmp_path)) == [("user 11", "user-locked")]


@pytest.mark.parametrize("users", ["current", "0"])
def test_one_user(tmp_path: Path, users: str) -> None:
    phone = with_locked_profile()
    acquired = read(phone, tmp_path, users=users)
    assert notes(acquired) == []
    assert not any("--user 11" in asked for asked in phone.asked)
    assert [user.id for user in acquired.snapshot.users] == [0, 11]


@pytest.mark.parametrize("users", ["7", "everyone"])
def test_a_user_that_is_not_there(tmp_path: Path, users: str) -> None:
    with pytest.raises(UsageError, match=f"no user {users}") as caught:
        read(with_locked_profile(), tmp_path, users=users)
    assert caught.value.hint == "Its users are 0, 11."


def test_a_phone_that_names_no_user(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.says["pm list users"] = "Error: no service\n"
    acquired = read(phone, tmp_path)
    assert notes(acquired) == [("users", "no-user-list")]
    assert [found.name for found in acquired.snapshot.packages] == ["org.a"]


# The package service


def refuse_flag(phone: FakePhone, flag: str) -> None:
    for command in list(phone.says):
        if f" {flag}" in command:
            refused = f"Error: Unknown option: {flag}\n".encode()
            phone.says[command] = Answer(refused, 255, truncated=False)


@pytest.mark.parametrize("flags", [("--show-versioncode",), ("--show-versioncode", "-U"), ("-i", "-U", "-u")])
def test_flags_that_the_phone_lacks(tmp_path: Path, flags: tuple[str, ...]) -> None:
    phone = fake_phone(Fake("org.a"))
    for flag in flags:
        refuse_flag(phone, flag)
    acquired = read(phone, tmp_path)
    assert notes(acquired) == []
    assert (package(acquired).app_id, package(acquired).version_code) == (10001, 7)


def test_without_the_dump_the_lists_are_used(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.says["dumpsys package"] = Answer(b"Can't find service: package\n", 0, truncated=False)
    phone.tree["/data/app/org.a-1/split_config.en.apk"] = b"split"
    acquired = read(phone, tmp_path)
    assert notes(acquired) == [("dumpsys package", "no-package-dump"), ("org.a", "not-in-dump")]
    found = package(acquired)
    assert (found.app_id, found.system, found.version_code, found.version_name) == (10001, False, 7, None)
    assert [file.role for file in found.files] == ["base", "split"]
    assert (found.users[0].installed, found.users[0].granted, found.users[0].enabled) == (True, None, True)


def test_without_the_lists_the_dump_is_used(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    failed = Answer(b"Error: java.lang.IllegalStateException\n", 255, truncated=False)
    phone.says |= {command: failed for command in phone.says if command.startswith("pm list packages")}
    acquired = read(phone, tmp_path)
    assert {code for _, code in notes(acquired)} == {"command-failed"}
    assert package(acquired).app_id == 10001
    assert [file.sha256 for file in package(acquired).files] == [digest(b"bytes of org.a")]


@pytest.mark.parametrize("kind", ["-s -u -U", "-3 -u -U"])
def test_a_cut_list_of_names_says_nothing_of_the_rest(tmp_path: Path, kind: str) -> None:
    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002, system=True))
    phone.says[f"pm list packages {kind} --user 0"] = Answer(b"", None, truncated=True)
    acquired = read(phone, tmp_path)
    assert [found.name for found in acquired.snapshot.packages] == ["org.a", "org.b"]
    assert [package(acquired, name).system for name in ("org.a", "org.b")] == [False, True]
    assert notes(acquired) == [(f"pm list packages {kind} --user 0", "cut-off")]


def test_a_cut_dump_is_noted_and_used(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002))
    text = dumped({"org.a": Fake("org.a")})
    phone.says["dumpsys package"] = Answer(text.encode(), None, truncated=True)
    acquired = read(phone, tmp_path)
    assert notes(acquired) == [("dumpsys package", "cut-off")]  # once, and not of each package that it lacks
    assert package(acquired).users[0].granted == ("android.permission.CAMERA", "android.permission.INTERNET")


def test_one_dead_service_never_stops_the_rest(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    whole = list(phone.says)
    for command in whole:
        phone = fake_phone(Fake("org.a"))
        phone.says[command] = CommandError("No answer.")
        acquired = read(phone, tmp_path / hashlib.md5(command.encode()).hexdigest(), depth="quick")
        assert [found.name for found in acquired.snapshot.packages] == ["org.a"], command


def test_disabled_and_uninstalled_packages(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a", enabled=3), Fake("org.b", uid=10002, installed="false"), Fake("org.c", uid=10003))
    phone.says["pm list packages -d --user 0"] = "package:org.a\npackage:org.c\n"
    acquired = read(phone, tmp_path)
    assert [package(acquired, name).users[0].enabled for name in ("org.a", "org.b", "org.c")] == [False, True, False]
    gone = package(acquired, "org.b").users[0]
    assert (gone.installed, gone.granted, gone.first_install, gone.last_update) == (False, (), None, None)


def test_a_package_with_a_shared_user_has_its_grants(tmp_path: Path) -> None:
    shared = (
        "Shared users:\n  SharedUser [android.uid.system] (ab):\n    appId=1000\n    install permissions:\n"
        "      p.INSTALL: granted=true\n    User 0: \n      gids=[1]\n      runtime permissions:\n"
        "        p.RUNTIME: granted=true\n        p.NOT: granted=false\n    User 10: \n      runtime permissions:\n"
        "        p.OTHER_USER: granted=true\n"
    )
    acquired = read(fake_phone(Fake("org.a", shared="android.uid.system"), rest=shared), tmp_path)
    assert package(acquired).users[0].granted == (
        "android.permission.CAMERA",
        "android.permission.INTERNET",
        "p.INSTALL",
        "p.RUNTIME",
    )


# A phone whose packages attack the reader

SYSTEM = Fake("android", path="/system/framework/framework-res.apk", uid=1000, system=True)


def test_an_installer_cannot_add_a_package(tmp_path: Path) -> None:
    installer = "x\npackage:/system/app/F/F.apk=org.fake  installer=null uid:1000"
    acquired = read(fake_phone(SYSTEM, Fake("org.a", installer=installer)), tmp_path)
    assert [found.name for found in acquired.snapshot.packages] == ["android", "org.a"]
    assert package(acquired).app_id == 10001
    assert package(acquired).users[0].installer == installer


def test_a_version_name_cannot_add_a_package(tmp_path: Path) -> None:
    version = "1\n    userId=0\n  Package [org.fake] (ab):\n    userId=1000"
    phone = fake_phone(SYSTEM, Fake("org.a", version_name=version))
    phone.says[": single;echo @0;dumpsys package 'org.fake';"] = "@0\nUnable to find package: org.fake\n"
    acquired = read(phone, tmp_path)
    assert [found.name for found in acquired.snapshot.packages] == ["android", "org.a"]
    assert (package(acquired).app_id, package(acquired).version_name) == (10001, version)
    assert notes(acquired) == [("org.fake", "unconfirmed-package")]


def test_a_title_in_a_version_name_hides_no_package_and_is_noted(tmp_path: Path) -> None:
    phone = fake_phone(SYSTEM, Fake("org.a", version_name="1\n    splits=[base]\nShared users:"), Fake("org.b"))
    acquired = read(phone, tmp_path)
    plain = read(fake_phone(SYSTEM, Fake("org.a", version_name="1"), Fake("org.b")), tmp_path)
    assert acquired.snapshot.packages == plain.snapshot.packages
    assert (notes(acquired), notes(plain)) == ([("dumpsys package", "contradiction")], [])


def test_a_static_library_that_no_list_names_is_confirmed_and_read(tmp_path: Path) -> None:
    library = Fake("org.library_7", path="/data/app/l-1/base.apk", uid=10009)
    phone = fake_phone(SYSTEM, Fake("org.a"))
    phone.says["dumpsys package"] = dumped({"android": SYSTEM, "org.a": Fake("org.a"), library.name: library})
    phone.says[": single;echo @0;dumpsys package 'org.library_7';"] = "@0\n" + dumped({library.name: library})
    phone.tree["/data/app/l-1/base.apk"] = b"library"
    acquired = read(phone, tmp_path)
    assert notes(acquired) == []
    assert [file.sha256 for file in package(acquired, "org.library_7").files] == [digest(b"library")]


def test_a_package_that_is_described_twice_is_noted_and_the_listed_one_believed(tmp_path: Path) -> None:
    twin = Fake("org.a", uid=1000, code="/system/priv-app/Settings", version_name="pretended").block()
    phone = fake_phone(Fake("org.a"))
    phone.says["dumpsys package"] = f"Packages:\n{twin}{Fake('org.a').block()}"
    phone.tree["/system/priv-app/Settings/Settings.apk"] = b"settings"
    acquired = read(phone, tmp_path)
    assert notes(acquired) == [("org.a", "contradiction")]
    assert (package(acquired).app_id, package(acquired).version_name) == (10001, "1.0")
    assert len(package(acquired).files) == 2, "the files of both are audited"


def test_control_characters_stay_and_undecodable_bytes_are_visible(tmp_path: Path) -> None:
    acquired = read(fake_phone(Fake("org.a", version_name="\x1b[31m \udcff \u202e")), tmp_path)
    assert package(acquired).version_name == "\x1b[31m \\xff \u202e"


# A phone that goes away


def unplug_at(what: str) -> Callable[[FakePhone, str], None]:
    def unplug(phone: FakePhone, command: str) -> None:
        if command.startswith(what):
            raise DeviceLostError("The phone is gone.")

    return unplug


@pytest.mark.parametrize(
    ("at", "packages", "apks"),
    [
        ("pm list users", 0, 0),
        ("dumpsys package", 2, 0),
        (LOOK_PREFIX, 2, 0),
        (HASH_SETUP, 2, 0),
        ("pull /data/app/org.b", 2, 1),
    ],
)
def test_a_phone_that_goes_away_leaves_what_it_said(tmp_path: Path, at: str, packages: int, apks: int) -> None:
    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002))
    phone.changes = unplug_at(at)
    acquired = read(phone, tmp_path)
    assert ("phone", "device-lost") in notes(acquired)
    assert len(acquired.snapshot.packages) == packages
    assert len(acquired.apks) == apks
    assert acquired.snapshot.build.id == "X"


def test_a_phone_that_goes_away_before_its_first_word_is_an_error(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.changes = unplug_at("getprop")
    with pytest.raises(DeviceLostError, match=r"The phone is gone\."):
        read(phone, tmp_path)


def test_the_hashing_goes_on_behind_a_file_that_stops_it(tmp_path: Path) -> None:
    def stuck(phone: FakePhone, command: str) -> None:
        if command.startswith(HASH_SETUP):
            answer = b"@0\n" if "org.a" in command else phone._hash(command)
            phone.says[command] = Answer(answer, None, truncated="org.a" in command)

    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002))
    phone.changes = stuck
    acquired = read(phone, tmp_path)
    assert package(acquired, "org.b").files[0].hash_source == "device"
    assert package(acquired, "org.a").files[0].hash_source == "host"


@pytest.mark.timeout(10)
def test_hashes_of_files_that_were_not_asked_for_end_the_hashing_too(tmp_path: Path) -> None:
    def lie(phone: FakePhone, command: str) -> None:
        if command.startswith(HASH_SETUP):
            phone.says[command] = Answer(b"@999\n" + b"ab" * 32 + b"  -\n", None, truncated=True)

    phone = fake_phone(Fake("org.a"))
    phone.changes = lie
    assert package(read(phone, tmp_path)).files[0].hash_source == "host"


def test_a_path_that_stops_the_phone_is_asked_for_alone(tmp_path: Path) -> None:
    def stuck(phone: FakePhone, command: str) -> None:
        if command.startswith(LOOK_PREFIX) and "org.a" in command:
            phone.says[command] = Answer(b"", None, truncated=True)

    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002), Fake("org.c", uid=10003))
    phone.changes = stuck
    acquired = read(phone, tmp_path)
    assert notes(acquired) == [("/data/app/org.a-1/base.apk", "no-answer")]
    assert {package(acquired, name).files[0].hash_source for name in ("org.b", "org.c")} == {"device"}


# Paths that incidents name, settings, progress


def test_paths_that_incidents_name(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.tree |= {"/system/xbin/su": b"x", "/data/.hidden": "folder", "/dev/odd": "device", "/x y'z": "denied"}
    asked = ("/system/xbin/su", "/data/.hidden", "/dev/odd", "/x y'z", "/not/there")
    acquired = read(phone, tmp_path, paths=asked)
    assert acquired.paths == {
        "/system/xbin/su": "file",
        "/data/.hidden": "folder",
        "/dev/odd": "file",
        "/x y'z": "file",
    }


def test_state(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.says["getprop"] = "[ro.adb.secure]: [1]\n[ro.debuggable]: [1]\n"
    phone.says["settings list global"] = "adb_enabled=1\nhttp_proxy=x\nadb_enabled=0\nprivate_dns_mode=off\n"
    phone.says["getenforce"] = Answer(b"sh: getenforce: not found\n", 127, truncated=False)
    phone.says["id"] = "uid=0(root) gid=0(root)\n"
    state = {item.key: (item.value, item.expected) for item in read(phone, tmp_path).snapshot.state}
    assert state == {
        "adb_enabled": (None, None),
        "http_proxy": ("x", ""),
        "private_dns_mode": ("off", None),
        "ro.adb.secure": ("1", "1"),
        "ro.debuggable": ("1", "0"),
        "shell": ("uid=0(root)", "uid=2000(shell)"),
    }


def test_no_proxy_is_no_value(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.says["settings list global"] = "http_proxy=:0\n"
    [proxy] = [item for item in read(phone, tmp_path).snapshot.state if item.key == "http_proxy"]
    assert (proxy.value, proxy.expected) == ("", "")
    assert proxy.evidence[0].value == "http_proxy=:0"


def test_settings_that_cannot_be_read_are_noted(tmp_path: Path) -> None:
    phone = fake_phone(Fake("org.a"))
    phone.says["settings list global"] = Answer(b"cmd: Can't find service: settings\n", 20, truncated=False)
    [note] = read(phone, tmp_path).snapshot.skipped
    assert note == Skipped(
        subject="settings list global",
        step="command",
        code="command-failed",
        reason="It ended with status 20: cmd: Can't find service: settings.",
    )


def test_progress_ends_where_it_said_it_would(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    phone = fake_phone(Fake("org.a"), Fake("org.b", uid=10002))
    collect(
        phone,
        depth="standard",
        users="all",
        into=tmp_path,
        on_progress=lambda what, done, total: told.append((what, done, total)),
    )
    assert list(dict.fromkeys(what for what, _, _ in told)) == ["questions", "hashes", "copies"]
    assert [entry for entry in told if entry[0] == "hashes"][-1] == ("hashes", 2, 2)
    assert [entry for entry in told if entry[0] == "copies"][-1] == ("copies", 28, 28)
