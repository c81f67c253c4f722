"""What the properties of a build say of themselves, put beside what publishers say of the build."""

from collections.abc import Mapping, Sequence

from phone_audit.judge.doubles import without_doubles
from phone_audit.judge.merging import merged
from phone_audit.judge.outcomes import supports
from phone_audit.model.finding import OUTCOMES, Finding, Incident, Outcome, Reason, Verdict
from phone_audit.model.results import CheckedBuild
from phone_audit.model.wording import listed

_HEADLINES: Mapping[Outcome, str] = {
    "suspicious": "What this build says of itself is a strong sign that something is wrong",
    "inconclusive": "This build cannot be judged by what it says of itself",
}
"""Stands where no publisher says as much; the titles of the findings follow."""


def with_detected(build: CheckedBuild, detected: Sequence[Finding], incidents: Mapping[str, Incident]) -> CheckedBuild:
    """Add findings that rest on the properties alone; they never lower the outcome.

    Args:
        build: a build as it was checked against the incidents.
        detected: what the firmware rules say of its properties.
        incidents: those that the builds cite, by id.
    """
    if not detected:
        return build
    findings = without_doubles(merged([*build.findings, *detected]), incidents)
    kept = {finding.key for finding in findings}
    told = sorted((item for item in detected if item.key in kept), key=lambda item: _rank(item, incidents))
    reasons = [reason for reason in build.verdict.reasons if reason.finding is None or reason.finding in kept]
    reasons += [Reason(finding=item.key, text=_reason(item)) for item in told]
    verdict = build.verdict.model_copy(update={"reasons": tuple(reasons)})
    return build.model_copy(update={"findings": findings, "verdict": _raised(verdict, told, incidents)})


def _raised(verdict: Verdict, told: Sequence[Finding], incidents: Mapping[str, Incident]) -> Verdict:
    """Raise the outcome to the strongest that the findings support, and say so."""
    outcome = max((supports(item, incidents) for item in told), key=OUTCOMES.index, default=OUTCOMES[0])
    if OUTCOMES.index(outcome) <= OUTCOMES.index(verdict.outcome):
        return verdict
    titles = list(dict.fromkeys(item.title for item in told if supports(item, incidents) == outcome))
    return verdict.model_copy(update={"outcome": outcome, "headline": f"{_HEADLINES[outcome]}: {listed(titles, 3)}"})


def _rank(finding: Finding, incidents: Mapping[str, Incident]) -> tuple[int, str, str]:
    return -OUTCOMES.index(supports(finding, incidents)), finding.id, finding.key


def _reason(finding: Finding) -> str:
    seen = ", ".join(piece.value for piece in finding.evidence)
    return f"{finding.message} Seen: {seen}."
