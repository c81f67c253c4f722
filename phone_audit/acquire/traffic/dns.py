"""DNS messages (RFC 1035): which name is asked for, and which addresses the answer gives it."""

import struct
from typing import Final, NamedTuple

_MOST_ANSWERS: Final = 64
_MOST_LABELS: Final = 128
_MOST_POINTERS: Final = 16
_A, _AAAA = 1, 28
_ADDRESSES: Final = {_A: 4, _AAAA: 16}


class DnsMessage(NamedTuple):
    """One message: `name` in lower case without the last dot; `addresses` are those of the answer."""

    answer: bool
    name: str
    addresses: tuple[bytes, ...]


def parse_dns(data: bytes) -> DnsMessage | None:
    """Read a message with one question; None where it is none. Aliases in the answer count as the name asked for.

    A pointer leads backwards only, so that no name can go round in circles.
    """
    if len(data) < 17:
        return None
    flags, questions, answers = struct.unpack_from(">HHH", data, 2)
    if questions != 1 or flags & 0x7800:  # another operation than a query
        return None
    found = _name(data, 12)
    if found is None or not found[0] or found[1] + 4 > len(data):
        return None
    name, at = found
    addresses = _addresses(data, at + 4, min(answers, _MOST_ANSWERS)) if flags & 0x8000 else ()
    return DnsMessage(bool(flags & 0x8000), name, addresses)


def _addresses(data: bytes, at: int, count: int) -> tuple[bytes, ...]:
    found = []
    for _ in range(count):
        name = _name(data, at)
        if name is None or name[1] + 10 > len(data):
            break
        kind, _, _, size = struct.unpack_from(">HHIH", data, name[1])
        value = data[name[1] + 10 : name[1] + 10 + size]
        if len(value) == size == _ADDRESSES.get(kind):
            found.append(value)
        at = name[1] + 10 + size
    return tuple(found)


def _name(data: bytes, at: int) -> tuple[str, int] | None:
    """Return a name and where it ends; None where it breaks off or is no name."""
    labels: list[str] = []
    end = -1
    pointers = 0
    while len(labels) < _MOST_LABELS and at < len(data):
        size = data[at]
        if size == 0:
            return ".".join(labels).lower(), (at + 1 if end < 0 else end)
        if size >= 0xC0:
            pointers += 1
            if at + 1 >= len(data) or pointers > _MOST_POINTERS:
                return None
            target = (size & 0x3F) << 8 | data[at + 1]
            end = at + 2 if end < 0 else end
            if target >= at:
                return None
            at = target
        elif size < 0x40:
            label = data[at + 1 : at + 1 + size]
            if len(label) < size:
                return None
            labels.append(label.decode("ascii", "replace"))
            at += 1 + size
        else:
            return None
    return None
