"""Lists of build identifiers on the command line."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from phone_audit.cli import firmware_input
from phone_audit.cli.main import app
from phone_audit.errors import UsageError


def test_more_identifiers_than_memory_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firmware_input, "MOST_IDENTIFIERS", 20)
    listed = tmp_path / "builds.txt"
    listed.write_text("".join(f"A{number}\n" for number in range(21)))
    done = CliRunner().invoke(app, ["firmware", str(listed)])
    assert isinstance(done.exception, UsageError)
    assert done.exception.message == "There are 21 identifiers, more than the 20 that are checked at once."
