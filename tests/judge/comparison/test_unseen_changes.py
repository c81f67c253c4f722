"""Changes that lie in what only one of two results has: files, users of a package, and who installed it."""

from collections.abc import Sequence
from typing import Any

import pytest

from phone_audit.model.apps import App, CameFrom, Power
from phone_audit.model.device import Package, PackageFile, PackageUser, StateItem, User
from phone_audit.model.diff import Change
from phone_audit.model.finding import Evidence, Skipped
from phone_audit.model.results import Scan
from tests.judge.comparison.test_compare import compared, on_disk, only, package, phone, state, unread

MICROPHONE = "android.permission.RECORD_AUDIO"
FIRMWARE = "/system/app/A/A.apk"
ANOTHER = "2" * 16


def file(path: str, digest: str | None = "c" * 64, role: Any = "base") -> PackageFile:
    return PackageFile(path=path, sha256=digest, hash_source="device", size=1, role=role)


def of_system(*more: PackageFile, **changed: Any) -> Package:
    return package(**{"system": True, "files": (*on_disk(FIRMWARE, "a" * 64), *more), **changed})


def user(number: int = 10, **changed: Any) -> PackageUser:
    return package().users[0].model_copy(update={"id": number, **changed})


def for_two(*, granted: Sequence[str] = (MICROPHONE,), **changed: Any) -> Package:
    made = package(**changed)
    return made.model_copy(update={"users": (*made.users, user(granted=tuple(granted)))})


def told(change: Change) -> tuple[str, str, str, str]:
    return change.what, change.change, change.severity, change.text


def test_an_app_of_the_firmware_that_lies_in_the_data_folder_now_with_other_bytes() -> None:
    moved = package(system=True, files=on_disk("/data/app/com.a/base.apk", "b" * 64))
    change = only(phone(of_system()), phone(moved))
    assert told(change) == (
        "file", "changed", "high",
        "com.a lies outside of the firmware now, with the same version and other bytes (base.apk).",
    )  # fmt: skip
    assert (change.old, change.new) == ("a" * 64, "b" * 64)
    back = only(phone(moved), phone(of_system(), phone_name=ANOTHER))
    assert back.text == (
        "com.a lies in the firmware on the second phone, not on the first, with the same version and other bytes "
        "(A.apk)."
    )
    same_bytes = package(system=True, files=on_disk("/data/app/com.a/base.apk", "a" * 64))
    same = compared(phone(of_system()), phone(same_bytes))
    assert (same.changes, [(row.what, row.side, row.subjects) for row in same.not_compared]) == (
        (),
        [("file", "new", (FIRMWARE,))],
    ), "where the firmware's copy lies was not listed"
    out = compared(phone(of_system()), phone(same_bytes.model_copy(update={"system": False})))
    assert [told(one)[:3] for one in out.changes] == [("file", "gone", "high")]


def test_an_update_of_an_app_of_the_firmware_is_no_alarm() -> None:
    updated = package(system=True, version_code=2, files=on_disk("/data/app/com.a/base.apk", "b" * 64))
    hidden = updated.model_copy(update={"files": (*updated.files, file(FIRMWARE, "a" * 64, "hidden-system"))})
    for now in (updated, hidden):
        assert only(phone(of_system()), phone(now)).text == "com.a was updated from 1.0 (1) to 1.0 (2)."


def test_a_file_of_the_firmware_that_is_new_or_gone() -> None:
    more = of_system(file("/system/app/A/B.apk"))
    new, gone = only(phone(of_system()), phone(more)), only(phone(more), phone(of_system()))
    assert told(new) == (
        "file", "new", "high",
        "Although the build is the same, the firmware has the file /system/app/A/B.apk (com.a) now.",
    )  # fmt: skip
    assert (new.subject, new.old, new.new) == ("/system/app/A/B.apk", None, "c" * 64)
    assert told(gone) == (
        "file", "gone", "high",
        "Although the build is the same, the firmware has the file /system/app/A/B.apk (com.a) no longer.",
    )  # fmt: skip
    other = compared(phone(of_system()), phone(more, prints="other"))
    assert [one.what for one in other.changes] == ["state"]
    module = of_system(file("/apex/x/B.apk"))
    assert only(phone(of_system()), phone(module)).severity == "low"


@pytest.mark.parametrize("how", ["a note", "no hashes"])
def test_files_that_one_result_did_not_list_are_neither_new_nor_gone(how: str) -> None:
    missing = Skipped(subject="com.a", step="list", code="split-missing", reason="It was not named.")
    no_hashes = phone(of_system(files=on_disk(FIRMWARE, None)))
    less = unread(phone(of_system()), missing) if how == "a note" else no_hashes
    found = compared(less, phone(of_system(file("/system/app/A/B.apk"))))
    assert found.changes == ()
    assert ("file", "old") in [(row.what, row.side) for row in found.not_compared]


