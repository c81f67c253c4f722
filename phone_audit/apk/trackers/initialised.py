"""Which trackers are set going: declared in the manifest, or called by code that is not their own."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.behaviours.find import Declared
from phone_audit.apk.code.libraries import OwnerOf, is_connector, longest_prefix, root_of
from phone_audit.apk.dex.descriptors import class_names, descriptor_prefix, java_name, under
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import Candidates, Use, candidates, verified
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import TrackerFact
from phone_audit.model.finding import Evidence

MAX_SHOWN: Final = 3
"""Pieces of evidence of one kind that are shown for one tracker."""

_MANIFEST: Final = "AndroidManifest.xml"
_MAX_TRIED: Final = 200
"""Calls of one tracker that are verified until one stands."""
_ALL: Final = 1 << 16
_STARTS: Final = re.compile(
    rb"(?:auto)?(?:init|start|setup|configure|activate|register|launch|enable|install|onCreate|getInstance|<init>$|"
    rb"sharedInstance|newBuilder|build$|with$|create)",
    re.IGNORECASE,
)
"""Names of methods that set a library going; a call of one is shown rather than a call of another."""

Flags = NDArray[np.bool_]


class Surroundings(NamedTuple):
    """What decides whether a call comes from elsewhere; what only talks to trackers (a connector) tells nothing."""

    owner_of: OwnerOf
    is_connector: Callable[[str], bool]


class Starts:
    """Gives evidence for those trackers that are set going."""

    def __init__(
        self, indexes: Sequence[DexIndex], declared: Declared, owner_of: OwnerOf, knowledge: Knowledge
    ) -> None:
        """Take in what is searched: parts of DEX files, the manifest, whose code a class is, and connectors."""
        self._indexes = indexes
        self._declared = declared
        self._around = Surroundings(owner_of, lambda name: is_connector(name, knowledge))

    def __call__(self, facts: Sequence[TrackerFact]) -> dict[str, tuple[Evidence, ...]]:
        """Join what manifest and code tell of each tracker; those of which neither tells anything are left out."""
        declared = declared_trackers(facts, self._declared, self._around.is_connector)
        called = called_trackers(facts, self._indexes, self._around)
        joined = {fact.id: (*declared.get(fact.id, ()), *called.get(fact.id, ())) for fact in facts}
        return {fact_id: evidence for fact_id, evidence in joined.items() if evidence}


def declared_trackers(
    facts: Sequence[TrackerFact], declared: Declared, connects: Callable[[str], bool]
) -> dict[str, tuple[Evidence, ...]]:
    """Return for each tracker what the manifest declares of it: components of its classes, and its meta-data.

    Meta-data counts where its name begins like the tracker's classes, or names one of them behind a colon, as the
    component registrars of Firebase do. A switch that says how much to collect is no sign that it is set going.
    """
    found = {}
    for fact in facts:
        prefixes = {prefix.rstrip(".") for prefix in fact.code}
        wider = prefixes | {_package_of(prefix) for prefix in prefixes}
        shown = [
            Evidence(kind="manifest", where=_MANIFEST, value=f"{one.kind} {one.name}", class_=one.name)
            for one in declared.components
            if longest_prefix(one.name, prefixes) and not connects(one.name)
        ]
        switches = {switch.name for switch in fact.opt_out}
        for name, value in declared.meta_data:
            if name in switches:
                continue
            named = name.rpartition(":")[2]
            if longest_prefix(named, wider) and not connects(named):
                shown.append(Evidence(kind="manifest", where=_MANIFEST, value=f"meta-data {name}={value}"))
        if shown:
            found[fact.id] = tuple(shown[:MAX_SHOWN])
    return found


def called_trackers(
    facts: Sequence[TrackerFact], indexes: Sequence[DexIndex], around: Surroundings
) -> dict[str, tuple[Evidence, ...]]:
    """Return for each tracker calls of its methods from elsewhere.

    Code of the tracker, of its maker and of connectors is not elsewhere; code of the package itself always is.
    """
    found: dict[str, list[Evidence]] = {}
    for index in indexes:
        calls = _Calls(index, around)
        for fact_id, evidence in calls.of(facts):
            found.setdefault(fact_id, []).append(evidence)
    return {fact_id: tuple(shown[:MAX_SHOWN]) for fact_id, shown in found.items()}


def _package_of(prefix: str) -> str:
    """Return the package of a prefix that names a class: meta-data is named after packages."""
    package, _, last = prefix.rpartition(".")
    return package if last[:1].isupper() and package.count(".") >= 2 else prefix


class _Calls:
    """Calls of trackers in one part of a DEX file."""

    def __init__(self, index: DexIndex, around: Surroundings) -> None:
        self._index = index
        self._around = around

    def of(self, facts: Sequence[TrackerFact]) -> Iterator[tuple[str, Evidence]]:
        types = {fact.id: self._types(fact) for fact in facts}
        types = {name: flags for name, flags in types.items() if flags.any()}
        if not types:
            return
        index = self._index
        owner = index.method_ids["class"]
        inside = owner < index.part.type_strings.size
        wanted = np.zeros(owner.size, dtype=np.bool_)
        for flags in types.values():
            wanted[inside] |= flags[owner[inside]]
        places = candidates(index, "method", np.flatnonzero(wanted).tolist())
        callers = self._callers(places)
        for fact in facts:
            if fact.id in types:
                flags = types[fact.id]
                chosen = np.flatnonzero(flags[owner[places.ids]] & ~flags[callers])
                if evidence := self._first(places, chosen, callers, fact):
                    yield fact.id, evidence

    @cached_property
    def _named(self) -> list[bytes]:
        return class_names(self._index.type_ids)

    def _types(self, fact: TrackerFact) -> Flags:
        """Mark the type indices under the prefixes of a tracker."""
        flags = np.zeros(self._index.part.type_strings.size, dtype=np.bool_)
        prefixes = [descriptor_prefix(prefix) for prefix in fact.code]
        names = {name for prefix in prefixes for name in under(self._named, prefix, _ALL)}
        flags[[self._index.type_ids[name] for name in names if name in self._index.type_ids]] = True
        return flags

    def _callers(self, places: Candidates) -> NDArray[np.intp]:
        """Return the type index of the class that holds each place; the last type where a damaged table names none."""
        bodies = self._index.bodies
        rows = bodies.rows[bodies.first[places.bodies]]
        defined: NDArray[np.uint32] = self._index.part.class_defs["class"][self._index.methods.class_def[rows]]
        return np.minimum(defined, self._index.part.type_strings.size - 1).astype(np.intp)

    def _first(
        self, places: Candidates, chosen: NDArray[np.intp], callers: NDArray[np.intp], fact: TrackerFact
    ) -> Evidence | None:
        """Return the first call that stands, those before others that set the tracker going."""
        roots = {root_of(prefix) for prefix in fact.code}
        outside = {
            number for number in np.unique(callers[chosen]).tolist() if self._is_outside(self._name(number), roots)
        }
        chosen = chosen[np.isin(callers[chosen], list(outside))]
        starting = np.isin(places.ids[chosen], [n for n in np.unique(places.ids[chosen]).tolist() if self._starts(n)])
        for group in (chosen[starting], chosen[~starting]):
            picked = Candidates(*(column[group[:_MAX_TRIED]] for column in places))
            for use in islice(verified(self._index, picked), 1):
                return self._evidence(use)
        return None

    def _is_outside(self, caller: str, roots: Collection[str]) -> bool:
        if self._around.is_connector(caller):
            return False
        return root_of(caller) not in roots or self._around.owner_of(caller).party == "first-party"

    def _starts(self, method: int) -> bool:
        return _STARTS.match(self._index.raw_string(int(self._index.method_ids["name"][method]))) is not None

    def _name(self, type_id: int) -> str:
        return java_name(self._index.descriptor(type_id))

    def _evidence(self, use: Use) -> Evidence:
        index = self._index
        return Evidence(
            kind="call",
            where=index.name,
            value=f"{index.class_of(use.id)}.{index.method_name(use.id)}",
            class_=java_name(index.row_class(use.row)),
            method=index.row_name(use.row),
            offset=use.offset,
        )
