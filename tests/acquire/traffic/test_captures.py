"""Captured packets → the places that were looked up and talked to."""

import struct
from pathlib import Path

import pytest

from phone_audit.acquire.traffic.read_traffic import read_traffic
from phone_audit.model.traffic import HostTraffic, TrafficLog
from tests.acquire.traffic.captures import (
    ACK,
    BEGAN,
    PHONE,
    PSH,
    RESOLVER,
    SYN,
    block,
    connection,
    ethernet,
    hello,
    ip,
    look_up,
    pcap,
    pcapng,
    post,
    question,
    tcp,
    udp,
)

HOST = "zzhc.vnet.example"
PLACE = "203.0.113.77"


def read(path: Path, data: bytes) -> TrafficLog:
    file = path / "capture"
    file.write_bytes(data)
    return read_traffic(file)


def rows(log: TrafficLog) -> list[tuple[str | None, str | None, int | None, str, bool | None, int]]:
    return [(one.host, one.address, one.port, one.protocol, one.cleartext, one.times) for one in log.hosts]


def test_a_look_up_names_later_connections(tmp_path: Path) -> None:
    frames = [*look_up(HOST, PLACE), *connection(PLACE, 9999, [b"\x01\x02binary things"])]
    log = read(tmp_path, pcap(frames))
    assert rows(log) == [
        (HOST, None, None, "dns", None, 1),
        (HOST, PLACE, 9999, "tcp", None, 1),
    ]
    assert (log.format, log.first, log.last) == ("pcap", "2026-11-25T12:59:34Z", "2026-11-25T12:59:36Z")
    assert log.skipped == ()


def test_an_alias_counts_as_the_name_that_was_asked_for(tmp_path: Path) -> None:
    frames = [*look_up(HOST, PLACE, alias="edge.cdn.example"), *connection(PLACE, 443, [hello(None)])]
    assert (HOST, PLACE, 443, "tls", False, 1) in rows(read(tmp_path, pcap(frames)))


def test_the_name_in_a_client_hello(tmp_path: Path) -> None:
    log = read(tmp_path, pcap(connection(PLACE, 443, [hello("Api.Example"), b"\x17\x03\x03\0\5hello"])))
    assert rows(log) == [("api.example", PLACE, 443, "tls", False, 1)]


def test_a_client_hello_in_pieces_that_come_late(tmp_path: Path) -> None:
    whole = hello("api.example", padding=600)
    first, *rest = connection(PLACE, 443, [whole[:3], whole[3:300], whole[300:]], ends=False)
    frames = [first, rest[0], rest[3], rest[2], rest[3], rest[1]]
    assert rows(read(tmp_path, pcap(frames))) == [("api.example", PLACE, 443, "tls", False, 1)]


def test_each_request_counts(tmp_path: Path) -> None:
    parts = [post(HOST, "/report?id=1", b"{}"), b"rest of the body", post("b.example:9999", "/x", b"{}")]
    log = read(tmp_path, pcap(connection(PLACE, 9999, parts)))
    assert rows(log) == [("b.example", PLACE, 9999, "http", True, 1), (HOST, PLACE, 9999, "http", True, 1)]
    assert log.hosts[1].requests == ("POST /report",)


def test_a_request_through_a_proxy(tmp_path: Path) -> None:
    asked = b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"
    log = read(tmp_path, pcap(connection(PLACE, 3128, [asked, b"\x16\x03 sealed"])))
    assert rows(log) == [("a.example", PLACE, 443, "tls", None, 1)]


def test_quic_is_counted_as_a_host_that_was_not_seen(tmp_path: Path) -> None:
    frames = [*look_up("q.example", "198.51.100.9"), udp(PHONE, 5000, "198.51.100.9", 443, b"\xc0" + b"\1" * 60)]
    frames += [udp(PHONE, 5001, PLACE, 443, b"\xc0" + b"\1" * 60), udp(PHONE, 5001, PLACE, 443, b"\x40" * 60)]
    log = read(tmp_path, pcap(frames))
    assert rows(log) == [
        (None, PLACE, 443, "quic", False, 1),
        ("q.example", None, None, "dns", None, 1),
        ("q.example", "198.51.100.9", 443, "quic", False, 1),
    ]
    assert "2 QUIC connections, whose host names are not seen." in log.not_seen


