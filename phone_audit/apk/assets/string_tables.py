"""Where strings begin and end in a file: by what ends them, by a length before them, by a table, or in a pool."""

import re
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.strings import Bytes, Offsets, Strings

BEFORE: Final = 60
"""Bytes of context that are kept before a URL."""
AFTER: Final = 600
"""Bytes that are looked at from the beginning of a URL; longer ones are cut."""

_PRINTABLE: Final = re.compile(rb"[\x20-\x7e]*")
_NOT_PRINTABLE: Final = re.compile(rb"[^\x20-\x7e]")
_LINE_END: Final = re.compile(rb"[\r\n\0]")
_SHORTEST: Final = 8
_LOOKED_BACK: Final = 64
_SPACE: Final = b"\t\n\r"
_BEFORE_LENGTH: Final = b"zZ\xfa\xda\x12\x1a\x86\x16"
"""What says that the next byte is a length though it is printable: a short text in Python bytecode (marshal, with and
without the sign that it is referred to), fields 2 and 3 of protobuf, a URI and an IA5String in DER."""
HERMES_MAGIC: Final = struct.pack("<Q", 0x1F1903C103BC1FC6)
UNITY_MAGIC: Final = struct.pack("<I", 0xFAB11BAF)

_HERMES_COUNTS: Final = struct.Struct("<7I")
_HERMES_COUNTS_AT: Final = 40
_HERMES_HEADER: Final = 128
_FUNCTION_HEADERS: Final = (16, 12)
"""Bytes of a small function header: 16 up to bytecode version 96, 12 in Static Hermes."""
_OVERFLOWED: Final = 0xFF
_UNITY_HEAD: Final = struct.Struct("<4s5i")
TABLE_MAGIC: Final = b"\x02\x00\x0c\x00"
XML_MAGICS: Final = (b"\x03\x00\x08\x00", b"\x00\x00\x08\x00")
_POOL: Final = 0x0001
_POOL_HEADER: Final = 28
_UTF8: Final = 0x100
_LONG: Final = 0x80
_OTHER_CHARACTER: Final = 1


class Extent(NamedTuple):
    """Where a string begins and ends, in bytes; `end` is not in it."""

    begin: int
    end: int


ExtentOf = Callable[[memoryview, int, int], Extent]
"""Gives the extent of the string around the bytes from `begin` to `end`, which are in it."""


def text_extent(data: memoryview, begin: int, end: int) -> Extent:
    """Return the line, cut to some context. For text files."""
    low = max(0, begin - BEFORE)
    before = bytes(data[low:begin])
    line = max((found.end() for found in _LINE_END.finditer(before)), default=0)
    stop = _LINE_END.search(data, end, min(len(data), begin + AFTER))
    return Extent(low + line, stop.start() if stop else min(len(data), begin + AFTER))


def native_extent(data: memoryview, begin: int, end: int) -> Extent:
    """Return the run of printable ASCII. For native libraries, whose strings end in a zero byte."""
    low = max(0, begin - BEFORE)
    low += max((other.end() for other in _NOT_PRINTABLE.finditer(bytes(data[low:begin]))), default=0)
    run = _PRINTABLE.match(data, end, min(len(data), begin + AFTER))
    return Extent(low, run.end() if run else end)


def binary_extent(data: memoryview, begin: int, end: int) -> Extent:
    """Return the run of printable ASCII, ended earlier where a length before the string says so.

    Strings with a length and no zero at the end stand close together in Python bytecode, protobuf, certificates and
    files of Unity; what follows may be printable by chance.
    """
    return _shortened(data, native_extent(data, begin, end), begin, end, _length)


def java_extent(data: memoryview, begin: int, end: int) -> Extent:
    """Return the text of a Java class file, before which its length stands in two bytes."""
    return _shortened(data, native_extent(data, begin, end), begin, end, lambda head: int.from_bytes(head[-2:], "big"))


def exact_end(extent_of: ExtentOf, data: memoryview, begin: int, end: int) -> int:
    """Return where a string that goes on to `end` ends by what the file itself states, else where the bytes end."""
    if isinstance(extent_of, TableExtent):
        return extent_of(data, begin, end).end
    length = int.from_bytes(data[max(0, begin - 2) : begin], "big") if extent_of is java_extent else 0
    return begin + length if begin + length >= end else len(data)


def _shortened(data: memoryview, run: Extent, begin: int, end: int, length_of: Callable[[bytes], int]) -> Extent:
    """End a run where the length before the URL says so, or the length before the run itself."""
    for start in dict.fromkeys((begin, run.begin)):
        length = length_of(bytes(data[max(0, start - 4) : start]))
        if length >= _SHORTEST and end <= start + length <= run.end:
            return Extent(start, start + length)
    return run


def _length(head: bytes) -> int:
    """Return the length that the last bytes before a string state, or 0; a byte of text before it is no length."""
    if not head:
        return 0
    if len(head) == 4 and not head[-1] and not head[-2]:
        return int.from_bytes(head, "little")
    last = head[-1]
    if len(head) >= 2 and head[-2] in _BEFORE_LENGTH:
        return last
    if 0x20 <= last < 0x7F or last in _SPACE:
        return 0
    return last


