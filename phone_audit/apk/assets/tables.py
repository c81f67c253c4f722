"""String tables of formats whose strings stand side by side: Hermes bytecode and Unity's metadata."""

import struct
from typing import Final

import numpy as np

from phone_audit.apk.assets.extents import TableExtent

HERMES_MAGIC: Final = struct.pack("<Q", 0x1F1903C103BC1FC6)
UNITY_MAGIC: Final = struct.pack("<I", 0xFAB11BAF)

_HERMES_COUNTS: Final = struct.Struct("<7I")
_HERMES_COUNTS_AT: Final = 40
_HERMES_HEADER: Final = 128
_FUNCTION_HEADERS: Final = (16, 12)
"""Bytes of a small function header: 16 up to bytecode version 96, 12 in Static Hermes."""
_OVERFLOWED: Final = 0xFF
_UNITY_HEAD: Final = struct.Struct("<4s5i")


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
