"""Recorded traffic beside a scan and beside a result that was made before: the Nokia case, seen on the wire."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from phone_audit.cli.main import app
from phone_audit.errors import ResultError, UsageError
from phone_audit.files.bounded_json import checked
from phone_audit.files.bounds import RESULT
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.base import read_document
from phone_audit.model.device import PhoneIdentifier
from phone_audit.model.results import Devices, Scan
from phone_audit.pipeline.options import TOOL, Budget, ScanOptions
from phone_audit.pipeline.scan import scan_device
from phone_audit.pipeline.traffic import add_traffic
from phone_audit.report.canvas import Style
from phone_audit.report.formats import formats_of, render
from phone_audit.report.json_v1 import render_json
from tests.acquire.traffic.captures import connection, dnsmasq, look_up, pcap, pcapdroid, pcapdroid_row, post

SAVED = Path(__file__).parents[2] / "fixtures" / "devices" / "nokia7plus-small"
SERIAL = "B2NSMALL00000001"
HOST, PLACE = "zzhc.vnet.cn", "203.0.113.77"
REGISTRATION = "com.qualcomm.qti.autoregistration"
NOKIA = "nokia-7-plus-vnet-cn-2019"


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: what was analysed once is remembered there."""
    return tmp_path_factory.mktemp("home")


def beacon(times: int = 14) -> bytes:
    """What the registration app sent, its body in Base64 as in the published case."""
    body = base64.encodebytes(json.dumps({"imei": "490154203237518", "sn": SERIAL, "cell": "242-01-1"}).encode())
    frames = look_up(HOST, PLACE)
    for number in range(times):
        said = post(f"{HOST}:9999", f"/reg/{SERIAL}", body, "application/encrypted-json")
        frames += connection(PLACE, 9999, [said], local=41_000 + number)
    return pcap(frames)


def in_pcapdroid() -> bytes:
    return pcapdroid(*[pcapdroid_row(PLACE, 9999, 1001, REGISTRATION, "HTTP", HOST)] * 14)


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def scanned(*files: Path) -> Scan:
    options = ScanOptions(budget=Budget(jobs=1), traffic=files)
    return scan_device(str(SAVED), options=options)


def reason_of(scan: Scan, incident: str = NOKIA) -> str:
    keys = {finding.key for finding in scan.findings if finding.incident == incident}
    (text,) = [reason.text for reason in scan.verdict.reasons if reason.finding in keys]
    return text


def test_a_capture_of_packets_raises_the_case_and_masks_the_identifier(tmp_path: Path) -> None:
    scan = scanned(written(tmp_path, "a.pcap", beacon()))
    assert scan.verdict.outcome == "known-bad"
    assert "Seen on the wire: some app on this phone was connected to zzhc.vnet.cn:9999" in reason_of(scan)
    assert "with serial number …0001 and IMEI …7518 in the clear." in reason_of(scan)
    (own,) = [finding for finding in scan.findings if finding.id == "traffic.identifier"]
    assert own.message.startswith(
        "Serial number …0001 in the clear to zzhc.vnet.cn:9999, 14 times, by some app on this"
    )
    (traffic,) = scan.traffic
    row = next(one for one in traffic.hosts if one.protocol == "http")
    assert (row.host, row.address, row.port, row.times) == (HOST, PLACE, 9999, 14)
    assert row.identifiers == ("serial number …0001", "IMEI …7518")
    assert row.data == ("imei", "serial")
    assert row.of_this_phone
    (answer,) = [one for one in scan.verdict.questions if one.id == "sends"]
    assert answer.answer == "yes"
    assert answer.text == (
        "Some app on this phone sent serial number …0001 and IMEI …7518 to zzhc.vnet.cn without encryption."
    )
    assert row.requests == (f"POST /reg/…{SERIAL[-4:]}",)
    published = render_json(scan)
    assert SERIAL not in published
    assert "490154203237518" not in published


OWN = (PhoneIdentifier(kind="imei", value="490154203237518"),)


def test_an_imei_that_its_owner_states_is_known_to_be_this_phones(tmp_path: Path) -> None:
    file = written(tmp_path, "a.pcap", beacon())
    options = ScanOptions(budget=Budget(jobs=1), traffic=(file,), own_numbers=OWN)
    scan = scan_device(str(SAVED), options=options)
    (own,) = [finding for finding in scan.findings if finding.id == "traffic.identifier"]
    assert own.message.startswith("IMEI …7518 and serial number …0001 in the clear to zzhc.vnet.cn:9999, 14 times")
    assert not [finding for finding in scan.findings if finding.id == "traffic.named-identifier"]
    assert [one.own_numbers for one in scan.traffic] == [("IMEI …7518",)]
    assert "490154203237518" not in render_json(scan)
    told = " ".join(render("text", scan, Style(details=True)).split())
    assert "searched also for what was stated of this phone: IMEI …7518" in told
    assert [one.own_numbers for one in scanned(file).traffic] == [()]


