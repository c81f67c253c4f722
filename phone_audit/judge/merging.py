"""The same finding seen in several files, as one."""

from collections.abc import Iterable, Sequence

from phone_audit.judge.outcomes import CONFIDENCES
from phone_audit.model.finding import SEVERITIES, Finding


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Join findings of one key: all evidence, the worst severity, the highest confidence. Sorted, worst first."""
    by_key: dict[str, list[Finding]] = {}
    for finding in findings:
        by_key.setdefault(finding.key, []).append(finding)
    return tuple(sorted(map(_joined, by_key.values()), key=_worst_first))


def _joined(same: Sequence[Finding]) -> Finding:
    if len(same) == 1:
        return same[0]
    surest = max(same, key=lambda finding: CONFIDENCES.index(finding.confidence))
    worst = min(same, key=lambda finding: SEVERITIES.index(finding.severity))
    evidence = tuple(dict.fromkeys(piece for finding in same for piece in finding.evidence))
    return surest.model_copy(update={"severity": worst.severity, "evidence": evidence})


def _worst_first(finding: Finding) -> tuple[int, int, str, str, str, str]:
    return (
        SEVERITIES.index(finding.severity),
        -CONFIDENCES.index(finding.confidence),
        finding.id,
        finding.subject.kind,
        finding.subject.name,
        finding.key,
    )
