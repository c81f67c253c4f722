"""What a register may hold: data, objects, constants.

Atoms are told apart by identity, so each is made once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import ClassVar, Final, Literal, NamedTuple

from phone_audit.apk.flows.places import type_of
from phone_audit.model.apk import DIGESTS

MAX_ATOMS: Final = 24
"""Atoms that one place keeps; sources are kept first."""

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
"""Begins what a step through a cipher is called."""
TO_NATIVE: Final = "hands it to native code, which may encrypt it"
IN_OBJECT: Final = "puts an object"
"""Begins the step by which data in a field of an object, of a class of the package, is put under a name with it."""
CHANGES: Final = (ENCRYPTS, DIGESTS, TO_NATIVE)
MOST_CHANGES: Final = 2
"""Such steps of one piece of data: after a second one it counts as readable again, which further ones do not change."""


class _Sortable:
    """What keeps the key that it is sorted by, once that was asked for."""

    __slots__ = ("_key",)


@dataclass(frozen=True, eq=False, slots=True)
class Taint(_Sortable):
    """Data that a source gave, and where it went since, the source first.

    `changes` are steps that may encrypt it; `lay_in_field` tells whether it lay in a field of an object that was put
    under a name.
    """

    data: str
    steps: tuple[Step, ...]
    changes: tuple[Step, ...] = field(init=False)
    lay_in_field: bool = field(init=False)
    is_data: ClassVar[bool] = True
    is_param: ClassVar[bool] = False
    is_symbol: ClassVar[bool] = False

    def __post_init__(self) -> None:
        changes = tuple([step for step in self.steps if step.what.startswith(CHANGES)])
        object.__setattr__(self, "changes", changes)
        object.__setattr__(self, "lay_in_field", any(step.what.startswith(IN_OBJECT) for step in self.steps))

    @property
    def encrypted_by(self) -> Step | None:
        """Return the one step after which it cannot be read any more; a second one may undo it, but for a digest."""
        changes = self.changes
        digest = next((step for step in changes if step.what.startswith(DIGESTS)), None)
        return digest or (changes[0] if len(changes) == 1 else None)


@dataclass(frozen=True, eq=False, slots=True)
class Obj(_Sortable):
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
        is_symbol: the same: it stands for what a call hands over.
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
    _inside: "dict[tuple[Step, ...], Inside]" = field(default_factory=dict)
    is_symbol: bool = field(init=False)
    changes: ClassVar[tuple[Step, ...]] = ()
    is_data: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_symbol", self.is_param)

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
        return self.inside_after(())

    def inside_after(self, changes: tuple[Step, ...]) -> "Inside":
        """Return the same after steps that encrypt it, or may."""
        found = self._inside.get(changes)
        if found is None:
            found = self._inside[changes] = Inside(self, changes)
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
class Inside(_Sortable):
    """Data and addresses that lie anywhere in what a method is handed, without the objects that hold them.

    `changes` are the steps since then that encrypt the data, or may.
    """

    obj: Obj
    changes: tuple[Step, ...] = ()
    is_data: ClassVar[bool] = True
    is_param: ClassVar[bool] = False
    is_symbol: ClassVar[bool] = True


@dataclass(frozen=True, eq=False, slots=True)
class Text(_Sortable):
    """A constant string."""

    text: str
    changes: ClassVar[tuple[Step, ...]] = ()
    is_data: ClassVar[bool] = False
    is_param: ClassVar[bool] = False
    is_symbol: ClassVar[bool] = False


@dataclass(frozen=True, eq=False, slots=True)
class Number(_Sortable):
    """A constant number."""

    value: int
    changes: ClassVar[tuple[Step, ...]] = ()
    is_data: ClassVar[bool] = False
    is_param: ClassVar[bool] = False
    is_symbol: ClassVar[bool] = False


@dataclass(frozen=True, eq=False, slots=True)
class Mark(_Sortable):
    """A property that goes with an object: `network`, `process`, `explicit`, or `data:` and what a provider gives."""

    name: str
    changes: ClassVar[tuple[Step, ...]] = ()
    is_data: ClassVar[bool] = False
    is_param: ClassVar[bool] = False
    is_symbol: ClassVar[bool] = False


@cache
def mark(name: str) -> Mark:
    """Return the one mark of that name."""
    return Mark(name)


OF_ANDROID: Final = mark("made by Android")
"""Marks what lies in a field into which only ciphers and digests that Android made are put."""

Atom = Taint | Obj | Inside | Text | Number | Mark
Value = frozenset[Atom]
NOTHING: Final[Value] = frozenset()
Slot = str | int
SCRIPT: Final = "javascript:"
SLASHES: Final = "//"
"""Begins what follows the scheme of an address; a page takes its own scheme. Source: URL standard, relative URLs."""
ANY: Final = "*"
"""The slot for what lies somewhere inside."""
KEPT: Final = "kept"
"""The slot that says in which fields an object that collects was put."""
LOST: Final = "?"
"""The slot that says that code that was not followed had the object in hand."""


def bounded(atoms: Iterable[Atom]) -> Value:
    """Keep no more than MAX_ATOMS, sources first, and of these one of each data."""
    value = frozenset(atoms)
    return value if len(value) <= MAX_ATOMS else _first_atoms(value)


def forget() -> None:
    """Let go of what is kept of a package that was followed."""
    _first_atoms.cache_clear()


@lru_cache(maxsize=1024)
def _first_atoms(value: Value) -> Value:
    return frozenset(_varied(_one_of_each(sorted(value, key=in_order)))[:MAX_ATOMS])


def join_values(before: Value, more: Value) -> Value:
    """Join two values that are bounded; a full one takes in no more than data, in place of what cannot be read."""
    value = before | more
    if len(value) <= MAX_ATOMS:
        return value
    if len(before) < MAX_ATOMS:
        return bounded(value)
    fresh = _one_of_each(sorted((atom for atom in more - before if atom.is_data), key=in_order), before)
    readable = sum(not is_changed(atom) for atom in fresh)
    changed = sorted(filter(is_changed, before), key=in_order)
    kept = before.difference(changed[: max(0, readable + len(before) - 2 * MAX_ATOMS)])
    ordered = sorted(kept, key=in_order)
    firsts = _first_of_each(ordered)
    new = [atom for claim, atom in _first_of_each(fresh).items() if claim not in firsts and not is_changed(atom)]
    spare = [atom for atom in ordered if isinstance(atom, Taint) and firsts[_claim(atom)] is not atom]
    kept = kept.difference(spare[: max(0, len(new) + len(kept) - 2 * MAX_ATOMS)])
    return kept.union(_varied([*new, *fresh])[: max(0, 2 * MAX_ATOMS - len(kept))]) if fresh else before


def _varied(atoms: Sequence[Atom]) -> list[Atom]:
    """Put the first of each data before all others, so that no number of reads crowds out another kind of data."""
    return list(dict.fromkeys([*_first_of_each(atoms).values(), *atoms]))


def _first_of_each(atoms: Iterable[Atom]) -> dict[object, Taint]:
    """Return the first of each data that sources gave."""
    first: dict[object, Taint] = {}
    for atom in atoms:
        if isinstance(atom, Taint):
            first.setdefault(_claim(atom), atom)
    return first


def _claim(atom: Taint) -> object:
    return atom.data, is_changed(atom)


def _one_of_each(atoms: Iterable[Atom], known: Iterable[Atom] = ()) -> list[Atom]:
    """Leave out what differs from others only by the place that encrypts it, for such places may be many."""
    found: dict[object, Atom] = {}
    kinds = {kind_of(atom) for atom in known if is_changed(atom)}
    for atom in atoms:
        if not is_changed(atom):
            found[atom] = atom
        elif kind_of(atom) not in kinds:
            found.setdefault(kind_of(atom), atom)
    return list(found.values())


def is_changed(atom: Atom) -> bool:
    return bool(atom.changes)


def in_order(atom: Atom) -> tuple[object, ...]:
    """Return what atoms are sorted by: sources first, and of those that can be read."""
    key: tuple[object, ...] | None = getattr(atom, "_key", None)
    if key is None:
        key = _key_of(atom)
        object.__setattr__(atom, "_key", key)
    return key


def _key_of(atom: Atom) -> tuple[object, ...]:
    if isinstance(atom, Taint):
        return 0, atom.encrypted_by is not None, atom.data, atom.steps
    if isinstance(atom, Inside):
        return 1, len(atom.changes) == 1, in_order(atom.obj), atom.changes
    if isinstance(atom, Obj):
        above = () if atom.base is None else in_order(atom.base)
        return 2, atom.kind, atom.at, atom.type, atom.exact, str(atom.slot), above
    return 3, str(atom)


def objects(value: Iterable[Atom]) -> list[Obj]:
    """Return the objects of a value, in a stable order."""
    found = [atom for atom in value if isinstance(atom, Obj)]
    return sorted(found, key=in_order) if len(found) > 1 else found


def taints(value: Iterable[Atom]) -> Value:
    """Return only the data of a value: sources, and what lies in arguments."""
    return frozenset(
        [atom.inside if atom.is_param else atom for atom in value if atom.is_data or atom.is_param]  # type: ignore[union-attr]
    )


def texts(value: Iterable[Atom]) -> list[str]:
    """Return the constant strings of a value."""
    return sorted([atom.text for atom in value if isinstance(atom, Text)])


def tells_way(atom: object) -> bool:
    """Tell whether an atom is a text that says how data goes out: an address, also without its scheme, or a script."""
    return isinstance(atom, Text) and (SLASHES in atom.text or is_script(atom.text))


def is_script(text: str) -> bool:
    """Tell whether an address is a script for the page that a `WebView` shows. Source: WebView.loadUrl."""
    return text[: len(SCRIPT)].lower() == SCRIPT


def class_of(obj: Obj) -> bytes:
    """Return the descriptor of the class of an object, for what lies in a field as the field says."""
    return type_of(str(obj.slot)) if obj.type == b"?" else obj.type


def kind_of(atom: Atom) -> object:
    """Return what tells data apart that one place keeps: which it is, whether it can be read, and where it lay."""
    if isinstance(atom, Taint):
        by = atom.encrypted_by
        return atom.data, atom.steps[0], by.what if by else "", atom.lay_in_field
    return (atom.obj, tuple(step.what for step in atom.changes)) if isinstance(atom, Inside) else atom