def test_what_stays_at_home_is_no_place(tmp_path: Path) -> None:
    frames = [
        *connection("192.168.1.50", 80, [post("nas.local", "/", b"")]),
        udp(PHONE, 68, "255.255.255.255", 67, b"dhcp"),
        udp(PHONE, 5353, "224.0.0.251", 5353, question("nas.local")),
    ]
    assert rows(read(tmp_path, pcap(frames))) == []


def test_a_connection_that_nobody_answered_is_none(tmp_path: Path) -> None:
    assert rows(read(tmp_path, pcap([tcp(PHONE, 4000, PLACE, 443, 1, SYN)]))) == []


@pytest.mark.parametrize(
    ("link", "wrap"),
    [
        (1, ethernet),
        (1, lambda packet: ethernet(packet, tag=5)),
        (0, lambda packet: b"\x02\0\0\0" + packet),
        (108, lambda packet: b"\0\0\0\x02" + packet),
        (12, lambda packet: packet),
        (113, lambda packet: b"\0\4\0\1\0\6" + b"\2" * 8 + b"\x08\0" + packet),
        (276, lambda packet: b"\x08\0" + b"\0" * 18 + packet),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_common_link_type(tmp_path: Path, link: int, wrap: object, order: str) -> None:
    frames = [wrap(packet) for packet in connection(PLACE, 443, [hello("a.example")])]  # type: ignore[operator]
    assert rows(read(tmp_path, pcap(frames, link, order=order, nano=order == ">")))[0][0] == "a.example"


def test_six_and_its_extension_headers(tmp_path: Path) -> None:
    phone, there = "2001:db8::23", "2001:db8:1005::200a"
    syn, syn_ack, said, end = connection(there, 443, [hello("six.example")], source=phone)
    inner = said[40:]
    extended = struct.pack(">IHBB", 6 << 28, len(inner) + 8, 0, 64) + said[8:40] + bytes([6, 0]) + b"\0" * 6 + inner
    log = read(tmp_path, pcap([syn, syn_ack, extended, end]))
    assert rows(log) == [("six.example", there, 443, "tls", False, 1)]


def test_fragments_are_said_as_not_joined(tmp_path: Path) -> None:
    frames = [ip(PHONE, PLACE, 17, b"\0" * 32, fragment=0x2000), ip(PHONE, PLACE, 17, b"\0" * 32, fragment=4)]
    log = read(tmp_path, pcap(frames))
    assert log.not_seen == ("2 fragments of packets were not put together.",)


def test_a_link_type_that_is_not_read_is_said(tmp_path: Path) -> None:
    assert read(tmp_path, pcap([b"x" * 60], 127)).not_seen == ("1 packet of a kind of network that is not read.",)


def test_a_gap_is_counted_and_reading_goes_on(tmp_path: Path) -> None:
    body = [post(HOST, "/a", b"x" * 100), b"y" * 100]
    frames = connection(PLACE, 80, body, ends=False)
    later = tcp(PHONE, 40_000, PLACE, 80, 1_000 + 5_000, PSH | ACK, post("late.example", "/b", b""))
    log = read(tmp_path, pcap([*frames, later]))
    assert [one.host for one in log.hosts] == ["late.example", HOST]
    assert log.not_seen == ("1 gap in a TCP connection.",)


def test_pcapng_of_pcapdroid_names_the_package(tmp_path: Path) -> None:
    frames = [(frame, 10123) for frame in connection(PLACE, 443, [hello("a.example")])]
    for order in "<>":
        (seen,) = read(tmp_path, pcapng(frames, {10123: "com.a.b", 10124: "; rm"}, order=order)).hosts
        assert (seen.package, seen.uid, seen.host) == ("com.a.b", 10123, "a.example")


def test_the_trailer_that_pcapdroid_adds(tmp_path: Path) -> None:
    trailer = b"\x01\x07\x20\x21" + struct.pack(">i", 10123) + b"App".ljust(20, b"\0") + b"fcs!"
    frames = [ethernet(packet) + trailer for packet in connection(PLACE, 443, [hello("a.example")])]
    (seen,) = read(tmp_path, pcap(frames, 1)).hosts
    assert (seen.package, seen.uid) == (None, 10123)


def test_several_sections_and_clocks(tmp_path: Path) -> None:
    frame = udp(PHONE, 5, RESOLVER, 53, question("a.example"))
    nano = struct.pack("<HHI", 101, 0, 0) + struct.pack("<HHB3x", 9, 1, 9) + struct.pack("<HH", 0, 0)
    ticks = int(BEGAN) * 10**9
    body = struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)) + frame
    other = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, nano) + block(6, body)
    simple = block(3, struct.pack("<I", len(frame)) + frame)
    log = read(tmp_path, pcapng([(frame, None)]) + simple + block(5, b"stat") + other)
    assert rows(log) == [("a.example", None, None, "dns", None, 3)]
    assert log.first == log.last == "2026-11-25T12:59:34Z"


