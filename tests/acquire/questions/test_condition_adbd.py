"""The condition of the kit's phones, read through Debian's adbd, against what the kit knows to be true."""

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.asking import Reader
from phone_audit.acquire.collect import Acquired
from phone_audit.acquire.commands import Command
from phone_audit.acquire.questions.settings import SECURE
from phone_audit.acquire.questions.small_files import CA_FOLDER, added_folder
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.transport import Answer, Transport
from phone_audit.model.device import StateItem
from tests.acquire.collecting import collect
from tests.acquire.fake_phone import QUIET
from tests.kit import Kit, Phone

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(300)]
PROFILES = ["nokia7plus-bad", "nokia7plus-oreo", "cheap-mtk", "clean-pixel", "pixel-locked-profile", "hostile-names"]
PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", re.DOTALL)
DAY = 86400


def read(transport: Transport, into: Path) -> Acquired:
    return collect(transport, depth="quick", users="all", into=into, on_progress=QUIET)


def read_phone(phone: Phone, into: Path) -> Acquired:
    transport = open_transport(phone.address, via="direct")
    try:
        return read(transport, into)
    finally:
        transport.close()


def state(acquired: Acquired) -> dict[str, StateItem]:
    return {item.key: item for item in acquired.snapshot.state}


def digests(item: StateItem) -> set[str]:
    return {piece.value.partition(" ")[0] for piece in item.evidence}


def true_digest(phone: Phone, folder: str, file: str) -> str:
    """SHA-256 of the certificate itself, whatever form its file has."""
    content = (phone.root / folder.lstrip("/") / file).read_bytes()
    block = PEM.search(content)
    return hashlib.sha256(base64.b64decode(block[1]) if block else content).hexdigest()


@pytest.mark.parametrize("profile", PROFILES)
def test_a_phone_is_as_it_says_and_so_is_its_replay(kit: Kit, profile: str, tmp_path: Path) -> None:
    phone = kit.phone(profile)
    recording = RecordingTransport(open_transport(phone.address, via="direct"), tmp_path / "saved", depth="quick")
    acquired = read(recording, tmp_path / "saved")
    recording.finish()
    recording.close()
    facts = phone.facts()
    found = state(acquired)
    check_certificates(phone, facts, found)
    check_settings(facts, found)
    check_usage(acquired)
    replayed = read(ReplayTransport(tmp_path / "saved"), tmp_path)
    assert replayed.snapshot == acquired.snapshot


def check_certificates(phone: Phone, facts: dict[str, Any], found: dict[str, StateItem]) -> None:
    system = {true_digest(phone, CA_FOLDER, one["file"]) for one in facts["cacerts"]["system"]}
    assert digests(found["ca_certificates"]) == system
    assert found["ca_certificates"].value == str(len(facts["cacerts"]["system"]))
    added = {true_digest(phone, added_folder(0), one["file"]) for one in facts["cacerts"]["user"]}
    assert digests(found["ca_certificates_added"]) == added


def check_settings(facts: dict[str, Any], found: dict[str, StateItem]) -> None:
    true = {name: value for name, value in facts["settings"]["secure"].items() if name in SECURE}
    read_as = {name: found[name].value for name in true}
    assert read_as == true


def check_usage(acquired: Acquired) -> None:
    """Every copy that is there has both, and somebody did something."""
    copies = [user for package in acquired.snapshot.packages for user in package.users if user.installed]
    assert all(copy.appops is not None and copy.traffic is not None for copy in copies)
    assert any(op.last_access for copy in copies for op in copy.appops or ())
    assert any(copy.traffic.sent > 0 for copy in copies if copy.traffic)


def test_what_is_odd_about_the_cheap_tablet(kit: Kit, tmp_path: Path) -> None:
    found = state(read_phone(kit.phone("cheap-mtk"), tmp_path))
    service = "com.smart.cleaner.booster/.BoostAccessibilityService"
    assert found["accessibility_services"].value == service
    assert found["accessibility_powers"].value == "BoostAccessibilityService: read the screen"
    assert found["device_admins"].value == "com.smart.cleaner.booster/.LockReceiver"
    assert found["root_programs"].value == "/system/xbin/su"
    assert found["network_proxy"].value == "203.0.113.9:8080"
    assert found["ca_certificates_added"].value == "1"
    assert found["build_prop_differs"].value == ""


def test_the_work_profile_of_the_pixel(pixel: Phone, tmp_path: Path) -> None:
    found = state(read_phone(pixel, tmp_path))
    assert found["profile_owner@10"].value is not None
    assert found["profile_owner@10"].value.startswith("com.google.android.apps.work.clouddpc/")
    authorities = str(len(pixel.facts()["cacerts"]["system"]))
    assert found["ca_certificates_conscrypt"].value == found["ca_certificates"].value == authorities
    assert found["mounts_writable"].value == found["mounts_covering"].value == found["root_programs"].value == ""
    assert found["hosts_entries"].value == "0"
    assert len(found["framework_files"].evidence) > 10


def test_firmware_that_was_changed(kit: Kit, tmp_path: Path) -> None:
    phone = kit.phone("nokia7plus-oreo")
    hosts = phone.root / "system/etc/hosts"
    before = hosts.read_bytes()
    hosts.write_bytes(before + b"203.0.113.9 bank.example\n")
    try:
        with phone.file("/system/xbin/su", b"su"), phone.file("/adb_keys", b"QAAAA" + b"B" * 43 + b" factory\n"):
            found = state(read_phone(phone, tmp_path))
    finally:
        hosts.write_bytes(before)
    assert found["hosts_entries"].value == "1"
    assert found["hosts_entries"].evidence[0].value == "203.0.113.9 bank.example"
    assert found["root_programs"].value == "/system/xbin/su"
    assert found["adb_keys_built_in"].value == "1"


@pytest.mark.parametrize("match", ["^dumpsys appops", "^dumpsys accessibility", "^settings list --user 0 secure"])
def test_a_dead_service_costs_its_answer_alone(
    oreo: Phone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, match: str
) -> None:
    ask = Reader.try_ask

    def short(reader: Reader, command: Command, *, subject: str = "") -> Answer | None:
        timeout = 2.0 if match.lstrip("^") in command.text else command.timeout
        return ask(reader, replace(command, timeout=timeout), subject=subject)

    monkeypatch.setattr(Reader, "try_ask", short)
    with oreo.fault(match, "hang=20"):
        acquired = read_phone(oreo, tmp_path)
    assert [note.code for note in acquired.snapshot.skipped] == ["cut-off"]
    assert match.lstrip("^") in acquired.snapshot.skipped[0].subject
    assert state(acquired)["device_admins"].value
