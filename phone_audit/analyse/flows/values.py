"""What a register may hold, and what objects hold."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from phone_audit.model.apk import FlowStep

MAX_ATOMS: Final = 48
"""Atoms that one place keeps; sources are kept first."""

Step = tuple[str, str, int, str, str]
"""Class, method, offset in bytes, what happens, and the DEX file."""


class Taint(NamedTuple):
    """Data that a source gave, and where it went since: the source first."""

    data: str
    steps: tuple[Step, ...]
    tag: Literal["taint"] = "taint"


class Obj(NamedTuple):
    """Objects that one place makes, or that come from outside (`unknown`) or from a call of Android (`api`)."""

    kind: Literal["new", "unknown", "api"]
    at: tuple[int, int, int]
    type: bytes
    tag: Literal["object"] = "object"


class Text(NamedTuple):
    """A constant string."""

    text: str
    tag: Literal["text"] = "text"


class Number(NamedTuple):
    """A constant number."""

    value: int
    tag: Literal["number"] = "number"


class Mark(NamedTuple):
    """A property that goes with an object: `network`, `process`, `explicit`, or `data:` and what a provider gives."""

    name: str
    tag: Literal["mark"] = "mark"


Atom = Taint | Obj | Text | Number | Mark
Value = frozenset[Atom]
NOTHING: Final[Value] = frozenset()
Slot = str | int
ANY: Final = "*"
"""The slot for what lies somewhere inside."""
LOST: Final = "?"
"""The slot that says that code that was not followed had the object in hand."""
Slots = dict[Slot, Value]


def bounded(atoms: Iterable[Atom]) -> Value:
    """Keep no more than MAX_ATOMS, sources first."""
    value = frozenset(atoms)
    if len(value) <= MAX_ATOMS:
        return value
    return frozenset(sorted(value, key=lambda atom: (atom.tag != "taint", str(atom)))[:MAX_ATOMS])


def carried(value: Iterable[Atom]) -> Iterator[Atom]:
    """Give what goes along when a value is put into something else: not numbers, and of texts only addresses."""
    for atom in value:
        if isinstance(atom, Text):
            if "://" in atom.text:
                yield atom
        elif not isinstance(atom, Number):
            yield atom


def objects(value: Value) -> list[Obj]:
    """Give the objects of a value, in a stable order."""
    found = [atom for atom in value if isinstance(atom, Obj)]
    return sorted(found) if len(found) > 1 else found


def taints(value: Value) -> Value:
    """Give only the sources of a value."""
    return frozenset(atom for atom in value if isinstance(atom, Taint))


def texts(value: Iterable[Atom]) -> list[str]:
    """Give the constant strings of a value."""
    return sorted(atom.text for atom in value if isinstance(atom, Text))


class Heap:
    """What each object holds. Copies share their slots until one is written."""

    def __init__(self, content: dict[Obj, Slots] | None = None) -> None:
        self._content: dict[Obj, Slots] = content if content is not None else {}

    def copy(self) -> "Heap":
        """Give a heap that can be changed without changing this one."""
        return Heap(dict(self._content))

    def slots(self, obj: Obj) -> Slots:
        """Give what an object holds; not to be changed."""
        return self._content.get(obj, {})

    def put(self, obj: Obj, slot: Slot, value: Value, *, replace: bool = False) -> None:
        """Put a value into a slot."""
        slots = self._content.get(obj, {})
        before = NOTHING if replace else slots.get(slot, NOTHING)
        if slot in slots and value <= before:
            return
        self._content[obj] = {**slots, slot: bounded(before | value)}

    def join(self, other: "Heap") -> bool:
        """Take in another heap; tell whether anything changed."""
        changed = False
        for obj, slots in other._content.items():
            own = self._content.get(obj)
            if own is slots:
                continue
            if own is None:
                self._content[obj] = slots
                changed = True
                continue
            for slot, value in slots.items():
                before = self._content[obj].get(slot)
                self.put(obj, slot, value)
                changed |= self._content[obj].get(slot) != before
        return changed

    def closure(self, value: Value) -> Iterator[Atom]:
        """Give everything that a value is or reaches, each once."""
        seen: set[Atom] = set(value)
        left = list(value)
        while left:
            atom = left.pop()
            yield atom
            if isinstance(atom, Obj):
                inside = {one for held in self._content.get(atom, {}).values() for one in held} - seen
                seen |= inside
                left.extend(inside)


def as_flow_step(step: Step) -> FlowStep:
    """Give a step as it is published."""
    return FlowStep(class_=step[0], method=step[1], offset=step[2], what=step[3])
