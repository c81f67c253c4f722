"""`pm list packages` of real and of pretending phones, and of phones that give it in other ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.packages.package_list import (
    NAME_FLAGS,
    ListAnswer,
    ListEntry,
    ask_list,
    flag_refused,
    parse_package_list,
    until_error,
    user_locked,
)
from phone_audit.acquire.transport import Answer
from tests.acquire.fake_phone import QUIET, FakePhone, Said
from tests.acquire.packages.dumps_of import dump


@pytest.mark.parametrize(
    ("line", "listed"),
    [
        ("package:com.android.phone", ListEntry("com.android.phone", None, None, None, ())),
        ("package:com.android.phone uid:1001", ListEntry("com.android.phone", None, None, None, (1001,))),
        ("package:a.b  installer=null", ListEntry("a.b", None, None, None, ())),
        ("package:a.b  installer=c.d uid:10001", ListEntry("a.b", None, None, "c.d", (10001,))),
        ("package:/system/app/B/B.apk=a.b", ListEntry("a.b", "/system/app/B/B.apk", None, None, ())),
        (
            "package:/data/app/a.b-R4mVYpyR609rCCA==/base.apk=a.b versionCode:7  installer=null uid:10123,1010123",
            ListEntry("a.b", "/data/app/a.b-R4mVYpyR609rCCA==/base.apk", 7, None, (10123, 1010123)),
        ),
        (
            "package:/data/app/a=com.android.settings/base.apk=a.b  installer=x=y uid:1",
            ListEntry("a.b", "/data/app/a=com.android.settings/base.apk", None, "x=y", (1,)),
        ),
        (
            "package:a.b  installer=text with uid:5 in it uid:6",
            ListEntry("a.b", None, None, "text with uid:5 in it", (6,)),
        ),
    ],
)
def test_every_form_of_a_line(line: str, listed: ListEntry) -> None:
    assert parse_package_list(line + "\n").packages == (listed,)


def test_real_head_unit() -> None:
    assert parse_package_list(dump("head-unit-package-list.txt")).packages == (
        ListEntry(
            "com.tw.service", "/system/priv-app/com.tw.service_a5a4/com.tw.service_a5a4.apk", None, None, (1000,)
        ),
        ListEntry(
            "com.dofun.variety",
            "/data/app/com.dofun.variety-AAAAAAAAAAAAAAAAAAAAAA==/base.apk",
            None,
            "com.android.packageinstaller",
            (10093,),
        ),
        ListEntry(
            "com.navimods.radio",
            "/data/app/com.navimods.radio-AAAAAAAAAAAAAAAAAAAAAA==/base.apk",
            None,
            "com.android.vending",
            (10179,),
        ),
    )


def test_real_motorola_with_one_blank_before_the_installer() -> None:
    assert parse_package_list(dump("android-15-package-list.txt")).packages == (
        ListEntry(
            "com.motorola.setupwizard.devicesetup",
            "/product/priv-app/VzwDeviceSetup/VzwDeviceSetup.apk",
            35,
            None,
            (10281,),
        ),
    )


def test_a_package_that_is_listed_twice_is_there_twice() -> None:
    assert (
        parse_package_list("package:a.b uid:1\npackage:a.b uid:1\n").packages
        == (ListEntry("a.b", None, None, None, (1,)),) * 2
    )


def test_a_path_may_hold_a_line_feed() -> None:
    text = "package:x.y uid:1\npackage:/data/app/new\nline/base.apk=a.b uid:2\n"
    listed = (
        ListEntry("x.y", None, None, None, (1,)),
        ListEntry("a.b", "/data/app/new\nline/base.apk", None, None, (2,)),
    )
    assert parse_package_list(text).packages == listed
    assert parse_package_list(text, {"x.y", "a.b"}).packages == listed


def test_an_installer_cannot_pretend_a_package() -> None:
    pretended = "com.android.vending\npackage:/system/app/F/F.apk=a.fake  installer=null uid:1000"
    text = f"package:/data/app/x/base.apk=a.b versionCode:3  installer={pretended} uid:10216\npackage:x.y uid:7\n"
    assert parse_package_list(text, {"a.b", "x.y"}).packages == (
        ListEntry("a.b", "/data/app/x/base.apk", 3, pretended, (10216,)),
        ListEntry("x.y", None, None, None, (7,)),
    )
    assert [listed.name for listed in parse_package_list(text).packages] == ["a.b", "a.fake", "x.y"]


def test_noise_around_the_list_is_left_out_and_counted() -> None:
    text = "WARNING: linker: something\npackage:a.b uid:1\n\nKilled\n"
    assert parse_package_list(text).packages == (ListEntry("a.b", None, None, None, (1,)),)
    assert parse_package_list(text).unread == ("WARNING: linker: something", "Killed")


def test_a_line_in_a_new_form_is_no_package_and_is_counted() -> None:
    text = "package:a.b uid:1\npackage:[a.c] uid 2\npackage:/x/base.apk=x.y  installer=null uid:7\n"
    assert [listed.name for listed in parse_package_list(text).packages] == ["a.b", "x.y"]
    assert parse_package_list(text).unread == ("package:[a.c] uid 2",)


def test_text_of_a_package_is_nothing_unknown() -> None:
    text = "package:/data/app/new\nline/base.apk=a.b  installer=two\nlines uid:2\npackage:x.y uid:7\n"
    assert parse_package_list(text, {"a.b", "x.y"}).unread == ()


def test_real_list_that_ends_in_an_error() -> None:
    text = dump("package-list-broken-off.txt")
    listed, error = until_error(text)
    assert parse_package_list(listed).packages == (
        ListEntry("com.qualcomm.qti.telephonyservice", None, None, None, (8,)),
    )
    assert error == "Error: java.lang.SecurityException: Shell does not have permission to access user 10\n"
    assert not user_locked(text), "a part of it was listed"


@pytest.mark.parametrize(
    "text", ["", "Error: x\n", "package:a.b uid:1\n", "package:a.b  installer=x\nError: x uid:1\npackage:c.d uid:2\n"]
)
def test_a_list_without_an_error_behind_it_stays_whole(text: str) -> None:
    assert until_error(text) == (text, "")


def test_a_refused_flag_and_a_locked_user_are_told_apart() -> None:
    refused = "Error: Unknown option: --show-versioncode\n"
    locked = (
        "\nException occurred while executing 'list':\n"
        "java.lang.SecurityException: Shell does not have permission to access user 11\n"
    )
    samsung = "Error: java.lang.SecurityException: Shell does not have permission to access user 150\n"
    assert (flag_refused(refused), user_locked(refused)) == (True, False)
    assert (flag_refused(locked), user_locked(locked)) == (False, True)
    assert user_locked(samsung)
    listed = "package:a.b  installer=SecurityException Unknown option\n"
    assert (flag_refused(listed), user_locked(listed)) == (False, False)


PIECES = st.sampled_from(
    [
        "package:",
        "/a/b.apk",
        "=",
        "a.b",
        " versionCode:",
        "7",
        "  installer=",
        " uid:",
        "1,2",
        "\n",
        "null",
        "\udcff",
        ",",
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join), st.sampled_from([None, frozenset({"a.b"}), frozenset[str]()]))
def test_almost_valid_input_never_raises(text: str, names: frozenset[str] | None) -> None:
    assert "".join(until_error(text)) == text
    assert all(line.strip() for line in parse_package_list(text, names).unread)
    for listed in parse_package_list(text, names).packages:
        assert listed.name
        assert names is None or listed.name in names


# ------------------------------------------------------------------------------ how the list is asked for
LOCKED = "Error: java.lang.SecurityException: Shell does not have permission to access user 0\n"
REFUSED = Answer(b"Error: Unknown option: -U\n", 255, truncated=False)
LISTED = "package:a.b uid:1\n"


def asked(says: dict[str, Said]) -> tuple[ListAnswer | None, list[tuple[str, str]], list[str]]:
    phone = FakePhone(says=says)
    reader = Reader(phone, QUIET)
    answer = ask_list(reader, "-3 ", NAME_FLAGS, 0)
    return answer, [(note.subject, note.code) for note in reader.skipped], phone.asked


def test_the_richest_form_is_asked_for_first() -> None:
    answer, notes, commands_asked = asked({"pm list packages -3 -u -U --user 0": LISTED})
    assert (answer, notes) == (ListAnswer(LISTED), [])
    assert commands_asked == ["pm list packages -3 -u -U --user 0"]


def test_a_refused_flag_is_left_out() -> None:
    says: dict[str, Said] = {"pm list packages -3 -u -U --user 0": REFUSED, "pm list packages -3 -u --user 0": LISTED}
    assert asked(says)[:2] == (ListAnswer(LISTED), [])


def test_a_phone_without_pm_is_asked_in_another_way() -> None:
    answer, notes, commands_asked = asked({"cmd package list packages -3 -u -U --user 0": LISTED})
    assert (answer, notes) == (ListAnswer(LISTED), [])
    assert [command.partition(" list")[0] for command in commands_asked] == ["pm", "cmd package"]


def test_a_phone_that_can_list_in_no_way() -> None:
    answer, notes, _ = asked({})
    assert answer is None
    assert notes == [("pm list packages -3 -u -U --user 0", "command-failed")]


@pytest.mark.parametrize("exit_status", [0, 255])
def test_a_locked_user(exit_status: int) -> None:
    says: dict[str, Said] = {
        "pm list packages -3 -u -U --user 0": Answer(LOCKED.encode(), exit_status, truncated=False)
    }
    assert asked(says)[:2] == (ListAnswer("", whole=False, locked=True), [])


@pytest.mark.parametrize("exit_status", [0, 255])
def test_a_list_that_ends_in_an_error_is_kept_and_not_whole(exit_status: int) -> None:
    said = Answer((LISTED + LOCKED).encode(), exit_status, truncated=False)
    answer, notes, _ = asked({"pm list packages -3 -u -U --user 0": said})
    assert answer == ListAnswer(LISTED, whole=False)
    assert notes == [("pm list packages -3 -u -U --user 0", "cut-off")]


@pytest.mark.parametrize(
    ("end", "exit_status"),
    [
        ("cmd: Failure calling service package: Failed transaction (2147483646)\n", 224),
        ("Killed\n", 137),
        ("package:org", 137),
    ],
)
def test_a_list_whose_program_fails_is_kept_and_not_whole(end: str, exit_status: int) -> None:
    said = Answer((LISTED + end).encode(), exit_status, truncated=False)
    answer, notes, _ = asked({"pm list packages -3 -u -U --user 0": said})
    assert answer == ListAnswer(LISTED + end, whole=False)
    assert notes == [("pm list packages -3 -u -U --user 0", "cut-off")]


def test_a_list_that_takes_too_long_is_kept_and_not_whole() -> None:
    said = Answer(LISTED.encode(), None, truncated=True)
    answer, notes, _ = asked({"pm list packages -3 -u -U --user 0": said})
    assert answer == ListAnswer(LISTED, whole=False)
    assert notes == [("pm list packages -3 -u -U --user 0", "cut-off")]


def test_a_phone_that_refuses_every_form() -> None:
    answer, notes, _ = asked({f"pm list packages -3 {flags}".rstrip() + " --user 0": REFUSED for flags in NAME_FLAGS})
    assert answer is None
    assert notes == [("pm list packages -3", "flag-refused")]
