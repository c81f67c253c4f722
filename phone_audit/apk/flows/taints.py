"""What a register may hold (data, objects, constants), and what is known of the package while data is followed.

Atoms are told apart by identity, so each is made once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Literal, NamedTuple

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.program import Method

MAX_ATOMS: Final = 48
"""Atoms that one place keeps; sources are kept first."""

_MAX_STEPS: Final = 3
"""Steps before the sink: the source, and fields or names that it is kept under."""
NOWHERE: Final = ""
"""The place where nothing is kept."""


class Step(NamedTuple):
    """Something that happens to data; `offset` in bytes."""

    class_: str
    method: str
    offset: int
    what: str
    file: str


class Place(NamedTuple):
    """Where the instructions of a method begin; `offset` in bytes."""

    class_: str
    method: str
    offset: int
    file: str

    def step(self, unit: int, what: str) -> Step:
        """Return what happens at a code unit of the method."""
        return Step(self.class_, self.method, self.offset + 2 * unit, what, self.file)


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


class Leak(NamedTuple):
    """Data that reaches a sink."""

    taint: Taint
    sink: str
    step: Step
    cleartext: bool | None


@dataclass
class TaintState:
    """What holds for the whole package.

    Attributes:
        sources: the data that a call gives, by `class.method`.
        source_fields: the data that a field holds, by `class.field`.
        budget: instructions that may still be followed.
        relevant: methods that lead to a source or to a field that holds data.
        leaks: what was found, each with the method that it was followed from.
        root: the method that is being followed from.
        cut: whether something was not followed.
        version: grows with what is known of fields, so that earlier answers can be told from later ones.
        leak_log: every leak in the order in which it was seen, again and again.
        places: data by the field or name that it was put under.
        tainted: whether the method that is being followed from has met data yet.
    """

    sources: Mapping[str, str]
    source_fields: Mapping[str, str]
    budget: int
    relevant: set[Method] = field(default_factory=set)
    leaks: dict[Leak, set[Method]] = field(default_factory=dict)
    root: Method | None = None
    cut: bool = False
    version: int = 0
    leak_log: list[Leak] = field(default_factory=list)
    places: dict[str, Value] = field(default_factory=dict)
    tainted: bool = False
    _taints: dict[tuple[str, tuple[Step, ...]], Taint] = field(default_factory=dict)

    def taint(self, data: str, steps: tuple[Step, ...]) -> Taint:
        """Return the one atom for data that went this way."""
        self.tainted = True
        found = self._taints.get((data, steps))
        if found is None:
            found = self._taints[data, steps] = Taint(data, steps)
        return found

    def keep(self, place: str, value: Value, step: Step) -> None:
        """Remember data that is put where another method finds it."""
        if not value or step.class_.startswith(taint_rules.CONTAINERS):
            return
        before = self.places.get(place, NOTHING)
        known = {(atom.data, atom.steps[0]) for atom in before if isinstance(atom, Taint)}
        fresh = [atom for atom in value if isinstance(atom, Taint) and (atom.data, atom.steps[0]) not in known]
        new = {self.taint(atom.data, (*atom.steps, step)) for atom in fresh if len(atom.steps) < _MAX_STEPS}
        self.cut |= any(len(atom.steps) >= _MAX_STEPS for atom in fresh)
        if new:
            self.places[place] = bounded(before | new)
            self.version += 1

    def kept(self, place: str) -> Value:
        """Return the data that was put there."""
        found = self.places.get(place, NOTHING)
        if found:
            self.tainted = True
        return found

    def leak(self, leak: Leak) -> None:
        """Remember data that reaches a sink."""
        if self.root is not None:
            self.leaks.setdefault(leak, set()).add(self.root)
        self.leak_log.append(leak)


def owner_of(field: str) -> bytes:
    """Return the descriptor of the class of a field."""
    return field.partition("->")[0].encode("utf-8", "replace")


def java_field(name: str) -> str:
    """Return `com.example.A.host` for `Lcom/example/A;->host:Ljava/lang/String;`."""
    return f"{java_name(owner_of(name))}.{name.partition('->')[2].partition(':')[0]}"


def field_place(name: str, class_: str, *, own: bool) -> str:
    """Return the place that a field is: one of Android, such as `Message.obj`, is another one in each vendor's code."""
    return f"field {name}" if own else f"field {name} in {class_.rpartition('.')[0]}"


def extra_place(key: str, class_: str) -> str:
    """Return the place that a name in an Intent or Bundle is, in the code of one vendor."""
    vendor = ".".join(class_.split(".")[:-1][:2])
    return f"extra {key} in {vendor}"
