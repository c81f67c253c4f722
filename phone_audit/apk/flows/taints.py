"""What a register may hold (data, objects, constants), and what is known of the package while data is followed.

Atoms are told apart by identity, so each is made once.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar, Final, Literal, NamedTuple

from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.places import type_of
from phone_audit.apk.flows.program import Method

MAX_ATOMS: Final = 24
"""Atoms that one place keeps; sources are kept first."""

_MAX_STEPS: Final = 6
"""Steps before the sink: the source, and fields or names that it is kept under."""
_MOST_IN_LIBRARY: Final = 500
"""Instructions that are followed at once in what counts as a library's."""
NOWHERE: Final = ""
"""The place where nothing is kept."""
MAX_DEPTH: Final = 2
"""How deep what lies in an argument is told apart."""


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


ENCRYPTS: Final = "encrypts it: "
"""Begins what a step is after which data cannot be read off any more."""
TO_NATIVE: Final = "hands it to native code, which may encrypt it"
DECRYPTS: Final = "may decrypt it: "
"""Begins what a step is that may undo this; no flow shows it."""


@dataclass(frozen=True, eq=False, slots=True)
class Taint:
    """Data that a source gave, and where it went since: the source first."""

    data: str
    steps: tuple[Step, ...]
    is_data: ClassVar[bool] = True
    is_param: ClassVar[bool] = False

    @property
    def encrypted_by(self) -> Step | None:
        """Return the step that encrypts it, or may."""
        return next((step for step in self.steps if step.what.startswith((ENCRYPTS, TO_NATIVE))), None)


@dataclass(frozen=True, eq=False, slots=True)
class Obj:
    """Objects that one place makes, that a method is handed (`param`), or that come from a call that is not followed.

    Attributes:
        kind: which of them; `api` is what a call of Android made.
        at: part, row and code unit of the place; of what is handed over, -1 minus the number of its register.
        type: descriptor of the class, `?` where it is not known.
        own: whether that class is defined in the package.
        base: the object in which something lies that a method is handed, None for an argument itself.
        slot: under which name it lies there.
        place: what the same is for the whole package, see `TaintState.places`.
        is_param: whether a method is handed it, or what holds it.
        exact: whether an argument is of this very class, and of none below it.
        parts: what lies in this object when the method begins, as far as somebody asked.
    """

    kind: Literal["new", "unknown", "api", "param"]
    at: tuple[int, int, int]
    type: bytes
    own: bool
    base: "Obj | None" = None
    slot: "Slot" = ""
    place: str = NOWHERE
    exact: bool = False
    is_param: bool = False
    parts: "dict[Slot, Obj]" = field(default_factory=dict)
    _inside: "dict[Step | None, Inside]" = field(default_factory=dict)
    is_data: ClassVar[bool] = False

    def part(self, slot: "Slot", place: str = NOWHERE, *, own: bool = False) -> "Obj":
        """Return what lies in an argument under a name; what lies deeper than MAX_DEPTH is the object itself."""
        found = self.parts.get(slot)
        if found is None:
            if self.depth >= MAX_DEPTH or self.slot == slot:
                return self
            found = self.parts[slot] = Obj("param", self.at, b"?", own, self, slot, place, is_param=True)
        return found

    @property
    def inside(self) -> "Inside":
        """Return the data that lies anywhere in an argument."""
        return self.inside_after(None)

    def inside_after(self, change: Step | None) -> "Inside":
        """Return the same after a step that encrypts or decrypts it."""
        found = self._inside.get(change)
        if found is None:
            found = self._inside[change] = Inside(self, change)
        return found

    @property
    def depth(self) -> int:
        """Return how deep in an argument it lies."""
        return 0 if self.base is None else 1 + self.base.depth

    @property
    def number(self) -> int:
        """Return the number of the register in which the argument is handed over."""
        return -1 - self.at[2]


@dataclass(frozen=True, eq=False, slots=True)
class Inside:
    """Data and addresses that lie anywhere in what a method is handed, without the objects that hold them.

    `change` is the step since then that encrypts or may decrypt the data.
    """

    obj: Obj
    change: Step | None = None
    is_data: ClassVar[bool] = True
    is_param: ClassVar[bool] = False


@dataclass(frozen=True, eq=False, slots=True)
class Text:
    """A constant string."""

    text: str
    is_data: ClassVar[bool] = False
    is_param: ClassVar[bool] = False


@dataclass(frozen=True, eq=False, slots=True)
class Number:
    """A constant number."""

    value: int
    is_data: ClassVar[bool] = False
    is_param: ClassVar[bool] = False


@dataclass(frozen=True, eq=False, slots=True)
class Mark:
    """A property that goes with an object: `network`, `process`, `explicit`, or `data:` and what a provider gives."""

    name: str
    is_data: ClassVar[bool] = False
    is_param: ClassVar[bool] = False


@cache
def mark(name: str) -> Mark:
    """Return the one mark of that name."""
    return Mark(name)


Atom = Taint | Obj | Inside | Text | Number | Mark
Value = frozenset[Atom]
NOTHING: Final[Value] = frozenset()
Slot = str | int
ANY: Final = "*"
"""The slot for what lies somewhere inside."""
ANSWER: Final = "answer "
"""What the slot begins with of a field that is filled by the other side of a connection."""
KEPT: Final = "kept"
"""The slot that says in which fields an object that collects was put."""
LOST: Final = "?"
"""The slot that says that code that was not followed had the object in hand."""


