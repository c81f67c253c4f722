"""The methods that a DEX file defines, and where their instructions stand and could name something.

Source: dex-format, "class_data_item", "encoded_method", "code_item" and "LEB128".
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.instructions import CONST_STRING, CONST_STRING_JUMBO, Units
from phone_audit.apk.dex.strings import Bytes, Offsets

MAX_METHODS: Final = 1 << 16
"""Methods that one DEX file can define, since invoke-* names them with 16 bits; more are forged."""
MAX_MEMBERS: Final = 1 << 16
"""Fields or methods of one class, for the same reason."""

_DATA_CHUNK: Final = 1 << 19
"""Bytes of class_data decoded together."""
_LONGEST: Final = 5
"""Bytes of an unsigned LEB128 number."""
_HEAD: Final = 4
"""Numbers that head a class_data_item: static fields, instance fields, direct methods, virtual methods."""

_METHOD: Final = 3
"""Numbers of an encoded_method: difference to the index of the one before, access flags, offset of its code."""

Numbers = NDArray[np.int64]
CODE_HEADER: Final = 16
"""Bytes of a code_item before its instructions."""
_SIZE_AT: Final = 12
"""Where in that header the number of code units stands."""
_ROW_BITS: Final = MAX_METHODS.bit_length()
_NOTHING: Final = memoryview(b"")
_NO_UNITS: Final = _NOTHING.cast("H")
Kind = Literal["string", "type", "field", "method"]

_OPCODES: Final[dict[Kind, tuple[tuple[int, int], ...]]] = {
    "string": ((CONST_STRING, CONST_STRING_JUMBO),),
    "type": ((0x1C, 0x1C), (0x1F, 0x20), (0x22, 0x25)),
    "field": ((0x52, 0x6D),),
    "method": ((0x6E, 0x72), (0x74, 0x78), (0xFA, 0xFB)),
}
"""First and last opcode of the groups that name such a number, all of them from their second code unit on."""
_UNIT_CHUNK: Final = 1 << 17
"""Code units searched together, so that what numpy holds on the way stays in the processor's cache."""


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
        upto = max(at + 1, int(np.searchsorted(starts, starts[at] + _DATA_CHUNK)))
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


class Code(NamedTuple):
    """The code of one method: where its instructions begin, in bytes, and those that are in the file.

    The last `ins` of its registers hold its arguments; `tries` are blocks with exception handlers, which `behind`
    begins with where there are any: the rest of the file behind the instructions.
    """

    offset: int
    units: Units
    registers: int
    ins: int
    tries: int
    behind: memoryview = _NOTHING


@dataclass(frozen=True, eq=False)
class Bodies:
    """Where instructions stand, each code_item once, by ascending offset.

    Attributes:
        code: offset of the code_item, bytes from the start of the file.
        units: code units that are in the file.
        rows: rows of the methods, sorted by code_item.
        first: for each code_item where its rows begin in `rows`; one entry more than there are items.
    """

    code: NDArray[np.int64]
    units: NDArray[np.int64]
    rows: NDArray[np.intp]
    first: NDArray[np.intp]

    def area(self) -> tuple[int, int]:
        """Return where the first code_item begins and the last one ends, bytes from the start of the file."""
        low = int(self.code[0]) if self.code.size else 0
        return low, int((self.code + CODE_HEADER + 2 * self.units).max(initial=0))


