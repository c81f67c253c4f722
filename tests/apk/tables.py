"""Resource tables written by hand, in the shapes that aapt does not make by itself."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from phone_audit.apk.xml.elements import Value

COMPLEX = Value(0xFF, 0)
"""Stands for a bag."""


@dataclass(frozen=True)
class Type:
    """The values of one type in one configuration, by entry number. `config` is what follows its size.

    `keys` are the numbers of their names, where they are not the first one.
    """

    id: int
    values: Mapping[int, Value]
    config: bytes = b"\0" * 24
    sparse: bool = False
    short: bool = False
    compact: bool = False
    keys: Mapping[int, int] = field(default_factory=dict)


def make_table(
    types: Sequence[Type],
    strings: Sequence[str] = (),
    *,
    utf8: bool = True,
    package: int = 0x7F,
    kinds: Sequence[str] = (),
    names: Sequence[str] = (),
) -> bytes:
    """Make a table; `kinds` are the names of its types, `names` those of its values."""
    pool = _pool(strings, utf8)
    chunks = b"".join(_type(one) for one in types)
    of_kinds, of_names = (_pool(one, utf8) if one else b"" for one in (kinds, names))
    begin = 8 + 4 + 256 + 20
    head = struct.pack("<I", package) + b"\0" * 256
    head += struct.pack("<5I", begin if kinds else 0, 0, begin + len(of_kinds) if names else 0, 0, 0)
    inner = _chunk(0x0200, head, of_kinds + of_names + chunks)
    return _chunk(0x0002, struct.pack("<I", 1), pool + inner)


def _chunk(kind: int, head: bytes, body: bytes) -> bytes:
    return struct.pack("<HHI", kind, 8 + len(head), 8 + len(head) + len(body)) + head + body


def _pool(strings: Sequence[str], utf8: bool) -> bytes:
    offsets, data = [], b""
    for text in strings:
        offsets.append(len(data))
        raw = text.encode("utf-8" if utf8 else "utf-16-le")
        if utf8:
            data += _length8(len(text)) + _length8(len(raw)) + raw + b"\0"
        else:
            data += _length16(len(raw) // 2) + raw + b"\0\0"
    index = b"".join(struct.pack("<I", offset) for offset in offsets)
    head = struct.pack("<5I", len(strings), 0, 0x100 if utf8 else 0, 28 + len(index), 0)
    return _chunk(0x0001, head, index + data)


def _length8(length: int) -> bytes:
    return bytes([length]) if length < 0x80 else bytes([0x80 | length >> 8, length & 0xFF])


def _length16(length: int) -> bytes:
    if length < 0x8000:
        return struct.pack("<H", length)
    return struct.pack("<HH", 0x8000 | length >> 16, length & 0xFFFF)


def _type(one: Type) -> bytes:
    entries, offsets = b"", {}
    for number, value in one.values.items():
        offsets[number] = len(entries)
        entries += _entry(value, one.compact, one.keys.get(number, 0))
    count = len(offsets) if one.sparse else max(offsets, default=-1) + 1
    if one.sparse:
        index = b"".join(struct.pack("<HH", number, at // 4) for number, at in sorted(offsets.items()))
    elif one.short:
        index = b"".join(struct.pack("<H", offsets[n] // 4 if n in offsets else 0xFFFF) for n in range(count))
        index += b"\0" * (-len(index) % 4)
    else:
        index = b"".join(struct.pack("<I", offsets.get(n, 0xFFFFFFFF)) for n in range(count))
    config = struct.pack("<I", 4 + len(one.config)) + one.config
    start = 8 + 12 + len(config) + len(index)
    head = struct.pack("<BBHII", one.id, one.sparse | one.short << 1, 0, count, start) + config
    return _chunk(0x0201, head, index + entries)


def _entry(value: Value, compact: bool, key: int) -> bytes:
    if value == COMPLEX:
        return struct.pack("<HHI", 16, 1, key) + struct.pack("<II", 0, 0)
    if compact:
        return struct.pack("<HBBI", key, 8, value.type, value.data)
    return struct.pack("<HHI", 8, 0, key) + struct.pack("<HBBI", 8, 0, value.type, value.data)
