"""The logical partitions of a `super` partition.

Source: AOSP `system/core/fs_mgr/liblp/include/liblp/metadata_format.h`: geometry at 4096 and 8192, then the
metadata of each slot and their backups; sectors have 512 bytes. The checksums are held against what is read, so that
a damaged copy is not believed where its backup is whole.
"""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, Run, Runs, Unreadable, begins

_GEOMETRY_MAGIC, _HEADER_MAGIC = 0x616C4467, 0x414C5030
_RESERVED: Final = 4096
_GEOMETRY: Final = struct.Struct("<II32sIII")
_HEADER: Final = struct.Struct("<IHHI32sI32s")
_TABLE: Final = struct.Struct("<III")
_PARTITION: Final = struct.Struct("<36sIIII")
_EXTENT: Final = struct.Struct("<QIQI")
_SECTOR: Final = 512
_LARGEST: Final = 16 * 2**20
_MOST: Final = 10_000
"""Partitions, and extents, of one table, and extents of all partitions together; a phone has some dozens."""
_LINEAR: Final = 0


_Tables = tuple[list[tuple[str, int, int]], list[tuple[int, int, int, int]]]
"""Partitions (name, first extent, number of extents), and extents."""


def is_super(source: ByteSource) -> bool:
    """Tell whether a source begins as such a partition does, by either copy of its geometry."""
    magic = _GEOMETRY_MAGIC.to_bytes(4, "little")
    return magic in (begins(source, _RESERVED, 4), begins(source, 2 * _RESERVED, 4))


def read_super(source: ByteSource, name: str) -> Iterator[tuple[str, ByteSource]]:
    """Yield the logical partitions that have bytes; of two slots of one the other is empty as it leaves the factory.

    Each slot has tables of its own. Where those of another slot place a partition elsewhere, it comes once more. Raises
    an ImageError where no copy of its tables is whole.
    """
    slots = _tables(source)
    if sum(count for partitions, _ in slots for _, _, count in partitions) > _MOST:
        raise ImageError("the partitions have more extents than any have")
    named = {
        (partition, tuple(extents[first : first + count])): count
        for partitions, extents in slots
        for partition, first, count in partitions
        if count
    }
    for (partition, extents), count in named.items():
        try:
            if len(extents) != count:
                raise ImageError("its extents are not there")  # noqa: TRY301
            content = _joined(source, extents)
        except ImageError as error:
            content = Unreadable(error)
        yield f"{name}/{partition}", content


def _joined(source: ByteSource, extents: Sequence[tuple[int, int, int, int]]) -> ByteSource:
    runs, size = [], 0
    for sectors, kind, start, device in extents:
        length = sectors * _SECTOR
        if kind == _LINEAR:
            if device:
                raise ImageError("a part of it lies on another block device")
            runs.append(Run(size, length, source, start * _SECTOR))
        size += length
    return Runs([run for run in runs if run.size], size)


def _tables(source: ByteSource) -> list[_Tables]:
    """Return the tables of each slot that are whole, or those of their backup; equal ones once."""
    reason = ImageError("the head of the super partition is damaged")
    for at in (_RESERVED, 2 * _RESERVED):
        try:
            size, slots = _geometry(source, at)
        except ImageError as error:
            reason = error
            continue
        found: list[_Tables] = []
        for copy in (copy for slot in range(slots) for copy in (slot, slots + slot)):
            try:
                tables = _metadata(source, 3 * _RESERVED + copy * size, size)
            except ImageError as error:
                reason = error
            else:
                found += [tables] if tables not in found else []
        if found:
            return found
    raise reason


def _geometry(source: ByteSource, at: int) -> tuple[int, int]:
    """Return the most bytes that the metadata of a slot has, and the number of slots."""
    raw = source.read(at, _GEOMETRY.size)
    magic, size, digest, most, slots, _ = _GEOMETRY.unpack(raw)
    whole = _GEOMETRY.size <= size <= _RESERVED and _is_whole(source.read(at, size), digest, 8)
    if magic != _GEOMETRY_MAGIC or not whole or not 0 < slots <= 16 or not 0 < most <= _LARGEST:
        raise ImageError("the geometry of the super partition is damaged")
    return most, slots


def _metadata(source: ByteSource, at: int, most: int) -> _Tables:
    raw = source.read(at, _HEADER.size)
    magic, major, _, header_size, digest, size, tables_digest = _HEADER.unpack(raw)
    if magic != _HEADER_MAGIC or major != 10 or not 128 <= header_size <= most or size > most - header_size:
        raise ImageError("the metadata of the super partition is damaged")
    head, tables = source.read(at, header_size), source.read(at + header_size, size)
    if not _is_whole(head, digest, 12) or hashlib.sha256(tables).digest() != tables_digest:
        raise ImageError("the metadata of the super partition does not have its checksum")
    partitions = [
        (row[0].rstrip(b"\0").decode("ascii", "backslashreplace"), row[2], row[3])
        for row in _rows(tables, head, _HEADER.size, _PARTITION)
    ]
    extents = [(row[0], row[1], row[2], row[3]) for row in _rows(tables, head, _HEADER.size + _TABLE.size, _EXTENT)]
    return partitions, extents


def _rows(tables: bytes, head: bytes, at: int, form: struct.Struct) -> Iterator[tuple[Any, ...]]:
    offset, count, size = _TABLE.unpack_from(head, at)
    if size < form.size or count > _MOST or offset + count * size > len(tables):
        raise ImageError("a table of the super partition is damaged")
    for number in range(count):
        yield form.unpack_from(tables, offset + number * size)


def _is_whole(raw: bytes, digest: bytes, at: int) -> bool:
    """Tell whether bytes have their own digest, which is taken with zeros in its place."""
    return hashlib.sha256(raw[:at] + bytes(len(digest)) + raw[at + len(digest) :]).digest() == digest
