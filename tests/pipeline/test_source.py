"""What a target is taken for."""

import shutil
from pathlib import Path

import pytest

from phone_audit.errors import SnapshotError
from phone_audit.pipeline.options import ScanOptions, no_progress
from phone_audit.pipeline.source import open_source
from tests.acquire.importers.made import DEVICES


def test_a_saved_folder_without_its_manifest_is_not_taken_for_loose_dumps(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEVICES / "nokia7plus-small", tmp_path / "saved"))
    (folder / "manifest.json").unlink()
    with (
        pytest.raises(SnapshotError, match=r"manifest\.json cannot be read"),
        open_source(str(folder), "standard", "all", ScanOptions(), no_progress),
    ):
        pass
