"""The packed files of EROFS: an index of clusters → extents → bytes.

Source: the kernel's `fs/erofs/erofs_fs.h` (headers and forms of the index), `fs/erofs/zmap.c` (what compact indexes
mean) and `fs/erofs/decompressor.c`. The index of a file is read once from its beginning to its
end, so that no reference in it is followed.
"""

import struct
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, PieceCache, Work, check_range
from phone_audit.files.bounds import MB
from phone_audit.files.lz4_block import unpack_lz4

_COMPACT_2B, _BIG_1, _BIG_2, _TAIL, _INTERLACED, _FRAGMENT = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20
_PLAIN, _HEAD_1, _NO_HEAD, _HEAD_2 = range(4)
_COUNT: Final = 1 << 11
"""Marks a distance that is a number of blocks instead."""
_WHOLE_FRAGMENT: Final = 1 << 63
_LZ4, _DEFLATE = 0, 2
_ALGORITHMS: Final = {1: "MicroLZMA", 3: "Zstandard"}
_MOST_CLUSTERS: Final = 2**19
"""Clusters of one file, of 4 KB each: 2 GB, the most that is ever read of one."""
_MOST_PACKED, _MOST_UNPACKED = 1 * MB, 16 * MB
"""Bytes of one extent; the kernel takes 1 MB and 12 MB."""


@dataclass(frozen=True)
class PackedLayout:
    """A packed file: its file system, the bits of a block there, its size, and the place and form of its index."""

    source: ByteSource
    bits: int
    size: int
    at: int
    compact: bool
    padded: bool


@dataclass(frozen=True, slots=True)
class Extent:
    """`at` bytes into the file: `packed` bytes at `place` of the file system, of one algorithm (None: as they are)."""

    at: int
    place: int
    packed: int
    algorithm: int | None


@dataclass(frozen=True)
class ExtentIndex:
    """The extents of a file in order; `fragment`: from where on the last one lies in the file of fragments."""

    extents: list[Extent]
    interlaced: bool
    fragment: int | None


@dataclass(frozen=True, slots=True)
class _Cluster:
    """A row of the index. `low` is where a head begins in its cluster, or a distance; `block` is that of a head."""

    kind: int
    low: int
    block: int


