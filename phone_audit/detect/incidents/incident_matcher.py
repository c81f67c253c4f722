"""Matching of published incidents against what was seen."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from phone_audit.detect.build_properties import INCREMENTAL, with_fingerprint_parts
from phone_audit.detect.incidents.fixed_builds import newer_than_fixes
from phone_audit.detect.incidents.incident_index import Index, index_of
from phone_audit.detect.incidents.incident_match import (
    UNKNOWN_BUILD,
    Fit,
    Hit,
    HitKind,
    IncidentMatch,
    confirming_hit,
    fit,
)
from phone_audit.detect.incidents.match_input import MatchInput, PackageInput
from phone_audit.detect.incidents.package_matcher import package_hits, package_subject
from phone_audit.knowledge.compare import names_build
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.incident import BuildFact, IncidentEntry, ModelFact
from phone_audit.model.detection import MATCH_STRENGTHS, NOT_CLAIMED, MatchStrength
from phone_audit.model.finding import Evidence, Subject

IncidentHits = Iterator[tuple[IncidentEntry, Hit]]


def match_incidents(given: MatchInput, knowledge: Knowledge) -> tuple[IncidentMatch, ...]:
    """Hold what was seen against every incident.

    The rules are those of docs/knowledge.md: recalled facts never confirm, a name that is not enough alone needs a
    second fact of the same incident, unknown properties never make a match stronger.

    Returns:
        One match for each incident that was met, by strength and id; hits by strength and subject.
    """
    index = index_of(knowledge)
    properties = with_fingerprint_parts(given.properties)
    hits: dict[str, list[Hit]] = defaultdict(list)
    incidents: dict[str, IncidentEntry] = {}
    affected: set[str] = set()
    for incident, hit in _build_hits(index, given, properties):
        incidents[incident.id] = incident
        hits[incident.id].append(hit)
        if hit.strength == "affected":
            affected.add(incident.id)
    for incident, hit in _other_hits(index, given, properties, affected):
        incidents[incident.id] = incident
        hits[incident.id].append(hit)
    for name, found in hits.items():
        found += _newer_hits(incidents[name], given, properties, knowledge)
    settled = (_settle(incidents[name], found, name in affected, properties) for name, found in hits.items())
    matches = [match for match in settled if match]
    return tuple(sorted(matches, key=lambda match: (_rank(match.hits[0]), match.incident.id)))


def _rank(hit: Hit) -> int:
    return MATCH_STRENGTHS.index(hit.strength)


def _settle(
    incident: IncidentEntry, hits: Iterable[Hit], affected: bool, properties: Mapping[str, str]
) -> IncidentMatch | None:
    """Apply what an incident demands as a whole."""
    applies = fit(incident, properties)
    if applies is Fit.NO:
        return None
    if "build" in incident.requires and not affected:
        hits = [hit for hit in hits if hit.strength != "confirmed"]
    if applies is Fit.UNSURE:
        hits = [_unsure(hit) for hit in hits]
    if any(hit.strength in NOT_CLAIMED for hit in hits):
        hits = [hit for hit in hits if hit.strength != "model"]
    in_order = tuple(sorted(hits, key=lambda hit: (_rank(hit), hit.subject.kind, hit.subject.name)))
    return IncidentMatch(incident, in_order) if in_order else None


def _unsure(hit: Hit) -> Hit:
    strength = _UNSURE.get(hit.strength, hit.strength)
    return replace(hit, strength=strength, undecided=hit.undecided or hit.strength == "confirmed")


_UNSURE: Mapping[MatchStrength, MatchStrength] = {"confirmed": "weak", "affected": "candidate"}


def _build_hits(index: Index, given: MatchInput, properties: Mapping[str, str]) -> IncidentHits:
    """Yield what the build itself says."""
    name = given.build_name or build_name(properties)
    for field in sorted(index.builds.fields & properties.keys()):
        for incident, fact in index.builds.of(field, properties[field]):
            strength = _build_strength(fact, fit(fact, properties))
            if strength:
                evidence = (property_evidence(given, field, properties[field]),)
                kind: HitKind = "model" if isinstance(fact, ModelFact) else "build"
                yield incident, Hit(kind, strength, (fact,), Subject(kind="build", name=name), evidence)


def _newer_hits(
    incident: IncidentEntry, given: MatchInput, properties: Mapping[str, str], knowledge: Knowledge
) -> Iterator[Hit]:
    """Yield what the order of build numbers says of a build that is later than all that are listed as fixed."""
    facts = newer_than_fixes(incident, properties, knowledge.scheme_index)
    if facts:
        shown = next(name for name in (facts[0].field, INCREMENTAL) if name in properties)
        name = given.build_name or build_name(properties)
        evidence = (property_evidence(given, shown, properties[shown]),)
        yield Hit("build", "newer", facts, Subject(kind="build", name=name), evidence)


def _build_strength(fact: BuildFact | ModelFact, applies: Fit) -> MatchStrength | None:
    if applies is Fit.NO:
        return None
    if isinstance(fact, ModelFact):
        return "model"
    unproven = fact.confidence == "recalled" or applies is Fit.UNSURE
    return "candidate" if fact.status == "affected" and unproven else fact.status


def _other_hits(index: Index, given: MatchInput, properties: Mapping[str, str], affected: set[str]) -> IncidentHits:
    """Yield what packages, properties and paths say."""
    build = tuple(
        property_evidence(given, field, properties[field])
        for field in ("ro.build.fingerprint", "ro.build.display.id")
        if field in properties
    )
    for package in given.packages:
        yield from package_hits(index, package, properties, dict.fromkeys(affected, build))
        yield from _version_hits(index, package, properties)
    device = Subject(kind="device", name=properties.get("ro.product.model", "phone"))
    yield from _property_hits(index, given, properties, affected, device)
    yield from _path_hits(index, given, properties, device)


def _version_hits(index: Index, package: PackageInput, properties: Mapping[str, str]) -> IncidentHits:
    if package.name is None or package.version_name is None:
        return
    for incident, fact in index.versions.get(package.name, ()):
        strength = _build_strength(fact, fit(fact, properties))
        if strength and names_build(fact, package.version_name):
            seen = f"{package.name} {package.version_name}"
            evidence = (Evidence(kind="package", where=package.path, value=seen),)
            yield incident, Hit("package-version", strength, (fact,), package_subject(package), evidence)


def _property_hits(
    index: Index, given: MatchInput, properties: Mapping[str, str], affected: set[str], device: Subject
) -> IncidentHits:
    """Yield the incidents' properties that are set. One that is not enough alone needs an affected build."""
    for name in index.properties:
        value = properties.get(name)
        if value is None:
            continue
        for incident, fact in index.properties.get(name, ()):
            enough = fact.standalone or incident.id in affected
            applies = fit(fact, properties)
            if enough and fact.expected in (None, value) and applies is not Fit.NO:
                evidence = (property_evidence(given, name, value),)
                yield incident, confirming_hit("property", applies, (fact,), device, evidence)


def _path_hits(index: Index, given: MatchInput, properties: Mapping[str, str], device: Subject) -> IncidentHits:
    for path in index.paths:
        if path not in given.paths:
            continue
        kind = given.paths[path]
        for incident, fact in index.paths.get(path, ()):
            applies = fit(fact, properties)
            if (fact.type is None or kind in (None, fact.type)) and applies is not Fit.NO:
                evidence = (Evidence(kind="path", where=path, value=path),)
                yield incident, confirming_hit("path", applies, (fact,), device, evidence)


def property_evidence(given: MatchInput, name: str, value: str) -> Evidence:
    return Evidence(kind="property", where=given.properties_from, value=f"{name}={value}")


def build_name(properties: Mapping[str, str]) -> str:
    """Return the name by which a person knows a build: its display id, else its fingerprint."""
    for field in ("ro.build.display.id", "ro.build.fingerprint"):
        if field in properties:
            return properties[field]
    return UNKNOWN_BUILD
