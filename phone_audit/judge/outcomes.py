"""The outcome that a finding supports, by what it is a sign of: one table, strongest first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from phone_audit.model.finding import OUTCOMES, Confidence, Finding, Incident, Outcome, Severity, Sign

CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high", "confirmed")
"""Weakest first."""


@dataclass(frozen=True)
class Rule:
    """Findings with these signs support this outcome, if they are at least so sure."""

    outcome: Outcome
    at_least: Confidence
    signs: tuple[Sign, ...]


RULES: tuple[Rule, ...] = (
    # A matched incident supports at most what the incident says that it raises.
    Rule("known-bad", "low", ("incident",)),
    # A feed lists the very file, its signer, or its name together with a host in its code, as malicious.
    Rule("known-bad", "confirmed", ("listed",)),
    # One weak sign of something malicious; of an incident, whether or not what the incident names was seen.
    Rule("suspicious", "low", ("possible-incident",)),
    Rule("suspicious", "medium", ("listed", "listed-trace")),
    # A strong sign that no incident explains.
    Rule("suspicious", "high", ("grave", "watching")),
    # Below medium the code that would send is not there, or cannot reach the network.
    Rule("exposed", "medium", ("sends",)),
    # Makers alter packages of the phone too.
    Rule("inconclusive", "medium", ("altered",)),
    Rule("inconclusive", "low", ("unclear", "watching")),
    # What no row above takes ends here.
    Rule("nothing-found", "low", ("none",)),
)


@dataclass(frozen=True)
class Ceiling:
    """What findings of this category and one of these severities support at most, whatever the incident says."""

    outcome: Outcome
    category: str
    severities: tuple[Severity, ...]


CEILINGS: tuple[Ceiling, ...] = (
    # A hole that nobody was seen to use, through which little is to be had: makers leave many.
    Ceiling("exposed", "vulnerable-preinstall", ("low", "info")),
)


def supports(finding: Finding, incidents: Mapping[str, Incident]) -> Outcome:
    """Return the outcome that a finding supports by itself; the incident that it cites is among `incidents`, by id."""
    sure = CONFIDENCES.index(finding.confidence)
    outcome = next(
        (rule.outcome for rule in RULES if finding.sign in rule.signs and sure >= CONFIDENCES.index(rule.at_least)),
        OUTCOMES[0],
    )
    if finding.incident is not None:
        outcome = weaker(outcome, incidents[finding.incident].raises)
    for ceiling in CEILINGS:
        if finding.category == ceiling.category and finding.severity in ceiling.severities:
            outcome = weaker(outcome, ceiling.outcome)
    return outcome


def strongest(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the strongest outcome; `nothing-found` where there is none."""
    return max(outcomes, key=OUTCOMES.index, default=OUTCOMES[0])


def weaker(one: Outcome, other: Outcome) -> Outcome:
    return min(one, other, key=OUTCOMES.index)
