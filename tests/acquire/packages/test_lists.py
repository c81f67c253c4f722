"""One list of packages, from phones that give it in other ways."""

import pytest

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.packages.package_list import NAME_FLAGS, ListAnswer, ask_list
from phone_audit.acquire.transport import Answer
from tests.acquire.fake_phone import QUIET, FakePhone, Said

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
