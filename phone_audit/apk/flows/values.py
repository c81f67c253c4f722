"""What a register may hold: data, objects, constants. Atoms are told apart by identity, so each is made once."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from phone_audit.model.apk import FlowStep

MAX_ATOMS: Final = 48
"""Atoms that one place keeps; sources are kept first."""

Step = tuple[str, str, int, str, str]
"""Class, method, offset in bytes, what happens, and the DEX file."""
Place = tuple[str, str, int, str]
"""Class, method, offset in bytes, and the DEX file."""


@dataclass(frozen=True, eq=False, slots=True)
class Taint:
    """Data that a source gave, and where it went since: the source first."""

    data: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Obj:
    """Objects that one place makes, or that come from outside (`unknown`) or from a call of Android (`api`).

    Attributes:
        kind: which of them.
        at: part, row and code unit of the place.
        type: descriptor of the class, `?` where it is not known.
        own: whether that class is defined in the package.
    """

    kind: Literal["new", "unknown", "api"]
    at: tuple[int, int, int]
    type: bytes
    own: bool


@dataclass(frozen=True, eq=False, slots=True)
class Text:
    """A constant string."""

    text: str


@dataclass(frozen=True, eq=False, slots=True)
class Number:
    """A constant number."""

    value: int


@dataclass(frozen=True, eq=False, slots=True)
class Mark:
    """A property that goes with an object: `network`, `process`, `explicit`, or `data:` and what a provider gives."""

    name: str


@cache
def mark(name: str) -> Mark:
    """Return the one mark of that name."""
    return Mark(name)


Atom = Taint | Obj | Text | Number | Mark
Value = frozenset[Atom]
NOTHING: Final[Value] = frozenset()
Slot = str | int
ANY: Final = "*"
"""The slot for what lies somewhere inside."""
LOST: Final = "?"
"""The slot that says that code that was not followed had the object in hand."""


def bounded(atoms: Iterable[Atom]) -> Value:
    """Keep no more than MAX_ATOMS, sources first."""
    value = frozenset(atoms)
    if len(value) <= MAX_ATOMS:
        return value
    return frozenset(sorted(value, key=lambda atom: (not isinstance(atom, Taint), str(atom)))[:MAX_ATOMS])


def carried(value: Value) -> Value:
    """Return what goes along when a value is put into something else: not numbers, and of texts only addresses."""
    left = [atom for atom in value if isinstance(atom, Number) or (isinstance(atom, Text) and "://" not in atom.text)]
    return value.difference(left) if left else value


def objects(value: Value) -> list[Obj]:
    """Return the objects of a value, in a stable order."""
    found = [atom for atom in value if isinstance(atom, Obj)]
    return sorted(found, key=_in_order) if len(found) > 1 else found


def _in_order(obj: Obj) -> tuple[str, tuple[int, int, int], bytes]:
    return obj.kind, obj.at, obj.type


def taints(value: Iterable[Atom]) -> Value:
    """Return only the sources of a value."""
    return frozenset([atom for atom in value if isinstance(atom, Taint)])


def texts(value: Iterable[Atom]) -> list[str]:
    """Return the constant strings of a value."""
    return sorted([atom.text for atom in value if isinstance(atom, Text)])


def as_flow_step(step: Step) -> FlowStep:
    """Return a step as it is published."""
    return FlowStep(class_=step[0], method=step[1], offset=step[2], what=step[3])
