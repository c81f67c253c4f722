"""Basic blocks of a method, and the order in which control reaches them."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from phone_audit.analyse.dex.instructions import Instruction

_GOTO: Final = frozenset({0x28, 0x29, 0x2A})
_ENDS: Final = frozenset({0x0E, 0x0F, 0x10, 0x11, 0x27})
_SWITCH: Final = frozenset({0x2B, 0x2C})
_IF: Final = frozenset(range(0x32, 0x3E))


class Block(NamedTuple):
    """Instructions that run one after another, and the blocks that may follow, by their number."""

    instructions: Sequence[Instruction]
    following: tuple[int, ...]


def blocks_of(instructions: Sequence[Instruction]) -> list[Block]:
    """Cut a method into blocks, in the order in which they stand.

    What only a switch or an exception leads to follows no block; whoever runs the blocks starts there afresh.
    """
    if not instructions:
        return []
    starts = {instructions[0].offset}
    for here, after in zip(instructions, [*instructions[1:], None], strict=True):
        if here.opcode in _IF or here.opcode in _GOTO:
            starts.add(here.target or 0)
        if after and (here.opcode in _IF or here.opcode in _GOTO or here.opcode in _ENDS or here.opcode in _SWITCH):
            starts.add(after.offset)
        if here.opcode == 0x0D:
            starts.add(here.offset)
    places = [number for number, one in enumerate(instructions) if one.offset in starts]
    number_of = {instructions[place].offset: number for number, place in enumerate(places)}
    blocks = []
    for number, (first, last) in enumerate(zip(places, [*places[1:], len(instructions)], strict=True)):
        end = instructions[last - 1]
        following = []
        if end.opcode in _IF or end.opcode in _GOTO:
            following.append(number_of.get(end.target or 0, -1))
        if end.opcode not in _GOTO and end.opcode not in _ENDS:
            following.append(number + 1)
        blocks.append(Block(instructions[first:last], tuple(one for one in following if 0 <= one < len(places))))
    return blocks


def all_follow(blocks: Sequence[Block]) -> bool:
    """Tell whether every block can be reached from the first one."""
    seen = {0}
    left = [0]
    while left:
        new = set(blocks[left.pop()].following) - seen
        seen |= new
        left += new
    return len(seen) == len(blocks)
