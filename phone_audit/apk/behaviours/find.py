"""Behaviours: which rules hold for a package, each with the calls that show it, and whose code that is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.behaviours.arguments import may_have_flag
from phone_audit.apk.behaviours.base_libraries import BaseLibraries
from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.behaviours.lookup import LeafNumbers, LeafQuery, Lookup, Numbers
from phone_audit.apk.code.callers import Method
from phone_audit.apk.code.libraries import OwnerOf, Owners, is_of_library, owner_order
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.xrefs import Candidates, Kind, Use, candidates, evidence_in, verified
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.behaviour import BehaviourRule, Leaf, LeafKind, Scope
from phone_audit.model.apk import Behaviour, Whose
from phone_audit.model.finding import Evidence, Skipped

_TEXTS: Final[frozenset[LeafKind]] = frozenset({"string", "string_start"})
MAX_PLACES: Final = 20_000
"""Places in one part of a DEX file that are kept; more than any real package holds."""

Unit = tuple[int | bytes, ...]
"""One method, class or package: what all parts of a rule have to stand in."""
MAX_EVIDENCE: Final = 6
"""Places shown of one behaviour."""
_DECLARED: Final = frozenset({"permission", "manifest"})


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
    return Plan(knowledge.behaviours)


class Place(NamedTuple):
    """A place in a part and a class (its descriptor) that names a leaf; it counts only once it is verified.

    `body` is a row of `DexIndex.bodies` and `at` one of the candidates of a kind; for what a class is they are -1 and
    the row of class_defs.
    """

    part: int
    class_: bytes
    body: int
    at: int
    kind: Kind | None


Places = dict[Leaf, list[Place]]
UnitPlaces = Mapping[Leaf, Sequence[Place]]


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

    def has_flags(self, rule: BehaviourRule, leaf: Leaf, place: Place) -> bool:
        """Tell whether a call may be handed what the rule asks for."""
        for flag in rule.flags:
            if leaf == Leaf("call", flag.call) and place.kind is not None:
                use = self._uses(place.part, place.kind, place.body).get(place.at)
                return use is None or may_have_flag(self._indexes[place.part], use, flag.argument, flag.bits)
        return True

    def method(self, place: Place) -> Method:
        bodies = self._indexes[place.part].bodies
        return Method(place.part, int(bodies.rows[bodies.first[place.body]]))

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


def find_behaviours(
    indexes: Sequence[DexIndex], declared: Declared, plan: Plan, owners: Owners
) -> tuple[tuple[Behaviour, ...], tuple[Skipped, ...]]:
    """Find the behaviours of a package, by id; and say what was left out.

    What no part of it names costs no search of its code. A call counts only if an instruction of the method that is
    shown makes it; a call through a class of the package that inherits it counts too, as far as the chain of classes
    stands in one DEX file. Of many places those in the package's own classes are shown; what base libraries do by
    themselves is shown where nothing else does it.
    """
    told = declared.evidence()
    found = LeafPlaces(indexes)
    base = BaseLibraries(indexes, owners, declared.named)
    behaviours = [
        _behaviour(rule, shown, found, base)
        for rule in found.search(plan, set(told))
        if (shown := _shown(rule, told, found, base))
    ]
    return tuple(behaviours), _left_out(indexes, found)


def _behaviour(rule: BehaviourRule, shown: list[Evidence], found: LeafPlaces, base: BaseLibraries) -> Behaviour:
    """Say it of the package, or of base libraries alone where nothing else calls them."""
    plain = Behaviour(id=rule.id, title=rule.title, evidence=tuple(shown[:MAX_EVIDENCE]))
    places = [place for leaf in rule.code_leaves for place in found.by_leaf.get(leaf, ())]
    inside = {place for place in places if base.does(place.class_, rule.id)}
    classes = {java_name(place.class_) for place in inside}
    if not classes or not classes.issuperset(one.class_ or "" for one in shown if one.kind not in _DECLARED):
        return plain
    called = base.called({found.method(place) for place in inside if place.body >= 0})
    if isinstance(called, Evidence):
        return plain.model_copy(update={"evidence": (called, *shown)[:MAX_EVIDENCE]})
    return plain if called else plain.model_copy(update={"library_only": True})


def _shown(
    rule: BehaviourRule, told: Mapping[Leaf, Evidence], found: LeafPlaces, base: BaseLibraries
) -> list[Evidence]:
    """Return the evidence of a rule; nothing where it does not hold."""
    named = [leaf for leaf in rule.declared_leaves if leaf in told]
    if not rule.code_leaves:
        return [told[leaf] for leaf in named]
    shown: list[Evidence] = []
    for unit, by_itself in _in_order(rule, list(units_of(rule.scope, rule.code_leaves, found.by_leaf)), base):
        if shown and by_itself:
            break  # other code does it, too
        if not rule.match.holds({*unit, *named}):
            continue
        places = unit if rule.scope == "method" else {leaf: _own_first(rule, at, base) for leaf, at in unit.items()}
        seen = {leaf: evidence for leaf, at in places.items() if (evidence := _first(rule, leaf, at, found, base))}
        if not by_itself:
            seen = _without_base(rule, seen, named, base)
        if seen and rule.match.holds({*seen, *named}):
            shown += [evidence for evidence in seen.values() if evidence not in shown]
        if len(shown) >= MAX_EVIDENCE:
            break
    return [*(told[leaf] for leaf in named), *shown] if shown else []


def _in_order(rule: BehaviourRule, units: list[UnitPlaces], base: BaseLibraries) -> Iterator[tuple[UnitPlaces, bool]]:
    """Yield the package's own code first, and last, marked, what base libraries do by themselves."""
    by_itself: list[UnitPlaces] = []
    others: list[UnitPlaces] = []
    for unit in units:
        alone = all(base.does(place.class_, rule.id) for places in unit.values() for place in places[:1])
        (by_itself if alone else others).append(unit)
    if len(others) > 1:
        others.sort(key=lambda places: not base.is_own(next(iter(places.values()))[0].class_))
    yield from ((unit, False) for unit in others)
    yield from ((unit, True) for unit in by_itself)


