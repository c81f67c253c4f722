"""Identifiers of a phone in what was sent in the clear: every spelling, masked, and nothing that only looks alike."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from phone_audit.acquire.traffic.connection import HEAD
from phone_audit.acquire.traffic.identifier_search import IdentifierSearch
from phone_audit.acquire.traffic.read_traffic import read_traffic
from phone_audit.model.device import PhoneIdentifier
from tests.acquire.traffic.captures import PHONE, connection, hello, pcap, post, udp

IMEI, SERIAL, MAC, ICCID, IMSI, ANDROID_ID = (
    "490154203237518", "B2NGAA8851000123", "A0:B1:C2:D3:E4:F5", "8947080000123456789", "242011234567890",
    "0123456789abcde7",
)  # fmt: skip
KNOWN = (
    PhoneIdentifier(kind="imei", value=IMEI),
    PhoneIdentifier(kind="serial", value=SERIAL),
    PhoneIdentifier(kind="mac", value=MAC),
    PhoneIdentifier(kind="iccid", value=ICCID),
    PhoneIdentifier(kind="imsi", value=IMSI),
    PhoneIdentifier(kind="android-id", value=ANDROID_ID),
)
PLACE = "203.0.113.77"


def found(data: bytes, known: tuple[PhoneIdentifier, ...] = KNOWN) -> list[tuple[str, bool]]:
    return sorted((one.masked, one.own) for one in IdentifierSearch(known).find(data))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"imei={IMEI}&x=1", "IMEI …7518"),
        (f"x={IMEI[:14]};", "IMEI …7518"),
        (f"x={IMEI[:14]}01", "IMEI …7518"),
        (f'{{"sn":"{SERIAL}"}}', "serial number …0123"),
        (SERIAL.lower(), "serial number …0123"),
        (MAC, "hardware address …e4f5"),
        (MAC.lower().replace(":", "-"), "hardware address …e4f5"),
        (MAC.replace(":", ""), "hardware address …e4f5"),
        ("a0b1.c2d3.e4f5", "hardware address …e4f5"),
        (quote(MAC, safe=""), "hardware address …e4f5"),
        (ICCID, "SIM card number …6789"),
        (f"{ICCID}f", "SIM card number …6789"),
        (IMSI, "IMSI …7890"),
        (ANDROID_ID.upper(), "Android ID …cde7"),
    ],
)
def test_every_spelling(text: str, said: str) -> None:
    expected = [(said, True)]
    assert [(name.lower(), own) for name, own in found(text.encode())] == [(said.lower(), True)]
    body = b'{"time":1,"data":{"value":"' + text.encode() + b'"},"more":"some more text behind it, for good measure"}'
    coded = base64.b64encode(body)
    lines = b"\n".join(coded[at : at + 76] for at in range(0, len(coded), 76))
    for data in (
        coded,
        b"data=" + coded,
        b"/a/" + base64.urlsafe_b64encode(body),
        lines,
        quote(coded, safe="").encode(),
    ):
        assert len(found(data)) == len(expected), data


@pytest.mark.parametrize(
    "text",
    [
        f"9{IMEI}", f"{IMEI[:14]}123", f"1{MAC.replace(':', '')}", f"x{SERIAL}", f"{ANDROID_ID}a", IMEI[:13], "",
        "b2ngaa885100012", "a0:b1:c2:d3:e4",
    ],
)  # fmt: skip
def test_what_only_looks_alike(text: str) -> None:
    assert found(text.encode()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("imei=490154203237518", "IMEI …7518"),
        ('"IMEI1":"490154203237518"', "IMEI …7518"),
        ("<deviceId>490154203237518</deviceId>", "IMEI …7518"),
        ("iccid: 8947080000123456789", "SIM card number …6789"),
        ("imsi=242011234567890;", "IMSI …7890"),
        ("mac=a0:b1:c2:d3:e4:f5", "hardware address …e4f5"),
    ],
)
def test_one_of_an_unknown_phone_by_its_form(text: str, said: str) -> None:
    assert found(text.encode(), ()) == [(said, False)]
    assert found(base64.b64encode(b'{"a":"b","c":1,' + text.encode() + b"}"), ()) == [(said, False)]


@pytest.mark.parametrize(
    "text",
    ["imei=490154203237519", "imei=000000000000000", "mac=02:00:00:00:00:00", "id=490154203237518", "machine=1234"],
)
def test_no_form_of_an_identifier(text: str) -> None:
    assert found(text.encode(), ()) == []


def test_its_own_one_is_told_once() -> None:
    assert found(f"imei={IMEI}".encode()) == [("IMEI …7518", True)]


def test_what_is_no_identifier_of_one_phone_is_not_searched_for() -> None:
    known = (PhoneIdentifier(kind="serial", value="0000000"), PhoneIdentifier(kind="serial", value="abc"))
    assert found(b"0000000 abc", known) == []


def test_the_value_is_not_shown() -> None:
    assert IMEI not in repr(KNOWN[0])


def test_how_often_is_counted_by_message(tmp_path: Path) -> None:
    said = post("a.example", "/reg", f'{{"imei":"{IMEI}","again":"{IMEI}"}}'.encode())
    late = post("a.example", f"/x/{SERIAL}/{IMEI}?q={IMEI}", b"")
    frames = connection(PLACE, 9999, [said, late[:30], late[30:], post("a.example", "/", b"nothing")])
    frames += [udp(PHONE, 77, "198.51.100.4", 9000, IMEI.encode()) for _ in range(3)]
    frames += connection(PLACE, 443, [hello("a.example"), IMEI.encode()], local=41_000)
    file = tmp_path / "x.pcap"
    file.write_bytes(pcap(frames))
    log = read_traffic(file, KNOWN)
    counted = {(one.place, one.protocol): [(sent.masked, sent.times) for sent in one.sent] for one in log.hosts}
    assert counted == {
        ("198.51.100.4:9000", "udp"): [("IMEI …7518", 3)],
        ("a.example:443", "tls"): [],
        ("a.example:9999", "http"): [("IMEI …7518", 2), ("serial number …0123", 1)],
    }
    shown = repr(log)
    assert IMEI not in shown
    assert SERIAL not in shown


def test_an_identifier_across_segments_and_across_pieces(tmp_path: Path) -> None:
    body = b"x" * (HEAD - 8) + IMEI.encode() + b"y" * HEAD
    file = tmp_path / "x.pcap"
    file.write_bytes(
        pcap(connection(PLACE, 9999, [b"\1\2\3" + body[: HEAD - 3], body[HEAD - 3 : HEAD + 2], body[HEAD + 2 :]]))
    )
    (seen,) = read_traffic(file, KNOWN).hosts
    assert [(one.masked, one.times) for one in seen.sent] == [("IMEI …7518", 1)]
    assert seen.cleartext is True


def test_how_much_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.identifier_search.MOST_SEARCHED", 20)
    search = IdentifierSearch(KNOWN)
    assert len(search.find(IMEI.encode())) == 1
    assert len(search.find(IMEI.encode())) == 0
    assert search.unsearched == 1
