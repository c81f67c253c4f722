"""A result that was judged before, with findings that came to light afterwards: nothing that it says is taken back."""

from collections.abc import Mapping, Sequence

from phone_audit.judge.findings import merged, with_supported
from phone_audit.judge.headlines import phone_headlines
from phone_audit.judge.outcomes import supports
from phone_audit.judge.verdict import RatedFinding, Scope, UnreadTally, verdict
from phone_audit.model.finding import ADVICE, OUTCOMES, Finding, Reason
from phone_audit.model.results import Scan


def with_added(scan: Scan, findings: Sequence[Finding], notes: Mapping[str, str]) -> Scan:
    """Return the result with further findings, and with a sentence behind the reasons of incidents.

    The new findings cite no incident; `notes` is incident → sentence.
    """
    have = {finding.key for finding in scan.findings}
    new = with_supported(merged(finding for finding in findings if finding.key not in have), {})
    rated = [RatedFinding(finding, supports(finding, {}), finding.message, None) for finding in new]
    scope = Scope(phone_headlines(scan.coverage.packages_listed, scan.coverage.apks_analysed), UnreadTally())
    added = verdict(rated, scope)
    old = scan.verdict
    raised = OUTCOMES.index(added.outcome) > OUTCOMES.index(old.outcome) if old.outcome in OUTCOMES else False
    of_incidents = {finding.key: finding.incident for finding in scan.findings if finding.incident in notes}
    reasons = tuple(
        _noted(reason, notes[of_incidents[reason.finding] or ""]) if reason.finding in of_incidents else reason
        for reason in old.reasons
    )
    update = {
        "outcome": added.outcome if raised else old.outcome,
        "headline": added.headline if raised else old.headline,
        "reasons": (*added.reasons, *reasons) if raised else (*reasons, *added.reasons),
    }
    return scan.model_copy(
        update={"findings": merged((*scan.findings, *new)), "verdict": old.model_copy(update=update)}
    )


def _noted(reason: Reason, note: str) -> Reason:
    """Put a sentence behind a reason, before its advice."""
    claim, mark, advice = reason.text.partition(f" {ADVICE}")
    return reason.model_copy(update={"text": f"{claim} {note}{mark}{advice}"})
