"""The kit's phone beside a recording of its own sockets: the case that was published is seen on the wire."""

import base64
import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest

from phone_audit.model.results import Scan
from phone_audit.pipeline.options import ScanOptions
from phone_audit.pipeline.scan import scan_device
from phone_audit.report.json_v1 import render_json
from tests.acquire.traffic.captures import connection, hello, look_up, pcap, pcapdroid, pcapdroid_row, post, udp
from tests.kit import Kit

pytestmark = [pytest.mark.adbd, pytest.mark.timeout(300)]
NOKIA = "nokia-7-plus-vnet-cn-2019"
REGISTRATION = "com.qualcomm.qti.autoregistration"
BEACONS = 14


@pytest.fixture(scope="module")
def saved(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traffic") / "saved"
    scan_device(kit.phone("nokia7plus-bad").address, options=ScanOptions(via="direct", save=folder))
    return folder


@pytest.fixture(scope="module")
def truth(kit: Kit) -> dict[str, Any]:
    return kit.phone("nokia7plus-bad").truth


def place_of(one: dict[str, Any]) -> tuple[str, int]:
    address, _, port = str(one["remote"]).rpartition(":")
    return address.strip("[]"), int(port)


def beacon(truth: dict[str, Any]) -> bytes:
    """The body that the app posts: JSON in Base64, with the numbers that the phone itself tells."""
    numbers = {"imsi": truth["net"]["imsi"], "sn": truth["device"]["serial"], "cellid": "242-01-1-1"}
    return base64.encodebytes(json.dumps(numbers).encode())


def as_packets(truth: dict[str, Any]) -> bytes:
    """Every socket of the profile as packets: a look-up, then what its protocol begins with."""
    net = truth["net"]
    frames = []
    for number, one in enumerate(truth["sockets"]):
        (address, port), host = place_of(one), one["host"]
        source = net["ipv6"] if ipaddress.ip_address(address).version == 6 else net["ipv4"]
        local = 40_000 + 100 * number
        frames += look_up(host, address)
        if one.get("proto") == "udp":
            frames.append(udp(source, local, address, port, b"\xc0" + b"\1" * 100))
        elif one.get("package") == REGISTRATION:
            for turn in range(BEACONS):
                said = post(f"{host}:{port}", "/", beacon(truth), "application/encrypted-json")
                frames += connection(address, port, [said], source=source, local=local + turn)
        else:
            said = hello(host) if port != 80 else b"GET /generate_204 HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n"
            frames += connection(address, port, [said], source=source, local=local)
    return pcap(frames)


def as_pcapdroid(truth: dict[str, Any]) -> bytes:
    """The same in the form of PCAPdroid: it names the first package of a uid."""
    uids: dict[int, list[str]] = {}
    for package in truth["packages"]:
        uids.setdefault(package["uid"], []).append(package["name"])
    own = {package["name"]: package["uid"] for package in truth["packages"]}
    rows = []
    for one in truth["sockets"]:
        (address, port), uid = place_of(one), one.get("uid") or own[one["package"]]
        kind = {80: "HTTP", 9999: "HTTP"}.get(port, "QUIC" if one.get("proto") == "udp" else "TLS")
        times = BEACONS if one.get("package") == REGISTRATION else 1
        rows += [pcapdroid_row(address, port, uid, min(uids.get(uid, ["root"])), kind, one["host"])] * times
    return pcapdroid(*rows)


def scanned(saved: Path, file: Path) -> Scan:
    return scan_device(str(saved), options=ScanOptions(traffic=(file,)))


def reason_of(scan: Scan) -> str:
    keys = {finding.key for finding in scan.findings if finding.incident == NOKIA}
    (text,) = [reason.text for reason in scan.verdict.reasons if reason.finding in keys]
    return text


def test_a_capture_of_its_sockets(saved: Path, truth: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "day.pcap"
    file.write_bytes(as_packets(truth))
    scan = scanned(saved, file)
    assert "Seen on the wire: some app on this phone was connected to zzhc.vnet.cn:9999" in reason_of(scan)
    (own,) = [finding for finding in scan.findings if finding.id == "traffic.identifier"]
    assert own.message == (
        "IMSI …7890 and serial number …0123 in the clear to zzhc.vnet.cn:9999, 14 times, by some app on this phone "
        f"({file})."
    )
    hosts = {(one.host, one.protocol) for one in scan.traffic[0].hosts if one.protocol != "dns"}
    assert hosts >= {
        ("zzhc.vnet.cn", "http"), ("mtalk.google.com", "tls"), ("play.googleapis.com", "tls"),
        ("www.example.com", "tls"), ("fonts.example.com", "quic"), ("connectivitycheck.gstatic.com", "http"),
    }  # fmt: skip
    published = render_json(scan)
    assert truth["device"]["serial"] not in published
    assert truth["net"]["imsi"] not in published


def test_the_same_in_the_form_of_pcapdroid(saved: Path, truth: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "PCAPdroid.csv"
    file.write_bytes(as_pcapdroid(truth))
    scan = scanned(saved, file)
    text = reason_of(scan)
    assert f"Seen on the wire: {REGISTRATION} (or " in text
    assert "was connected to zzhc.vnet.cn:9999, 14 times" in text
    (app,) = [one for one in scan.apps if one.package == REGISTRATION]
    assert [(one.host, one.by, one.cleartext) for one in app.destinations][:1] == [("zzhc.vnet.cn", "capture", True)]
    case = next(finding for finding in scan.findings if finding.incident == NOKIA)
    assert (case.confidence, case.subject.name) == ("confirmed", REGISTRATION)
