"""Looks up single values in a compiled resource table (`resources.arsc`) without unpacking the rest.

Format: AOSP `frameworks/base/libs/androidfw/include/androidfw/ResourceTypes.h`. A table of 20 MB holds 100,000 values
of which an audit needs two or three, so only chunk headers are walked and one offset is read per lookup.
"""

import struct
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final

from phone_audit.apk.xml.elements import STRING, ResourceValues, Value
from phone_audit.apk.zip.directory import Buffer
from phone_audit.errors import ApkError

MOST: Final = 100_000
"""Entries that are looked at where the number of a text is asked for."""
STRING_POOL, TABLE, PACKAGE, TYPE = 0x0001, 0x0002, 0x0200, 0x0201
_UTF8 = 0x100
_SPARSE, _SHORT_OFFSETS = 1, 2
_COMPLEX, _COMPACT = 1, 8
_NONE32, _NONE16 = 0xFFFFFFFF, 0xFFFF
_MAX_TEXT = 32_767
_APPLICATION, _LIBRARY = 0x7F, 0x00


@dataclass(frozen=True, slots=True)
class Chunk:
    """One part of a table: its type, the bytes of its head, and where it begins and ends."""

    type: int
    header: int
    start: int
    end: int


class ResourceTable(ResourceValues):
    """A table over bytes that stay where they are; an `ApkError` (`damaged-resources`) where they are none."""

    def __init__(self, data: Buffer) -> None:
        self._data = data
        self._pool: Chunk | None = None
        self._types: dict[tuple[int, int], list[Chunk]] = {}
        self._sparse_known: dict[int, dict[int, int]] = {}
        try:
            self._walk()
        except (struct.error, IndexError) as error:
            raise _damaged() from error

    def _walk(self) -> None:
        table = next(chunks(self._data, 0, len(self._data)), None)
        if table is None or table.type != TABLE:
            raise _damaged()
        for chunk in chunks(self._data, table.start + table.header, table.end):
            if chunk.type == STRING_POOL and self._pool is None:
                self._pool = chunk
            elif chunk.type == PACKAGE:
                (package,) = struct.unpack_from("<I", self._data, chunk.start + 8)
                for inner in chunks(self._data, chunk.start + chunk.header, chunk.end):
                    if inner.type == TYPE:
                        key = (package & 0xFF, self._data[inner.start + 8])
                        self._types.setdefault(key, []).append(inner)

    def values(self, resource_id: int) -> tuple[Value, ...]:
        """Return the values of a resource; those that are bags (styles, arrays) are left out."""
        found: list[tuple[bool, Value]] = []
        for chunk in self._configurations(resource_id):
            try:
                value = self._value(chunk, resource_id & 0xFFFF)
            except (struct.error, IndexError):
                continue
            if value is not None:
                found.append((self._is_default(chunk), value))
        found.sort(key=lambda item: not item[0])
        return tuple(value for _, value in found)

    def count_of(self, resource_id: int) -> int:
        return len(self._configurations(resource_id))

    def _configurations(self, resource_id: int) -> Sequence[Chunk]:
        package, kind = resource_id >> 24, (resource_id >> 16) & 0xFF
        return self._types.get((_APPLICATION if package == _LIBRARY else package, kind), ())

    def ids_of(self, texts: Collection[str]) -> dict[str, set[int]]:
        """Return the numbers of the resources that are one of these texts; some may be missing in a huge table."""
        found: dict[str, set[int]] = {}
        places = (
            (package << 24 | kind << 16 | number, chunk, offset)
            for (package, kind), parts in self._types.items()
            for chunk in parts
            for number, offset in self._entries(chunk)
        )
        for resource_id, chunk, offset in islice(places, MOST if texts else 0):
            try:
                value = self._value_at(chunk, offset)
            except (struct.error, IndexError):
                continue
            if value is not None and value.text is not None and value.text in texts:
                found.setdefault(value.text, set()).add(resource_id)
        return found

    def _entries(self, chunk: Chunk) -> Iterator[tuple[int, int]]:
        """Yield number and offset of the entries of a chunk, up to damage."""
        flags = self._data[chunk.start + 9]
        with suppress(struct.error, IndexError):
            (count,) = struct.unpack_from("<I", self._data, chunk.start + 12)
            if flags & _SPARSE:
                yield from self._sparse(chunk, count)
                return
            for number in range(min(count, _NONE16)):
                offset = self._entry_offset(chunk, flags, count, number)
                if offset is not None:
                    yield number, offset

    def _is_default(self, chunk: Chunk) -> bool:
        at = chunk.start + 20
        size = int.from_bytes(self._data[at : at + 4], "little")
        return not any(self._data[at + 4 : min(at + size, chunk.start + chunk.header)])

    def _value(self, chunk: Chunk, number: int) -> Value | None:
        flags = self._data[chunk.start + 9]
        (count,) = struct.unpack_from("<I", self._data, chunk.start + 12)
        offset = self._entry_offset(chunk, flags, count, number)
        return None if offset is None else self._value_at(chunk, offset)

    def _value_at(self, chunk: Chunk, offset: int) -> Value | None:
        (entries,) = struct.unpack_from("<I", self._data, chunk.start + 16)
        at = chunk.start + entries + offset
        size, entry_flags, data = struct.unpack_from("<HHI", self._data, at)
        if entry_flags & _COMPACT:
            return self._typed(entry_flags >> 8, data)
        if entry_flags & _COMPLEX:
            return None
        kind, data = struct.unpack_from("<xxxBI", self._data, at + size)
        return self._typed(kind, data)

    def _entry_offset(self, chunk: Chunk, flags: int, count: int, number: int) -> int | None:
        at = chunk.start + chunk.header
        if flags & _SPARSE:
            if chunk.start not in self._sparse_known:
                entries = reversed(list(self._sparse(chunk, count)))  # the first one of a number counts
                self._sparse_known[chunk.start] = dict(entries)
            return self._sparse_known[chunk.start].get(number)
        if number >= count:
            return None
        if flags & _SHORT_OFFSETS:
            (short,) = struct.unpack_from("<H", self._data, at + 2 * number)
            return None if short == _NONE16 else short * 4
        (offset,) = struct.unpack_from("<I", self._data, at + 4 * number)
        return None if offset == _NONE32 else offset

    def _sparse(self, chunk: Chunk, count: int) -> Iterator[tuple[int, int]]:
        """Yield number and offset of each entry of a chunk that names them."""
        at = chunk.start + chunk.header
        for index, offset in struct.iter_unpack("<HH", self._data[at : at + 4 * min(count, (chunk.end - at) // 4)]):
            yield index, int(offset) * 4

    def _typed(self, kind: int, data: int) -> Value:
        return Value(kind, data, self._string(data) if kind == STRING else None)

    def _string(self, number: int) -> str:
        return "" if self._pool is None else pool_string(self._data, self._pool, number)


def chunks(data: Buffer, start: int, end: int) -> Iterator[Chunk]:
    """Walk chunk headers; a chunk that does not fit is cut at the end, one without size ends the walk."""
    while start + 8 <= end:
        kind, header, size = struct.unpack_from("<HHI", data, start)
        if size < 8 or header < 8:
            return
        yield Chunk(kind, header, start, min(start + size, end))
        start += size


def pool_string(data: Buffer, pool: Chunk, number: int, longest: int = _MAX_TEXT) -> str:
    """Return a string of a pool, or its beginning; `struct.error` or `IndexError` where it does not lie in the data."""
    count, _, flags, strings = struct.unpack_from("<IIII", data, pool.start + 8)
    if number >= count:
        return ""
    (offset,) = struct.unpack_from("<I", data, pool.start + pool.header + 4 * number)
    at = pool.start + strings + offset
    if flags & _UTF8:
        _, at = _length8(data, at)
        length, at = _length8(data, at)
        return bytes(data[at : at + min(length, 4 * longest)]).decode("utf-8", "replace")
    length, at = _length16(data, at)
    return bytes(data[at : at + 2 * min(length, longest)]).decode("utf-16-le", "replace")


def _length8(data: Buffer, at: int) -> tuple[int, int]:
    first, second = data[at], data[at + 1]
    return ((first & 0x7F) << 8 | second, at + 2) if first & 0x80 else (first, at + 1)


def _length16(data: Buffer, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from("<HH", data, at)
    return ((first & 0x7FFF) << 16 | second, at + 4) if first & 0x8000 else (first, at + 2)


def _damaged() -> ApkError:
    return ApkError("The resource table is damaged.", code="damaged-resources")
