"""Where the instructions of methods stand, and where they could name strings, types, fields or methods."""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.instructions import CONST_STRING, CONST_STRING_JUMBO, Units
from phone_audit.apk.dex.methods import MAX_METHODS
from phone_audit.apk.dex.strings import Bytes, Offsets

CODE_HEADER: Final = 16
"""Bytes of a code_item before its instructions."""
_SIZE_AT: Final = 12
"""Where in that header the number of code units stands."""
_ROW_BITS: Final = MAX_METHODS.bit_length()
_NO_UNITS: Final = memoryview(b"").cast("H")
Kind = Literal["string", "type", "field", "method"]

_OPCODES: Final[dict[Kind, tuple[tuple[int, int], ...]]] = {
    "string": ((CONST_STRING, CONST_STRING_JUMBO),),
    "type": ((0x1C, 0x1C), (0x1F, 0x20), (0x22, 0x25)),
    "field": ((0x52, 0x6D),),
    "method": ((0x6E, 0x72), (0x74, 0x78), (0xFA, 0xFB)),
}
"""First and last opcode of the groups that name such a number, all of them from their second code unit on."""
_CHUNK: Final = 1 << 17
"""Code units searched together, so that what numpy holds on the way stays in the processor's cache."""


class Code(NamedTuple):
    """The code of one method.

    Attributes:
        offset: where the instructions begin, bytes from the start of the file.
        units: the instructions, as many as are in the file.
        registers: registers that the method uses.
        ins: how many of them, the last ones, hold its arguments.
        tries: blocks with exception handlers.
    """

    offset: int
    units: Units
    registers: int
    ins: int
    tries: int


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
    return Code(begin, units, registers, ins, tries)


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
    for at in range(low, high, 2 * _CHUNK):
        end = min(at + 2 * _CHUNK + 4, high)
        units = data[at : at + (end - at) // 2 * 2].view("<u2")
        opcodes = units[:_CHUNK].astype(np.uint8)
        place = np.flatnonzero(_among(opcodes, _OPCODES[kind]))
        place = place[: np.searchsorted(place, units.size - 1)]
        ids = units[place + 1].astype(np.uint32)
        if kind == "string":
            _widen(ids, units, place, opcodes)
        pieces.append(Places(place.astype(np.uint32) * np.uint32(2) + np.uint32(at), ids))
    return pieces[0] if len(pieces) == 1 else _joined(pieces)


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


def _joined(pieces: list[Places]) -> Places:
    empty = np.empty(0, dtype=np.uint32)
    offsets = np.concatenate([empty, *(piece.offsets for piece in pieces)])
    ids = np.concatenate([empty, *(piece.ids for piece in pieces)])
    return Places(offsets, ids)
