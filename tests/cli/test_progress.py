"""Progress: a line where a stage begins and ends, nothing where quiet was asked for."""

import pytest

from phone_audit.cli.progress import progress


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
