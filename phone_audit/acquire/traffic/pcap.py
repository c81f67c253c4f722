"""The two formats of captured packets: pcap, and pcapng with the packages that PCAPdroid writes into it.

pcap is what the Internet-Draft `draft-ietf-opsawg-pcap` describes, in either byte order, with micro- or nanoseconds;
pcapng is that of `draft-ietf-opsawg-pcapng`: section headers, interfaces, enhanced, simple and obsolete packet blocks.
PCAPdroid (emanuele-f/PCAPdroid, `jni/core/pcap_dump.c` and `tools/pcapdroid.lua`) adds a custom block with the
private enterprise number 62652 for each uid, and a comment `u-UID` to each packet; in pcap a trailer of 32 bytes.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final, NamedTuple

from phone_audit.acquire.traffic.budget import Records
from phone_audit.files.bounds import CAPTURE_PACKET, BoundsError
from phone_audit.model.stated import is_package

PCAP_MAGICS: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 10**6),
    b"\xa1\xb2\xc3\xd4": (">", 10**6),
    b"\x4d\x3c\xb2\xa1": ("<", 10**9),
    b"\xa1\xb2\x3c\x4d": (">", 10**9),
}
PCAPNG_MAGIC: Final = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _OLD_PACKET, _SIMPLE, _PACKET, _CUSTOM = 1, 2, 3, 6, 0xBAD
_READ: Final = frozenset({_INTERFACE, _OLD_PACKET, _SIMPLE, _PACKET, _CUSTOM})
_ORDERS: Final = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_PCAPDROID: Final = 62652
_TRAILER: Final = b"\x01\x07\x20\x21"
_TRAILER_SIZE: Final = 32
_MOST_INTERFACES: Final = 4096
_MOST_UIDS: Final = 65_536
_PIECE: Final = 64 * 2**10
_ETHERNET: Final = 1
_LARGEST_UID: Final = 2**31


class Frame(NamedTuple):
    """One captured frame. `time` is in seconds since 1970, None where the format has none; `uid` as PCAPdroid says."""

    time: float | None
    link: int
    data: bytes
    uid: int | None


class DamagedCaptureError(Exception):
    """The file breaks off, or says something that no capture says; the message completes "it …"."""


def read_pcap(stream: BinaryIO, records: Records) -> Iterator[Frame]:
    """Yield the frames of a pcap file.

    Raises:
        BoundsError: there are more of them than are read.
        DamagedCaptureError: it breaks off, or a length makes no sense; all frames before that were given.
    """
    order, unit = PCAP_MAGICS[stream.read(4)]
    link = struct.unpack(f"{order}I", _exactly(stream, 20)[16:])[0] & 0x0FFFFFFF
    head = struct.Struct(f"{order}IIII")
    for raw in _heads(stream, 16, records):
        if len(raw) < 16:
            raise DamagedCaptureError("breaks off inside the head of a packet")
        seconds, parts, size, _ = head.unpack(raw)
        if size > CAPTURE_PACKET:
            raise DamagedCaptureError(f"states a packet of {size:,} bytes")
        data = _exactly(stream, size)
        uid = None
        if link == _ETHERNET and size > _TRAILER_SIZE and data[-32:-28] == _TRAILER:
            uid = _uid(struct.unpack(">I", data[-28:-24])[0])
        yield Frame(seconds + parts / unit, link, data, uid)


def _heads(stream: BinaryIO, size: int, records: Records) -> Iterator[bytes]:
    """Yield what stands at the beginning of each packet or block; the reader goes on to the next one meanwhile."""
    while records.taken < records.most:
        if not (head := stream.read(size)):
            return
        records.taken += 1
        yield head
    raise BoundsError(f"it has {records.most:,} packets and more")


@dataclass
class _Section:
    """What blocks of a section refer to: byte order; link type, seconds of a tick and offset of each interface."""

    order: str = "<"
    interfaces: list[tuple[int, float, int]] = field(default_factory=list)


def read_pcapng(stream: BinaryIO, packages: dict[int, str], records: Records) -> Iterator[Frame]:
    """Yield the frames of a pcapng file, of at most so many blocks; raises as `read_pcap`.

    `packages` is filled with those that PCAPdroid names, by uid.
    """
    section = _Section()
    for head in _heads(stream, 8, records):
        if len(head) < 8:
            raise DamagedCaptureError("breaks off inside the head of a block")
        if head[:4] == PCAPNG_MAGIC:
            mark = _exactly(stream, 4)
            if mark not in _ORDERS:
                raise DamagedCaptureError("has a section in no byte order")
            section = _Section(_ORDERS[mark])
            _skip(stream, _size(section, head) - 12)
            continue
        kind, size = struct.unpack(f"{section.order}I", head[:4])[0] & 0x3FFFFFFF, _size(section, head)
        if kind not in _READ:
            _skip(stream, size - 8)
            continue
        if size > CAPTURE_PACKET:
            raise DamagedCaptureError(f"has a packet of {size:,} bytes")
        body = _exactly(stream, size - 8)[:-4]
        if kind == _INTERFACE:
            _add_interface(section, body)
        elif kind == _CUSTOM:
            _add_package(section.order, body, packages)
        elif (frame := _frame(section, kind, body)) is not None:
            yield frame


def _size(section: _Section, head: bytes) -> int:
    size: int = struct.unpack(f"{section.order}I", head[4:8])[0]
    if size < 12 or size % 4:
        raise DamagedCaptureError(f"has a block of {size:,} bytes")
    return size


def _add_interface(section: _Section, body: bytes) -> None:
    if len(body) < 8 or len(section.interfaces) >= _MOST_INTERFACES:
        raise DamagedCaptureError("has an interface that is none, or too many of them")
    tick, offset = 1e-6, 0
    for code, value in _options(section.order, body[8:]):
        if code == 9 and value:  # if_tsresol
            tick = 2.0 ** -(value[0] & 0x7F) if value[0] & 0x80 else 10.0 ** -value[0]
        elif code == 14 and len(value) == 8:  # if_tsoffset
            offset = struct.unpack(f"{section.order}q", value)[0]
    section.interfaces.append((struct.unpack_from(f"{section.order}H", body)[0], tick, offset))


def _frame(section: _Section, kind: int, body: bytes) -> Frame | None:
    """Return the frame of a block; None where it is of no interface or shorter than it says."""
    order = section.order
    if kind == _SIMPLE:
        if len(body) < 4 or not section.interfaces:
            return None
        return Frame(None, section.interfaces[0][0], body[4:], None)
    if len(body) < 20:
        return None
    number, high, low, size, _ = struct.unpack_from(f"{order}IIIII", body)
    if kind == _OLD_PACKET:
        number = struct.unpack_from(f"{order}H", body)[0]
    if number >= len(section.interfaces) or 20 + size > len(body):
        return None
    link, tick, offset = section.interfaces[number]
    uid = None
    for code, value in _options(order, body[20 + size + -size % 4 :]):
        if code == 1 and value.startswith(b"u-") and value[2:12].isdigit():
            uid = _uid(int(value[2:12]))
    return Frame((high << 32 | low) * tick + offset, link, body[20 : 20 + size], uid)


def _add_package(order: str, body: bytes, packages: dict[int, str]) -> None:
    """Read the custom block that names the package of a uid; any other is passed over."""
    if len(body) < 14 or struct.unpack_from(f"{order}I", body)[0] != _PCAPDROID:
        return
    version, kind, _ = struct.unpack_from(f"{order}HBB", body, 4)
    uid = _uid(struct.unpack_from(f"{order}I", body, 8)[0])
    name = body[14 : 14 + body[12]].decode("utf-8", "replace")
    if version == 1 and kind == 1 and uid is not None and is_package(name) and len(packages) < _MOST_UIDS:
        packages[uid] = name


def _uid(number: int) -> int | None:
    return number if number < _LARGEST_UID else None


def _options(order: str, data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from(f"{order}HH", data, at)
        if code == 0:
            return
        yield code, data[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise DamagedCaptureError("breaks off inside a packet")
    return data


def _skip(stream: BinaryIO, size: int) -> None:
    while size > 0:
        size -= len(_exactly(stream, min(size, _PIECE)))
