"""What objects hold, and what registers and objects hold at one place."""

from collections.abc import Collection, Iterable
from typing import Final

from phone_audit.apk.flows.values import NOTHING, Atom, Obj, Slot, Taint, Value, bounded

Slots = dict[Slot, Value]
_EMPTY: Final[Slots] = {}


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
