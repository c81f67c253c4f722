"""What instructions do that put values into fields and arrays, or get them from there."""

from phone_audit.apk.flows.heap import STATICS, Heap, plain_data, publish, read
from phone_audit.apk.flows.ir import FieldUse, Op, OpKind
from phone_audit.apk.flows.summaries import Event, Frame
from phone_audit.apk.flows.taint_state import TaintState
from phone_audit.apk.flows.taints import (
    ANY,
    KEPT,
    NOTHING,
    Atom,
    Number,
    Slot,
    Value,
    bounded,
    join_values,
    mark,
    objects,
    taints,
)


class State:
    """What registers and objects may hold at one place, and what the last call returned."""

    __slots__ = ("heap", "registers", "result")

    def __init__(self, registers: list[Value], heap: Heap, result: Value = NOTHING) -> None:
        self.registers = registers
        self.heap = heap
        self.result = result

    def copy(self) -> "State":
        """Return a state that can be changed without changing this one."""
        return State(self.registers.copy(), self.heap.copy(), self.result)

    def join(self, other: "State") -> bool:
        """Take in another state; tell whether anything changed."""
        changed = self.heap.join(other.heap)
        registers = self.registers
        if registers == other.registers:
            return changed
        for at, value in enumerate(other.registers):
            before = registers[at]
            if not value <= before:
                after = join_values(before, value)
                changed |= after != before
                registers[at] = after
        return changed


class MemberAccess:
    """Applies these instructions."""

    def __init__(self, shared: TaintState) -> None:
        self._shared = shared

    def apply(self, frame: Frame, state: State, op: Op) -> None:
        """Run one instruction."""
        what, to, more = op
        registers, heap = state.registers, state.heap
        if what is OpKind.LOAD_FIELD:
            field = more.field
            found = read(frame, heap, registers[more.holder], field.name, more.kept, own=field.holds_own)
            registers[to] = found | field.marks if field.marks else found
        elif what is OpKind.STORE_FIELD:
            self._store(heap, registers[more.holder], more.field.name, registers[to], more.kept)
            if more.field.collects and more.kept:
                for obj in objects(registers[to]):
                    heap.put(obj, KEPT, frozenset({mark(more.kept)}))
            self._keep(frame, heap, registers[to], more)
        elif what is OpKind.LOAD_STATIC:
            registers[to] = self._load_static(frame, heap, more)
        elif what is OpKind.STORE_STATIC:
            heap.put(STATICS, more.field.name, registers[to], replace=True)
            publish(heap, registers[to])
            self._shared.statics.add(more.kept)
            self._keep(frame, heap, registers[to], more)
        elif what is OpKind.FILL:
            used, made = more
            for at, register in enumerate(used):
                heap.put(made, at, registers[register], replace=True)
            state.result = frozenset({made})
        else:
            array, at, made = more
            slot = _element(registers[at])
            if what is OpKind.LOAD_ELEMENT:
                told = taints(registers[at]) if frame.tainted else NOTHING  # a table of letters tells the number
                registers[to] = self._load_element(heap, registers[array], slot, made) | told
            else:
                self._store(heap, registers[array], slot, registers[to])

    def _keep(self, frame: Frame, heap: Heap, value: Value, use: FieldUse) -> None:
        if frame.tainted and value and use.kept:
            step = use.step(f"keeps it in {use.field.java}")
            frame.note(Event("keep", use.kept, step, plain_data(frame, heap, value)))

    def _load_element(self, heap: Heap, array: Value, slot: Slot, made: Value) -> Value:
        """Return an element; what lies in an array from outside is made up, so that later reads find the same."""
        found: set[Atom] = {atom for atom in taints(array) if atom in array}
        for obj in objects(array):
            slots = heap.slots(obj)
            if slot == ANY:
                found.update(*slots.values())
            else:
                found |= slots.get(slot, NOTHING) | slots.get(ANY, NOTHING)
            if slot in slots or obj.kind == "new":
                continue
            if obj.is_param:
                found.add(obj.part(slot))
            elif slot != ANY:
                heap.put(obj, slot, made)
                found |= made
        return bounded(found)

    def _load_static(self, frame: Frame, heap: Heap, use: FieldUse) -> Value:
        slots = heap.slots(STATICS)
        if use.field.name in slots:
            return slots[use.field.name]
        found = use.field.marks | frame.kept(use.kept) | use.field.held
        for obj in objects(use.field.held):
            self._shared.statics.add(use.kept)
            heap.put(obj, KEPT, frozenset({mark(use.kept)}))
        data = self._shared.source_fields.get(use.field.java)
        if data is None:
            return found
        frame.tainted = True
        return found | {self._shared.taint(data, (use.step(f"reads {use.field.java}"),))}

    def _store(self, heap: Heap, holder: Value, slot: Slot, value: Value, place: str = "") -> None:
        held_by = objects(holder)
        if any(obj.kind == "unknown" for obj in held_by):
            publish(heap, value)
        for obj in held_by:
            if obj.is_param and slot != ANY:
                obj.part(slot, place)
            heap.put(obj, slot, value, replace=len(held_by) == 1 and slot != ANY)


def _element(at: Value) -> Slot:
    """Return the slot of an array that a number says, where there is but one."""
    if len(at) == 1:
        (atom,) = at
        if isinstance(atom, Number):
            return atom.value
    return ANY
