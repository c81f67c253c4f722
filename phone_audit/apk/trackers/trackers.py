"""Trackers by the classes that a package defines or names and by the hosts in its strings; the switches they get."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from heapq import merge
from itertools import groupby
from typing import Final

from phone_audit.apk.code.libraries import is_connector, is_stand_in
from phone_audit.apk.dex.descriptors import Classes, Prefixes, descriptor_prefix, each_under, java_name
from phone_audit.apk.records import evidence_in_order
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import OptOutFact, TrackerFact
from phone_audit.model.apk import Endpoint, OptOut, Tier, Tracker
from phone_audit.model.finding import Evidence

MAX_CLASSES: Final = 5
"""Classes shown as evidence of one tracker."""

MAX_STAND_INS: Final = 50
"""Classes of a tracker up to which a label such as `noop` is believed: what stands in for something is small."""

Started = Callable[[Sequence[TrackerFact]], Mapping[str, tuple[Evidence, ...]]]
_MANIFEST: Final = "AndroidManifest.xml"


_TIERS: Final[tuple[tuple[Tier, Callable[[Classes], Sequence[bytes]]], ...]] = (
    ("present", lambda file: file.defined),
    ("referenced", lambda file: file.named),
)


_NOT_NAMED: Final[tuple[Tier, tuple[Evidence, ...]]] = ("referenced", ())
"""Stands for a tracker of which no class is even named."""


def find_trackers(
    classes: Sequence[Classes],
    endpoints: Sequence[Endpoint],
    knowledge: Knowledge,
    started: Started = lambda _: {},
    declared: Iterable[str] = (),
) -> tuple[Tracker, ...]:
    """Return trackers, by id, and how far each is there.

    `initialised`: a class of it is defined, and `started` gives evidence that it is set going. `present`: a class of it
    is defined. `host-only`: of it there is a host in the strings that code may connect to, and no class but perhaps one
    that is named, and no other tracker explains that host. `referenced`: a class of it is only named, by code or as a
    component in the manifest (`declared`), and there is no such host. Connectors count nowhere, nor endpoints that a
    rule takes out. A host that several trackers use tells of those among them that have code here; failing that, of
    those that are known by hosts alone; failing that, of all.
    """
    counted = {endpoint.host: endpoint for endpoint in endpoints if endpoint.ruled_out is None}
    sent_to = {host for host, endpoint in counted.items() if endpoint.counts}
    users = {host: knowledge.trackers_of_host(host) for host in sorted(counted)}
    prefixes = _prefixes(knowledge)
    named = _facts(
        {name for file in classes for _, column in _TIERS for name in prefixes.ids_in(column(file))}, knowledge
    )
    by_code = {fact.id: code for fact in named if (code := _code_of(fact, classes, knowledge))}
    by_code = _by_components(declared, knowledge) | by_code
    going = started([fact for fact in named if fact.id in by_code and by_code[fact.id][0] == "present"])
    by_code |= {name: ("initialised", (*shown, *by_code[name][1])) for name, shown in going.items()}
    found = []
    for fact in _facts({*by_code, *(fact.id for facts in users.values() for fact in facts)}, knowledge):
        hosts = tuple(host for host, facts in users.items() if any(user.id == fact.id for user in facts))
        told = tuple(host for host in hosts if host in sent_to and fact.id in _told_by(users[host], by_code))
        tier, shown = by_code.get(fact.id, _NOT_NAMED)
        if tier == "referenced" and told:
            found.append(_tracker(fact, "host-only", (*_strings(counted[host] for host in told), *shown), told))
        elif shown:
            found.append(_tracker(fact, tier, shown, hosts))
    return tuple(found)


def _facts(ids: Iterable[str], knowledge: Knowledge) -> list[TrackerFact]:
    """Return trackers in the order of their ids."""
    facts = _by_id(knowledge)
    return [facts[name] for name in sorted(ids)]


@lru_cache(maxsize=4)
def _by_id(knowledge: Knowledge) -> Mapping[str, TrackerFact]:
    return {fact.id: fact for fact in knowledge.trackers}


@lru_cache(maxsize=4)
def _prefixes(knowledge: Knowledge) -> Prefixes:
    return Prefixes((fact.id, fact.classes) for fact in knowledge.trackers)


@lru_cache(maxsize=4)
def _owners_of_components(knowledge: Knowledge) -> Mapping[str, str]:
    return {name: fact.id for fact in knowledge.trackers for name in fact.components}


def _by_components(declared: Iterable[str], knowledge: Knowledge) -> dict[str, tuple[Tier, tuple[Evidence, ...]]]:
    """Return the trackers whose components a manifest names, whether or not their classes are there."""
    known = _owners_of_components(knowledge)
    named: dict[str, list[str]] = {}
    for name in sorted(known.keys() & set(declared)):
        named.setdefault(known[name], []).append(name)
    return {
        fact_id: (
            "referenced",
            tuple(Evidence(kind="manifest", where=_MANIFEST, value=name, class_=name) for name in names[:MAX_CLASSES]),
        )
        for fact_id, names in named.items()
    }


def _code_of(
    fact: TrackerFact, classes: Sequence[Classes], knowledge: Knowledge
) -> tuple[Tier, tuple[Evidence, ...]] | None:
    """Look for the code of a tracker: defined classes first, named ones only where there are none.

    Connectors do not count: they are there so that others can do without it. Nor do a few stand-ins.
    """
    for tier, column in _TIERS:
        shown: list[Evidence] = []
        stand_ins: list[Evidence] = []
        for one in _classes_of(fact, classes, column):
            if not is_connector(one.value, knowledge):
                (stand_ins if is_stand_in(one.value) else shown).append(one)
            if len(shown) == MAX_CLASSES:
                break
        if not shown and len(stand_ins) > MAX_STAND_INS:
            shown = stand_ins[:MAX_CLASSES]
        if shown:
            return tier, tuple(shown)
    return None


def _classes_of(
    fact: TrackerFact, classes: Sequence[Classes], column: Callable[[Classes], Sequence[bytes]]
) -> Iterator[Evidence]:
    """Yield the classes under the prefixes of a tracker, file by file, in order and each once."""
    prefixes = [descriptor_prefix(prefix) for prefix in fact.classes]
    for file in classes:
        under = merge(*(each_under(column(file), prefix) for prefix in prefixes))
        for descriptor, _ in groupby(under):
            name = java_name(descriptor)
            yield Evidence(kind="class", where=file.where, value=name, class_=name)


def _told_by(users: Sequence[TrackerFact], by_code: Collection[str]) -> set[str]:
    """Return the ids of the trackers that a host stands for."""
    ids = {fact.id for fact in users}
    return ids & set(by_code) or {fact.id for fact in users if not fact.code} or ids


def _strings(endpoints: Iterable[Endpoint]) -> tuple[Evidence, ...]:
    """Return the first string of each endpoint."""
    return tuple(holder.evidence[0] for endpoint in endpoints for holder in endpoint.held_by[:1] if holder.evidence)


def _tracker(fact: TrackerFact, tier: Tier, evidence: tuple[Evidence, ...], hosts: tuple[str, ...]) -> Tracker:
    return Tracker(
        id=fact.id,
        name=fact.name,
        owner=fact.owner,
        categories=fact.categories,
        tier=tier,
        endpoints=hosts,
        evidence=evidence_in_order(evidence),
    )


def with_opt_outs(
    trackers: Iterable[Tracker], meta_data: Sequence[tuple[str, str]], knowledge: Knowledge
) -> tuple[Tracker, ...]:
    """Put beside each tracker of one package, in any tier, what the names and values in its manifest tell it."""
    facts = _by_id(knowledge)
    return tuple(
        _with_opt_out(tracker, facts[tracker.id].opt_out, meta_data) if tracker.id in facts else tracker
        for tracker in trackers
    )


def _with_opt_out(tracker: Tracker, switches: Sequence[OptOutFact], meta_data: Sequence[tuple[str, str]]) -> Tracker:
    found = tuple(
        OptOut(name=name, value=value, meaning=switch.values.get(value.lower()))
        for name, value in meta_data
        for switch in switches
        if switch.name == name
    )
    if not found:
        return tracker
    shown = [Evidence(kind="manifest", where=_MANIFEST, value=one.shown) for one in found]
    evidence = evidence_in_order((*tracker.evidence, *shown), last=[one.shown for one in found])
    return tracker.model_copy(update={"opt_out": found, "evidence": evidence})
