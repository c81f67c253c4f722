"""Writes DEX files for tests: strings, types and classes without members, checksums and map in order.

Layout: https://source.android.com/docs/core/runtime/dex-format; containers: version 041 of it.
"""

import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

NO_INDEX = 0xFFFFFFFF
HEADER = 0x70
CONTAINER_HEADER = 0x78


@dataclass(frozen=True)
class Source:
    """What a DEX file shall hold; descriptors are added to the strings, classes to the types."""

    strings: Sequence[str] = ()
    types: Sequence[str] = ()
    classes: Sequence[str] = ()
    version: int = 35

    @property
    def all_types(self) -> list[str]:
        return in_order({*self.types, *self.classes})

    @property
    def all_strings(self) -> list[str]:
        return in_order({*self.strings, *self.all_types})


def in_order(texts: set[str]) -> list[str]:
    return sorted(texts, key=lambda text: text.encode("utf-16-be", "surrogatepass"))


def mutf8(text: str) -> bytes:
    """Encode; surrogate halves in `text` are kept as they are."""
    units = struct.iter_unpack("<H", text.encode("utf-16-le", "surrogatepass"))
    return b"".join(b"\xc0\x80" if unit == 0 else chr(unit).encode("utf-8", "surrogatepass") for (unit,) in units)


def uleb128(number: int) -> bytes:
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def string_data(text: str) -> bytes:
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    return uleb128(units) + mutf8(text) + b"\0"


def build_dex(source: Source) -> bytes:
    """Build one DEX file of a version before 041."""
    texts, types = source.all_strings, source.all_types
    tables = HEADER + 4 * len(texts) + 4 * len(types) + 32 * len(source.classes)
    offsets, data = _place(texts, tables)
    data += b"\0" * (-(tables + len(data)) % 4)
    map_at = tables + len(data)
    data += _map(source, offsets, tables, map_at)
    body = _tables(source, offsets) + data
    size = HEADER + len(body)
    head = _header(source, HEADER, HEADER, size, map_at) + struct.pack("<2I", size - tables, tables)
    return _signed(source.version, head + body)


def build_container(sources: Sequence[Source]) -> bytes:
    """Build a container of version 041; strings that are equal share their data at the end of it."""
    lengths = [
        CONTAINER_HEADER + 4 * len(one.all_strings) + 4 * len(one.all_types) + 32 * len(one.classes) for one in sources
    ]
    offsets, data = _place(in_order({text for one in sources for text in one.all_strings}), sum(lengths))
    whole = sum(lengths) + len(data)
    parts = b""
    for number, (source, length) in enumerate(zip(sources, lengths, strict=True)):
        at = len(parts)
        size = length if number < len(sources) - 1 else whole - at
        head = _header(source, CONTAINER_HEADER, at + CONTAINER_HEADER, size, 0)
        head += struct.pack("<4I", 0, 0, whole, at)
        parts += _signed(41, head + _tables(source, offsets))
    return parts + data


def _place(texts: Sequence[str], at: int) -> tuple[dict[str, int], bytes]:
    offsets, data = {}, b""
    for text in texts:
        offsets[text] = at + len(data)
        data += string_data(text)
    return offsets, data


def _tables(source: Source, offsets: dict[str, int]) -> bytes:
    texts, types = source.all_strings, source.all_types
    body = b"".join(struct.pack("<I", offsets[text]) for text in texts)
    body += b"".join(struct.pack("<I", texts.index(name)) for name in types)
    for name in source.classes:
        body += struct.pack("<8I", types.index(name), 1, NO_INDEX, 0, NO_INDEX, 0, 0, 0)
    return body


def _header(source: Source, size: int, tables: int, file_size: int, map_at: int) -> bytes:
    """Return header_item from file_size up to class_defs_off."""
    counts = len(source.all_strings), len(source.all_types), len(source.classes)
    types_at = tables + 4 * counts[0]
    classes_at = types_at + 4 * counts[1]
    places = [place if count else 0 for place, count in zip((tables, types_at, classes_at), counts, strict=True)]
    head = struct.pack("<6I", file_size, size, 0x12345678, 0, 0, map_at)
    head += struct.pack("<4I", counts[0], places[0], counts[1], places[1])
    return head + bytes(24) + struct.pack("<2I", counts[2], places[2])


def _map(source: Source, offsets: dict[str, int], data_at: int, map_at: int) -> bytes:
    sizes = (len(source.all_strings), len(source.all_types), len(source.classes))
    places = (HEADER, HEADER + 4 * sizes[0], HEADER + 4 * sizes[0] + 4 * sizes[1])
    items = [(0x0000, 1, 0)]
    items += [(kind, size, at) for kind, size, at in zip((1, 2, 6), sizes, places, strict=True) if size]
    items += [(0x2002, len(offsets), data_at)] if offsets else []
    items.append((0x1000, 1, map_at))
    return struct.pack("<I", len(items)) + b"".join(struct.pack("<HHII", kind, 0, size, at) for kind, size, at in items)


def _signed(version: int, rest: bytes) -> bytes:
    """Put magic, checksum and signature in front of everything from file_size on."""
    signed = hashlib.sha1(rest).digest() + rest
    return b"dex\n%03d\0" % version + struct.pack("<I", zlib.adler32(signed)) + signed
