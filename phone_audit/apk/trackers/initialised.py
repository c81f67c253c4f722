"""Which trackers are set going: declared in the manifest, or called by code that is not their own."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.behaviours.declared import Declared
from phone_audit.apk.code.libraries import OwnerOf, is_connector, longest_prefix, root_of
from phone_audit.apk.code.names_in_files import TooLargeError, names_held
from phone_audit.apk.dex.descriptors import class_names, descriptor_prefix, java_name, under
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import Candidates, candidates, evidence_in, verified
from phone_audit.errors import ApkError
from phone_audit.knowledge.families import family_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import TrackerFact, TrackerNeedFact
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
_ASKS: Final = re.compile(rb"(?:get|is|has)[A-Z]")
"""Names of methods that only give something back, unless the expression above takes them in."""

Flags = NDArray[np.bool_]


class InitialisedTrackers:
    """Gives evidence for those trackers that are set going.

    Calls by code of the tracker, of its maker, of the libraries that it is a part of, and of connectors, which only
    talk to trackers, tell nothing, and so do those in code that nothing starts; those by code of the package itself
    always tell. What the manifest declares tells nothing of a tracker that needs to be told more, and is not.

    `starts` tells whether anything may start a method, by part and row, and `sees` whether it was seen to, which code
    of other libraries needs; `others` gives the bytes of the other files, in which names of resources stand.
    """

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        declared: Declared,
        owner_of: OwnerOf,
        knowledge: Knowledge,
        starts: Callable[[int, int], bool] = lambda _part, _row: True,
        others: Callable[[], Iterable[bytes | memoryview]] = tuple,
        sees: Callable[[int, int], bool] = lambda _part, _row: True,
    ) -> None:
        self._declared = declared
        self._knowledge = knowledge
        self._calls = [
            _Calls(index, owner_of, knowledge, partial(starts, part), partial(sees, part))
            for part, index in enumerate(indexes)
        ]
        self._others = others

    def __call__(self, facts: Sequence[TrackerFact]) -> dict[str, tuple[Evidence, ...]]:
        """Join what manifest and code tell of each tracker; those of which neither tells anything are left out."""
        called: dict[str, list[Evidence]] = {}
        for calls in self._calls:
            for fact_id, evidence in calls.of(facts):
                called.setdefault(fact_id, []).append(evidence)
        declared = {fact.id: list(islice(self._declarations(fact), MAX_SHOWN)) for fact in facts}
        told = self._told([fact.needs for fact in facts if fact.needs and declared[fact.id]])
        found = {}
        for fact in facts:
            is_told = fact.needs is None or not told.isdisjoint((*fact.needs.resources, *fact.needs.meta_data))
            is_told = is_told or self._is_told_by_code(fact)
            shown = (*(declared[fact.id] if is_told else ()), *called.get(fact.id, ())[:MAX_SHOWN])
            if shown:
                found[fact.id] = shown
        return found

    def _is_told_by_code(self, fact: TrackerFact) -> bool:
        if fact.needs is None or not fact.needs.code:
            return False
        telling = fact.model_copy(update={"code": fact.needs.code})
        return any(True for calls in self._calls for _ in calls.of([telling]))

    def _told(self, needs: Sequence[TrackerNeedFact]) -> frozenset[str]:
        """Return which of the names that trackers need the package holds; all resources where files are not read."""
        names = {name for name, _ in self._declared.meta_data} & {name for one in needs for name in one.meta_data}
        resources = sorted({name for one in needs for name in one.resources})
        if not resources:
            return frozenset(names)
        try:
            return frozenset((*names, *names_held(self._others(), resources)))
        except (ApkError, TooLargeError):
            return frozenset((*names, *resources))

    def _declarations(self, fact: TrackerFact) -> Iterator[Evidence]:
        """Yield what the manifest declares of a tracker: components of its classes, and its meta-data.

        Meta-data counts where its name begins like the tracker's classes, or names one of them behind a colon, as the
        component registrars of Firebase do. A switch that says how much to collect is no sign that it is set going.
        """
        prefixes = {prefix.rstrip(".") for prefix in fact.classes}
        wider = prefixes | {_package_of(prefix) for prefix in prefixes}
        switches = {switch.name for switch in fact.opt_out}
        for one in self._declared.components:
            if longest_prefix(one.name, prefixes) and not is_connector(one.name, self._knowledge):
                yield Evidence(kind="manifest", where=_MANIFEST, value=f"{one.kind} {one.name}", class_=one.name)
        for name, value in self._declared.meta_data:
            named = name.rpartition(":")[2]
            is_its_own = name not in switches and longest_prefix(named, wider)
            if is_its_own and not is_connector(named, self._knowledge):
                yield Evidence(kind="manifest", where=_MANIFEST, value=f"meta-data {name}={value}")


def _package_of(prefix: str) -> str:
    """Return the package of a prefix that names a class: meta-data is named after packages."""
    package, _, last = prefix.rpartition(".")
    return package if last[:1].isupper() and package.count(".") >= 2 else prefix


class _Calls:
    """Calls of trackers in one part of a DEX file."""

    def __init__(
        self,
        index: DexIndex,
        owner_of: OwnerOf,
        knowledge: Knowledge,
        starts: Callable[[int], bool],
        sees: Callable[[int], bool],
    ) -> None:
        self._starts_row = starts
        self._sees_row = sees
        self._index = index
        self._owner_of = owner_of
        self._knowledge = knowledge

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
        """Return the first call that stands, those before others that set the tracker going.

        What another library only asks it sets nothing going: it may have to be prepared for whoever does.
        """
        outside = [caller for caller in np.unique(callers[chosen]).tolist() if self._is_outside(caller, fact)]
        chosen = chosen[np.isin(callers[chosen], outside)]
        starts = [method for method in np.unique(places.ids[chosen]).tolist() if self._starts(method)]
        starting = np.isin(places.ids[chosen], starts)
        libraries = [caller for caller in outside if self._is_library(self._index.descriptor(caller))]
        asks = [method for method in np.unique(places.ids[chosen]).tolist() if self._only_asks(method)]
        idle = np.isin(callers[chosen], libraries) & np.isin(places.ids[chosen], asks)
        for group in (chosen[starting], chosen[~starting & ~idle]):
            picked = Candidates(*(column[group[:_MAX_TRIED]] for column in places))
            for use in verified(self._index, picked):
                by_library = self._is_library(self._index.row_class(use.row))
                if not (self._sees_row if by_library else self._starts_row)(use.row):
                    continue
                called = f"{java_name(self._index.class_descriptor(use.id))}.{self._index.method_name(use.id)}"
                return evidence_in(self._index, use.row, use.offset, called)
        return None

    def _is_outside(self, type_id: int, fact: TrackerFact) -> bool:
        """Tell whether a caller is none of the tracker's own: of its maker's packages, or of its family."""
        caller = java_name(self._index.descriptor(type_id))
        if is_connector(caller, self._knowledge):
            return False
        owner = self._owner_of(caller)
        if owner.party == "first-party":
            return True
        roots = {root_of(prefix) for prefix in fact.code}
        return root_of(caller) not in roots and owner.library not in family_of(fact, self._knowledge)

    def _is_library(self, class_: bytes) -> bool:
        return self._owner_of(java_name(class_)).party == "library"

    def _only_asks(self, method: int) -> bool:
        return _ASKS.match(self._index.raw_string(int(self._index.method_ids["name"][method]))) is not None

    def _starts(self, method: int) -> bool:
        return _STARTS.match(self._index.raw_string(int(self._index.method_ids["name"][method]))) is not None
