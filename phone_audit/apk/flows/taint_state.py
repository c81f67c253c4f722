"""What is known of the whole package while data is followed: where it was put, and where it leaves."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.flows import taint_rules
from phone_audit.apk.flows.places import owner_of, type_of
from phone_audit.apk.flows.program import Method
from phone_audit.apk.flows.taints import MOST_CHANGES, NOTHING, Atom, Inside, Step, Taint, Value, bounded, kind_of

_MAX_STEPS: Final = 6
"""Steps before the sink: the source, and fields or names that it is kept under."""
_FIELD, _OF_ANDROID = "field ", " in "
"""What the place of a field begins with, and what stands in that of one of Android's objects; see `field_place`."""
_FEW_MAKERS: Final = 3
"""Places that make objects of a class which are taken to make it for the same end."""
_MOST_IN_LIBRARY: Final = 500
"""Instructions that are followed at once in what counts as a library's."""


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
        is_screen: whether a class of the package is one of screens, or of what they consist of.
        is_view: whether it is one of views.
        places_that_make: how many places make objects of a class of the package.
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
    is_screen: Callable[[bytes], bool] = lambda _: False
    is_view: Callable[[bytes], bool] = lambda _: False
    places_that_make: Callable[[bytes], int] = lambda _: _FEW_MAKERS + 1
    _taints: dict[tuple[str, tuple[Step, ...]], Taint] = field(default_factory=dict)

    def taint(self, data: str, steps: tuple[Step, ...]) -> Taint:
        """Return the one atom for data that went this way."""
        found = self._taints.get((data, steps))
        if found is None:
            found = self._taints[data, steps] = Taint(data, steps)
        return found

    def after(self, value: Iterable[Atom], changes: Sequence[Step]) -> Value:
        """Return a value after steps that encrypt its data, or may; what is no data stays as it is."""
        for step in changes:
            value = [self._after(atom, step) for atom in value]
        return frozenset(value)

    def _after(self, atom: Atom, step: Step) -> Atom:
        if isinstance(atom, Inside):
            return atom.obj.inside_after((*atom.changes, step)[:MOST_CHANGES])
        if not isinstance(atom, Taint) or len(atom.changes) >= MOST_CHANGES:
            return atom
        return self.taint(atom.data, (*atom.steps, step))

    def keep(self, place: str, value: Iterable[Taint], step: Step) -> None:
        """Remember data that is put where another method finds it."""
        if self._is_of_anybody(place, step.class_):
            return
        before = self.places.get(place, NOTHING)
        known = {kind_of(atom) for atom in before if isinstance(atom, Taint)}
        fresh = [atom for atom in value if kind_of(atom) not in known and _may_hold(place, atom)]
        followed = [atom for atom in fresh if len(atom.steps) - len(atom.changes) < _MAX_STEPS]
        new = {self.taint(atom.data, (*atom.steps, step)) for atom in followed}
        self.cut |= len(followed) < len(fresh)
        if new:
            self.places[place] = bounded(before | new)
            self.version += 1
            self.changed[place] = self.version

    def _is_of_anybody(self, place: str, class_: str) -> bool:
        """Tell whether code that handles anybody's data keeps it where many objects of such code have a place.

        A name makes no such code: what few places make objects of is followed.
        """
        if place in self.statics:
            return False
        if not place.startswith(_FIELD) or _OF_ANDROID in place:
            return class_.startswith(taint_rules.CONTAINERS)
        owner = owner_of(place.removeprefix(_FIELD))
        name = java_name(owner)
        is_common = class_.startswith(taint_rules.COMMON_CODE) and name.startswith(taint_rules.COMMON_CODE)
        return is_common and (name.startswith(taint_rules.SENDERS) or self.places_that_make(owner) > _FEW_MAKERS)

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


def _may_hold(place: str, taint: Taint) -> bool:
    """Tell whether data may lie at a place: not where a field is of a kind that holds none.

    A view that something is typed into is kept in fields alone, but in no text and no number.
    """
    kind = type_of(place.partition(_OF_ANDROID)[0]) if place.startswith(_FIELD) else b""
    if taint.data.startswith(taint_rules.TYPED_VIEW):
        return bool(kind) and kind not in taint_rules.PLAIN_BYTES
    return kind not in taint_rules.HOLDING_NOTHING