def bounded(atoms: Iterable[Atom]) -> Value:
    """Keep no more than MAX_ATOMS, sources first."""
    value = frozenset(atoms)
    if len(value) <= MAX_ATOMS:
        return value
    return frozenset(sorted(value, key=in_order)[:MAX_ATOMS])


def join_values(before: Value, more: Value) -> Value:
    """Join two values that are bounded; a full one takes in no more than data."""
    value = before | more
    if len(value) <= MAX_ATOMS:
        return value
    fresh = sorted((atom for atom in more - before if atom.is_data), key=in_order)
    if len(before) < MAX_ATOMS:
        return bounded(value)
    return before.union(fresh[: max(0, 2 * MAX_ATOMS - len(before))]) if fresh else before


def in_order(atom: Atom) -> tuple[int, tuple[object, ...]]:
    """Return what atoms are sorted by: sources first."""
    if isinstance(atom, Taint):
        return 0, (atom.data, atom.steps)
    if isinstance(atom, Inside):
        return 1, (*_in_order(atom.obj), atom.change or ())
    return (2, _in_order(atom)) if isinstance(atom, Obj) else (3, (str(atom),))


def objects(value: Iterable[Atom]) -> list[Obj]:
    """Return the objects of a value, in a stable order."""
    found = [atom for atom in value if isinstance(atom, Obj)]
    return sorted(found, key=_in_order) if len(found) > 1 else found


def _in_order(obj: Obj) -> tuple[str, tuple[int, int, int], bytes, str]:
    slots = ""
    above: Obj | None = obj
    while above is not None:
        slots, above = f"{above.slot} {slots}", above.base
    return obj.kind, obj.at, obj.type, slots


def taints(value: Iterable[Atom]) -> Value:
    """Return only the data of a value: sources, and what lies in arguments."""
    return frozenset(
        [atom.inside if atom.is_param else atom for atom in value if atom.is_data or atom.is_param]  # type: ignore[union-attr]
    )


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
        relevant: methods that hand data to whoever calls them.
        leaks: what was found, each with the methods in which data and sink met.
        cut: whether something was not followed.
        places: data by the field or name that it was put under.
        statics: those of them that are static fields, of which there is one.
        changed: for each of these places, and for each relevant method, the number of the last change, counted by
            `version`.
    """

    sources: Mapping[str, str]
    source_fields: Mapping[str, str]
    budget: int
    relevant: set[Method] = field(default_factory=set)
    leaks: dict[Leak, set[Method]] = field(default_factory=dict)
    cut: bool = False
    version: int = 0
    places: dict[str, Value] = field(default_factory=dict)
    statics: set[str] = field(default_factory=set)
    changed: dict[str | Method, int] = field(default_factory=dict)
    _taints: dict[tuple[str, tuple[Step, ...]], Taint] = field(default_factory=dict)

    def taint(self, data: str, steps: tuple[Step, ...]) -> Taint:
        """Return the one atom for data that went this way."""
        found = self._taints.get((data, steps))
        if found is None:
            found = self._taints[data, steps] = Taint(data, steps)
        return found

    def after(self, value: Iterable[Atom], step: Step) -> Value:
        """Return the data of a value after a step that encrypts it or may decrypt it."""
        return frozenset(
            self._after(atom, step) if isinstance(atom, Taint) else atom.obj.inside_after(step)
            for atom in value
            if isinstance(atom, Taint | Inside)
        )

    def _after(self, taint: Taint, step: Step) -> Taint:
        steps = tuple(one for one in taint.steps if one is not taint.encrypted_by)
        if not step.what.startswith(DECRYPTS) and len(steps) < _MAX_STEPS:
            steps = (*steps, step)
        return self.taint(taint.data, steps)

    def keep(self, place: str, value: Iterable[Taint], step: Step) -> None:
        """Remember data that is put where another method finds it."""
        if step.class_.startswith(taint_rules.CONTAINERS) and place not in self.statics:
            return
        before = self.places.get(place, NOTHING)
        known = {_kind(atom) for atom in before if isinstance(atom, Taint)}
        fresh = [atom for atom in value if _kind(atom) not in known]
        new = {self.taint(atom.data, (*atom.steps, step)) for atom in fresh if len(atom.steps) < _MAX_STEPS}
        self.cut |= any(len(atom.steps) >= _MAX_STEPS for atom in fresh)
        if new:
            self.places[place] = bounded(before | new)
            self.version += 1
            self.changed[place] = self.version

    def gives(self, method: Method) -> None:
        """Remember that a method hands data to whoever calls it."""
        self.relevant.add(method)
        self.version += 1
        self.changed[method] = self.version

    @contextmanager
    def in_library(self) -> Iterator[None]:
        """Let what counts as a library's use up little of what may be followed of the method that calls it."""
        granted = min(self.budget, _MOST_IN_LIBRARY)
        self.budget, kept = granted, self.budget - granted
        try:
            yield
        finally:
            self.cut |= self.budget <= 0
            self.budget = kept + max(self.budget, 0)

    def leak(self, leak: Leak, method: Method) -> None:
        """Remember data that reaches a sink."""
        self.leaks.setdefault(leak, set()).add(method)


def _kind(taint: Taint) -> tuple[str, Step, str]:
    """Return what tells data apart that is kept in one place."""
    return taint.data, taint.steps[0], taint.encrypted_by.what if taint.encrypted_by else ""


def class_of(obj: Obj) -> bytes:
    """Return the descriptor of the class of an object, for what lies in a field as the field says."""
    return type_of(str(obj.slot)) if obj.type == b"?" else obj.type
