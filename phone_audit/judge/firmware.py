"""Build identifiers → which published incidents name them, and what that means."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from phone_audit.judge.batch import match_incidents
from phone_audit.judge.build_ids import BuildInput, renamed, understand
from phone_audit.judge.citations import cited_once, sources_of
from phone_audit.judge.fixed_builds import compared_with_fixes
from phone_audit.judge.headlines import BUILD_HEADLINES, NO_INCIDENT, NOT_UNDERSTOOD
from phone_audit.judge.incident_findings import incident_findings
from phone_audit.judge.observed import Hit, IncidentMatch, Observed, Word
from phone_audit.judge.outcomes import strongest, supports
from phone_audit.judge.prints import with_fingerprint_parts
from phone_audit.judge.reasons import reason_text
from phone_audit.judge.support import support_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.incident import BuildFact, IncidentEntry, ModelFact
from phone_audit.model.finding import Finding, Incident, Outcome, Reason, Verdict
from phone_audit.model.results import BuildMatch, BuildMatchKind, BuildStatus, CheckedBuild, ParsedBuild
from phone_audit.model.wording import listed

_NOT_LISTED = Verdict(outcome="nothing-found", headline=NO_INCIDENT, reasons=())
_UNKNOWN_FORM = Verdict(
    outcome="inconclusive",
    headline=NOT_UNDERSTOOD,
    reasons=(
        Reason(
            finding=None,
            text="Give the build number as Settings shows it, the fingerprint, or the output of getprop in a file.",
        ),
    ),
)
_STATUSES: Mapping[Word, BuildStatus] = {
    "affected": "affected",
    "candidate": "candidate",
    "model": "candidate",
    "fixed": "fixed",
}


def check_builds(inputs: Sequence[str], knowledge: Knowledge) -> tuple[tuple[CheckedBuild, ...], tuple[Incident, ...]]:
    """Check build identifiers against the published incidents.

    Args:
        inputs: fingerprints, display ids, build IDs, incrementals, the texts of property files, or text of the
            Settings screen.
        knowledge: the published incidents, the vendors' schemes and what is known of support.

    Returns:
        One record for each input in its order, and the incidents that they cite, by id. The text of a property file
        may hold serial numbers, so its record is named after the build that it describes.
    """
    matched: dict[str, IncidentEntry] = {}
    records: dict[str, CheckedBuild] = {}  # a list of a fleet's phones holds the same build many times
    for text in inputs:
        if text not in records:
            build = _understood(text, knowledge)
            matches = _matches(build, knowledge)
            matched.update((match.incident.id, match.incident) for match in matches)
            records[text] = _checked(build, matches, knowledge)
    return tuple(records[text] for text in inputs), cited_once(matched.values())


def _understood(text: str, knowledge: Knowledge) -> BuildInput:
    """Understand an identifier; one that a publisher names and that differs in case only is that one."""
    known = _spellings(knowledge).get(text.strip().casefold())
    build = understand(known or text, knowledge)
    return renamed(build, text.strip()) if known and known != text.strip() else build


@lru_cache(maxsize=4)
def _spellings(knowledge: Knowledge) -> Mapping[str, str]:
    """Return the builds that incidents name exactly, by their letters in any case."""
    facts = (fact for incident in knowledge.incidents for fact in incident.builds if fact.match == "exact")
    return {fact.value.casefold(): fact.value for fact in facts}


def _matches(build: BuildInput, knowledge: Knowledge) -> tuple[IncidentMatch, ...]:
    where = "getprop" if build.from_properties else "input"
    return match_incidents(Observed(build.properties, build_name=build.name, properties_from=where), knowledge)


def _checked(build: BuildInput, matches: Sequence[IncidentMatch], knowledge: Knowledge) -> CheckedBuild:
    support = support_of(build.properties, knowledge)
    if not matches:
        return CheckedBuild(
            input=build.name,
            parsed=build.parsed,
            matches=(),
            findings=(),
            verdict=_UNKNOWN_FORM if build.parsed is None else _NOT_LISTED,
            support=support,
        )
    found = {match.incident.id: incident_findings(match, on_phone=False) for match in matches}
    return CheckedBuild(
        input=build.name,
        parsed=build.parsed or ParsedBuild(vendor_version=build.name),  # a publisher knows it, whatever its form
        matches=tuple(dict.fromkeys(_build_matches(matches))),
        findings=tuple(finding for findings in found.values() for finding in findings),
        verdict=_verdict(build, matches, found),
        support=support,
        fixes=tuple(
            compared_with_fixes(
                (match.incident for match in matches),
                with_fingerprint_parts(build.properties),
                knowledge.scheme_index,
            )
        ),
    )


def _build_matches(matches: Iterable[IncidentMatch]) -> Iterable[BuildMatch]:
    for match in matches:
        for hit in match.hits:
            fact = hit.facts[0]
            if isinstance(fact, BuildFact | ModelFact):
                yield BuildMatch(
                    incident=match.incident.id,
                    match=_kind(fact),
                    field=fact.field,
                    value=_value(hit),
                    status=_STATUSES[hit.word],
                    sources=sources_of(match.incident, [fact]),
                )


def _kind(fact: BuildFact | ModelFact) -> BuildMatchKind:
    """A pattern names a set of builds, as a range does."""
    if isinstance(fact, ModelFact):
        return "model"
    return "exact" if fact.match == "exact" else "range"


def _value(hit: Hit) -> str:
    return hit.evidence[0].value.partition("=")[2]


def _verdict(build: BuildInput, matches: Sequence[IncidentMatch], found: Mapping[str, Sequence[Finding]]) -> Verdict:
    """The strongest of what the matches support; the headline tells the words of the strongest match."""
    incidents = {incident.id: incident for incident in cited_once(match.incident for match in matches)}
    outcome = strongest(_supported(match, found, incidents) for match in matches)
    properties = with_fingerprint_parts(build.properties)
    reasons = tuple(
        Reason(
            finding=found[match.incident.id][0].key if found[match.incident.id] else None,
            text=reason_text(match, properties, on_phone=False),
        )
        for match in matches
    )
    word = next((match.word for match in matches if _supported(match, found, incidents) == outcome), matches[0].word)
    titles = [match.incident.title for match in matches if match.word == word]
    return Verdict(outcome=outcome, headline=f"{BUILD_HEADLINES[word]}: {listed(titles, 2)}", reasons=reasons)


def _supported(
    match: IncidentMatch, found: Mapping[str, Sequence[Finding]], incidents: Mapping[str, Incident]
) -> Outcome:
    return strongest(supports(finding, incidents) for finding in found[match.incident.id])
