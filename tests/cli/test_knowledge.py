"""An incident of the user that stands in the place of a bundled one is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from phone_audit.cli.knowledge import knowledge_in_use
from phone_audit.knowledge.load import load_knowledge
from tests.knowledge.folders import ROOT, incident, write_incident


def test_a_replaced_incident_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    bundled = load_knowledge().incidents[0].id
    for name in (bundled, "of-my-own-2026"):
        write_incident(tmp_path, incident(id=name))
    with knowledge_in_use([tmp_path]) as known:
        assert known.incident(bundled).title == "A leak"
    told = f"{tmp_path / 'incidents' / bundled}.json replaces the bundled entry {bundled}.\n"
    assert capsys.readouterr() == ("", told)
    with knowledge_in_use(None):
        pass
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("command", [["firmware", "00WW_3_22C_SP03"], ["apks", "empty"]])
def test_the_commands_tell_it(tmp_path: Path, command: list[str]) -> None:
    bundled = load_knowledge().incidents[0].id
    (tmp_path / "empty").mkdir()
    write_incident(tmp_path / "mine", incident(id=bundled))
    ran = subprocess.run(
        [sys.executable, "-m", "phone_audit", *command, "--knowledge", "mine"],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "XDG_DATA_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert f"replaces the bundled entry {bundled}." in ran.stderr
