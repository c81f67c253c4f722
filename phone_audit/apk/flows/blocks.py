"""Basic blocks of a method: instructions that run one after another, and which of them may follow each other.

Source: F. E. Allen, Control flow analysis, 1970. Reverse postorder: M. S. Hecht and J. D. Ullman, 1973.
"""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.handlers import Guarded, guarded_at, handlers_of, switch_targets
from phone_audit.apk.dex.instructions import DexCodeError, Units, read_instruction, starts
from phone_audit.apk.dex.methods import Code

_ENDS: Final = dalvik.JUMPS | dalvik.NO_WAY_ON | {*dalvik.SWITCHES}
_MAX_WAYS: Final = 20_000
"""More lie in no code that a compiler writes; switches that share a table can have as many as they like."""


class BlockPlan(NamedTuple):
    """Where the instructions of a block begin; the numbers of the blocks after it, and of those that catch for it."""

    offsets: Sequence[int]
    following: tuple[int, ...]
    caught: tuple[int, ...]

    def renumbered(self, numbers: Mapping[int, int]) -> "BlockPlan":
        """Return the same block where the blocks have other numbers, and some are left out."""
        ways = (self.following, self.caught)
        following, caught = (tuple(numbers[one] for one in among if one in numbers) for among in ways)
        return BlockPlan(self.offsets, following, caught)


def blocks_of(code: Code, dead: Container[tuple[int, int]] = ()) -> tuple[list[BlockPlan], int]:
    """Return the blocks of a method, and how many of them, which stand first, can be reached.

    `dead` are ways from a guarded block to a handler that no exception takes, by the code units at which both begin;
    what only they lead to is left out.

    Each stands behind all that lead to it, but for loops, so that most are run once only when they are run in turn.
    Where the table of a switch or the handlers of exceptions cannot be read, what they lead to follows no block;
    whoever runs the blocks starts there afresh. Raises DexCodeError where the instructions cannot be told apart, or
    follow each other in too many ways.
    """
    units = code.units
    offsets = list(starts(units))
    opcodes = [units[at] & 0xFF for at in offsets]
    jumps = _jumps(units, offsets, opcodes)
    guarded = _guarded(code)
    edges = {at for one in guarded for at in (one.begin, one.end, *one.handlers)}
    first = _first_of_blocks(offsets, opcodes, edges.union(*jumps.values()))
    number_of = {offsets[place]: number for number, place in enumerate(first)}
    ways, blocks = 0, list[BlockPlan]()
    left_out: set[int] = set()
    for number, (begin, end) in enumerate(zip(first, [*first[1:], len(offsets)] if first else [], strict=True)):
        last = offsets[end - 1]
        following = [number_of[target] for target in jumps.get(last, ()) if target in number_of]
        if opcodes[end - 1] not in dalvik.NO_WAY_ON and number + 1 < len(first):
            following.append(number + 1)
        around = guarded_at(guarded, offsets[begin])
        handlers = around.handlers if around else ()
        caught = [number_of[at] for at in handlers if at in number_of and around and (around.begin, at) not in dead]
        left_out.update(number_of[at] for at in handlers if at in number_of and around and (around.begin, at) in dead)
        ways = _bounded(ways + len(following) + len(caught))
        blocks.append(BlockPlan(offsets[begin:end], tuple(dict.fromkeys(following)), tuple(dict.fromkeys(caught))))
    order, reached = _reverse_postorder([(*one.caught, *one.following) for one in blocks])
    if left_out:
        order = _without(order, reached, left_out, blocks)
    place = {number: at for at, number in enumerate(order)}
    return [blocks[number].renumbered(place) for number in order], reached


def _without(order: Sequence[int], reached: int, begins: Collection[int], blocks: Sequence[BlockPlan]) -> list[int]:
    """Leave out blocks that cannot be reached, and those that only they lead to."""
    known = set(order[:reached])
    waiting = [one for one in begins if one not in known]
    gone = set(waiting)
    while waiting:
        block = blocks[waiting.pop()]
        new = {one for one in (*block.caught, *block.following) if one not in known and one not in gone}
        gone |= new
        waiting += new
    return [number for number in order if number not in gone]


def _reverse_postorder(ways: Sequence[Sequence[int]]) -> tuple[list[int], int]:
    """Return all blocks, given those that each leads to, and how many of them the first one leads to."""
    left, seen = list[int](), {0}
    path = [(0, iter(ways[0]))] if ways else []
    while path:
        number, rest = path[-1]
        if (after := next((one for one in rest if one not in seen), None)) is None:
            left.append(number)
            path.pop()
        else:
            seen.add(after)
            path.append((after, iter(ways[after])))
    return [*reversed(left), *(one for one in range(len(ways)) if one not in seen)], len(left)


def _jumps(units: Units, offsets: Iterable[int], opcodes: Iterable[int]) -> dict[int, list[int]]:
    """Return where the jumps and the switches of a method may go."""
    ways, jumps = 0, dict[int, list[int]]()
    for at, opcode in zip(offsets, opcodes, strict=True):
        if opcode in dalvik.JUMPS or opcode in dalvik.SWITCHES:
            jumps[at] = _targets(units, at, opcode)
            ways = _bounded(ways + len(jumps[at]))
    return jumps


def _bounded(ways: int) -> int:
    if ways > _MAX_WAYS:
        raise DexCodeError(f"The instructions of the method follow each other in more than {_MAX_WAYS} ways.")
    return ways


def _targets(units: Units, at: int, opcode: int) -> list[int]:
    target = read_instruction(units, at).target or 0
    if opcode in dalvik.JUMPS:
        return [target]
    with suppress(DexCodeError):
        return switch_targets(units, at, target)
    return []


def _guarded(code: Code) -> tuple[Guarded, ...]:
    with suppress(DexCodeError):
        return handlers_of(code) if code.tries else ()
    return ()


def _first_of_blocks(offsets: Sequence[int], opcodes: Sequence[int], targets: set[int]) -> list[int]:
    """Return the places in the list at which blocks begin."""
    places = []
    ended = True
    for place, (offset, opcode) in enumerate(zip(offsets, opcodes, strict=True)):
        if ended or opcode == dalvik.MOVE_EXCEPTION or offset in targets:
            places.append(place)
        ended = opcode in _ENDS
    return places