def read_extents(layout: PackedLayout, work: Work) -> ExtentIndex:
    """Read the index of a file, whose clusters are taken from what may be spent on all.

    Raises an ImageError where it is damaged, or packed in a way that is not read.
    """
    raw = layout.source.read(layout.at, 8)
    whole = int.from_bytes(raw, "little")
    if whole & _WHOLE_FRAGMENT:
        return ExtentIndex(
            [Extent(0, 0, 0, None)] if layout.size else [], interlaced=False, fragment=whole ^ _WHOLE_FRAGMENT
        )
    offset, advise, algorithms, cluster_bits = struct.unpack("<IHBB", raw)
    bits = layout.bits + (cluster_bits & 7)
    count = -(-layout.size // (1 << bits))
    if bits > 20 or count > _MOST_CLUSTERS:
        raise ImageError("a packed file is larger than what is read of one")
    work.spend(count + 1)
    rows = _compact(layout, advise, bits, count) if layout.compact else _full(layout, count)
    extents = _extents(rows, layout, advise, algorithms, bits)
    if not extents or extents[0].at or any(two.at <= one.at for one, two in pairwise(extents)):
        raise ImageError("the index of a packed file is damaged")
    if advise & _TAIL:
        place = _end_of_index(layout, advise, bits, count)
        extents[-1] = replace(extents[-1], place=place, packed=offset >> 16)
    tail = offset if advise & _FRAGMENT else None
    return ExtentIndex(extents, bool(advise & _INTERLACED), tail)


def _extents(rows: Iterable[_Cluster], layout: PackedLayout, advise: int, algorithms: int, bits: int) -> list[Extent]:
    """Return an extent for each head; what follows a head may say of how many blocks it is."""
    found: list[Extent] = []
    after_head = False
    for number, row in enumerate(rows):
        if row.kind == _NO_HEAD:
            if row.low & _COUNT and after_head:
                found[-1] = replace(found[-1], packed=(row.low & ~_COUNT) << layout.bits)
            after_head = False
            continue
        after_head = True
        algorithm = None if row.kind == _PLAIN else algorithms & 15 if row.kind == _HEAD_1 else algorithms >> 4
        big = advise & (_BIG_2 if row.kind == _HEAD_2 else _BIG_1) and row.kind != _PLAIN
        packed = 1 << (layout.bits if big else bits)
        found.append(Extent((number << bits) + row.low, row.block << layout.bits, packed, algorithm))
    return [one for one in found if one.at < layout.size]


def _full(layout: PackedLayout, count: int) -> Iterator[_Cluster]:
    raw = layout.source.read(layout.at + 16, 8 * count)
    for advise, low, value in struct.iter_unpack("<HHI", raw):
        kind = advise & 3
        yield _Cluster(kind, value & 0xFFFF if kind == _NO_HEAD else low, value)


def _packs(layout: PackedLayout, advise: int, bits: int, count: int) -> tuple[int, int, int]:
    """Return how many rows stand in packs of two, of sixteen, and of two again, of which the last may be begun only."""
    first = min((32 - (layout.at + 8) % 32) % 32 // 4, count)
    dense = (count - first) // 16 * 16 if advise & _COMPACT_2B and bits <= 12 else 0
    return first, dense, count - first - dense


def _end_of_index(layout: PackedLayout, advise: int, bits: int, count: int) -> int:
    """Return where the index ends: what is kept in it follows."""
    if not layout.compact:
        return layout.at + 16 + 8 * count
    first, dense, rest = _packs(layout, advise, bits, count)
    return layout.at + 8 + -(-first // 2) * 8 + dense * 2 + -(-rest // 2) * 8


def _compact(layout: PackedLayout, advise: int, bits: int, count: int) -> Iterator[_Cluster]:
    first, dense, rest = _packs(layout, advise, bits, count)
    at = layout.at + 8
    big = bool(advise & (_BIG_1 | _BIG_2))
    if bits > 14:
        raise ImageError("the index of a packed file has a form that is not read")
    for rows, in_pack, length in ((first, 2, 8), (dense, 16, 32), (rest, 2, 8)):
        for begin in range(0, rows, in_pack):
            pack = layout.source.read(at, length)
            yield from _rows_of(pack, min(in_pack, rows - begin), in_pack, max(bits, 12), big=big)
            at += length


def _rows_of(pack: bytes, rows: int, in_pack: int, low_bits: int, *, big: bool) -> Iterator[_Cluster]:
    """Yield the rows of a pack. It names one block; those of its heads follow from how many blocks came before."""
    base = int.from_bytes(pack[-4:], "little")
    value = int.from_bytes(pack[:-4], "little")
    width = (len(pack) - 4) * 8 // in_pack
    before = 0 if big else 1
    for number in range(rows):
        row = value >> (number * width)
        low, kind = row & ((1 << low_bits) - 1), row >> low_bits & 3
        yield _Cluster(kind, low, base + before & 0xFFFFFFFF)
        if kind != _NO_HEAD:
            before += 1
        elif big and low & _COUNT:
            before += (low & ~_COUNT) - (1 if number else 0)


class ExtentFile:
    """The bytes of a packed file."""

    def __init__(
        self, layout: PackedLayout, index: ExtentIndex, fragments: ByteSource, cache: PieceCache, node: object
    ) -> None:
        self.size = layout.size
        self._layout = layout
        self._index = index
        self._fragments = fragments
        self._starts = [one.at for one in index.extents]
        self._cache = cache
        self._node = node

    def read(self, at: int, count: int) -> bytes:
        check_range(self, at, count)
        pieces = []
        end = at + count
        number = bisect_right(self._starts, at) - 1
        while at < end:
            start, stop = self._bounds(number)
            until = min(end, stop)
            if self._index.fragment is not None and number == len(self._starts) - 1:
                pieces.append(self._fragments.read(self._index.fragment + at - start, until - at))
            else:
                whole = self._cache.get((self._node, number), lambda number=number: self._unpacked(number))  # type: ignore[misc]
                pieces.append(whole[at - start : until - start])
            at, number = until, number + 1
        return b"".join(pieces)

    def _bounds(self, number: int) -> tuple[int, int]:
        later = number + 1
        return self._starts[number], self._starts[later] if later < len(self._starts) else self.size

    def _unpacked(self, number: int) -> bytes:
        extent = self._index.extents[number]
        start, stop = self._bounds(number)
        size = stop - start
        if size > _MOST_UNPACKED or extent.packed > _MOST_PACKED:
            raise ImageError("a part of a packed file is larger than any")
        packed = self._layout.source.read(extent.place, extent.packed)
        if extent.algorithm is None:
            return self._plain(packed, start, size)
        skipped = len(packed) - len(packed.lstrip(b"\0")) if self._layout.padded else 0
        if extent.algorithm == _LZ4:
            try:
                return unpack_lz4(packed, size, skipped)
            except ValueError as error:
                raise ImageError(str(error)) from error
        if extent.algorithm == _DEFLATE:
            return _inflated(packed[skipped:], size)
        name = _ALGORITHMS.get(extent.algorithm, "an unknown algorithm")
        raise ImageError(f"it is packed with {name}, which is not read")

    def _plain(self, packed: bytes, start: int, size: int) -> bytes:
        """Return bytes that did not become fewer; in the interlaced form they begin where they lie in their block."""
        if size > len(packed):
            raise ImageError("a part of a file is longer than its block")
        turned = start % len(packed) if self._index.interlaced else 0
        return (packed[turned:] + packed[:turned])[:size]


def _inflated(packed: bytes, size: int) -> bytes:
    try:
        found = zlib.decompressobj(-15).decompress(packed, size)
    except zlib.error as error:
        raise ImageError("a part of a packed file is damaged") from error
    if len(found) < size:
        raise ImageError("a part of a packed file is damaged")
    return found
