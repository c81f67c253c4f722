"""Basic blocks of a method, and the order in which control reaches them."""

from collections.abc import Sequence
from typing import Final

from phone_audit.apk.dex.instructions import Units, read_instruction, starts

_GOTO: Final = frozenset({0x28, 0x29, 0x2A})
_LEAVES: Final = frozenset({0x0E, 0x0F, 0x10, 0x11, 0x27})
_SWITCH: Final = frozenset({0x2B, 0x2C})
_JUMPS: Final = frozenset({*range(0x32, 0x3E), *_GOTO})
_ENDS: Final = _JUMPS | _LEAVES | _SWITCH
_NO_WAY_ON: Final = _GOTO | _LEAVES
_CAUGHT: Final = 0x0D


def blocks_of(units: Units) -> list[tuple[Sequence[int], tuple[int, ...]]]:
    """Cut a method into blocks, in the order in which they stand.

    What only a switch or an exception leads to follows no block; whoever runs the blocks starts there afresh.

    Returns:
        For each block the code units at which its instructions begin, and the numbers of the blocks that may follow.

    Raises:
        DexCodeError: the instructions cannot be told apart.
    """
    offsets = list(starts(units))
    opcodes = [units[at] & 0xFF for at in offsets]
    jumps = {
        at: read_instruction(units, at).target or 0 for at, code in zip(offsets, opcodes, strict=True) if code in _JUMPS
    }
    first = _first_of_blocks(offsets, opcodes, set(jumps.values()))
    number_of = {offsets[place]: number for number, place in enumerate(first)}
    blocks: list[tuple[Sequence[int], tuple[int, ...]]] = []
    for number, (begin, end) in enumerate(zip(first, [*first[1:], len(offsets)] if first else [], strict=True)):
        last = offsets[end - 1]
        following = [number_of.get(jumps[last], -1)] if last in jumps else []
        if opcodes[end - 1] not in _NO_WAY_ON:
            following.append(number + 1)
        blocks.append((offsets[begin:end], tuple(one for one in following if 0 <= one < len(first))))
    return blocks


def _first_of_blocks(offsets: Sequence[int], opcodes: Sequence[int], targets: set[int]) -> list[int]:
    """Return the places in the list at which blocks begin."""
    places = []
    ended = True
    for place, (offset, opcode) in enumerate(zip(offsets, opcodes, strict=True)):
        if ended or opcode == _CAUGHT or offset in targets:
            places.append(place)
        ended = opcode in _ENDS
    return places


def all_follow(following: Sequence[Sequence[int]]) -> bool:
    """Tell whether every block can be reached from the first one, given what follows each."""
    seen = {0}
    left = [0]
    while left:
        new = set(following[left.pop()]) - seen
        seen |= new
        left += new
    return len(seen) == len(following)
