"""Identifiers in what is shown of traffic: host names, paths of requests; masked in every spelling that is found."""

import base64
from pathlib import Path
from urllib.parse import quote

import pytest

from phone_audit.acquire.traffic.identifier_search import IdentifierSearch
from phone_audit.acquire.traffic.masks import masked_request, shown_host
from phone_audit.acquire.traffic.read_traffic import read_traffic
from phone_audit.model.device import PhoneIdentifier
from phone_audit.model.stated import is_shown_host
from phone_audit.model.traffic import HostTraffic
from tests.acquire.traffic.captures import connection, dnsmasq, hello, look_up, pcap

IMEI, SERIAL, MAC, ANDROID_ID = "490154203237518", "B2NSMALL00000001", "a4:77:33:12:34:56", "9774d56d682e549c"
KNOWN = (
    PhoneIdentifier(kind="imei", value=IMEI),
    PhoneIdentifier(kind="serial", value=SERIAL),
    PhoneIdentifier(kind="mac", value=MAC),
    PhoneIdentifier(kind="android-id", value=ANDROID_ID),
)
PLACE = "203.0.113.9"
DASHED = "49-015420-323751-8"


def percent(text: str) -> str:
    return "".join(f"%{ord(character):02x}" for character in text)


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def get(path: str, host: str = "t.evil.example") -> list[bytes]:
    return connection(PLACE, 80, [f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()])


def read(folder: Path, data: bytes, known: tuple[PhoneIdentifier, ...] = KNOWN) -> tuple[HostTraffic, ...]:
    file = folder / "capture"
    file.write_bytes(data)
    return read_traffic(file, known).hosts


def of_host(host: str, known: tuple[PhoneIdentifier, ...] = KNOWN) -> tuple[str, list[str]]:
    shown, hits = shown_host(host, IdentifierSearch(known))
    assert is_shown_host(shown)
    return shown, sorted(one.masked for one in hits)


def of_path(path: str, known: tuple[PhoneIdentifier, ...] = KNOWN) -> str:
    return masked_request(f"GET {path}", IdentifierSearch(known)).removeprefix("GET ")


@pytest.mark.parametrize(
    ("host", "shown", "said"),
    [
        (f"{IMEI}.t.evil.example", "…7518.t.evil.example", "IMEI …7518"),
        (f"x-{IMEI}-1.t.evil.example", "…7518.t.evil.example", "IMEI …7518"),
        (f"a.{DASHED}.evil.example", "a.…7518.evil.example", "IMEI …7518"),
        ("4901542.03237518.t.evil.example", "…7518.t.evil.example", "IMEI …7518"),
        (f"{SERIAL.lower()}.t.evil.example", "…0001.t.evil.example", "serial number …0001"),
        (f"{MAC.replace(':', '')}.t.evil.example", "…3456.t.evil.example", "hardware address …3456"),
        (f"{MAC.replace(':', '.')}.t.evil.example", "…3456.t.evil.example", "hardware address …3456"),
        (f"{IMEI.encode().hex()}.t.evil.example", "…7518.t.evil.example", "IMEI …7518"),
        (
            f"{base64.b32encode(IMEI.encode()).decode().lower().strip('=')}.t.evil.example",
            "…7518.t.evil.example",
            "IMEI …7518",
        ),
        ("3439303135343230.33323337353138.t.evil.example", "…7518.t.evil.example", "IMEI …7518"),
    ],
)
def test_a_host_that_holds_an_identifier(host: str, shown: str, said: str) -> None:
    assert of_host(host) == (shown, [said])


@pytest.mark.parametrize(
    "host",
    ["a.example", "d111111abcdef8.cloudfront.example", "203.0.113.9", "2001:db8::1", f"9{IMEI[:12]}x9.example"],
)
def test_a_host_that_holds_none_is_shown_whole(host: str) -> None:
    assert of_host(host, KNOWN[:1]) == (host, [])


def test_a_long_number_in_a_host_is_masked_whoever_it_belongs_to() -> None:
    assert of_host(f"{IMEI}.t.evil.example", ()) == ("…7518.t.evil.example", [])
    assert of_host("imei-490154203237518.t.evil.example", ()) == ("…7518.t.evil.example", ["IMEI …7518"])
    assert of_host("a4-77-33-12-34-56.t.evil.example", ()) == ("…3456.t.evil.example", [])


