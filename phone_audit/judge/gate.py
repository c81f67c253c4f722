"""The outcome without what somebody accepted: it decides the exit code, while the verdict stays."""

from collections.abc import Iterable, Sequence

from phone_audit.judge.outcomes import strongest
from phone_audit.judge.verdict import reason_group
from phone_audit.model.finding import OUTCOMES, Finding, Outcome, Reason
from phone_audit.model.results import Scan


def gating_outcome(outcome: Outcome, findings: Sequence[Finding], *, complete: bool) -> Outcome:
    """Return the outcome that counts for the exit code; one that is not known stays.

    A finding of an earlier version does not state what it supports, and counts for the whole outcome. `complete`: all
    was read; what was not read cannot be accepted.
    """
    if outcome not in OUTCOMES or not any(finding.accepted_by for finding in findings):
        return outcome
    counting = (finding for finding in findings if finding.accepted_by is None)
    supported = [one.supports if one.supports in OUTCOMES else outcome for one in counting]
    return strongest(["nothing-found" if complete else "inconclusive", *supported])


def gating_outcome_of_scan(scan: Scan) -> Outcome:
    """Return the same of a phone; a depth that reads no code leaves things unread."""
    complete = scan.coverage.complete and scan.acquisition.depth != "quick"
    return gating_outcome(scan.verdict.outcome, scan.findings, complete=complete)


def mark_reasons(reasons: Iterable[Reason], before: Sequence[Finding], after: Sequence[Finding]) -> tuple[Reason, ...]:
    """Return the reasons of a saved verdict with whether all findings that each speaks for are accepted now.

    `before` are the findings as they were judged, `after` the same ones as they are accepted now.
    """
    groups: dict[object, bool] = {}  # accepted findings of a detector have a reason of their own
    group_of: dict[str, object] = {}
    for old, new in zip(before, after, strict=True):
        group = reason_group(old, old.supports or "nothing-found")
        group_of.setdefault(old.key, group)
        groups[group] = groups.get(group, True) and new.accepted_by is not None
    return tuple(
        reason.model_copy(update={"accepted": reason.finding in group_of and groups[group_of[reason.finding]]})
        if reason.finding is not None
        else reason
        for reason in reasons
    )