def test_the_same_beside_a_result(tmp_path: Path) -> None:
    file = written(tmp_path, "a.pcap", beacon())
    after = add_traffic(scanned(), (file,), load_knowledge(), OWN)
    (own,) = [finding for finding in after.findings if finding.id == "traffic.identifier"]
    assert own.message.startswith("IMEI …7518 in the clear to zzhc.vnet.cn:9999, 14 times, by some app on this phone")
    assert [one.own_numbers for one in after.traffic] == [("IMEI …7518",)]


@pytest.mark.parametrize("command", ["scan", "report"])
def test_numbers_go_with_traffic(tmp_path: Path, command: str) -> None:
    result = written(tmp_path, "r.json", render_json(scanned()).encode())
    named = str(SAVED) if command == "scan" else str(result)
    numbers = str(written(tmp_path, "n.txt", b"imei 490154203237518\n"))
    refused = CliRunner().invoke(app, [command, named, "--own-numbers", numbers])
    assert isinstance(refused.exception, UsageError)
    log = str(written(tmp_path, "a.pcap", beacon()))
    shown = CliRunner().invoke(app, [command, named, "--own-numbers", numbers, "--traffic", log, "-f", "json"])
    assert json.loads(shown.stdout)["traffic"][0]["own_numbers"] == ["IMEI …7518"]


def test_pcapdroids_list_raises_the_case_for_the_package(tmp_path: Path) -> None:
    scan = scanned(written(tmp_path, "b.csv", in_pcapdroid()))
    assert f"Seen on the wire: {REGISTRATION} (or the other package that shares its uid)" in reason_of(scan)
    case = next(finding for finding in scan.findings if finding.incident == NOKIA)
    assert (case.id, case.confidence) == ("published-incident", "confirmed")
    assert any(piece.kind == "socket" for piece in case.evidence)
    (app,) = [one for one in scan.apps if one.package == REGISTRATION]
    place = app.destinations[0]
    assert (place.host, place.by, place.cleartext, place.times) == (HOST, "capture", True, 14)
    (cleartext,) = [finding for finding in scan.findings if finding.id == "traffic.cleartext"]
    assert cleartext.subject.name == REGISTRATION
    (apk,) = [apk for apk in scan.apks if apk.package == REGISTRATION]
    assert [one.observed for one in apk.endpoints or () if one.host == HOST] == [True]


def test_a_routers_log_is_some_app_on_this_network(tmp_path: Path) -> None:
    scan = scanned(written(tmp_path, "c.log", dnsmasq(HOST, "a.example")))
    assert "Seen on the wire: some app on this network looked up zzhc.vnet.cn" in reason_of(scan)
    assert [one.host for one in scan.traffic[0].hosts] == ["a.example", HOST]


def test_an_identifier_in_the_name_of_a_host_is_shown_in_no_format(tmp_path: Path) -> None:
    named = f"{SERIAL.lower()}.{HOST}"
    rows = [pcapdroid_row(PLACE, 9999, 10_001, "org.example.splits", "HTTP", named)]
    files = (
        written(
            tmp_path, "b.csv", pcapdroid(*rows, pcapdroid_row(PLACE, 53, 10_001, "org.example.splits", "DNS", named))
        ),
        written(tmp_path, "c.log", dnsmasq(named)),
        written(tmp_path, "a.pcap", pcap(connection(PLACE, 80, [post(named, f"/{SERIAL}", b"{}")]))),
    )
    scan = scanned(*files)
    masked = f"…0001.{HOST}"
    assert {one.host for log in scan.traffic for one in log.hosts} == {masked}
    assert {one.identifiers for log in scan.traffic for one in log.hosts} == {("serial number …0001",)}
    assert {one.subject.name for one in scan.findings if one.id == "traffic.identifier"} >= {masked}
    assert masked in {place.host for one in scan.apps for place in one.destinations}
    for name in formats_of(["scan"]):
        assert SERIAL.lower() not in render(name, scan, Style(details=True)).lower(), name
    assert read_document(Scan, checked(render_json(scan).encode(), RESULT)).traffic == scan.traffic
    assert scanned(*files).traffic == scan.traffic


