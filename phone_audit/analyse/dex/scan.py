"""Where the code area could name strings, types, fields and methods: one pass over its code units as arrays."""

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.analyse.dex.instructions import CONST_STRING, CONST_STRING_JUMBO
from phone_audit.analyse.dex.strings import Bytes

Kind = Literal["string", "type", "field", "method"]

_OPCODES: Final[dict[Kind, tuple[tuple[int, int], ...]]] = {
    "string": ((CONST_STRING, CONST_STRING),),
    "type": ((0x1C, 0x1C), (0x1F, 0x20), (0x22, 0x25)),
    "field": ((0x52, 0x6D),),
    "method": ((0x6E, 0x72), (0x74, 0x78), (0xFA, 0xFB)),
}
"""First and last opcode of the groups that name such a number, all of them in their second code unit."""
_CHUNK: Final = 1 << 18
"""Code units searched together, so that what numpy holds on the way does not grow with the file."""


class Places(NamedTuple):
    """Code units that look like such instructions, in the order in which they stand; nothing is verified.

    Attributes:
        offsets: bytes from the start of the file.
        ids: the numbers that stand there.
    """

    offsets: NDArray[np.uint32]
    ids: NDArray[np.uint32]


def scan(data: Bytes, low: int, high: int, strings: int) -> dict[Kind, Places]:
    """Look at every code unit between two offsets.

    Args:
        data: the whole file.
        low: even offset of the first code unit, bytes from the start of the file.
        high: where the code area ends.
        strings: how many strings are numbered. Debug builds use const-string/jumbo for any of them.
    """
    found: dict[Kind, list[Places]] = {kind: [] for kind in _OPCODES}
    for at in range(low, high, 2 * _CHUNK):
        end = min(at + 2 * _CHUNK + 4, high)
        units = data[at : at + (end - at) // 2 * 2].view("<u2")
        opcodes = np.ascontiguousarray(units.view(np.uint8)[::2][:_CHUNK])
        for kind, groups in _OPCODES.items():
            found[kind].append(_short(units, opcodes, at, groups))
        found["string"].append(_jumbo(units, opcodes, at, strings))
    return {kind: _joined(pieces) for kind, pieces in found.items()}


def _short(units: NDArray[np.uint16], opcodes: Bytes, at: int, groups: tuple[tuple[int, int], ...]) -> Places:
    """Find instructions with a 16-bit number in their second unit."""
    first, last = groups[0]
    match = opcodes - np.uint8(first) <= last - first
    for first, last in groups[1:]:
        match |= opcodes - np.uint8(first) <= last - first
    place = np.flatnonzero(match)
    place = place[: np.searchsorted(place, units.size - 1)]
    return Places((place * 2 + at).astype(np.uint32), units[place + 1].astype(np.uint32))


def _jumbo(units: NDArray[np.uint16], opcodes: Bytes, at: int, strings: int) -> Places:
    """Find const-string/jumbo with the number of a string, which fills two units."""
    place = np.flatnonzero(opcodes == CONST_STRING_JUMBO)
    place = place[: np.searchsorted(place, units.size - 2)]
    low, high = units[place + 1].astype(np.uint32), units[place + 2].astype(np.uint32)
    ids = low | high << np.uint32(16)
    known = ids < strings
    return Places((place[known] * 2 + at).astype(np.uint32), ids[known])


def _joined(pieces: list[Places]) -> Places:
    if len(pieces) == 1:
        return pieces[0]
    empty = np.empty(0, dtype=np.uint32)
    offsets = np.concatenate([empty, *(piece.offsets for piece in pieces)])
    ids = np.concatenate([empty, *(piece.ids for piece in pieces)])
    if np.all(offsets[1:] >= offsets[:-1]):
        return Places(offsets, ids)
    order = np.argsort(offsets, kind="stable")
    return Places(offsets[order], ids[order])