@pytest.mark.parametrize("cut", [1, 15, 16, 20])
def test_a_capture_that_breaks_off(tmp_path: Path, cut: int) -> None:
    log = read(tmp_path, pcap(look_up(HOST, PLACE))[:-cut])
    assert [one.host for one in log.hosts] == [HOST]
    (skipped,) = log.skipped
    assert (skipped.code, skipped.step) == ("damaged", "read")
    assert skipped.reason == "The file breaks off inside a packet; what stands before that was read."


def test_a_packet_larger_than_any(tmp_path: Path) -> None:
    data = pcap([]) + struct.pack("<IIII", 0, 0, 2**31, 2**31)
    assert read(tmp_path, data).skipped[0].reason.startswith("The file states a packet of 2,147,483,648 bytes")


@pytest.mark.parametrize("is_new", [False, True])
def test_more_packets_than_any_capture_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_new: bool) -> None:
    frames = [*look_up(HOST, PLACE), *look_up("b.example", PLACE)]
    data = pcapng([(frame, None) for frame in frames]) if is_new else pcap(frames)
    monkeypatch.setattr("phone_audit.acquire.traffic.budget.TRAFFIC_RECORDS", 4)
    log = read(tmp_path, data)
    assert HOST in [one.host for one in log.hosts]
    assert log.skipped[0].reason == "Reading ended early: it has 4 packets and more."


def test_how_many_places_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.tally.MOST_PLACES", 3)
    frames = [udp(PHONE, 5, RESOLVER, 53, question(f"h{number}.example")) for number in range(5)]
    log = read(tmp_path, pcap(frames))
    assert len(log.hosts) == 3
    assert log.not_seen == ("2 places beyond those that are kept.",)


def test_how_many_connections_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.acquire.traffic.conversations.MOST_CONNECTIONS", 2)
    frames = [
        frame
        for number in range(4)
        for frame in connection(PLACE, 443, [hello(f"h{number}.example")], local=4000 + number, ends=False)
    ]
    log = read(tmp_path, pcap(frames))
    assert len(log.hosts) == 4
    assert log.not_seen == ("2 connections were given up for lack of room.",)


def test_a_place_is_written_as_people_write_it() -> None:
    seen = HostTraffic(None, "2001:db8::1", 443, "tls", None, None, cleartext=False, times=1)
    assert seen.place == "[2001:db8::1]:443"


def test_what_the_other_end_says_after_the_end_is_no_connection(tmp_path: Path) -> None:
    frames = connection(PLACE, 443, [hello("a.example")])
    late = tcp(PLACE, 443, PHONE, 40_000, 9_001, PSH | ACK, b"\x17\x03\x03\0\5alert")
    assert rows(read(tmp_path, pcap([*frames, late, late]))) == [("a.example", PLACE, 443, "tls", False, 1)]


def test_a_port_that_is_used_again(tmp_path: Path) -> None:
    frames = [*connection(PLACE, 443, [hello("a.example")]), *connection(PLACE, 443, [hello("b.example")])]
    assert [one.host for one in read(tmp_path, pcap(frames)).hosts] == ["a.example", "b.example"]
