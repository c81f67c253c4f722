"""The same finding seen in several files, as one."""

from collections.abc import Iterable

from phone_audit.judge.outcomes import CONFIDENCES
from phone_audit.model.finding import SEVERITIES, Finding


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Join findings of one key: all evidence, the worst severity, the highest confidence. Sorted, worst first."""
    by_key: dict[str, Finding] = {}
    for finding in findings:
        before = by_key.get(finding.key)
        by_key[finding.key] = finding if before is None else _joined(before, finding)
    return tuple(sorted(by_key.values(), key=_worst_first))


def _joined(one: Finding, other: Finding) -> Finding:
    surer = max(one, other, key=lambda finding: CONFIDENCES.index(finding.confidence))
    worse = min(one, other, key=lambda finding: SEVERITIES.index(finding.severity))
    evidence = tuple(dict.fromkeys((*one.evidence, *other.evidence)))
    return surer.model_copy(update={"severity": worse.severity, "evidence": evidence})


def _worst_first(finding: Finding) -> tuple[int, int, str, str, str, str]:
    return (
        SEVERITIES.index(finding.severity),
        -CONFIDENCES.index(finding.confidence),
        finding.id,
        finding.subject.kind,
        finding.subject.name,
        finding.key,
    )
