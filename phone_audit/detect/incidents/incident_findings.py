"""Matched incidents → findings: one for each package or thing that meets an incident."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from phone_audit.detect.build_properties import with_fingerprint_parts
from phone_audit.detect.incidents.citations import all_sources, cited
from phone_audit.detect.incidents.incident_match import UNKNOWN_BUILD, Hit, IncidentMatch
from phone_audit.detect.incidents.incident_matcher import match_incidents
from phone_audit.detect.incidents.incident_text import disputed, found_phrase, reason_text
from phone_audit.detect.incidents.match_input import MatchInput
from phone_audit.detect.incidents.remedies import advice, evidence_level, remedies
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.detection import MATCH_STRENGTHS, NOT_CLAIMED, MatchedIncident, MatchStrength
from phone_audit.model.finding import Confidence, Finding, Severity, Sign, Subject, finding_key


@dataclass(frozen=True)
class Claim:
    """What a word claims: the finding's id and sign, how sure it is, and its severity where not the incident's."""

    id: str
    sign: Sign
    confidence: Confidence
    severity: Severity | None
    says: str


CLAIMS: Mapping[MatchStrength, Claim] = {
    "confirmed": Claim(
        "published-incident", "incident", "confirmed", None, "{seen}: this is the published incident “{title}”."
    ),
    "affected": Claim("published-incident", "incident", "high", None, "{seen} is listed as affected by “{title}”."),
    "weak": Claim(
        "possible-incident", "possible-incident", "medium", None, "{seen}: this points to “{title}”, {missing}."
    ),
    "candidate": Claim(
        "candidate-build", "unclear", "low", "info", "{seen} may be affected by “{title}”; this alone cannot tell."
    ),
    "model": Claim("named-model", "unclear", "low", "info", "{seen}: the model is named in “{title}”, not this build."),
}
"""What is `fixed`, or newer than that, claims nothing: there is no finding."""
_POSSIBLE = ("candidate-build", "named-model")


def matched_incidents(given: MatchInput, knowledge: Knowledge, *, on_phone: bool) -> tuple[MatchedIncident, ...]:
    """Return the incidents that are met, by strength and id; `on_phone`: whether commands for a phone make sense."""
    properties = with_fingerprint_parts(given.properties)
    return tuple(matched_incident(match, properties, on_phone=on_phone) for match in match_incidents(given, knowledge))


def matched_incident(match: IncidentMatch, properties: Mapping[str, str], *, on_phone: bool) -> MatchedIncident:
    """Return what one match claims; `properties` with the parts of the fingerprint."""
    return MatchedIncident(
        incident=cited(match.incident),
        headline=match.incident.headline or match.incident.title,
        strength=match.strength,
        findings=incident_findings(match, on_phone=on_phone),
        reason=reason_text(match, properties, on_phone=on_phone),
        advice=None if match.strength in NOT_CLAIMED else advice(match.incident, evidence_level(match.hits))[0],
    )


def incident_findings(match: IncidentMatch, *, on_phone: bool) -> tuple[Finding, ...]:
    """Return the findings of one matched incident, strongest first; empty where the build is only known as fixed.

    What the build says goes into every finding as evidence, and makes one of its own only where nothing on the
    phone says as much.
    """
    context = [hit for hit in match.hits if hit.kind in ("build", "model") and hit.strength not in NOT_CLAIMED]
    groups: dict[tuple[str, str], list[Hit]] = {}
    for hit in match.hits:
        if hit.kind not in ("build", "model") and hit.strength not in NOT_CLAIMED:
            groups.setdefault((hit.subject.kind, hit.subject.name), []).append(hit)
    strongest = min((_rank(hits) for hits in groups.values()), default=len(MATCH_STRENGTHS))
    found = [_finding(match.incident, hits, context, on_phone) for hits in sorted(groups.values(), key=_rank)]
    if context and _rank(context) < strongest:
        found.insert(0, _finding(match.incident, context, (), on_phone))
    return tuple(found)


def _rank(hits: Iterable[Hit]) -> int:
    return min(MATCH_STRENGTHS.index(hit.strength) for hit in hits)


def _finding(incident: IncidentEntry, hits: list[Hit], context: Iterable[Hit], on_phone: bool) -> Finding:
    claim = CLAIMS[MATCH_STRENGTHS[_rank(hits)]]
    subject = hits[0].subject
    proven = claim.id == "published-incident"  # nobody is told to switch something off for a mere sign
    called = incident.headline or incident.title
    package = subject.name if on_phone and proven and subject.kind == "package" else None
    return Finding(
        id=claim.id,
        key=finding_key("incident", subject, incident.id),
        category=incident.category,
        title=incident.title,
        message=_message(incident, claim, hits, on_phone),
        severity=claim.severity or incident.severity,
        confidence=claim.confidence,
        subject=subject,
        evidence=tuple(dict.fromkeys(piece for hit in (*hits, *context) for piece in hit.evidence)),
        incident=incident.id,
        sources=all_sources(incident),
        remedy=remedies(incident, package, seen=evidence_level(hits)),
        headline=f"it may be affected by “{called}”" if claim.id in _POSSIBLE else incident.headline or "",
        sign=claim.sign,
    )


def _message(incident: IncidentEntry, claim: Claim, hits: list[Hit], on_phone: bool) -> str:
    """Say in one sentence what was seen and what is claimed; where a maker disputes it, what it says."""
    missing = "a second sign is missing"
    if any(hit.undecided for hit in hits):
        missing = "but it is not known whether an exception applies to this build"
        if not on_phone:
            missing = "but without the phone that it was on it cannot be told"
    said = claim.says.format(seen=_seen(hits, hits[0].subject), title=incident.title, missing=missing)
    return f"{said.removesuffix('.')} ({reply})." if (reply := disputed(incident)) else said


def _seen(hits: list[Hit], subject: Subject) -> str:
    if subject.kind == "build":
        return "This build" if subject.name == UNKNOWN_BUILD else f"The build {subject.name}"
    return f"T{found_phrase(hits).removeprefix('t')}"
