"""Whole scans of phones that the real adbd serves: directly, through a running adb server, and saved."""

import json
from pathlib import Path
from typing import Any

import pytest

from phone_audit.model.results import Scan
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.scan import scan_device
from phone_audit.report.json_v1 import render_json
from tests.kit import AdbServer, Kit

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(300)]
NOKIA = "nokia-7-plus-vnet-cn-2019"
ADUPS = "adups-fota-2016"
BAD = [("nokia7plus-bad", NOKIA), ("nokia7plus-oreo", NOKIA), ("cheap-mtk", ADUPS)]
ORDINARY = ["clean-pixel", "pixel-locked-profile"]


def comparable(scan: Scan) -> Any:
    """What may not differ between two runs."""

    def without_run(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_run(item) for key, item in value.items() if key != "run"}
        return [without_run(item) for item in value] if isinstance(value, list) else value

    return without_run(json.loads(render_json(scan)))


def confirmed(scan: Scan) -> set[str | None]:
    return {finding.incident for finding in scan.findings if finding.confidence == "confirmed" and finding.incident}


@pytest.mark.parametrize(("profile", "incident"), BAD)
def test_a_known_bad_phone_and_its_replay(kit: Kit, tmp_path: Path, profile: str, incident: str) -> None:
    live = scan_device(kit.phone(profile).address, options=ScanOptions(via="direct", save=tmp_path / "saved"))
    assert live.verdict.outcome == "known-bad"
    assert incident in confirmed(live)
    assert live.coverage.complete
    replayed = scan_device(str(tmp_path / "saved"))
    assert comparable(replayed) == comparable(live)


@pytest.mark.parametrize("profile", ORDINARY)
def test_an_ordinary_phone_and_its_replay(kit: Kit, tmp_path: Path, profile: str) -> None:
    live = scan_device(kit.phone(profile).address, options=ScanOptions(via="direct", save=tmp_path / "saved"))
    assert live.verdict.outcome in ("nothing-found", "inconclusive", "exposed")
    assert confirmed(live) == set()
    assert live.coverage.complete == (profile == "clean-pixel")
    replayed = scan_device(str(tmp_path / "saved"))
    assert comparable(replayed) == comparable(live)


@pytest.mark.stock_adb
@pytest.mark.parametrize(("profile", "incident"), [*BAD, *((profile, None) for profile in ORDINARY)])
def test_the_same_through_a_running_server(kit: Kit, adb_server: AdbServer, profile: str, incident: str | None) -> None:
    phone = kit.phone(profile)
    with adb_server.connected(phone.address):
        scan = scan_device(phone.address)
    assert scan.acquisition.via == "server"
    assert (scan.verdict.outcome == "known-bad") == (incident is not None)
    assert incident is None or incident in confirmed(scan)


def test_a_hostile_phone_is_read_to_the_end(kit: Kit, tmp_path: Path) -> None:
    live = scan_device(kit.phone("hostile-names").address, options=ScanOptions(via="direct", save=tmp_path / "saved"))
    assert live.coverage.packages_listed > 200
    assert not live.coverage.complete
    assert comparable(scan_device(str(tmp_path / "saved"))) == comparable(live)