def test_code_that_was_read_beside_an_apk_is_compared_where_both_have_it() -> None:
    """It is read in place of code that an APK lacks, and so belongs to the depth."""
    code = file("/system/app/A/oat/arm64/A.odex", role="odex")
    assert compared(phone(of_system()), phone(of_system(code))).changes == ()
    other = file(code.path, "d" * 64, "odex")
    assert only(phone(of_system(code)), phone(of_system(other))).severity == "high"


def framework(*names: str) -> Scan:
    pieces = tuple(Evidence(kind="hash", where=f"/system/framework/{name}.jar", value="a" * 64) for name in names)
    items = (StateItem(key="framework_files", value="1", expected=None, evidence=pieces),) if names else ()
    return phone(state=(*state(x="1"), *items))


def test_a_file_of_the_framework_that_is_new_or_gone() -> None:
    change = only(framework("a"), framework("a", "b"))
    assert told(change) == (
        "file", "new", "high",
        "Although the build is the same, the firmware has the file /system/framework/b.jar (the framework) now.",
    )  # fmt: skip
    assert only(framework("a", "b"), framework("a")).change == "gone"
    silent = compared(framework("a"), framework())
    assert (silent.changes, [(row.what, row.side) for row in silent.not_compared]) == ((), [("file", "new")])


def test_a_split_that_is_new_under_the_same_version() -> None:
    split = file("/data/app/com.a/split_feature.apk", role="split")
    more = package().model_copy(update={"files": (*package().files, split)})
    assert told(only(phone(), phone(more))) == (
        "file", "new", "low", "com.a has the same version and the file split_feature.apk now.",
    )  # fmt: skip
    assert told(only(phone(more), phone()))[1:3] == ("gone", "info")
    assert only(phone(), phone(more, phone_name=ANOTHER)).severity == "info", "languages differ from phone to phone"


def test_other_bytes_of_a_version_that_is_not_known() -> None:
    old = package(version_code=None)
    new = package(version_code=None, files=on_disk("/data/app/com.a/base.apk", "b" * 64))
    assert told(only(phone(old), phone(new))) == (
        "file", "changed", "low", "com.a has other bytes (base.apk); which version it is was not read in both.",
    )  # fmt: skip


def test_who_installed_an_app() -> None:
    store, other = (phone(package(installer=name)) for name in ("com.store", "com.evil.store"))
    change = only(store, other)
    assert (change.subject, change.old, change.new) == ("com.a", "com.store", "com.evil.store")
    assert told(change) == (
        "installer", "changed", "low", "com.a: installed by com.store before, com.evil.store now.",
    )  # fmt: skip
    known = package("com.b", installer="com.store")
    by_hand = compared(phone(package(installer="com.store"), known), phone(package(), known)).changes
    assert [told(one)[2:] for one in by_hand] == [("low", "com.a: installed by com.store before, nobody named now.")]
    silent = compared(phone(), other)
    assert (silent.changes, [(row.what, row.side) for row in silent.not_compared]) == ((), [("installer", "old")])


@pytest.mark.parametrize("before", [(), (user(installed=False),)])
def test_a_package_that_a_further_user_has_with_what_it_may_do(before: tuple[PackageUser, ...]) -> None:
    old = package().model_copy(update={"users": (*package().users, *before)})
    change = only(phone(old), phone(for_two()))
    assert told(change) == (
        "package", "new", "medium", "com.a is installed for user 10 now; it may record with the microphone.",
    )  # fmt: skip
    assert told(only(phone(old), phone(for_two(granted=()))))[2:] == ("low", "com.a is installed for user 10 now.")


def test_special_access_of_a_user_that_gained_the_package_and_of_a_package_that_is_new() -> None:
    origin = CameFrom(kind="store", installer=None, installed=None, updated=None)
    powers = (Power(what="overlay", granted=True), Power(what="usage", granted=False))
    plain = App(package="com.a", label=None, user=0, system=False, came_from=origin, powers=())
    with_power = plain.model_copy(update={"user": 10, "powers": powers})
    change = only(phone(apps=(plain,)), phone(for_two(granted=()), apps=(plain, with_power)))
    assert told(change)[2:] == ("medium", "com.a is installed for user 10 now; it may draw over other apps.")
    spy = with_power.model_copy(update={"package": "com.spy", "user": 0})
    new = only(phone(apps=(plain,)), phone(package(), package("com.spy"), apps=(plain, spy)))
    assert told(new)[2:] == ("medium", "com.spy is new; it may draw over other apps.")


def test_packages_of_a_user_that_is_new_itself() -> None:
    """What came with the firmware is there for each user: only what somebody installed is told besides."""
    users = (*phone().users, User(id=10, type="work", readable=True))
    found = compared(phone(), phone(for_two(), users=users))
    assert [one.what for one in found.changes] == ["state", "package"]
    of_firmware = compared(phone(package(system=True)), phone(for_two(system=True), users=users))
    assert [one.subject for one in of_firmware.changes] == ["user 10"]


def test_a_user_that_was_not_read_before_gained_nothing() -> None:
    users = (*phone().users, User(id=10, type="work", readable=False))
    found = compared(phone(users=users), phone(for_two(), users=users))
    assert (found.changes, [(row.what, row.side) for row in found.not_compared]) == ((), [("permission", "old")])
