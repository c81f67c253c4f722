"""Where the code area could name strings, types, fields or methods: one pass over its code units as arrays."""

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.instructions import CONST_STRING, CONST_STRING_JUMBO
from phone_audit.apk.dex.strings import Bytes

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


class Places(NamedTuple):
    """Code units that look like such instructions, in the order in which they stand; nothing is verified.

    Attributes:
        offsets: bytes from the start of the file.
        ids: the numbers that stand there.
    """

    offsets: NDArray[np.uint32]
    ids: NDArray[np.uint32]


def scan(data: Bytes, low: int, high: int, kind: Kind) -> Places:
    """Look at every code unit between two offsets.

    Args:
        data: the whole file.
        low: even offset of the first code unit, bytes from the start of the file.
        high: where the code area ends.
        kind: what the instructions name.
    """
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
