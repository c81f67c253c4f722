"""Runs methods over what values may be instead of over values, following calls for a few steps."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from phone_audit.analyse.dex.instructions import Instruction
from phone_audit.analyse.flows.blocks import Block, all_follow, blocks_of
from phone_audit.analyse.flows.calls import Call, CallModel, Leak, Shared, field_place
from phone_audit.analyse.flows.models import PROVIDER_FIELDS
from phone_audit.analyse.flows.program import Method, Named, Program, java_of
from phone_audit.analyse.flows.values import (
    ANY,
    LOST,
    NOTHING,
    Heap,
    Mark,
    Number,
    Obj,
    Slot,
    Taint,
    Text,
    Value,
    bounded,
    objects,
    taints,
)

MAX_DEPTH: Final = 5
"""Calls that are followed one inside another."""
_MAX_VISITS: Final = 4
"""How often one block is run again since more may reach it."""
_SMALL: Final = 6
"""Code units of a method that is followed even if it is handed nothing of interest: setters, getters, constructors."""
_MAX_SMALL_DEPTH: Final = 3
_MOST_A_ROOT: Final = 1000
"""Instructions that are followed from one root."""
_INVOKES: Final = frozenset({*range(0x6E, 0x73), *range(0x74, 0x79)})
_STATIC: Final = frozenset({0x71, 0x77})


@dataclass
class State:
    """What registers and objects may hold at one place."""

    registers: dict[int, Value]
    heap: Heap
    result: Value = NOTHING

    def copy(self) -> "State":
        """Give a state that can be changed without changing this one."""
        return State(dict(self.registers), self.heap.copy(), self.result)

    def join(self, other: "State") -> bool:
        """Take in another state; tell whether anything changed."""
        changed = self.heap.join(other.heap)
        for register, value in other.registers.items():
            before = self.registers.get(register, NOTHING)
            if not value <= before:
                self.registers[register] = bounded(before | value)
                changed |= self.registers[register] != before
        return changed


@dataclass
class _Frame:
    """One method that is being followed."""

    method: Method
    chain: tuple[Method, ...]
    file: str
    class_: str
    name: str
    code_offset: int
    returned: Value = NOTHING
    left: State | None = None
    blocks: list[Block] = field(default_factory=list)


class Machine:
    """Follows methods; what it learns about fields and sinks stays in `shared`."""

    def __init__(self, program: Program, shared: Shared) -> None:
        self._program = program
        self._shared = shared
        self._model = CallModel(program, shared)
        self._blocks: dict[Method, list[Block]] = {}
        self._known: dict[tuple[Method, tuple[Value, ...], int, int], tuple[Value, Heap, tuple[Leak, ...]]] = {}

    def root(self, method: Method) -> bool:
        """Follow a method as if Android called it; tell whether data leaves it for whoever calls it."""
        named = self._program.name_of(method)
        code = self._program.code(method)
        if code is None:
            return False
        static = bool(self._program.access(method) & 0x8)
        arguments: list[Value] = []
        for number in range(code.ins):
            owner = named.owner if number == 0 and not static else b"?"
            arguments.append(frozenset({Obj("unknown", (method.part, method.row, -1 - number), owner)}))
        if data := self._shared.callback(named):
            step = (
                java_of(named.owner),
                named.name + named.proto,
                code.offset,
                f"is handed {data}",
                self._file(method),
            )
            arguments[-1] |= {Taint(data, (step,))}
        kept_back = max(0, self._shared.left - _MOST_A_ROOT)
        self._shared.left -= kept_back
        returned, heap = self.run(method, arguments, Heap(), ())
        if self._shared.left <= 0:
            self._shared.cut = True
        self._shared.left += kept_back
        own = {atom for value in arguments for atom in value if isinstance(atom, Taint)}
        given = {atom for value in (returned, *arguments) for atom in heap.closure(value) if isinstance(atom, Taint)}
        return bool(given - own)

    def run(
        self, method: Method, arguments: Sequence[Value], heap: Heap, chain: tuple[Method, ...]
    ) -> tuple[Value, Heap]:
        """Follow a method.

        Args:
            method: the method.
            arguments: what each argument register may hold.
            heap: what objects hold; not changed.
            chain: the methods that are being followed already.

        Returns:
            What it returns, and what objects hold then.
        """
        if any(heap.slots(obj) for value in arguments for obj in objects(value)):
            return self._run(method, arguments, heap, chain)
        key = (method, tuple(arguments), self._shared.version, len(chain))
        if key not in self._known:
            told = len(self._shared.told)
            returned, left = self._run(method, arguments, Heap(), chain)
            self._known[key] = (returned, left, tuple(self._shared.told[told:]))
        returned, left, leaks = self._known[key]
        for leak in leaks:
            self._shared.leak(leak)
        after = heap.copy()
        after.join(left)
        return returned, after

    def _run(
        self, method: Method, arguments: Sequence[Value], heap: Heap, chain: tuple[Method, ...]
    ) -> tuple[Value, Heap]:
        code = self._program.code(method)
        blocks = self._blocks_of(method)
        if code is None or not blocks:
            return NOTHING, heap
        named = self._program.name_of(method)
        frame = _Frame(
            method, (*chain, method), self._file(method), java_of(named.owner), named.name + named.proto, code.offset
        )
        first = code.registers - code.ins
        state = State({first + at: value for at, value in enumerate(arguments[: code.ins])}, heap.copy())
        self._run_blocks(frame, blocks, state)
        return frame.returned, frame.left.heap if frame.left else heap

    def _file(self, method: Method) -> str:
        return self._program.indexes[method.part].name

    def _blocks_of(self, method: Method) -> list[Block]:
        if method not in self._blocks:
            instructions = self._program.instructions(method)
            if instructions is None:
                self._shared.cut = True
            self._blocks[method] = blocks_of(instructions or [])
        return self._blocks[method]

    def _run_blocks(self, frame: _Frame, blocks: Sequence[Block], state: State) -> None:
        entering: dict[int, State] = {0: state}
        visits = [0] * len(blocks)
        reached = None if all_follow(blocks) else state.copy()
        todo = [0]
        while todo:
            number = heapq.heappop(todo)
            if visits[number] == _MAX_VISITS:
                continue
            visits[number] += 1
            now = entering[number].copy()
            for instruction in blocks[number].instructions:
                if self._shared.left <= 0:
                    return
                self._shared.left -= 1
                self._step(frame, now, instruction)
            for after in blocks[number].following:
                if after not in entering:
                    entering[after] = now.copy()
                    heapq.heappush(todo, after)
                elif entering[after].join(now) and after not in todo:
                    heapq.heappush(todo, after)
            if reached is None:
                continue
            reached.join(now)
            if not todo and (fresh := next((at for at, count in enumerate(visits) if not count), None)) is not None:
                entering[fresh] = reached.copy()  # an exception or a switch leads there
                heapq.heappush(todo, fresh)

    def _step(self, frame: _Frame, state: State, one: Instruction) -> None:
        opcode, registers = one.opcode, state.registers
        if opcode in _INVOKES:
            state.result = self._invoke(frame, state, one)
        elif opcode <= 0x0D:
            if 0x01 <= opcode <= 0x09:
                registers[one.registers[0]] = registers.get(one.registers[1], NOTHING)
            elif 0x0A <= opcode <= 0x0C:
                registers[one.registers[0]] = state.result
            elif opcode == 0x0D:
                registers[one.registers[0]] = NOTHING
        elif opcode <= 0x11:
            self._return(frame, state, one)
        elif opcode <= 0x1B:
            registers[one.registers[0]] = self._constant(frame, one)
        elif opcode in (0x22, 0x23, 0x24, 0x25):
            self._new(frame, state, one)
        elif 0x44 <= opcode <= 0x6D:
            self._member(frame, state, one)
        elif opcode in (0x1C, 0x20, 0x21):
            registers[one.registers[0]] = NOTHING
        elif 0x2D <= opcode <= 0x31 or 0x7B <= opcode <= 0xE2:
            used = one.registers if 0xB0 <= opcode <= 0xCF else one.registers[1:]
            registers[one.registers[0]] = taints(frozenset().union(*(registers.get(at, NOTHING) for at in used)))

    def _return(self, frame: _Frame, state: State, one: Instruction) -> None:
        if one.registers:
            frame.returned = bounded(frame.returned | state.registers.get(one.registers[0], NOTHING))
        if frame.left is None:
            frame.left = state.copy()
        else:
            frame.left.join(state)

    def _constant(self, frame: _Frame, one: Instruction) -> Value:
        if one.opcode in (0x1A, 0x1B):
            return frozenset({Text(self._program.indexes[frame.method.part].string(one.index or 0))})
        return frozenset({Number(one.literal)}) if one.opcode <= 0x15 and one.literal is not None else NOTHING

    def _new(self, frame: _Frame, state: State, one: Instruction) -> None:
        kind = self._program.indexes[frame.method.part].descriptor(one.index or 0)
        made = Obj("new", (frame.method.part, frame.method.row, one.offset), kind)
        if one.opcode in (0x22, 0x23):
            state.registers[one.registers[0]] = frozenset({made})
            return
        for at, register in enumerate(one.registers):
            state.heap.put(made, at, state.registers.get(register, NOTHING), replace=True)
        state.result = frozenset({made})

    def _member(self, frame: _Frame, state: State, one: Instruction) -> None:
        opcode, registers = one.opcode, state.registers
        if opcode <= 0x51:
            value, array, at = one.registers
            numbers = [atom.value for atom in registers.get(at, NOTHING) if isinstance(atom, Number)]
            slot: Slot = numbers[0] if len(numbers) == 1 and len(registers.get(at, NOTHING)) == 1 else ANY
            if opcode <= 0x4A:
                at_element = (frame.method.part, frame.method.row, one.offset)
                registers[value] = self._load_element(state, registers.get(array, NOTHING), slot, at_element)
            else:
                self._store(state, registers.get(array, NOTHING), slot, registers.get(value, NOTHING))
            return
        name = self._program.indexes[frame.method.part].field_name(one.index or 0)
        here = (frame.class_, frame.name, frame.code_offset + 2 * one.offset)
        if opcode <= 0x58:
            registers[one.registers[0]] = self._load(
                state, registers.get(one.registers[1], NOTHING), name, frame.class_
            )
        elif opcode <= 0x5F:
            value_of = registers.get(one.registers[0], NOTHING)
            self._store(state, registers.get(one.registers[1], NOTHING), name, value_of)
            self._shared.keep(
                field_place(self._program, name, frame.class_),
                self._plain_taints(state, value_of),
                (*here, _kept(name), frame.file),
            )
        elif opcode <= 0x66:
            registers[one.registers[0]] = self._load_static(frame, state, name, (*here, frame.file))
        else:
            value_of = registers.get(one.registers[0], NOTHING)
            state.heap.put(_STATICS, name, value_of, replace=True)
            self._publish(state, value_of)
            self._shared.keep(
                field_place(self._program, name, frame.class_),
                self._plain_taints(state, value_of),
                (*here, _kept(name), frame.file),
            )

    def _publish(self, state: State, value: Value) -> None:
        """Note that other methods get hold of these objects."""
        for obj in objects(value):
            state.heap.put(obj, LOST, _IS_LOST)

    def _plain_taints(self, state: State, value: Value) -> Value:
        """Give the sources in a value and in containers of Android, but not those in fields of the package's own."""
        own = self._program.classes
        found = set(taints(value))
        left, seen = objects(value), set(objects(value))
        while left:
            obj = left.pop()
            if obj.type in own:
                continue
            for held in state.heap.slots(obj).values():
                found |= taints(held)
                inside = [one for one in objects(held) if one not in seen]
                seen.update(inside)
                left.extend(inside)
        return frozenset(found)

    def _load_element(self, state: State, array: Value, slot: Slot, at: tuple[int, int, int]) -> Value:
        """Give an element; what lies in an array from outside is made up, so that later reads find the same."""
        found = set(taints(array))
        for obj in objects(array):
            slots = state.heap.slots(obj)
            if slot == ANY:
                found.update(*slots.values())
            else:
                found |= slots.get(slot, NOTHING) | slots.get(ANY, NOTHING)
                if slot not in slots and obj.kind != "new":
                    state.heap.put(obj, slot, frozenset({Obj("api", at, b"?")}))
                    found |= state.heap.slots(obj)[slot]
        return bounded(found)

    def _load(self, state: State, holder: Value, name: str, class_: str) -> Value:
        found = set(taints(holder))
        known = objects(holder)
        for obj in known:
            slots = state.heap.slots(obj)
            if name in slots:
                found |= slots[name]
            elif obj.kind != "new" or LOST in slots:
                found |= self._shared.kept(field_place(self._program, name, class_))
            found |= slots.get(ANY, NOTHING)
        if not known:
            found |= self._shared.kept(field_place(self._program, name, class_))
        return bounded(found)

    def _load_static(self, frame: _Frame, state: State, name: str, place: tuple[str, str, int, str]) -> Value:
        slots = state.heap.slots(_STATICS)
        if name in slots:
            return slots[name]
        owner, _, rest = name.partition("->")
        data = PROVIDER_FIELDS.get(f"{java_of(owner.encode())}.{rest.partition(':')[0]}")
        marks: Value = frozenset({Mark(f"data:{data}")}) if data else NOTHING
        kept = self._shared.kept(field_place(self._program, name, frame.class_))
        return marks | kept | self._shared.field_source(name, place)

    def _store(self, state: State, holder: Value, slot: Slot, value: Value) -> None:
        held_by = objects(holder)
        if any(obj.kind == "unknown" for obj in held_by):
            self._publish(state, value)
        for obj in held_by:
            state.heap.put(obj, slot, value, replace=len(held_by) == 1 and slot != ANY)

    def _invoke(self, frame: _Frame, state: State, one: Instruction) -> Value:
        program = self._program
        named = program.named(frame.method.part, one.index or 0)
        values = [state.registers.get(register, NOTHING) for register in one.registers]
        static = one.opcode in _STATIC
        call = Call(
            named, values, static, state.heap, (frame.method.part, frame.method.row, one.offset),
            (frame.class_, frame.name, frame.code_offset + 2 * one.offset, frame.file),
        )  # fmt: skip
        kinds = {obj.type for obj in objects(values[0])} - {b"?"} if values and not static else set()
        targets = program.targets(frame.method.part, one.index or 0, one.opcode, sorted(kinds))
        if not targets and (started := self._task(call, kinds)) is not None:
            return self._run_task(frame, state, call, started)
        if not targets:
            return self._model.apply(call)
        found: set[object] = set()
        followed = False
        before = state.heap
        after: Heap | None = None
        for target in targets:
            if self._worth_following(frame, before, target, values):
                followed = True
                returned, heap = self.run(target, values, before, frame.chain)
                found |= returned
                if after is None:
                    after = heap
                else:
                    after.join(heap)
        if after is not None:
            state.heap = after
        if followed:
            return bounded(found)  # type: ignore[arg-type]
        for value in values:
            self._publish(state, value)
        fresh = Obj("unknown", call.at, _returned(named))
        return frozenset({fresh}) if fresh.type.startswith((b"L", b"[")) else NOTHING

    def _worth_following(self, frame: _Frame, heap: Heap, target: Method, values: Sequence[Value]) -> bool:
        if target in frame.chain or len(frame.chain) >= MAX_DEPTH:
            return False
        if target in self._shared.relevant:
            return True
        code = self._program.code(target)
        if code is None:
            return False
        if len(code.units) <= _SMALL and len(frame.chain) < _MAX_SMALL_DEPTH:
            return True
        return any(isinstance(atom, Taint) for value in values for atom in heap.closure(value))

    def _task(self, call: Call, kinds: set[bytes]) -> list[Method] | None:
        """Give what an AsyncTask runs when it is executed; None where the call is something else."""
        if call.named.name not in ("execute", "executeOnExecutor") or call.static:
            return None
        proto = "([Ljava/lang/Object;)Ljava/lang/Object;"
        owners = sorted(kinds | {call.named.owner})
        found = [self._program.find(owner, "doInBackground", proto) for owner in owners]
        return [method for method in dict.fromkeys(found) if method] or None

    def _run_task(self, frame: _Frame, state: State, call: Call, started: list[Method]) -> Value:
        for method in started[:1]:
            if method in frame.chain or len(frame.chain) >= MAX_DEPTH:
                continue
            handed = [call.values[0], call.values[-1]]
            returned, state.heap = self.run(method, handed, state.heap, frame.chain)
            owner = self._program.name_of(method).owner
            after = self._program.find(owner, "onPostExecute", "(Ljava/lang/Object;)V")
            if after and returned:
                _, state.heap = self.run(after, [call.values[0], returned], state.heap, frame.chain)
        return call.values[0]


_IS_LOST: Final[Value] = frozenset({Mark("lost")})
_STATICS: Final = Obj("new", (-1, -1, -1), b"statics")


def _kept(name: str) -> str:
    owner, _, rest = name.partition("->")
    return f"keeps it in {java_of(owner.encode())}.{rest.partition(':')[0]}"


def _returned(named: Named) -> bytes:
    return named.proto.rpartition(")")[2].encode("utf-8", "replace")