class TableExtent:
    """Extents by a table of strings, in any order, that stand side by side with nothing between them."""

    def __init__(self, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        order = np.lexsort((ends, begins))
        self._begins = begins[order]
        self._ends = ends[order]

    def __call__(self, data: memoryview, begin: int, end: int) -> Extent:
        """Return the string of the table, the nearest where they overlap; outside the table the printable run."""
        last = int(np.searchsorted(self._begins, begin, side="right"))
        for index in range(last - 1, max(-1, last - 1 - _LOOKED_BACK), -1):
            if self._ends[index] >= end:
                low = max(int(self._begins[index]), begin - 2 * BEFORE)
                return Extent(low, min(int(self._ends[index]), begin + 2 * AFTER, len(data)))
        return binary_extent(data, begin, end)


def hermes_strings(data: memoryview) -> TableExtent | None:
    """Read the string table of a Hermes bytecode file; None where there is none that fits.

    The layout is the same in bytecode versions 59 to 96 (React Native 0.60 to 0.79), and in Static Hermes but for
    shorter function headers: header of 128 bytes, function headers, string kinds, hashes of identifiers, the table of
    short entries (1 bit UTF-16, 23 bits offset, 8 bits length), the table of long ones, the strings.
    Source: facebook/hermes, `include/hermes/BCGen/HBC/BytecodeFileFormat.h`.
    """
    if len(data) < _HERMES_HEADER:
        return None
    functions, kinds, identifiers, strings, overflow, size, _ = _HERMES_COUNTS.unpack_from(data, _HERMES_COUNTS_AT)
    for header in _FUNCTION_HEADERS:
        at = _HERMES_HEADER + header * functions + 4 * (kinds + identifiers)
        table = _hermes_table(data, at, strings, overflow, size)
        if table is not None:
            return table
    return None


def _hermes_table(data: memoryview, at: int, strings: int, overflow: int, size: int) -> TableExtent | None:
    storage = at + 4 * strings + 8 * overflow
    if not strings or storage + size > len(data):
        return None
    short = np.frombuffer(data, "<u4", strings, at)
    long = np.frombuffer(data, "<u4", 2 * overflow, at + 4 * strings).reshape(-1, 2).astype(np.int64)
    wide = 1 + (short & 1).astype(np.int64)
    offsets = (short >> 1 & 0x7FFFFF).astype(np.int64)
    lengths = (short >> 24).astype(np.int64)
    longer = np.flatnonzero(lengths == _OVERFLOWED)
    if longer.size and (not overflow or int(offsets[longer].max()) >= overflow):
        return None
    places = offsets[longer]
    offsets[longer], lengths[longer] = long[places, 0], long[places, 1]
    ends = offsets + lengths * wide
    if int(ends.max()) > size:
        return None
    return TableExtent(offsets + storage, ends + storage)


def unity_strings(data: memoryview) -> TableExtent | None:
    """Read the string literals of Unity's `global-metadata.dat` (versions up to 31); None where they do not fit.

    The header gives offset and size of a table of (length, offset) and of the bytes they lie in.
    """
    if len(data) < _UNITY_HEAD.size:
        return None
    _, _, table, table_size, storage, size = _UNITY_HEAD.unpack_from(data)
    count = table_size // 8
    if min(table, storage, size, count - 1) < 0 or table + 8 * count > len(data) or storage + size > len(data):
        return None
    pairs = np.frombuffer(data, "<u4", 2 * count, table).reshape(-1, 2).astype(np.int64)
    begins = pairs[:, 1] + storage
    ends = begins + pairs[:, 0]
    inside = (begins < storage + size) & (ends <= storage + size)
    return TableExtent(begins[inside], ends[inside])


class StringPool(NamedTuple):
    """The strings of a pool.

    Offsets in `strings` count from `base`, in characters of `width` bytes.
    """

    strings: Strings
    base: int
    width: int

    def offset(self, item: int) -> int:
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
    low = np.where(units < 0x100, units, _OTHER_CHARACTER).astype(np.uint8)
    items = _ascending(offsets[(offsets < max(whole.size - 4, 0)) & (offsets % 2 == 0)] // 2)
    starts = items.astype(np.int64) + 1
    starts += units[items] >= 0x8000
    return _made(low, items, starts)


def _ascending(offsets: Offsets) -> Offsets:
    """Return them sorted, each once; tools write them so already."""
    items = offsets.astype(np.uint32)
    return items if np.all(items[1:] > items[:-1]) else np.unique(items)


def _made(whole: Bytes, items: Offsets, starts: NDArray[np.int64]) -> Strings:
    order = np.argsort(starts, kind="stable")
    items, starts = items[order], np.minimum(starts[order], whole.size).astype(np.uint32)
    zeros = np.append(np.flatnonzero(whole == 0), whole.size)
    ends = zeros[np.searchsorted(zeros, starts)].astype(np.uint32)
    return Strings(whole, items, starts.astype(np.uint32), ends)
