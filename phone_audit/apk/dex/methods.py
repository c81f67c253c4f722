"""The methods that a DEX file defines, decoded from its class_data section as arrays.

Source: dex-format, "class_data_item", "encoded_method" and "LEB128".
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.strings import Bytes, Offsets

MAX_METHODS: Final = 1 << 16
"""Methods that one DEX file can define, since invoke-* names them with 16 bits; more are forged."""
MAX_MEMBERS: Final = 1 << 16
"""Fields or methods of one class, for the same reason."""

_CHUNK: Final = 1 << 19
"""Bytes of class_data decoded together."""
_LONGEST: Final = 5
"""Bytes of an unsigned LEB128 number."""
_HEAD: Final = 4
"""Numbers that head a class_data_item: static fields, instance fields, direct methods, virtual methods."""

_METHOD: Final = 3
"""Numbers of an encoded_method: difference to the index of the one before, access flags, offset of its code."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Methods:
    """One row for each encoded_method, class by class in the order of the class_data section.

    Attributes:
        class_def: row of the class in class_defs.
        method: index into method_ids; may be out of range.
        access: access flags.
        code: offset of its code_item from the start of the file, 0 where it has none; may lie outside the file.
        lost: class_data_items that could not be read, or not whole.
    """

    class_def: Offsets
    method: Offsets
    access: Offsets
    code: Offsets
    lost: int


def read_methods(data: Bytes, class_data: Offsets) -> Methods:
    """Decode the methods of all classes, given the offset of the class_data_item of each class, 0 where there is none.

    Memory and time are bounded by the bytes, which are hostile, and by `MAX_METHODS`, whatever the counts say and
    however the items overlap.
    """
    named = np.flatnonzero(class_data)
    rows = named[class_data[named] < data.size]
    order = rows[np.argsort(class_data[rows], kind="stable")]
    starts = class_data[order].astype(np.int64)
    lost = named.size - rows.size
    room, pieces = MAX_METHODS, []
    at = 0
    while at < order.size and room:
        upto = max(at + 1, int(np.searchsorted(starts, starts[at] + _CHUNK)))
        piece = _decode(data, starts[at:upto], order[at:upto], room)
        room -= piece.method.size
        lost += piece.lost
        pieces.append(piece)
        at = upto
    return _joined(pieces, lost + order.size - at)


def _joined(pieces: list[Methods], lost: int) -> Methods:
    class_def, method, access, code = (
        np.concatenate([np.empty(0, np.uint32), *(getattr(piece, name) for piece in pieces)])
        for name in ("class_def", "method", "access", "code")
    )
    return Methods(class_def, method, access, code, lost)


def _decode(data: Bytes, starts: Numbers, class_defs: NDArray[np.intp], room: int) -> Methods:
    """Decode the items of one chunk: all of its bytes become numbers, from which the items are picked."""
    low = int(starts[0])
    high = _end_of(data, int(starts[-1]))
    window = data[low:high]
    last = window < 0x80
    last[starts[starts > low] - low - 1] = True  # an item begins a number, even behind bytes that are none
    ends = np.flatnonzero(last)
    firsts = np.concatenate(([0], ends[:-1] + 1)) if ends.size else ends
    head = np.searchsorted(firsts, starts - low)
    whole = head + _HEAD <= ends.size
    head, defs = head[whole], class_defs[whole]
    counts = _values(window, firsts, ends, head, _HEAD)
    fields, methods = counts[0] + counts[1], counts[2] + counts[3]
    begin = head + _HEAD + 2 * fields
    sound = (counts.max(axis=0, initial=0) <= MAX_MEMBERS) & (begin + 3 * methods <= ends.size)
    sound[sound] = np.cumsum(methods[sound]) <= room
    lost = starts.size - int(np.count_nonzero(sound))
    begin, direct, total, defs = begin[sound], counts[2][sound], methods[sound], defs[sound]
    item = np.repeat(np.arange(total.size), total)
    within = np.arange(item.size) - np.repeat(np.cumsum(total) - total, total)
    number = begin[item] + 3 * within
    difference, access, code = _values(window, firsts, ends, number, _METHOD)
    method = _summed(difference, (within == 0) | (within == direct[item]))
    return Methods(_narrow(defs[item]), _narrow(method), _narrow(access), _narrow(code), lost)


def _narrow(column: NDArray[Any]) -> Offsets:
    return column.astype(np.uint32)


def _values(window: Bytes, firsts: Numbers, ends: Numbers, at: Numbers, count: int) -> Numbers:
    """Read `count` unsigned LEB128 numbers that stand side by side from each number `at` on, 32 bits of each at most.

    `firsts` and `ends` say where each number of the window begins and ends. Returned is an array of `count` rows.
    """
    number = (at + np.arange(count)[:, None]).ravel()
    first = firsts[number]
    lengths = ends[number] - first + 1
    value = (window[first] & np.uint8(0x7F)).astype(np.uint32)
    for place in range(1, _LONGEST):
        more = np.flatnonzero(lengths > place)
        if not more.size:
            break
        part = (window[first[more] + place] & np.uint8(0x7F)).astype(np.uint32)
        value[more] |= part << np.uint32(7 * place)
    rows: Numbers = value.astype(np.int64).reshape(count, -1)
    return rows


def _summed(differences: Numbers, first: NDArray[np.bool_]) -> Numbers:
    """Sum up differences from each `first` on. An index that leaves 32 bits is put out of every range."""
    total = np.cumsum(differences)
    starts = np.flatnonzero(first)
    before = (total - differences)[starts]
    index: Numbers = total - np.repeat(before, np.diff(np.append(starts, total.size)))
    return np.minimum(index, 0xFFFFFFFF)


def _end_of(data: Bytes, start: int) -> int:
    """Find where a class_data_item ends, or give the end of what it may fill at most."""
    most = _LONGEST * (_HEAD + (2 * 2 + 2 * 3) * MAX_MEMBERS)
    size = 256
    while True:
        window = data[start : start + size]
        ends = np.flatnonzero(window < 0x80)
        if ends.size >= _HEAD:
            firsts = np.concatenate(([0], ends[: _HEAD - 1] + 1))
            counts = np.minimum(_values(window, firsts, ends, np.zeros(1, dtype=np.intp), _HEAD)[:, 0], MAX_MEMBERS)
            needed = int(_HEAD + 2 * (counts[0] + counts[1]) + _METHOD * (counts[2] + counts[3]))
            if ends.size >= needed:
                return start + int(ends[needed - 1]) + 1
        if size >= most or start + size >= data.size:
            return min(start + most, data.size)
        size *= 4