def test_without_traffic_nothing_is_different(tmp_path: Path) -> None:
    plain, other = scanned(), scanned(written(tmp_path, "d.log", dnsmasq("a.example")))
    assert plain.traffic == ()
    assert [one.key for one in plain.findings] == [one.key for one in other.findings]
    assert plain.verdict == other.verdict


def test_what_could_not_be_read_is_said(tmp_path: Path) -> None:
    scan = scanned(written(tmp_path, "cut.pcap", beacon()[:-7]))
    assert any(note.subject.endswith("cut.pcap") and note.code == "damaged" for note in scan.coverage.skipped)


def test_the_same_traffic_gives_the_same_bytes(tmp_path: Path) -> None:
    file = written(tmp_path, "a.pcap", beacon())
    assert scanned(file).traffic == scanned(file).traffic


def test_a_wrong_file_is_told_before_the_phone_is_asked(tmp_path: Path) -> None:
    options = ScanOptions(traffic=(written(tmp_path, "x", b"hello"),))
    with pytest.raises(UsageError, match="no recorded traffic"):
        scan_device(str(tmp_path / "no" / "phone"), options=options)


def add(scan: Scan, *files: Path) -> Scan:
    return add_traffic(scan, files, load_knowledge())


def test_traffic_added_to_a_result(tmp_path: Path) -> None:
    before = read_document(Scan, checked(render_json(scanned()).encode(), RESULT))
    after = add(before, written(tmp_path, "b.csv", in_pcapdroid()), written(tmp_path, "c.log", dnsmasq(HOST)))
    assert [one.format for one in after.traffic] == ["pcapdroid-csv", "dnsmasq"]
    assert f"Seen on the wire: {REGISTRATION}" in reason_of(after)
    assert {finding.key for finding in before.findings} < {finding.key for finding in after.findings}
    assert after.verdict.outcome == before.verdict.outcome == "known-bad"
    assert after.verdict.headline == before.verdict.headline
    again = add(after, tmp_path / "b.csv")
    assert {finding.key for finding in again.findings} == {finding.key for finding in after.findings}


def test_traffic_added_to_a_result_raises_what_it_says(tmp_path: Path) -> None:
    scan = scanned()
    verdict = scan.verdict.model_copy(
        update={"outcome": "nothing-found", "headline": "Nothing was found", "reasons": ()}
    )
    plain = scan.model_copy(update={"findings": (), "incidents": (), "apks": (), "verdict": verdict})
    after = add(plain, written(tmp_path, "a.pcap", beacon()))
    assert after.verdict.outcome == "inconclusive"
    assert after.verdict.headline.startswith("This phone cannot be judged from what was seen")
    assert "Serial" not in str(after.findings)  # a result does not hold the number
    named = next(finding for finding in after.findings if finding.id == "traffic.identifier-nearby")
    assert named.message.startswith(
        "IMEI …7518 in the clear to zzhc.vnet.cn:9999, 14 times, by some app on this network"
    )


def test_traffic_is_added_to_the_result_of_one_phone_alone(tmp_path: Path) -> None:
    other = Devices.model_validate({
        "schema": "phone-audit/devices/1", "devices": (), "tool": TOOL, "run": {"started": "2026-01-01T00:00:00Z"},
    })  # fmt: skip
    with pytest.raises(ResultError):
        add_traffic(other, (written(tmp_path, "c.log", dnsmasq(HOST)),), load_knowledge())


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def options_of(command: str) -> Sequence[str]:
    return [word for word in run(command, "--help").output.split() if word.startswith("--")]


def test_the_command_line(tmp_path: Path) -> None:
    log = written(tmp_path, "c.log", dnsmasq(HOST))
    result = tmp_path / "result.json"
    ran = run("scan", SAVED, "--traffic", log, "--jobs", "1", "-q", "-o", result)
    assert ran.exit_code == 12
    assert json.loads(result.read_text("utf-8"))["traffic"][0]["format"] == "dnsmasq"
    shown = run("report", result, "--traffic", written(tmp_path, "b.csv", in_pcapdroid()), "-f", "text", "--details")
    assert shown.exit_code == 0
    text = " ".join(shown.output.split())
    assert f"{REGISTRATION} was connected to zzhc.vnet.cn:9999, 14 times, without encryption" in text


def test_several_phones_and_traffic(tmp_path: Path) -> None:
    ran = run("scan", SAVED, SAVED, "--traffic", written(tmp_path, "c.log", dnsmasq(HOST)))
    assert isinstance(ran.exception, UsageError)
