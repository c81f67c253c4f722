"""The pseudonym: the same phone again on this computer, and nothing to anybody else."""

from pathlib import Path

import pytest

from phone_audit.pipeline.phone_names import pseudonym


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def test_stable_and_different_for_another_phone(tmp_path: Path) -> None:
    assert pseudonym("A") == pseudonym("A") != pseudonym("B")
    assert (tmp_path / "phone-audit" / "pseudonym.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.promise("no-serial")
def test_another_computer_gives_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = pseudonym("A")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "other"))
    assert pseudonym("A") != here


def test_no_serial_no_pseudonym() -> None:
    assert pseudonym(None) is None


def test_no_place_for_a_key_no_pseudonym(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    assert pseudonym("A") is None
