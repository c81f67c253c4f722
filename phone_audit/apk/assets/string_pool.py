"""The string pool of compiled resources and XML as searchable texts."""

import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.strings import Bytes, Offsets, Strings

TABLE_MAGIC: Final = b"\x02\x00\x0c\x00"
XML_MAGICS: Final = (b"\x03\x00\x08\x00", b"\x00\x00\x08\x00")
_POOL: Final = 0x0001
_POOL_HEADER: Final = 28
_UTF8: Final = 0x100
_LONG: Final = 0x80
_OTHER: Final = 1


class StringPool(NamedTuple):
    """The strings of a pool.

    Offsets in `strings` count from `base`, in characters of `width` bytes.
    """

    strings: Strings
    base: int
    width: int

    def offset(self, item: int) -> int:
        """Return where a string begins, in bytes of the file."""
        return self.base + item * self.width


def read_pool(data: memoryview) -> StringPool | None:
    """Read the first string pool of a resource table or compiled XML, in which the values are; None if it has none.

    Format: AOSP `ResourceTypes.h`, ResStringPool_header. Offsets that lead out of the pool are left out. Strings in
    UTF-16 are searched by their low bytes; characters beyond Latin-1 become a byte that belongs to no name.
    """
    (outer,) = struct.unpack_from("<H", data, 2) if len(data) >= 8 else (0,)
    if outer < 8 or outer + _POOL_HEADER > len(data):
        return None
    kind, header, size = struct.unpack_from("<HHI", data, outer)
    count, _, flags, begin = struct.unpack_from("<IIII", data, outer + 8)
    room = (len(data) - outer - header) // 4
    if kind != _POOL or count == 0 or header < _POOL_HEADER or room <= 0:
        return None
    offsets = np.frombuffer(data, "<u4", min(count, room), outer + header)
    base, end = outer + begin, min(outer + size, len(data))
    if base >= end:
        return None
    whole = np.frombuffer(data, np.uint8, end - base, base)
    if flags & _UTF8:
        return StringPool(_strings8(whole, offsets), base, 1)
    return StringPool(_strings16(whole, offsets), base, 2)


def _strings8(whole: Bytes, offsets: Offsets) -> Strings:
    """Pass over the two lengths of one or two bytes each: characters, bytes."""
    items = _ascending(offsets[offsets < max(whole.size - 4, 0)])
    starts = items.astype(np.int64)
    for _ in range(2):
        starts = starts + 1 + (whole[np.minimum(starts, whole.size - 1)] >= _LONG)
    return _made(whole, items, starts)


def _strings16(whole: Bytes, offsets: Offsets) -> Strings:
    units = whole[: whole.size // 2 * 2].view("<u2")
    low = np.where(units < 0x100, units, _OTHER).astype(np.uint8)
    items = _ascending(offsets[(offsets < max(whole.size - 4, 0)) & (offsets % 2 == 0)] // 2)
    starts = items.astype(np.int64) + 1
    starts += units[items] >= 0x8000
    return _made(low, items, starts)


def _ascending(offsets: Offsets) -> Offsets:
    """FileType, each once; tools write them so already."""
    items = offsets.astype(np.uint32)
    return items if np.all(items[1:] > items[:-1]) else np.unique(items)


def _made(
    whole: Bytes,
    items: Offsets,
    starts: NDArray[np.int64],
) -> Strings:
    order = np.argsort(starts, kind="stable")
    items, starts = items[order], np.minimum(starts[order], whole.size).astype(np.uint32)
    zeros = np.append(np.flatnonzero(whole == 0), whole.size)
    ends = zeros[np.searchsorted(zeros, starts)].astype(np.uint32)
    return Strings(whole, items, starts.astype(np.uint32), ends)
