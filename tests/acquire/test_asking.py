"""What is noted of an answer: dumps that the phone itself breaks off, notes that are kept once or taken back."""

import pytest

from phone_audit.acquire.asking import Reader, cut_off
from phone_audit.acquire.commands import Command
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP, single_packages_command
from phone_audit.acquire.packages.users import USER_DUMP
from phone_audit.acquire.questions.identity import GETPROP
from phone_audit.acquire.transport import Answer
from tests.acquire.fake_phone import QUIET, FakePhone

TIME_OUT = "\n*** SERVICE 'package' DUMP TIMEOUT (10000ms) EXPIRED ***\n\n"
DUMP = "Packages:\n  Package [a.b] (1a):\n    versionName=1\n"


@pytest.mark.parametrize(
    ("command", "said", "cut"),
    [
        (PACKAGE_DUMP, DUMP + TIME_OUT, True),
        (PACKAGE_DUMP, DUMP, False),
        (PACKAGE_DUMP, DUMP + TIME_OUT + "    splits=[base]\n", False),
        (single_packages_command(("a.b", "a.c")), f"@0\n{DUMP}{TIME_OUT}@1\n{DUMP}", True),
        (single_packages_command(("a.b", "a.c")), f"@0\n{DUMP}@1\n{DUMP}{TIME_OUT}", True),
        (GETPROP, "[a]: [1]" + TIME_OUT, False),
    ],
)
def test_a_dump_that_took_the_phone_too_long_is_cut_off(command: Command, said: str, cut: bool) -> None:
    reader = Reader(FakePhone(says={command.text: said}), QUIET)
    assert reader.ask(command, subject="it") == said
    assert [(note.subject, note.code) for note in reader.skipped] == ([("it", "cut-off")] if cut else [])


def test_a_cut_answer_says_which_limit_it_met() -> None:
    question = Command("dumpsys x", timeout=15.0, limit=2**20)
    late = Answer(b"abc", None, truncated=True)
    long = Answer(b"a" * 2**20, None, truncated=True)
    assert "15 seconds at most" in (cut_off(question, late) or "")
    assert "more than 1 MB" in (cut_off(question, long) or "")


def test_a_note_is_kept_once_and_can_be_taken_back() -> None:
    reader = Reader(FakePhone(), QUIET)
    reader.skip("a", "list", "x", "1")
    noted = reader.noted
    for _ in range(2):
        reader.skip("a", "list", "x", "1")
        reader.skip("b", "list", "x", "1")
    assert [note.subject for note in reader.skipped] == ["a", "b"]
    reader.forget_since(noted)
    assert [note.subject for note in reader.skipped] == ["a"]
    reader.skip("b", "list", "x", "1")
    assert [note.subject for note in reader.skipped] == ["a", "b"]


def test_of_what_is_optional_nothing_is_noted() -> None:
    cut = Answer(b"x", None, truncated=True)
    reader = Reader(FakePhone(says={USER_DUMP.text: cut}), QUIET)
    assert reader.ask(USER_DUMP, optional=True) == "x"
    assert reader.skipped == ()