def test_names_of_hosts_are_searched_wherever_they_were_seen(tmp_path: Path) -> None:
    host = f"{IMEI}.t.evil.example"
    frames = [
        *look_up(host, PLACE),
        *connection(PLACE, 443, [hello(host)]),
        *get("/", host),
        *connection(PLACE, 9999, [b"\1\2 a protocol of its own"]),
    ]
    seen = read(tmp_path, pcap(frames))
    assert [
        (one.host, one.protocol, [(sent.masked, sent.in_host, sent.times) for sent in one.sent]) for one in seen
    ] == [
        ("…7518.t.evil.example", "dns", [("IMEI …7518", True, 1)]),
        ("…7518.t.evil.example", "http", [("IMEI …7518", True, 1)]),
        ("…7518.t.evil.example", "tls", [("IMEI …7518", True, 1)]),
        ("…7518.t.evil.example", "tcp", []),
    ]
    assert {one.compared for one in seen} == {host}
    assert IMEI not in repr(seen)


def test_names_of_a_log_are_searched_too(tmp_path: Path) -> None:
    seen = read(tmp_path, dnsmasq(f"{IMEI}.t.evil.example", "a.example"))
    assert [(one.host, [sent.masked for sent in one.sent]) for one in seen] == [
        ("a.example", []),
        ("…7518.t.evil.example", ["IMEI …7518"]),
    ]


@pytest.mark.parametrize(
    "piece",
    [
        IMEI, DASHED, "49 015420 323751 8", coded(IMEI), coded(f"imei:={IMEI}"), percent(IMEI), quote(percent(IMEI)),
        IMEI.encode().hex(), MAC, quote(MAC, safe=""), quote(MAC, safe="").lower(), SERIAL, SERIAL.lower(),
        ANDROID_ID, f"x{coded(IMEI)}", "".join(f"\\u{ord(character):04x}" for character in IMEI),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["/a/{}/b", "/a;id={};b=c", "/{}"])
def test_a_segment_that_holds_an_identifier(piece: str, where: str) -> None:
    found = {one.masked for one in IdentifierSearch(KNOWN).find(f"GET {where.format(piece)} HTTP/1.1".encode())}
    assert len(found) == 1
    assert of_path(where.format(piece)) == where.format(f"…{found.pop()[-4:]}")


def test_base64_with_slashes_and_numbers_across_segments() -> None:
    text = coded(f"???>>>{IMEI}???>>>")
    assert "/" in text
    for path, expected in ((f"/{text}", "/Pz8/…7518/Pj4+"), ("/49/015420/323751/8", "/…7518")):
        shown = of_path(path)
        assert len(IdentifierSearch(KNOWN).find(path.encode())) == 1
        assert not IdentifierSearch(KNOWN).find(shown.encode())
        assert shown == expected


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/d/a4%3A77%3A33%3A12%3A34%3A56/x", "/d/a4%3…56/x"),
        ("/d/a4-77-33-12-34-56", "/d/a4-7…56"),
        ("/u/jane.doe@mail.example/4915112345678", "/u/jane…le/4915…78"),
        ("/u/jane.doe%40mail.example", "/u/jane…le"),
        ("/d/B2N123456789/x", "/d/B2N1…89/x"),
        ("/4901-5420-3237-518", "/4901…18"),
        (f"/{percent(IMEI)}", "/%34%…38"),
        ("/YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4", "/YWJj…d4"),
        ("/abcdefabcdef", "/abcd…ef"),
        ("/ABCDEFGHIJKLMNOPQRSTUVWXYZ", "/ABCD…YZ"),
    ],
)
def test_what_only_looks_like_an_identifier_is_shortened(path: str, shown: str) -> None:
    assert of_path(path, ()) == shown


@pytest.mark.parametrize(
    "path",
    [
        "/report", "/api/v2/configuration", "/static/how-to-use-your-new-phone", "/2024-11-28/release-notes",
        "/index_v2_production.html", "/jquery.min.js", "", "/", "/generate_204", "/device_info/update_check",
    ],
)  # fmt: skip
def test_ordinary_words_stay(path: str) -> None:
    assert of_path(path) == path


def test_what_is_cut_is_masked_before(tmp_path: Path) -> None:
    for length in range(90, 122):
        path = "/" + "a/" * (length // 2) + "b" * (length % 2) + IMEI
        (seen,) = read(tmp_path, pcap(get(path)))
        assert "49015" not in seen.requests[0]
    long = "/" + "a/" * 55 + "b" * 500 + "/" + IMEI + "/" + "c" * 3_000
    (seen,) = read(tmp_path, pcap(get(long)))
    assert "490" not in seen.requests[0]
    assert len(seen.requests[0]) <= 140


def test_what_stands_behind_many_runs_is_found() -> None:
    many = (b"A" * 24 + b" ") * 400
    assert len(IdentifierSearch(KNOWN).find(many + coded(f"imei={IMEI}").encode())) == 1


def test_names_are_searched_when_nothing_else_is_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.identifier_search.MOST_SEARCHED", 0)
    search = IdentifierSearch(KNOWN)
    assert search.find(IMEI.encode()) == set()
    assert shown_host(f"{IMEI}.evil.example", search)[0] == "…7518.evil.example"
    assert masked_request(f"GET /{IMEI}", search) == "GET /…7518"
