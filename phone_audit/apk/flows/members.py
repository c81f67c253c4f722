"""What instructions do that put values into fields and arrays, or get them from there."""

from typing import Final

from phone_audit.apk.flows.heap import Heap, State
from phone_audit.apk.flows.ops import Do, FieldUse, Op
from phone_audit.apk.flows.shared import Shared
from phone_audit.apk.flows.values import (
    ANY,
    LOST,
    NOTHING,
    Atom,
    Number,
    Obj,
    Slot,
    Taint,
    Value,
    bounded,
    mark,
    objects,
    taints,
)

_IS_LOST: Final[Value] = frozenset({mark("lost")})
_STATICS: Final = Obj("new", (-1, -1, -1), b"statics", own=False)


class Members:
    """Applies these instructions."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def apply(self, state: State, op: Op, class_: str) -> None:
        """Run one instruction of a method of a class."""
        what, to, more = op
        registers, heap = state.registers, state.heap
        if what is Do.LOAD_FIELD:
            registers[to] = self._load(heap, registers[more.holder], more)
        elif what is Do.STORE_FIELD:
            self._store(heap, registers[more.holder], more.field.name, registers[to])
            self._keep(heap, registers[to], more)
        elif what is Do.LOAD_STATIC:
            registers[to] = self._load_static(heap, more)
        elif what is Do.STORE_STATIC:
            heap.put(_STATICS, more.field.name, registers[to], replace=True)
            self.publish(heap, registers[to])
            self._keep(heap, registers[to], more)
        elif what is Do.FILL:
            used, made = more
            for at, register in enumerate(used):
                heap.put(made, at, registers[register], replace=True)
            state.result = frozenset({made})
        else:
            array, at, made = more
            slot = _element(registers[at])
            if what is Do.LOAD_ELEMENT:
                registers[to] = self._load_element(heap, registers[array], slot, made)
            else:
                self._store(heap, registers[array], slot, registers[to])

    def publish(self, heap: Heap, value: Value) -> None:
        """Note that other methods get hold of these objects."""
        for atom in value:
            if isinstance(atom, Obj):
                heap.put(atom, LOST, _IS_LOST)

    def _keep(self, heap: Heap, value: Value, use: FieldUse) -> None:
        if self._shared.tainted and value:
            class_, method, offset, file = use.place
            step = (class_, method, offset, f"keeps it in {use.field.java}", file)
            self._shared.keep(use.kept, _plain_taints(heap, value), step)

    def _load_element(self, heap: Heap, array: Value, slot: Slot, made: Value) -> Value:
        """Return an element; what lies in an array from outside is made up, so that later reads find the same."""
        found: set[Atom] = set(taints(array))
        for obj in objects(array):
            slots = heap.slots(obj)
            if slot == ANY:
                found.update(*slots.values())
            else:
                found |= slots.get(slot, NOTHING) | slots.get(ANY, NOTHING)
                if slot not in slots and obj.kind != "new":
                    heap.put(obj, slot, made)
                    found |= made
        return bounded(found)

    def _load(self, heap: Heap, holder: Value, use: FieldUse) -> Value:
        found: set[Atom] = set()
        known = False
        for atom in holder:
            if isinstance(atom, Obj):
                known = True
                slots = heap.slots(atom)
                if use.field.name in slots:
                    found |= slots[use.field.name]
                elif atom.kind != "new" or LOST in slots:
                    found |= self._shared.kept(use.kept)
                found |= slots.get(ANY, NOTHING)
            elif isinstance(atom, Taint):
                found.add(atom)
        if not known:
            found |= self._shared.kept(use.kept)
        return bounded(found)

    def _load_static(self, heap: Heap, use: FieldUse) -> Value:
        slots = heap.slots(_STATICS)
        if use.field.name in slots:
            return slots[use.field.name]
        return use.field.marks | self._shared.kept(use.kept) | self._shared.field_source(use.field.java, use.place)

    def _store(self, heap: Heap, holder: Value, slot: Slot, value: Value) -> None:
        held_by = objects(holder)
        if any(obj.kind == "unknown" for obj in held_by):
            self.publish(heap, value)
        for obj in held_by:
            heap.put(obj, slot, value, replace=len(held_by) == 1 and slot != ANY)


def _element(at: Value) -> Slot:
    """Return the slot of an array that a number says, where there is but one."""
    if len(at) == 1:
        (atom,) = at
        if isinstance(atom, Number):
            return atom.value
    return ANY


def _plain_taints(heap: Heap, value: Value) -> Value:
    """Return the sources in a value and in containers of Android, but not those in fields of the package's own."""
    found = set(taints(value))
    left = objects(value)
    seen = set(left)
    while left:
        obj = left.pop()
        if obj.own:
            continue
        for held in heap.slots(obj).values():
            found |= taints(held)
            inside = [one for one in objects(held) if one not in seen]
            seen.update(inside)
            left.extend(inside)
    return frozenset(found)
