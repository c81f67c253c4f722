"""Where rules hold: places in code that name what the rules name, by method, class and package, verified on demand."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.behaviours.lookup import LeafNumbers, LeafQuery, Lookup, Numbers
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.xrefs import Candidates, Kind, Use, candidates, evidence_in, verified
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Leaf, LeafKind, Scope
from phone_audit.model.finding import Evidence

_TEXTS: Final[frozenset[LeafKind]] = frozenset({"string", "string_start"})
MAX_PLACES: Final = 20_000
"""Places in one part of a DEX file that are kept; more than any real package holds."""

Unit = tuple[int | bytes, ...]
"""One method, class or package: what all parts of a rule have to stand in."""


class Plan:
    """Rules, in the order of their ids; `wanted` are the calls, fields and classes that they name."""

    def __init__(self, rules: Iterable[BehaviourRule]) -> None:
        self._rules = sorted(rules, key=lambda rule: rule.id)
        self.wanted = LeafQuery(leaf for rule in self._rules for leaf in rule.code_leaves if leaf.kind not in _TEXTS)
        self._texts = [frozenset(leaf for leaf in rule.code_leaves if leaf.kind in _TEXTS) for rule in self._rules]
        self._by_leaf: dict[Leaf, list[int]] = {}
        for number, rule in enumerate(self._rules):
            for leaf in dict.fromkeys(rule.match.leaves()):
                self._by_leaf.setdefault(leaf, []).append(number)
        self._of_texts_alone = frozenset(
            number for number, rule in enumerate(self._rules) if rule.match.holds(self._texts[number])
        )

    def texts_for(self, seen: Set[Leaf]) -> set[Leaf]:
        """Return the strings of the rules that would hold if all strings were there."""
        return {
            leaf
            for number in self._of_texts_alone | self._touched(seen)
            if (texts := self._texts[number]) and self._rules[number].match.holds(seen | texts)
            for leaf in texts
        }

    def holding(self, seen: Set[Leaf]) -> list[BehaviourRule]:
        """Return the rules that would hold if all that was seen stood together."""
        rules = (self._rules[number] for number in sorted(self._touched(seen)))
        return [rule for rule in rules if rule.match.holds(seen)]

    def _touched(self, seen: Set[Leaf]) -> set[int]:
        return {number for leaf in seen for number in self._by_leaf.get(leaf, ())}


@lru_cache(maxsize=4)
def plan_of(knowledge: Knowledge) -> Plan:
    """Return the plan of all rules of the knowledge."""
    return Plan(knowledge.behaviours)


class Place(NamedTuple):
    """A place that names a leaf; it counts only once it is verified.

    Attributes:
        part: number of the part.
        class_: descriptor of the class that holds it.
        body: row of `DexIndex.bodies`, or -1 for what a class is.
        at: row of the part's candidates, or the row of class_defs.
        kind: which candidates.
    """

    part: int
    class_: bytes
    body: int
    at: int
    kind: Kind | None


Places = dict[Leaf, list[Place]]


class LeafPlaces:
    """The places of all leaves in all parts of a package."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self.complete = True
        self.by_leaf: Places = defaultdict(list)
        self._indexes = indexes
        self._candidates: dict[tuple[int, Kind], Candidates] = {}

    def search(self, plan: Plan, told: Set[Leaf]) -> list[BehaviourRule]:
        """Search all parts for what rules name (`told`: what the manifest says); return the rules that can hold."""
        lookups = [Lookup(index) for index in self._indexes]
        named = [lookup.find(plan.wanted) for lookup in lookups]
        seen = told | _leaves(named)
        if texts := plan.texts_for(seen):
            named = [part._replace(strings=lookup.strings(texts)) for lookup, part in zip(lookups, named, strict=True)]
            seen |= _leaves(named)
        rules = plan.holding(seen)
        asked = {leaf for rule in rules for leaf in rule.code_leaves}
        for number, part in enumerate(named):
            self._add(number, LeafNumbers(*(_only(asked, numbers) for numbers in part)))
        return rules

    def evidence(self, leaf: Leaf, place: Place) -> Evidence | None:
        """Return the evidence of a place, or None where no instruction begins there."""
        index = self._indexes[place.part]
        if place.kind is None:
            return Evidence(kind="class", where=index.name, value=leaf.text, class_=java_name(place.class_))
        use = self._uses(place.part, place.kind, place.body).get(place.at)
        if use is None:
            return None
        if place.kind == "string":
            return evidence_in(index, use.row, use.offset, index.string(use.id), "dex-string")
        return evidence_in(index, use.row, use.offset, leaf.text)

    def _add(self, part: int, named: LeafNumbers) -> None:
        self._add_places(part, "method", named.methods)
        self._add_places(part, "field", named.fields)
        self._add_places(part, "string", named.strings)
        for row, leaves in named.classes.items():
            place = Place(part, self._indexes[part].defined_class(row), -1, row, None)
            for leaf in leaves:
                self.by_leaf[leaf].append(place)

    def _add_places(self, part: int, kind: Kind, numbers: Numbers) -> None:
        if not numbers:
            return
        index = self._indexes[part]
        places = candidates(index, kind, numbers)
        if places.ids.size > MAX_PLACES:
            self.complete = False
            places = _rows(places, 0, MAX_PLACES)
        self._candidates[part, kind] = places
        bodies = index.bodies
        classes = index.methods.class_def[bodies.rows[bodies.first[places.bodies]]]
        columns = (column.tolist() for column in (places.ids, places.bodies, classes))
        for at, (number, body, class_def) in enumerate(zip(*columns, strict=True)):
            place = Place(part, index.defined_class(class_def), body, at, kind)
            for leaf in numbers[number]:
                self.by_leaf[leaf].append(place)

    @remembered
    def _uses(self, part: int, kind: Kind, body: int) -> dict[int, Use]:
        """Return the instructions of one method among the candidates, by row; each method is walked once a kind."""
        places = self._candidates[part, kind]
        first, last = np.searchsorted(places.bodies, (body, body + 1)).tolist()
        uses = {use.offset: use for use in verified(self._indexes[part], _rows(places, first, last))}
        offsets = places.offsets[first:last].tolist()
        return {at: uses[offset] for at, offset in enumerate(offsets, first) if offset in uses}


