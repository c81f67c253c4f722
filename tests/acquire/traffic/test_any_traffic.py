"""Whatever order segments come in and wherever they are cut, the same is seen; whatever bytes come, reading ends."""

import random
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.traffic.connection import OrderedBytes
from phone_audit.acquire.traffic.dns import parse_dns
from phone_audit.acquire.traffic.packets import UnreadFrameError, segment_of
from phone_audit.acquire.traffic.read_traffic import read_traffic
from phone_audit.acquire.traffic.requests import parse_request, server_name
from phone_audit.errors import UsageError
from phone_audit.model.device import PhoneIdentifier
from phone_audit.model.traffic import HostTraffic
from tests.acquire.traffic.captures import PHONE, SYN, connection, dnsmasq, hello, pcap, pcapng, post, tcp

IMEI = "490154203237518"
KNOWN = (PhoneIdentifier(kind="imei", value=IMEI),)
PLACE = "203.0.113.77"
SAID = post("a.example", "/x", b'{"a":"' + b"p" * 40 + f'","imei":"{IMEI}"}}'.encode())


def read(data: bytes) -> tuple[HostTraffic, ...]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "capture"
        file.write_bytes(data)
        return read_traffic(file, KNOWN).hosts


def cut(data: bytes, places: list[int]) -> list[tuple[int, bytes]]:
    marks = sorted({0, len(data), *(place % len(data) for place in places)})
    return [(start, data[start:end]) for start, end in pairwise(marks)]


@given(st.lists(st.integers(0, 10_000), max_size=12), st.integers(0, 2**32 - 1), st.randoms())
def test_any_order_of_any_pieces(places: list[int], start: int, chance: random.Random) -> None:
    pieces = cut(SAID, places)
    chance.shuffle(pieces)
    pieces += chance.sample(pieces, len(pieces) // 2)  # sent again
    frames = [tcp(PHONE, 4000, PLACE, 9999, start, SYN)]
    frames += [tcp(PHONE, 4000, PLACE, 9999, start + 1 + at, 0x18, data) for at, data in pieces]
    (seen,) = read(pcap(frames))
    assert (seen.host, seen.protocol, seen.times) == ("a.example", "http", 1)
    assert [(one.masked, one.times) for one in seen.sent] == [("IMEI …7518", 1)]


@given(st.binary(min_size=1, max_size=400), st.lists(st.integers(0, 400), max_size=10), st.randoms())
def test_bytes_are_put_in_order(data: bytes, places: list[int], chance: random.Random) -> None:
    pieces = cut(data, places)
    chance.shuffle(pieces)
    ordered = OrderedBytes()
    ordered.begin(2**32 - 5)
    given_back = b"".join(part for at, piece in pieces for part in ordered.feed((2**32 - 4 + at) % 2**32, piece))
    assert given_back + b"".join(ordered.rest()) == data
    assert (ordered.gaps, ordered.held) == (0, 0)


@given(st.sampled_from([0, 1, 12, 101, 108, 113, 276, 999]), st.binary(max_size=200))
def test_any_frame(link: int, frame: bytes) -> None:
    said = "other"
    try:
        segment_of(link, frame)
    except UnreadFrameError as error:
        said = str(error)
    assert said in ("link", "fragment", "cut", "other")


@given(st.binary(max_size=300))
def test_any_message(data: bytes) -> None:
    for text in (data, hello("a.example")[:20] + data, b"\0\1\x81\x80\0\1\0\1\0\0\0\0" + data, b"GET " + data):
        parse_dns(text), server_name(text), parse_request(text)


WHOLE = (
    pcap(connection(PLACE, 443, [hello("a.example")])),
    pcapng([(frame, 10_001) for frame in connection(PLACE, 80, [SAID])], {10_001: "com.a"}),
    dnsmasq("a.example"),
)


@given(st.sampled_from(WHOLE), st.integers(0, 2_000), st.binary(max_size=12))
def test_any_damage(data: bytes, place: int, other: bytes) -> None:
    at = place % len(data)
    try:
        hosts = read(data[:at] + other + data[at + len(other) :])
    except UsageError:
        return
    assert IMEI not in repr(hosts)
