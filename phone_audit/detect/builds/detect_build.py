"""One build identifier → which published incidents name it, and what it says of itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from phone_audit.detect.build_properties import with_fingerprint_parts
from phone_audit.detect.builds.build_input import BuildInput, understand
from phone_audit.detect.builds.build_text import is_properties_text, read_properties
from phone_audit.detect.builds.support import support_of
from phone_audit.detect.firmware_rules import check_properties
from phone_audit.detect.incidents.citations import sources_of
from phone_audit.detect.incidents.fixed_builds import compared_with_fixes
from phone_audit.detect.incidents.incident_findings import matched_incident
from phone_audit.detect.incidents.incident_match import IncidentMatch
from phone_audit.detect.incidents.incident_matcher import match_incidents
from phone_audit.detect.incidents.match_input import MatchInput
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.incident import BuildFact, ModelFact
from phone_audit.model.detection import Detection, MatchStrength
from phone_audit.model.finding import Finding
from phone_audit.model.results import BuildMatch, BuildMatchKind, BuildStatus, FixCompared, ParsedBuild, Support

_STATUSES: Mapping[MatchStrength, BuildStatus] = {
    "affected": "affected",
    "candidate": "candidate",
    "model": "candidate",
    "fixed": "fixed",
    "newer": "fixed",
}


@dataclass(frozen=True)
class BuildDetection:
    """What is known and claimed of one identifier. `parsed` is None where it was not understood."""

    name: str
    parsed: ParsedBuild | None
    matches: tuple[BuildMatch, ...]
    support: Support | None
    fixes: tuple[FixCompared, ...]
    detected: Detection


def detect_build(text: str, knowledge: Knowledge) -> BuildDetection:
    """Return what is claimed of a build; `text` as in `understand`, hostile input.

    A property file may hold serial numbers, so the record is named after its build.
    """
    build = read_build(text, knowledge)
    where = "getprop" if build.from_properties else "input"
    given = MatchInput(build.properties, build_name=build.name, properties_from=where)
    matches = match_incidents(given, knowledge)
    properties = with_fingerprint_parts(build.properties)
    named = ParsedBuild(vendor_version=build.name) if matches else None  # a publisher knows it, whatever its form
    incidents = [match.incident for match in matches]
    return BuildDetection(
        name=build.name,
        parsed=build.parsed or named,
        matches=tuple(dict.fromkeys(_build_matches(matches))),
        support=support_of(build.properties, knowledge),
        fixes=tuple(compared_with_fixes(incidents, properties, knowledge.scheme_index)),
        detected=Detection(
            tuple(matched_incident(match, properties, on_phone=False) for match in matches),
            _rule_findings(text, knowledge),
        ),
    )


def read_build(text: str, knowledge: Knowledge) -> BuildInput:
    """Read an identifier as `understand` does; one that a publisher names and that differs in case only is that one."""
    known = _spellings(knowledge).get(text.strip().casefold())
    build = understand(known or text, knowledge)
    return replace(build, name=text.strip()) if known and known != text.strip() else build


@lru_cache(maxsize=4)
def _spellings(knowledge: Knowledge) -> Mapping[str, str]:
    """Return the builds that incidents name exactly, by their letters in any case."""
    facts = (fact for incident in knowledge.incidents for fact in incident.builds if fact.match == "exact")
    return {fact.value.casefold(): fact.value for fact in facts}


def _build_matches(matches: Iterable[IncidentMatch]) -> Iterable[BuildMatch]:
    for match in matches:
        for hit in match.hits:
            fact = hit.facts[0]
            if isinstance(fact, BuildFact | ModelFact):
                yield BuildMatch(
                    incident=match.incident.id,
                    match="range" if hit.strength == "newer" else _kind(fact),
                    field=fact.field,
                    value=hit.evidence[0].value.partition("=")[2],
                    status=_STATUSES[hit.strength],
                    sources=sources_of(match.incident, hit.facts),
                    inferred=hit.strength == "newer",
                )


def _kind(fact: BuildFact | ModelFact) -> BuildMatchKind:
    """A pattern names a set of builds, as a range does."""
    if isinstance(fact, ModelFact):
        return "model"
    return "exact" if fact.match == "exact" else "range"


def _rule_findings(text: str, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Say what the properties of a property file show; hostile input, as a shell hands it over."""
    given = text.encode("utf-8", "backslashreplace").decode().strip()
    return tuple(check_properties(read_properties(given), knowledge)) if is_properties_text(given) else ()
