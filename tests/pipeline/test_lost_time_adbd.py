"""A link to the real adbd that falls silent again and again: the scan ends, and what was read is judged."""

from pathlib import Path

import pytest

from phone_audit.acquire.adb import stream_transport, wire
from phone_audit.model.results import Scan
from phone_audit.pipeline import source
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.scan import scan_device
from tests.kit import Phone

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(300)]

STALL = 2_000_000
"""Bytes after which each connection falls silent: more than the longest answer, less than all files."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "REPLY_TIMEOUT", 1.0)
    monkeypatch.setattr(stream_transport, "PAUSES", (0.1, 0.2))


def scanned(address: str, save: Path | None = None) -> Scan:
    return scan_device(address, depth="deep", options=ScanOptions(via="direct", cache=False, save=save))


def test_a_link_that_always_stalls_ends_and_is_judged(
    nokia: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "MOST_LOST", 4.0)
    with nokia.proxy("--stall", STALL) as address:
        scan = scanned(address, tmp_path / "saved")
    lost = [note for note in scan.coverage.skipped if note.code == "device-lost"]
    assert [note.reason.partition(" in all")[0] for note in lost] == [
        "The phone kept this computer waiting for 4 seconds"
    ]
    assert scan.coverage.packages_listed == len(nokia.facts()["packages"])
    assert scan.coverage.apks_analysed < scan.coverage.apks_listed
    assert not scan.coverage.complete
    assert "could not be read" in scan.verdict.headline
    again = scan_device(str(tmp_path / "saved"), options=ScanOptions(cache=False))
    assert again.coverage.skipped == scan.coverage.skipped


def test_a_link_that_stalls_and_has_time_left_is_read_to_the_end(nokia: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_LOST", 1000.0)
    with nokia.proxy("--stall", 5 * STALL) as address:
        scan = scanned(address)
    assert "device-lost" not in {note.code for note in scan.coverage.skipped}
    assert scan.coverage.apks_analysed == scan.coverage.apks_listed