def _without_base(
    rule: BehaviourRule, seen: dict[Leaf, Evidence], named: Sequence[Leaf], base: BaseLibraries
) -> dict[Leaf, Evidence]:
    """Leave out what base libraries do by themselves where the rule holds without it."""
    others = {leaf: one for leaf, one in seen.items() if not base.does_named(one.class_ or "", rule.id)}
    return others if others and rule.match.holds({*others, *named}) else seen


def _own_first(rule: BehaviourRule, places: Sequence[Place], base: BaseLibraries) -> Sequence[Place]:
    """Put the package's own code first, and last what base libraries do by themselves."""
    return sorted(places, key=lambda at: (base.does(at.class_, rule.id), not base.is_own(at.class_)))


def _first(
    rule: BehaviourRule, leaf: Leaf, places: Sequence[Place], found: LeafPlaces, base: BaseLibraries
) -> Evidence | None:
    counting = (
        place for place in places if found.has_flags(rule, leaf, place) and not _asks_itself(rule, leaf, place, base)
    )
    return next((evidence for place in counting if (evidence := found.evidence(leaf, place))), None)


def _asks_itself(rule: BehaviourRule, leaf: Leaf, place: Place, base: BaseLibraries) -> bool:
    """Tell whether a library that the package brings along calls itself, where the rule counts others alone."""
    if not rule.outside_library or leaf.kind != "call" or base.is_own(place.class_):
        return False
    owner = leaf.text.rpartition(".")[0]
    return base.is_defined(owner) and is_of_library(java_name(place.class_), of=owner)


def _left_out(indexes: Sequence[DexIndex], found: LeafPlaces) -> tuple[Skipped, ...]:
    if found.complete:
        return ()
    reason = "Its code names more calls than can be followed; some behaviours may be missing."
    return (Skipped(subject=indexes[0].name, step="dex", code="too-many-calls", reason=reason),)


def name_owners(behaviours: Iterable[Behaviour], owner_of: OwnerOf) -> tuple[Behaviour, ...]:
    """Put into each behaviour whose code shows it, each owner once. What only a permission shows has no owner."""
    return tuple(_named(behaviour, owner_of) for behaviour in behaviours)


def _named(behaviour: Behaviour, owner_of: OwnerOf) -> Behaviour:
    classes = dict.fromkeys(one.class_ for one in behaviour.evidence if one.class_)
    owners = sorted({owner_of(name) for name in classes}, key=owner_order)
    return behaviour.model_copy(update={"whose": tuple(Whose(party=one.party, library=one.library) for one in owners)})
