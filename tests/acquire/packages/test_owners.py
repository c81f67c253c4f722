"""Whose a uid is: shared uids, users, profiles that are closed, and phones that list no files."""

import pytest

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.packages.owners import Owners, code_files, read_owners
from phone_audit.acquire.transport import Answer
from tests.acquire.fake_phone import FakePhone, Said
from tests.watch_phone import WatchPhone

USERS = "Users:\n\tUserInfo{0:Owner:c13} running\n\tUserInfo{10:Work:1030} running\n"
LIST_0 = (
    "package:/system/priv-app/A/A.apk=com.a uid:1001\n"
    "package:/data/app/b-1==/base.apk=com.b uid:1001\n"
    "package:/data/app/c-1==/base.apk=com.c uid:10123\n"
)
LIST_10 = "package:/data/app/c-1==/base.apk=com.c uid:1010123\n"


def owners_of(answers: dict[str, str | Exception]) -> tuple[Owners, list[str]]:
    reader = Reader(WatchPhone([""], answers), lambda *_: None)
    owners = read_owners(reader)
    return owners, [note.code for note in reader.skipped]


def test_users_and_shared_uids() -> None:
    owners, notes = owners_of(
        {
            "pm list users": USERS,
            "pm list packages -f -U --user 0": LIST_0,
            "pm list packages -f -U --user 10": LIST_10,
            "pm list packages -s": "package:com.a\n",
        }
    )
    assert owners.of(1001) == ("com.a", "com.b")
    assert owners.of(10123) == owners.of(1010123) == ("com.c",)
    assert owners.of(20123) == ("com.c",), "an SDK sandbox is its package's"
    assert owners.of(1073) == owners.of(1001001) == ()
    assert owners.files["com.a"] == "/system/priv-app/A/A.apk"
    assert owners.system == frozenset({"com.a"})
    assert owners.users == (0, 10)
    assert notes == []


def test_android_14_names_all_users_in_one_line() -> None:
    both = "package:/data/app/c-1==/base.apk=com.c uid:10123,1010123\n"
    owners, _ = owners_of({"pm list users": USERS, "pm list packages -f -U --user": both})
    assert owners.names == {(0, 10123): ("com.c",), (10, 10123): ("com.c",)}


def test_a_closed_profile_costs_its_names_alone() -> None:
    locked = "\njava.lang.SecurityException: Shell does not have permission to access user 10\n"
    owners, notes = owners_of(
        {
            "pm list users": USERS,
            "pm list packages -f -U --user 0": LIST_0,
            "pm list packages -f -U --user 10": locked,
        }
    )
    assert owners.users == (0,)
    assert owners.of(1010123) == ()
    assert notes == ["user-locked"]


def test_packages_of_a_closed_profile_are_known_by_their_app_id() -> None:
    locked = "java.lang.SecurityException: Shell does not have permission to access user 10\n"
    owners, _ = owners_of(
        {
            "pm list users": USERS,
            "pm list packages -f -U --user 0": LIST_0,
            "pm list packages -f -u -U --user 0": LIST_0 + "package:/data/app/d-1==/base.apk=com.d uid:10124\n",
            "pm list packages -f -U --user 10": locked,
        }
    )
    assert owners.of(1010124) == ("com.d",)
    assert owners.of(10124) == (), "the owner does not have it"
    assert owners.files["com.d"] == "/data/app/d-1==/base.apk"


def test_a_phone_that_lists_no_files() -> None:
    owners, notes = owners_of(
        {
            "pm list packages -f -U": "Error: Unknown option: -f\n",
            "pm list packages -U": "package:com.c uid:10123\n",
        }
    )
    assert (owners.of(10123), owners.files, notes) == (("com.c",), {}, [])


@pytest.mark.parametrize("answer", ["", "cmd: Can't find service: package\n"])
def test_no_list_at_all(answer: str) -> None:
    owners, notes = owners_of({"pm list packages": answer})
    assert (owners.names, owners.system, notes) == ({}, None, ["command-failed"])


def test_splits_lie_beside_the_base() -> None:
    folder = "/data/app/c-1=="
    answer = f"\0files\x001\n2\n\0{folder}/base.apk\0{folder}/split_config.de.apk"
    reader = Reader(WatchPhone([""], {": look": answer}), lambda *_: None)
    assert code_files(reader, [f"{folder}/base.apk"]) == {
        f"{folder}/base.apk": (f"{folder}/base.apk", f"{folder}/split_config.de.apk")
    }
    silent = Reader(WatchPhone([""]), lambda *_: None)
    assert code_files(silent, ["/system/app/A/A.apk"]) == {"/system/app/A/A.apk": ("/system/app/A/A.apk",)}


def test_lists_that_break_off_are_noted_and_not_taken_as_whole() -> None:
    broken = Answer(LIST_0.encode() + b"Killed\n", 137, truncated=False)
    lists: dict[str, Said] = {f"pm list packages {flags} --user 0": broken for flags in ("-f -U", "-s")}
    phone = FakePhone(says={"pm list users": USERS.partition("\n\tUserInfo{10")[0], **lists})
    reader = Reader(phone, lambda *_: None)
    owners = read_owners(reader)
    assert (owners.of(10123), owners.system) == (("com.c",), None)
    assert [(note.subject, note.code) for note in reader.skipped] == [("pm list packages -f -U --user 0", "cut-off")]
