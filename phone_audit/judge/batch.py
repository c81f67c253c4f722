"""Matching of published incidents against what was observed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from phone_audit.judge.conditions import Fit, fit
from phone_audit.judge.index import Index, index_of
from phone_audit.judge.observed import (
    UNKNOWN_BUILD,
    WORDS,
    Hit,
    HitKind,
    IncidentMatch,
    Observed,
    ObservedPackage,
    Word,
    confirmed_where,
)
from phone_audit.judge.package_hits import package_hits
from phone_audit.judge.prints import with_fingerprint_parts
from phone_audit.knowledge.compare import names_build
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.incident import BuildFact, IncidentEntry, ModelFact
from phone_audit.model.finding import Evidence, Subject

__all__ = ["Hit", "IncidentMatch", "Observed", "ObservedPackage", "match_incidents"]

Found = Iterator[tuple[IncidentEntry, Hit]]


def match_incidents(observed: Observed, knowledge: Knowledge) -> tuple[IncidentMatch, ...]:
    """Hold what was observed against every incident.

    The words and rules are those of docs/knowledge.md: recalled facts never confirm, a name that is not enough alone
    needs a second fact of the same incident, unknown properties never make a match stronger.

    Returns:
        One match for each incident that was met, by word (strongest first) and id; hits by word and subject.
    """
    index = index_of(knowledge)
    properties = with_fingerprint_parts(observed.properties)
    hits: dict[str, list[Hit]] = defaultdict(list)
    incidents: dict[str, IncidentEntry] = {}
    affected: set[str] = set()
    for incident, hit in _build_hits(index, observed, properties):
        incidents[incident.id] = incident
        hits[incident.id].append(hit)
        if hit.word == "affected":
            affected.add(incident.id)
    for incident, hit in _other_hits(index, observed, properties, affected):
        incidents[incident.id] = incident
        hits[incident.id].append(hit)
    matches = (_settle(incidents[name], found, name in affected, properties) for name, found in hits.items())
    return tuple(sorted((match for match in matches if match), key=lambda m: (WORDS.index(m.word), m.incident.id)))


def _settle(
    incident: IncidentEntry, hits: Iterable[Hit], affected: bool, properties: Mapping[str, str]
) -> IncidentMatch | None:
    """Apply what an incident demands as a whole."""
    applies = fit(incident, properties)
    if applies is Fit.NO:
        return None
    if "build" in incident.requires and not affected:
        hits = [hit for hit in hits if hit.word != "confirmed"]
    if applies is Fit.UNSURE:
        hits = [_unsure(hit) for hit in hits]
    if any(hit.word == "fixed" for hit in hits):
        hits = [hit for hit in hits if hit.word != "model"]
    in_order = tuple(sorted(hits, key=lambda hit: (WORDS.index(hit.word), hit.subject.kind, hit.subject.name)))
    return IncidentMatch(incident, in_order) if in_order else None


def _unsure(hit: Hit) -> Hit:
    word = _UNSURE.get(hit.word, hit.word)
    return replace(hit, word=word, undecided=hit.undecided or hit.word == "confirmed")


_UNSURE: Mapping[Word, Word] = {"confirmed": "weak", "affected": "candidate"}


def _build_hits(index: Index, observed: Observed, properties: Mapping[str, str]) -> Found:
    """Yield what the build itself says."""
    name = observed.build_name or build_name(properties)
    for field in sorted(index.builds.fields & properties.keys()):
        for incident, fact in index.builds.of(field, properties[field]):
            word = _build_word(fact, fit(fact, properties))
            if word:
                evidence = (property_evidence(observed, field, properties[field]),)
                kind: HitKind = "model" if isinstance(fact, ModelFact) else "build"
                yield incident, Hit(kind, word, (fact,), Subject(kind="build", name=name), evidence)


def _build_word(fact: BuildFact | ModelFact, applies: Fit) -> Word | None:
    if applies is Fit.NO:
        return None
    if isinstance(fact, ModelFact):
        return "model"
    unproven = fact.confidence == "recalled" or applies is Fit.UNSURE
    return "candidate" if fact.status == "affected" and unproven else fact.status


def _other_hits(index: Index, observed: Observed, properties: Mapping[str, str], affected: set[str]) -> Found:
    """Yield what packages, properties and paths say."""
    build = tuple(
        property_evidence(observed, field, properties[field])
        for field in ("ro.build.fingerprint", "ro.build.display.id")
        if field in properties
    )
    for package in observed.packages:
        yield from package_hits(index, package, properties, dict.fromkeys(affected, build))
        yield from _version_hits(index, package, properties)
    device = Subject(kind="device", name=properties.get("ro.product.model", "phone"))
    yield from _property_hits(index, observed, properties, affected, device)
    yield from _path_hits(index, observed, properties, device)


def _version_hits(index: Index, package: ObservedPackage, properties: Mapping[str, str]) -> Found:
    if package.name is None or package.version_name is None:
        return
    for incident, fact in index.versions.of(package.name):
        word = _build_word(fact, fit(fact, properties))
        if word and names_build(fact, package.version_name):
            seen = f"{package.name} {package.version_name}"
            evidence = (Evidence(kind="package", where=package.path, value=seen),)
            yield incident, Hit("package-version", word, (fact,), Subject(kind="package", name=package.name), evidence)


def _property_hits(
    index: Index, observed: Observed, properties: Mapping[str, str], affected: set[str], device: Subject
) -> Found:
    """Yield the incidents' properties that are set. One that is not enough alone needs an affected build."""
    for name in index.properties:
        value = properties.get(name)
        if value is None:
            continue
        for incident, fact in index.properties.of(name):
            enough = fact.standalone or incident.id in affected
            applies = fit(fact, properties)
            if enough and fact.expected in (None, value) and applies is not Fit.NO:
                evidence = (property_evidence(observed, name, value),)
                yield (
                    incident,
                    Hit("property", confirmed_where(applies), (fact,), device, evidence, applies is Fit.UNSURE),
                )


def _path_hits(index: Index, observed: Observed, properties: Mapping[str, str], device: Subject) -> Found:
    for path in index.paths:
        if path not in observed.paths:
            continue
        kind = observed.paths[path]
        for incident, fact in index.paths.of(path):
            applies = fit(fact, properties)
            if (fact.type is None or kind in (None, fact.type)) and applies is not Fit.NO:
                evidence = (Evidence(kind="path", where=path, value=path),)
                yield incident, Hit("path", confirmed_where(applies), (fact,), device, evidence, applies is Fit.UNSURE)


def property_evidence(observed: Observed, name: str, value: str) -> Evidence:
    """Say which property was seen, and where."""
    return Evidence(kind="property", where=observed.properties_from, value=f"{name}={value}")


def build_name(properties: Mapping[str, str]) -> str:
    """Return the name by which a person knows a build: its display id, else its fingerprint."""
    for field in ("ro.build.display.id", "ro.build.fingerprint"):
        if field in properties:
            return properties[field]
    return UNKNOWN_BUILD