def _leaves(named: Iterable[LeafNumbers]) -> set[Leaf]:
    return {leaf for part in named for numbers in part for known in numbers.values() for leaf in known}


def _only(asked: Set[Leaf], numbers: Numbers) -> Numbers:
    kept = {number: tuple(leaf for leaf in known if leaf in asked) for number, known in numbers.items()}
    return {number: known for number, known in kept.items() if known}


def _rows(places: Candidates, first: int, last: int) -> Candidates:
    return Candidates(places.offsets[first:last], places.ids[first:last], places.bodies[first:last])


def _unit_of(scope: Scope, place: Place) -> Unit | None:
    """Return the unit that a place belongs to; None where it is a class and the scope one method."""
    if scope == "method":
        return (place.part, place.body) if place.body >= 0 else None
    if scope == "class":
        return (place.class_,)
    if scope == "package":
        return (place.class_.rpartition(b"/")[0],)
    return ()


def units_of(scope: Scope, leaves: Iterable[Leaf], places: Places) -> Iterator[dict[Leaf, list[Place]]]:
    """Yield for each unit, in the order in which it comes first, the places of the leaves in it."""
    units: dict[Unit, dict[Leaf, list[Place]]] = defaultdict(lambda: defaultdict(list))
    for leaf in leaves:
        for place in places.get(leaf, ()):
            unit = _unit_of(scope, place)
            if unit is not None:
                units[unit][leaf].append(place)
    yield from units.values()
