"""Where the value of one register is read inside one method, followed along its branches."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Final, NamedTuple

from phone_audit.apk.dex.handlers import handlers_at, handlers_of, switch_targets
from phone_audit.apk.dex.index import Code, remembered
from phone_audit.apk.dex.instructions import (
    JUMPS,
    MOVE_RESULT_OBJECT,
    NO_WAY_ON,
    SWITCHES,
    DexCodeError,
    Instruction,
    Units,
    read_instruction,
    starts,
)

_WRITES: Final = frozenset(
    (
        *range(0x01, 0x0E), *range(0x12, 0x1D), *range(0x20, 0x24), *range(0x2D, 0x32), *range(0x44, 0x4B),
        *range(0x52, 0x59), *range(0x60, 0x67), *range(0x7B, 0xE3), 0xFE, 0xFF,
    )
)  # fmt: skip
"""Opcodes whose first register is the destination. Source: dalvik-bytecode."""
_WIDE: Final = frozenset(
    (
        0x04, 0x05, 0x06, 0x0B, *range(0x16, 0x1A), 0x45, 0x53, 0x61, 0x7D, 0x7E, 0x80, 0x81, 0x83, 0x86, 0x88, 0x89,
        0x8B, *range(0x9B, 0xA6), *range(0xAB, 0xB0), *range(0xBB, 0xC6), *range(0xCB, 0xD0),
    )
)  # fmt: skip
"""Those that write the register behind it too: a long or a double has two. Source: dalvik-bytecode."""

MAX_STEPS: Final = 5_000
"""Pairs of instruction and register that are looked at for one value."""
MAX_WRITERS: Final = 50
"""Instructions of one method that may write a register of which is asked what wrote it."""


ENTRY: Final = -1
"""Stands among the places that write a register for the beginning of a method, where it may hold an argument."""


class Read(NamedTuple):
    """An instruction that reads the value: from which register, and where its result goes, if anything takes that.

    `place` is that of the instruction.
    """

    instruction: Instruction
    register: int
    result: int | None
    place: int


class _Step(NamedTuple):
    """What one instruction does with registers, the places that may come after it, and what handles its exceptions."""

    opcode: int
    written: tuple[int, ...]
    read: tuple[int, ...]
    following: tuple[int, ...]
    caught: tuple[int, ...]


class Further(NamedTuple):
    """What else holds the value behind an instruction: registers, and the result of an invocation.

    With `gone` the register that was read does not: the instruction is only passed with something else in it. What
    handles its exception still may find it there.
    """

    registers: tuple[int, ...] = ()
    result: bool = False
    gone: bool = False


class Instructions:
    """The instructions of one method, decoded when they are asked for and then kept."""

    def __init__(self, units: Units) -> None:
        """Find where they begin, or raise DexCodeError where they cannot be followed."""
        self.offsets = list(starts(units))
        self._units = units
        self._decoded: dict[int, Instruction] = {}

    def __len__(self) -> int:
        return len(self.offsets)

    def __getitem__(self, place: int) -> Instruction:
        found = self._decoded.get(place)
        if found is None:
            found = self._decoded[place] = read_instruction(self._units, self.offsets[place])
        return found

    def with_opcode(self, opcode: int) -> Iterator[int]:
        """Return the places of the instructions of one kind."""
        return (place for place, at in enumerate(self.offsets) if self._units[at] & 0xFF == opcode)


class Method:
    """The instructions of one method, and which of them may follow each."""

    def __init__(self, code: Code) -> None:
        """Decode a method, or raise DexCodeError where its instructions cannot be followed."""
        self.instructions = Instructions(code.units)
        self._count = len(self.instructions.offsets)
        self._units = code.units
        self._handlers = handlers_of(code) if code.tries else ()
        self._first_parameter = code.registers - code.ins
        self._steps: dict[int, _Step] = {}
        self.looked_at = 0
        """Pairs of instruction and register that were looked at in all."""

    def at(self, unit: int) -> int:
        """Return the place of the instruction that begins at a code unit, or raise DexCodeError where none does."""
        place = self.place_at(unit)
        if place is None:
            raise DexCodeError(f"No instruction begins at code unit {unit}.")
        return place

    def place_at(self, unit: int) -> int | None:
        """Return the place of the instruction that begins at a code unit; None where none does."""
        place = bisect_left(self.instructions.offsets, unit)
        return place if place < self._count and self.instructions.offsets[place] == unit else None

    def writers_of(self, reader: Instruction, register: int) -> list[int]:
        """Return the places of all that may have written a register which an instruction reads.

        It is empty where a parameter may still be in it, where there are more than `MAX_WRITERS`, and where not all
        branches can be followed.
        """
        return self.origins_of(reader, register) if register < self._first_parameter else []

    @remembered
    def origins_of(self, reader: Instruction, register: int) -> list[int]:
        """Return the same; `ENTRY` is among them where an argument may still be in the register."""
        found: set[int] = set()
        waiting = [self.at(reader.offset)]
        seen = set(waiting)
        while waiting:
            if len(seen) > MAX_STEPS:
                return []
            self.looked_at += 1
            place = waiting.pop()
            if place == 0 and register >= self._first_parameter:
                found.add(ENTRY)
            for before in self._passed_before(place):
                if self._opcodes[before] in _WRITES and self.instructions[before].registers[:1] == (register,):
                    found.add(before)
                elif before not in seen:
                    seen.add(before)
                    waiting.append(before)
            thrown = [before for before in self._thrown_before(place) if before not in seen]
            seen.update(thrown)
            waiting += thrown
        return sorted(found) if len(found) <= MAX_WRITERS else []

    def _passed_before(self, place: int) -> Iterator[int]:
        """Yield the places after which an instruction may come in the order of the code or by a jump."""
        if place and self._opcodes[place - 1] not in NO_WAY_ON:
            yield place - 1
        yield from self._jumps.get(place, ())

    def _thrown_before(self, place: int) -> Iterator[int]:
        """Yield the places whose exceptions an instruction may begin to handle."""
        for begin, end in self._guarded_by.get(place, ()):
            low = bisect_left(self.instructions.offsets, begin)
            yield from range(low, bisect_left(self.instructions.offsets, end))

    @cached_property
    def _opcodes(self) -> list[int]:
        return [self._units[at] & 0xFF for at in self.instructions.offsets]

    @cached_property
    def _jumps(self) -> dict[int, list[int]]:
        """The places that jump to each place."""
        found: dict[int, list[int]] = defaultdict(list)
        for place, opcode in enumerate(self._opcodes):
            if opcode in JUMPS or opcode in SWITCHES:
                for to in self._next(place, self.instructions[place]):
                    found[to].append(place)
        return found

    @cached_property
    def _guarded_by(self) -> dict[int, list[tuple[int, int]]]:
        """The blocks, in code units, whose exceptions are handled at each place."""
        found: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for one in self._handlers:
            for unit in one.handlers:
                found[self.at(unit)].append((one.begin, one.end))
        return found

    def follow(self, at: int, register: int, more: Callable[[Read], Further]) -> bool:
        """Follow a value from the instruction at place `at` on, that one included, until its register is overwritten.

        Where the method catches exceptions, the handlers of the blocks it passes through may follow too. `more` is told
        of each read, and gives what else to follow from behind that instruction on. Returns whether all of it could be
        followed; DexCodeError is raised where a branch leaves the method.
        """
        seen: set[tuple[int, int]] = set()
        try:
            return self._follow((at, register), more, seen)
        finally:
            self.looked_at += len(seen)

    def _follow(self, first: tuple[int, int], more: Callable[[Read], Further], seen: set[tuple[int, int]]) -> bool:
        waiting = [first] if first[0] < self._count else []
        seen.update(waiting)
        while waiting:
            if len(seen) > MAX_STEPS:
                return False
            place, held = waiting.pop()
            step = self._steps.get(place) or self._step(place)
            if held not in step.read and held not in step.written and len(step.following) == 1 and not step.caught:
                place = self._straight_on(step.following[0], held, seen)
                if place < 0:
                    continue
                if len(seen) > MAX_STEPS:
                    return False
                step = self._steps[place]
            follows = [(to, held) for to in step.following] if held not in step.written else []
            follows += [(to, held) for to in step.caught]
            if held in step.read:
                result = self.result(place)
                further = more(Read(self.instructions[place], held, result, place))
                follows = [(to, held) for to in step.caught] if further.gone else follows
                follows += [(to, kept) for to in step.following for kept in further.registers]
                if further.result and result is not None:
                    follows += [(to, result) for to in self._step(place + 1).following]
            for state in follows:
                if state not in seen:
                    seen.add(state)
                    waiting.append(state)
        return True

    def _straight_on(self, place: int, held: int, seen: set[tuple[int, int]]) -> int:
        """Go on while nothing happens to a register and there is one way; return where to, -1 where it was before."""
        while (place, held) not in seen:
            seen.add((place, held))
            step = self._steps.get(place) or self._step(place)
            if held in step.read or held in step.written or len(step.following) != 1 or step.caught:
                return place
            place = step.following[0]
        return -1

    def _step(self, place: int) -> "_Step":
        one = self.instructions[place]
        written = one.registers[:1] if one.opcode in _WRITES else ()
        read = one.registers[1:] if written else one.registers
        if written and one.opcode in _WIDE:
            written = (written[0], written[0] + 1)
        caught = tuple(map(self.at, handlers_at(self._handlers, one.offset)))
        found = self._steps[place] = _Step(one.opcode, written, read, self._next(place, one), caught)
        return found

    def result(self, place: int) -> int | None:
        """Return the register into which the next instruction takes a result."""
        following = self.instructions[place + 1] if place + 1 < len(self.instructions) else None
        return following.registers[0] if following and following.opcode == MOVE_RESULT_OBJECT else None

    def _next(self, place: int, one: Instruction) -> tuple[int, ...]:
        """Return the places that may come after an instruction, by a jump first."""
        further = (place + 1,) if one.opcode not in NO_WAY_ON and place + 1 < self._count else ()
        if one.target is None:
            return further
        if one.opcode in JUMPS:
            return (self.at(one.target), *further)
        if one.opcode in SWITCHES:
            return (*map(self.at, switch_targets(self._units, one.offset, one.target)), *further)
        return further
