"""Progress: a line where a stage begins and ends, nothing where quiet was asked for."""

import io

import pytest
from rich.console import Console

from phone_audit.cli import progress as module
from phone_audit.cli.progress import progress, progress_of_phones


def test_verbose_tells_each_stage_once(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=False, verbose=True) as report:
        for done in range(1, 4):
            report("questions", done, 0)
        for done in (0, 1_000_000, 2_000_000):
            report("copies", done, 2_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "asking the phone: 1",
        "copying packages: 0.0/2.0 MB",
        "copying packages: 2.0/2.0 MB",
    ]


def test_quiet_wins(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=True, verbose=True) as report:
        report("questions", 1, 0)
    assert capsys.readouterr().err == ""


def test_stages_that_go_on_together_are_told_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=False, verbose=True) as report:
        for done in range(3):
            report("copies", done * 1_000_000, 2_000_000)
            report("analysing APKs", done, 2)
        report("copies", 2_000_000, 2_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "copying packages: 0.0/2.0 MB",
        "analysing packages: 0/2",
        "copying packages: 2.0/2.0 MB",
        "analysing packages: 2/2",
    ]


def test_each_of_several_phones_has_its_name_before_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of_phones(quiet=False, verbose=True) as phones:
        one, other = phones.phone("B2N1"), phones.phone("two\x1b[2J")
        one("questions", 1, 0)
        other("questions", 1, 0)
        phones.ended("B2N1", "exposed")
    assert capsys.readouterr().err.splitlines() == [
        "B2N1: begun",
        r"two\x1b[2J: begun",
        "B2N1: asking the phone: 1",
        r"two\x1b[2J: asking the phone: 1",
        "B2N1: exposed",
    ]


def test_off_a_terminal_each_phone_has_a_line_where_it_begins_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of_phones(quiet=False) as phones:
        phones.phone("A")("questions", 1, 0)
        phones.ended("A", "known-bad")
    assert capsys.readouterr().err.splitlines() == ["A: begun", "A: known-bad"]
    with progress_of_phones(quiet=True) as phones:
        phones.phone("A")("questions", 1, 0)
        phones.ended("A", "known-bad")
    assert capsys.readouterr().err == ""


def test_on_a_terminal_each_phone_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100, legacy_windows=False)
    monkeypatch.setattr(module, "on_terminal", lambda: True)
    monkeypatch.setattr(module, "Console", lambda **_: console)
    with progress_of_phones(quiet=False) as phones:
        one, other = phones.phone("A[red]"), phones.phone("B")
        one("copies", 1_000_000, 4_000_000)
        other("analysing APKs", 3, 9)
        phones.phone("C")
        phones.ended("B", "exposed")
    shown = written.getvalue()
    for part in ("A[red]: copying packages", "1.0/4.0 MB", "B: analysing packages", "3/9", "B: exposed"):
        assert part in shown


def test_on_a_terminal_stages_stand_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100, legacy_windows=False)
    monkeypatch.setattr(module, "on_terminal", lambda: True)
    monkeypatch.setattr(module, "Console", lambda **_: console)
    with progress(quiet=False) as report:
        report("copies", 1_000_000, 4_000_000)
        report("analysing APKs", 3, 9)
        report("copies", 2_000_000, 4_000_000)
        report("questions", 1, 0)
    last = written.getvalue().rsplit("copying packages", 1)[1]
    assert "2.0/4.0 MB" in last
    assert "analysing packages" in last
