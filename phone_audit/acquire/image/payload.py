"""The `payload.bin` of an update over the air, where it holds whole partitions.

Source: AOSP `system/update_engine/update_metadata.proto` and `payload_consumer/payload_constants.h`. Each operation
gives some blocks of a partition; it is unpacked when one of them is read, and held against the hash that the list has
of it.
"""

import bz2
import hashlib
import lzma
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from phone_audit.acquire.image.byte_source import (
    ByteSource,
    ImageError,
    Part,
    PieceCache,
    Run,
    Runs,
    Unreadable,
    Work,
    begins,
    check_range,
)
from phone_audit.files.bounds import MB
from phone_audit.files.protobuf import fields

_MAGIC: Final = b"CrAU"
_HEAD: Final = struct.Struct(">4sQQI")
_REPLACE, _BZ, _ZERO, _DISCARD, _XZ = 0, 1, 6, 7, 8
_READ: Final = frozenset({_REPLACE, _BZ, _ZERO, _DISCARD, _XZ})
_DELTA: Final = "only what differs from an older firmware"
_NAMES: Final = {**dict.fromkeys((2, 3, 4, 5, 9, 10, 11, 12, 13), _DELTA), 14: "what is packed with Zstandard"}
_MOST_NAMED: Final = 5
_LARGEST_LIST: Final = 32 * MB
_LARGEST: Final = 64 * MB
"""Bytes of one operation, packed or not; mostly 2 MB."""
_MOST_OPERATIONS, _MOST_PARTITIONS = 200_000, 1000
_KEPT: Final = 64 * MB
_LZMA_MEMORY: Final = 160 * MB
"""What unpacking may take; an operation of 64 MB needs no larger dictionary."""


@dataclass(eq=False)
class _Operation:
    kind: int = _REPLACE
    at: int = 0
    packed: int = 0
    digest: bytes = b""
    extents: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class _Partition:
    name: str = ""
    size: int | None = None
    operations: list[_Operation] = field(default_factory=list)


def is_payload(source: ByteSource) -> bool:
    return begins(source, 0, 4) == _MAGIC


def read_payload(source: ByteSource, name: str, work: Work) -> Iterator[tuple[str, ByteSource]]:
    """Yield the partitions.

    Raises an ImageError where it is damaged, or a difference to an older firmware, which holds no whole partitions.
    """
    magic, version, size, signature = _HEAD.unpack(source.read(0, _HEAD.size))
    if magic != _MAGIC or version != 2 or size > _LARGEST_LIST:
        raise ImageError("the head of payload.bin is damaged, or of a version that is not read")
    block, partitions = _manifest(memoryview(source.read(_HEAD.size, size)))
    if not block or block % 512 or block > MB:
        raise ImageError("the list of partitions is damaged")
    start = _HEAD.size + size + signature
    data = Part(source, start, source.size - start)
    cache = PieceCache(_KEPT)
    unread: dict[str, str] = {}
    for partition in partitions:
        kinds = {operation.kind for operation in partition.operations} - _READ
        if kinds:
            unread[partition.name] = _NAMES.get(min(kinds), "operations of a kind that is not known")
        else:
            try:
                content = _content(partition, data, block, cache, work)
            except ImageError as error:
                content = Unreadable(error)
            yield f"{name}/{partition.name}", content
    if unread:
        reasons = ", ".join(sorted(set(unread.values())))
        raise ImageError(f"of {', '.join(list(unread)[:_MOST_NAMED])} it holds {reasons}, which is not read")


def _content(partition: _Partition, data: ByteSource, block: int, cache: PieceCache, work: Work) -> ByteSource:
    runs: list[Run] = []
    for operation in partition.operations:
        size = sum(count for _, count in operation.extents) * block
        if operation.kind in (_ZERO, _DISCARD):
            continue
        held: ByteSource = _Unpacked(operation, size, data, cache, work)
        if operation.kind == _REPLACE:
            held = Part(data, operation.at, operation.packed)
        begin = 0
        for first, count in operation.extents:
            runs.append(Run(first * block, count * block, held, begin))
            begin += count * block
    runs.sort(key=lambda run: run.at)
    end = runs[-1].at + runs[-1].size if runs else 0
    return Runs([run for run in runs if run.size], max(partition.size or 0, end))


class _Unpacked:
    """What one operation unpacks to."""

    def __init__(self, operation: _Operation, size: int, data: ByteSource, cache: PieceCache, work: Work) -> None:
        self._operation, self.size = operation, size
        self._data, self._cache, self._work = data, cache, work

    def read(self, at: int, count: int) -> bytes:
        check_range(self, at, count)
        whole = self._cache.get(self._operation, self._made)
        if at + count > len(whole):
            raise ImageError("a part of a partition is shorter than it is said to be")
        return whole[at : at + count]

    def _made(self) -> bytes:
        operation = self._operation
        if self.size > _LARGEST or operation.packed > _LARGEST:
            raise ImageError("a part of a partition is larger than any")
        self._work.spend(self.size)
        packed = self._data.read(operation.at, operation.packed)
        if operation.digest and hashlib.sha256(packed).digest() != operation.digest:
            raise ImageError("a part of a partition does not have the hash that the update names")
        try:
            if operation.kind == _BZ:
                return bz2.BZ2Decompressor().decompress(packed, self.size)
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, _LZMA_MEMORY).decompress(packed, self.size)
        except (OSError, lzma.LZMAError, EOFError, ValueError) as error:
            raise ImageError("a part of a partition is damaged") from error


def numbered_fields(message: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Yield number, value and bytes of the fields of a message; ImageError where it is damaged."""
    try:
        for number, value in fields(message):
            yield (number, value, memoryview(b"")) if isinstance(value, int) else (number, 0, value)
    except ValueError as error:
        raise ImageError("a list of partitions is damaged") from error


def _manifest(message: memoryview) -> tuple[int, list[_Partition]]:
    """Return the size of a block, and the partitions."""
    block, partitions = 4096, []
    left = _MOST_OPERATIONS
    for number, value, raw in numbered_fields(message):
        if number == 3:
            block = value
        elif number == 13:
            partition = _partition(raw)
            partitions.append(partition)
            left -= sum(1 + len(operation.extents) for operation in partition.operations)
            if left < 0 or len(partitions) > _MOST_PARTITIONS:
                raise ImageError("an update names more operations than any has")
    return block, partitions


def _partition(message: memoryview) -> _Partition:
    found = _Partition()
    for number, _, raw in numbered_fields(message):
        if number == 1:
            found.name = bytes(raw[:100]).decode("ascii", "backslashreplace")
        elif number == 7:
            found.size = next((value for inner, value, _ in numbered_fields(raw) if inner == 1), None)
        elif number == 8:
            found.operations.append(_operation(raw))
            if len(found.operations) > _MOST_OPERATIONS:
                raise ImageError("an update names more operations than any has")
    return found


def _operation(message: memoryview) -> _Operation:
    found = _Operation()
    for number, value, raw in numbered_fields(message):
        if number == 1:
            found.kind = value
        elif number == 2:
            found.at = value
        elif number == 3:
            found.packed = value
        elif number == 6:
            extent = {inner: of_extent for inner, of_extent, _ in numbered_fields(raw)}
            found.extents.append((extent.get(1, 0), extent.get(2, 0)))
        elif number == 8:
            found.digest = bytes(raw)
    return found
