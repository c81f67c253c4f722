"""One captured frame → one TCP segment or UDP datagram: link layers, IPv4, IPv6, TCP, UDP.

Link types are those of the registry of tcpdump.org (`pcap-linktype`): Ethernet with VLAN tags and PPPoE, raw IP, the
loopback headers of BSD, and Linux "cooked" captures 1 and 2. Fragments are not put together: they are counted. The
bytes are hostile; nothing here keeps more than the frame.
"""

import struct
from typing import Final, NamedTuple

TCP: Final = 6
UDP: Final = 17
SYN: Final = 0x02
ACK: Final = 0x10
RST: Final = 0x04
FIN: Final = 0x01

ETHERNET, NULL, RAW, LOOP, SLL, SLL2 = 1, 0, 101, 108, 113, 276
_RAW_TYPES: Final = frozenset({RAW, 12, 14, 228, 229})
_IPV4, _IPV6, _PPPOE = 0x0800, 0x86DD, 0x8864
_VLAN: Final = frozenset({0x8100, 0x88A8, 0x9100})
_MOST_TAGS: Final = 4
_MOST_HEADERS: Final = 8
_FRAGMENT, _AUTHENTICATION = 44, 51
_EXTENSIONS: Final = frozenset({0, 43, 60, _FRAGMENT, _AUTHENTICATION, 135})


class Segment(NamedTuple):
    """What one frame carried; addresses are 4 or 16 bytes. `sequence` and `flags` are 0 for UDP."""

    protocol: int
    source: bytes
    source_port: int
    target: bytes
    target_port: int
    sequence: int
    flags: int
    payload: bytes


class UnreadFrameError(Exception):
    """A frame that holds no whole segment; the word says why: `link`, `fragment`, `cut`, `other`."""


def segment_of(link: int, frame: bytes) -> Segment:
    """Return what a frame carries; an UnreadFrameError where that is nothing that is read here."""
    try:
        return _transport(*_network(_above_link(link, frame)))
    except (struct.error, IndexError) as error:
        raise UnreadFrameError("cut") from error


def _above_link(link: int, frame: bytes) -> bytes:
    if link in _RAW_TYPES:
        return frame
    if link in (NULL, LOOP):
        return frame[4:]
    if link == SLL:
        return _by_type(struct.unpack_from(">H", frame, 14)[0], frame[16:])
    if link == SLL2:
        return _by_type(struct.unpack_from(">H", frame, 0)[0], frame[20:])
    if link == ETHERNET:
        return _by_type(struct.unpack_from(">H", frame, 12)[0], frame[14:])
    raise UnreadFrameError("link")


def _by_type(kind: int, rest: bytes) -> bytes:
    for _ in range(_MOST_TAGS):
        if kind not in _VLAN:
            break
        kind, rest = struct.unpack_from(">H", rest, 2)[0], rest[4:]
    if kind == _PPPOE:
        inner = struct.unpack_from(">H", rest, 6)[0]
        kind, rest = {0x0021: _IPV4, 0x0057: _IPV6}.get(inner, 0), rest[8:]
    if kind not in (_IPV4, _IPV6):
        raise UnreadFrameError("other")
    return rest


def _network(packet: bytes) -> tuple[int, bytes, bytes, bytes]:
    """Return protocol, source, target and what the packet carries."""
    version = packet[0] >> 4
    if version == 4:
        return _ipv4(packet)
    if version == 6:
        return _ipv6(packet)
    raise UnreadFrameError("other")


def _ipv4(packet: bytes) -> tuple[int, bytes, bytes, bytes]:
    header = (packet[0] & 15) * 4
    total, _, fragment, _, protocol = struct.unpack_from(">HHHBB", packet, 2)
    if header < 20 or len(packet) < header:
        raise UnreadFrameError("cut")
    if fragment & 0x3FFF:  # more fragments follow, or this is not the first
        raise UnreadFrameError("fragment")
    end = total if total >= header else len(packet)  # 0 where the card cuts segments itself
    return protocol, packet[12:16], packet[16:20], packet[header:end]


def _ipv6(packet: bytes) -> tuple[int, bytes, bytes, bytes]:
    length, following = struct.unpack_from(">HB", packet, 4)
    source, target = packet[8:24], packet[24:40]
    if len(target) < 16:
        raise UnreadFrameError("cut")
    rest = packet[40 : 40 + length if length else len(packet)]
    for _ in range(_MOST_HEADERS):
        if following not in _EXTENSIONS:
            return following, source, target, rest
        if following == _FRAGMENT:
            if struct.unpack_from(">H", rest, 2)[0] & 0xFFF9:
                raise UnreadFrameError("fragment")
            size = 8
        elif following == _AUTHENTICATION:
            size = (rest[1] + 2) * 4
        else:
            size = (rest[1] + 1) * 8
        following, rest = rest[0], rest[size:]
    raise UnreadFrameError("other")


def _transport(protocol: int, source: bytes, target: bytes, rest: bytes) -> Segment:
    if protocol == TCP:
        here, there, sequence, _, offset, flags = struct.unpack_from(">HHIIBB", rest)
        start = (offset >> 4) * 4
        if start < 20 or len(rest) < start:
            raise UnreadFrameError("cut")
        return Segment(TCP, source, here, target, there, sequence, flags, rest[start:])
    if protocol == UDP:
        here, there, length = struct.unpack_from(">HHH", rest)
        return Segment(UDP, source, here, target, there, 0, 0, rest[8 : length if length >= 8 else len(rest)])
    raise UnreadFrameError("other")