def find_bodies(data: Bytes, offsets: Offsets) -> Bodies:
    """Return the code_items at these offsets, one for each row of the methods.

    Those that do not lie in the file, whole header and aligned, are left out.
    """
    code = offsets.astype(np.int64)
    rows = np.flatnonzero((code > 0) & (code % 2 == 0) & (code <= data.size - CODE_HEADER))
    keys = np.sort(code[rows] << _ROW_BITS | rows)  # far faster than sorting rows by their code
    rows, items = keys & (1 << _ROW_BITS) - 1, keys >> _ROW_BITS
    first = np.flatnonzero(np.append(True, items[1:] > items[:-1])[: items.size])
    distinct = items[first]
    units = np.minimum(_words(data, distinct + _SIZE_AT), (data.size - distinct - CODE_HEADER) // 2)
    return Bodies(distinct, units, rows, np.append(first, rows.size))


def read_code(view: memoryview, offset: int) -> Code | None:
    """Read the code_item at an offset of a file; None where there is none, whole header and aligned."""
    if offset == 0 or offset % 2 or offset + CODE_HEADER > len(view):
        return None
    registers, ins, _, tries = view[offset : offset + 8].cast("H")
    begin = offset + CODE_HEADER
    announced = int.from_bytes(view[offset + _SIZE_AT : begin], "little")
    size = min(announced, (len(view) - begin) // 2)
    units = view[begin : begin + 2 * size].cast("H") if size else _NO_UNITS
    return Code(begin, units, registers, ins, tries, view[begin + 2 * size :] if tries else view[:0])


def read_fields(view: memoryview, class_data: int) -> list[int]:
    """Return the field_ids of a class_data_item, static ones first; as far as they can be read."""
    found: list[int] = []
    if not 0 < class_data < len(view):
        return found
    static, at = uleb128(view, class_data)
    instance, at = uleb128(view, at)
    for _ in range(2):
        _, at = uleb128(view, at)
    for count in (static, instance):
        number = 0
        for _ in range(min(count, MAX_MEMBERS)):
            if at >= len(view):
                return found
            difference, at = uleb128(view, at)
            _, at = uleb128(view, at)
            number += difference
            found.append(number)
    return found


def uleb128(view: memoryview, at: int) -> tuple[int, int]:
    """Read an unsigned LEB128 number; give where the next one begins."""
    value = 0
    for place, byte in enumerate(view[at : at + _LONGEST]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    return value, at + _LONGEST


def _words(data: Bytes, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Read 32-bit numbers at offsets that lie in the file."""
    if not np.any(offsets % 4):
        whole = data[: data.size // 4 * 4].view("<u4")
        return whole[offsets // 4].astype(np.int64)
    word = np.zeros(offsets.size, dtype=np.int64)
    for place in range(4):
        word |= data[offsets + place].astype(np.int64) << (8 * place)
    return word


class Places(NamedTuple):
    """Offsets in bytes of code units that look like such instructions, ascending, and the numbers that stand there."""

    offsets: NDArray[np.uint32]
    ids: NDArray[np.uint32]


def scan(data: Bytes, low: int, high: int, kind: Kind) -> Places:
    """Look at every code unit from `low`, which is even, to `high`, where the code area ends; offsets in bytes."""
    pieces = []
    for at in range(low, high, 2 * _UNIT_CHUNK):
        end = min(at + 2 * _UNIT_CHUNK + 4, high)
        units = data[at : at + (end - at) // 2 * 2].view("<u2")
        opcodes = units[:_UNIT_CHUNK].astype(np.uint8)
        place = np.flatnonzero(_among(opcodes, _OPCODES[kind]))
        place = place[: np.searchsorted(place, units.size - 1)]
        ids = units[place + 1].astype(np.uint32)
        if kind == "string":
            _widen(ids, units, place, opcodes)
        pieces.append(Places(place.astype(np.uint32) * np.uint32(2) + np.uint32(at), ids))
    return pieces[0] if len(pieces) == 1 else _joined_places(pieces)


def _among(opcodes: Bytes, groups: tuple[tuple[int, int], ...]) -> NDArray[np.bool_]:
    """Tell which opcodes lie in one of the groups; numbers below a group's first wrap around and are larger."""
    first, last = groups[0]
    match = opcodes - np.uint8(first) <= last - first
    for first, last in groups[1:]:
        match |= opcodes - np.uint8(first) <= last - first
    return match


def _widen(ids: NDArray[np.uint32], units: NDArray[np.uint16], place: NDArray[np.intp], opcodes: Bytes) -> None:
    """Complete the numbers of const-string/jumbo, which fill two code units; one that leaves the area stays short."""
    jumbo = np.flatnonzero(opcodes[place] == CONST_STRING_JUMBO)
    jumbo = jumbo[place[jumbo] + 2 < units.size]
    ids[jumbo] |= units[place[jumbo] + 2].astype(np.uint32) << np.uint32(16)


def _joined_places(pieces: list[Places]) -> Places:
    empty = np.empty(0, dtype=np.uint32)
    offsets = np.concatenate([empty, *(piece.offsets for piece in pieces)])
    ids = np.concatenate([empty, *(piece.ids for piece in pieces)])
    return Places(offsets, ids)
