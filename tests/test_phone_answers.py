"""What a scan tells of each app of a phone that the real adbd serves, and what its verdict answers."""

import json
from pathlib import Path

import pytest

from phone_audit.model.apps import App
from phone_audit.model.finding import Question
from phone_audit.model.results import Scan
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.scan import scan_device
from phone_audit.report.json_v1 import render_json
from tests.kit import Kit
from tests.knowledge.json_schema import faults

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(300)]
CLEANER, ADUPS = "com.smart.cleaner.booster", "com.adups.fota"
SCHEMA = Path(__file__).parent.parent / "docs" / "schema" / "scan.schema.json"


@pytest.fixture(scope="module")
def tablet(kit: Kit) -> Scan:
    """The tablet with Adups and the cleaner."""
    return scan_device(kit.phone("cheap-mtk").address, options=ScanOptions(via="direct"))


def app(scan: Scan, package: str) -> App:
    (found,) = [one for one in scan.apps if one.package == package]
    return found


def answers(scan: Scan) -> dict[str, Question]:
    return {one.id: one for one in scan.verdict.questions}


def test_the_cleaner_that_watches(tablet: Scan) -> None:
    cleaner = app(tablet, CLEANER)
    assert (cleaner.label, cleaner.came_from.kind, cleaner.came_from.installer_name) == (
        "Super Cleaner",
        "hand",
        "SHAREit",
    )
    powers = {one.what: one for one in cleaner.powers if one.granted}
    assert {"accessibility", "notifications", "read-sms", "microphone", "location", "device-admin", "overlay"} <= set(
        powers
    )
    assert powers["microphone"].last_used is not None
    assert powers["microphone"].background is False
    assert cleaner.sent is not None
    assert cleaner.sent_background is not None
    assert 2_500_000 < cleaner.sent < 3_000_000, "the kit counts what its sockets sent, which depends on the time"
    assert 900_000 < cleaner.sent_background < cleaner.sent
    assert cleaner.sent_shared == 0
    assert cleaner.findings


def test_the_update_client(tablet: Scan) -> None:
    client = app(tablet, ADUPS)
    assert (client.label, client.came_from.kind, client.system) == ("Wireless Update", "firmware", True)
    assert {one.what for one in client.powers} >= {"install-apps", "platform-key"}
    assert client.sent_shared > 0


def test_its_answers(tablet: Scan) -> None:
    said = answers(tablet)
    assert (said["known-bad"].answer, said["known-bad"].package) == ("yes", ADUPS)
    assert (said["watched"].answer, said["watched"].package) == ("yes", CLEANER)
    assert said["watched"].text.startswith(
        "“Super Cleaner” (com.smart.cleaner.booster), installed by hand with SHAREit, used the microphone "
    )
    assert said["watched"].text.endswith(").")
    assert " minutes before the scan (2" in said["watched"].text
    assert (said["sends"].answer, said["sends"].package) == ("yes", ADUPS)


def test_the_result_keeps_to_its_published_schema(tablet: Scan) -> None:
    assert faults(json.loads(SCHEMA.read_text("utf-8")), json.loads(render_json(tablet))) == []


def test_the_phone_of_the_seed_case(kit: Kit) -> None:
    said = answers(scan_device(kit.phone("nokia7plus-bad").address, options=ScanOptions(via="direct")))
    assert (said["known-bad"].answer, said["known-bad"].package) == ("yes", "com.qualcomm.qti.autoregistration")
    assert said["watched"].answer == "not-seen"


def test_an_ordinary_phone(kit: Kit) -> None:
    scan = scan_device(kit.phone("clean-pixel").address, options=ScanOptions(via="direct"))
    said = answers(scan)
    assert [said[name].answer for name in ("known-bad", "watched", "sends")] == ["no", "not-seen", "not-seen"]
    assert {(one.package, one.user) for one in scan.apps} == {
        (package.name, user.id) for package in scan.packages for user in package.users if user.installed is not False
    }
