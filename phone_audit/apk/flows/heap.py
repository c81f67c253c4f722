"""What objects hold, and what instructions do that put values into fields and arrays or get them from there."""

from collections.abc import Collection, Iterable
from typing import Final

from phone_audit.apk.flows.ir import FieldUse, Op, OpKind
from phone_audit.apk.flows.taints import (
    ANY,
    LOST,
    NOTHING,
    Atom,
    Number,
    Obj,
    Slot,
    Taint,
    TaintState,
    Value,
    bounded,
    mark,
    objects,
    taints,
)

Slots = dict[Slot, Value]
_EMPTY: Final[Slots] = {}
_IS_LOST: Final[Value] = frozenset({mark("lost")})
_STATICS: Final = Obj("new", (-1, -1, -1), b"statics", own=False)


class Heap:
    """What each object holds. Copies share everything until one of them is written."""

    __slots__ = ("_content", "_own")

    def __init__(self, content: dict[Atom, Slots] | None = None) -> None:
        self._content: dict[Atom, Slots] = {} if content is None else content
        self._own = content is None

    def copy(self) -> "Heap":
        """Return a heap that can be changed without changing this one."""
        self._own = False
        return Heap(self._content)

    def slots(self, obj: Obj) -> Slots:
        """Return what an object holds; not to be changed."""
        return self._content.get(obj, _EMPTY)

    def holds_anything_of(self, values: Iterable[Value]) -> bool:
        """Tell whether an object among these values holds something."""
        content = self._content
        return bool(content) and any(atom in content for value in values for atom in value)

    def put(self, obj: Obj, slot: Slot, value: Value, *, replace: bool = False) -> None:
        """Put a value into a slot."""
        slots = self._content.get(obj, _EMPTY)
        before = NOTHING if replace else slots.get(slot, NOTHING)
        if slot in slots and value <= before:
            return
        self._make_own()
        self._content[obj] = {**slots, slot: bounded(before | value) if before else bounded(value)}

    def join(self, other: "Heap") -> bool:
        """Take in another heap; tell whether anything changed."""
        if other._content is self._content:
            return False
        changed = False
        for obj, slots in other._content.items():
            known = self._content.get(obj)
            if known is slots:
                continue
            joined = slots if known is None else _joined(known, slots)
            if joined is not known:
                self._make_own()
                self._content[obj] = joined
                changed = True
        return changed

    def closure(self, value: Collection[Atom]) -> Collection[Atom]:
        """Return everything that a value is or reaches, each once."""
        content = self._content
        left = [atom for atom in value if atom in content]
        if not left:
            return value
        seen = set(value)
        while left:
            for held in content[left.pop()].values():
                new = held - seen
                if new:
                    seen |= new
                    left += [atom for atom in new if atom in content]
        return seen

    def taints_of(self, values: Iterable[Value]) -> set[Atom]:
        """Return the sources that one of the values is or reaches."""
        content = self._content
        found: set[Atom] = set()
        seen: set[Atom] = set()
        left = [value for value in values if value]
        while left:
            for atom in left.pop():
                if isinstance(atom, Taint):
                    found.add(atom)
                elif atom in content and atom not in seen:
                    seen.add(atom)
                    left += content[atom].values()
        return found

    def closure_of_all(self, values: Iterable[Value]) -> Collection[Atom]:
        """Return everything that one of the values is or reaches."""
        return self.closure(frozenset().union(*values))

    def _make_own(self) -> None:
        if not self._own:
            self._content = dict(self._content)
            self._own = True


def _joined(known: Slots, slots: Slots) -> Slots:
    """Join what an object holds in two heaps; the very first where the second adds nothing."""
    joined = known
    for slot, value in slots.items():
        before = joined.get(slot)
        if before is not None and value <= before:
            continue
        after = value if before is None else bounded(before | value)
        if after != before:
            joined = {**joined, slot: after} if joined is known else joined
            joined[slot] = after
    return joined


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
                after = bounded(before | value)
                changed |= after != before
                registers[at] = after
        return changed


class MemberAccess:
    """Applies these instructions."""

    def __init__(self, shared: TaintState) -> None:
        self._shared = shared

    def apply(self, state: State, op: Op) -> None:
        """Run one instruction."""
        what, to, more = op
        registers, heap = state.registers, state.heap
        if what is OpKind.LOAD_FIELD:
            registers[to] = self._load(heap, registers[more.holder], more)
        elif what is OpKind.STORE_FIELD:
            self._store(heap, registers[more.holder], more.field.name, registers[to])
            self._keep(heap, registers[to], more)
        elif what is OpKind.LOAD_STATIC:
            registers[to] = self._load_static(heap, more)
        elif what is OpKind.STORE_STATIC:
            heap.put(_STATICS, more.field.name, registers[to], replace=True)
            self.publish(heap, registers[to])
            self._keep(heap, registers[to], more)
        elif what is OpKind.FILL:
            used, made = more
            for at, register in enumerate(used):
                heap.put(made, at, registers[register], replace=True)
            state.result = frozenset({made})
        else:
            array, at, made = more
            slot = _element(registers[at])
            if what is OpKind.LOAD_ELEMENT:
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
            step = use.step(f"keeps it in {use.field.java}")
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
        found = use.field.marks | self._shared.kept(use.kept)
        data = self._shared.source_fields.get(use.field.java)
        return found | {self._shared.taint(data, (use.step(f"reads {use.field.java}"),))} if data else found

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
