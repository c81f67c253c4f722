"""Captures and logs as tools write them, made here byte by byte."""

import base64
import ipaddress
import json
import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate

PHONE = "192.168.1.23"
RESOLVER = "192.168.1.1"
SYN, ACK, PSH, FIN, RST = 0x02, 0x10, 0x08, 0x01, 0x04
BEGAN = 1_795_611_574.0


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def ip(source: str, target: str, protocol: int, payload: bytes, *, fragment: int = 0) -> bytes:
    here, there = packed(source), packed(target)
    if len(here) == 16:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + here + there + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0)
    return head + here + there + payload


def udp(source: str, port: int, target: str, to: int, payload: bytes) -> bytes:
    return ip(source, target, 17, struct.pack(">HHHH", port, to, 8 + len(payload), 0) + payload)


def tcp(source: str, port: int, target: str, to: int, sequence: int, flags: int, payload: bytes = b"") -> bytes:
    head = struct.pack(">HHIIBBHHH", port, to, sequence % 2**32, 0, 0x50, flags, 65_535, 0, 0)
    return ip(source, target, 6, head + payload)


def connection(
    target: str, port: int, parts: Sequence[bytes], *, source: str = PHONE, local: int = 40_000, ends: bool = True
) -> list[bytes]:
    """A TCP connection in which the client says the parts, one segment each."""
    start = 1_000
    frames = [
        tcp(source, local, target, port, start, SYN),
        tcp(target, port, source, local, 9_000, SYN | ACK),
    ]
    places = accumulate((len(part) for part in parts), initial=start + 1)
    frames += [tcp(source, local, target, port, at, PSH | ACK, part) for at, part in zip(places, parts, strict=False)]
    total = start + 1 + sum(map(len, parts))
    if ends:
        frames.append(tcp(source, local, target, port, total, FIN | ACK))
    return frames


def name(host: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in host.split(".")) + b"\0"


def question(host: str, kind: int = 1, number: int = 1) -> bytes:
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + name(host) + struct.pack(">HH", kind, 1)


def answer(host: str, *addresses: str, alias: str = "") -> bytes:
    records = []
    if alias:
        records.append(b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 60, len(name(alias))) + name(alias))
    for address in addresses:
        value = packed(address)
        records.append(b"\xc0\x0c" + struct.pack(">HHIH", 1 if len(value) == 4 else 28, 1, 60, len(value)) + value)
    head = struct.pack(">HHHHHH", 1, 0x8180, 1, len(records), 0, 0)
    return head + name(host) + struct.pack(">HH", 1, 1) + b"".join(records)


def look_up(host: str, *addresses: str, alias: str = "") -> list[bytes]:
    """A look-up of the phone and its answer."""
    return [
        udp(PHONE, 5555, RESOLVER, 53, question(host)),
        udp(RESOLVER, 53, PHONE, 5555, answer(host, *addresses, alias=alias)),
    ]


def hello(host: str | None, *, padding: int = 0) -> bytes:
    """A TLS ClientHello in one record."""
    extensions = b""
    if padding:
        extensions += struct.pack(">HH", 21, padding) + b"\0" * padding
    if host is not None:
        entry = b"\0" + struct.pack(">H", len(host)) + host.encode()
        extensions += struct.pack(">HHH", 0, len(entry) + 2, len(entry)) + entry
    body = b"\x03\x03" + b"\x11" * 32 + b"\0" + struct.pack(">H", 2) + b"\x13\x01" + b"\x01\0"
    body += struct.pack(">H", len(extensions)) + extensions
    shake = b"\x01" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + struct.pack(">H", len(shake)) + shake


def post(host: str, path: str, body: bytes, kind: str = "application/json") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def ethernet(packet: bytes, *, tag: int | None = None) -> bytes:
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    tagged = struct.pack(">HH", 0x8100, tag) if tag is not None else b""
    return b"\x02" * 12 + tagged + struct.pack(">H", kind) + packet


def pcap(frames: Iterable[bytes], link: int = 101, *, order: str = "<", nano: bool = False) -> bytes:
    magic = 0xA1B23C4D if nano else 0xA1B2C3D4
    unit = 10**9 if nano else 10**6
    parts = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262_144, link)]
    for place, frame in enumerate(frames):
        at = BEGAN + place * 0.5
        parts += [struct.pack(f"{order}IIII", int(at), int(at % 1 * unit), len(frame), len(frame)), frame]
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = 12 + len(body)
    return struct.pack(f"{order}II", kind, size) + body + struct.pack(f"{order}I", size)


def pcapng(
    frames: Iterable[tuple[bytes, int | None]],
    packages: dict[int, str] | None = None,
    link: int = 101,
    order: str = "<",
) -> bytes:
    """Frames with the uid that PCAPdroid writes beside each, and its blocks that name packages."""
    parts = [
        block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1), order),
        block(1, struct.pack(f"{order}HHI", link, 0, 262_144), order),
    ]
    for uid, package in (packages or {}).items():
        head = struct.pack(f"{order}IHBBIBB", 62652, 1, 1, 0, uid, len(package), 3)
        parts.append(block(0x0BAD, head + package.encode() + b"App", order))
    for place, (frame, owner) in enumerate(frames):
        ticks = int((BEGAN + place * 0.5) * 10**6)
        body = struct.pack(f"{order}IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)) + frame
        body += b"\0" * (-len(frame) % 4)
        if owner is not None:
            comment = f"u-{owner}".encode()
            body += struct.pack(f"{order}HH", 1, len(comment)) + comment + b"\0" * (-len(comment) % 4)
            body += struct.pack(f"{order}HH", 0, 0)
        parts.append(block(6, body, order))
    return b"".join(parts)


PCAPDROID_HEAD = (
    "IPProto,SrcIP,SrcPort,DstIp,DstPort,UID,App,PackageName,Proto,Status,Info,BytesSent,BytesRcvd,PktsSent,PktsRcvd,"
    "FirstSeen,LastSeen"
)


def pcapdroid_row(
    address: str, port: int, uid: int, package: str, proto: str, info: str, *, app: str = "App", protocol: int = 6
) -> str:
    return (
        f"{protocol},10.215.173.1,40000,{address},{port},{uid},{app},{package},{proto},Closed,{info},900,300,6,5,"
        "2026-11-28T09:00:00.000+01:00,2026-11-28T09:00:03.000+01:00"
    )


def pcapdroid(*rows: str) -> bytes:
    return "\n".join((PCAPDROID_HEAD, *rows, "")).encode()


def dnsmasq(*names: str) -> bytes:
    lines = []
    for host in names:
        lines.append(f"Nov 28 09:00:00 dnsmasq[812]: query[A] {host} from {PHONE}")
        lines.append(f"Nov 28 09:00:00 dnsmasq[812]: forwarded {host} to 192.0.2.53")
        lines.append(f"Nov 28 09:00:00 dnsmasq[812]: reply {host} is 203.0.113.77")
    return "\n".join((*lines, "")).encode()


def adguard(*names: str) -> bytes:
    lines = [
        json.dumps({
            "T": "2026-11-28T09:00:00.903667961+01:00", "QH": host, "QT": "A", "QC": "IN", "CP": "", "IP": PHONE,
            "Answer": base64.b64encode(answer(host, "203.0.113.77")).decode(), "Result": {}, "Elapsed": 19_840,
        })
        for host in names
    ]  # fmt: skip
    return "\n".join((*lines, "")).encode()
