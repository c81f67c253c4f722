"""Findings of all detectors as one list: what several say of one thing is said once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from phone_audit.judge.harms import data_rank, harm_rank
from phone_audit.judge.outcomes import CONFIDENCES, supports
from phone_audit.model.finding import OUTCOMES, SEVERITIES, Finding, Incident


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


def _worst_first(finding: Finding) -> tuple[int, int, int, str, int, str, str, str]:
    return (
        SEVERITIES.index(finding.severity),
        harm_rank(finding),
        -CONFIDENCES.index(finding.confidence),
        finding.id,
        data_rank(finding),
        finding.subject.kind,
        finding.subject.name,
        finding.key,
    )


def with_supported(findings: Iterable[Finding], incidents: Mapping[str, Incident]) -> tuple[Finding, ...]:
    """Return findings with the outcome that each supports by itself."""
    return tuple(one.model_copy(update={"supports": supports(one, incidents)}) for one in findings)


def deduplicated(findings: Sequence[Finding], incidents: Mapping[str, Incident]) -> tuple[Finding, ...]:
    """Leave out findings that another one of the same category covers; that one takes over their sources.

    A finding covers another where it shows all that the other shows, supports a stronger outcome, and exactly one of
    the two rests on an incident. What a feed lists is covered by an incident of any category that supports as much.
    Each key is there once; the order is kept.
    """
    covered: set[str] = set()
    takes: defaultdict[str, list[Finding]] = defaultdict(list)
    seen = {finding.key: _shown(finding) for finding in findings}
    for weaker, stronger in _pairs(findings, incidents):
        if weaker.key not in covered and seen[weaker.key] <= seen[stronger.key]:
            covered.add(weaker.key)
            takes[stronger.key].append(weaker)
    return tuple(_with_sources(item, takes[item.key]) for item in findings if item.key not in covered)


def _pairs(findings: Sequence[Finding], incidents: Mapping[str, Incident]) -> Iterator[tuple[Finding, Finding]]:
    """Yield the weaker and the stronger of each finding of an incident and each of a detector, of one category.

    An indicator of a feed has the category of what it is a sign of, and stands against every incident.
    """
    detected: defaultdict[str, list[Finding]] = defaultdict(list)
    listed: list[Finding] = []
    ranks = {finding.key: OUTCOMES.index(supports(finding, incidents)) for finding in findings}
    for finding in findings:
        if finding.id.startswith("indicator."):
            listed.append(finding)
        elif finding.incident is None:
            detected[finding.category].append(finding)
    for published in findings:
        if published.incident is not None:
            rank = ranks[published.key]
            for other in detected[published.category]:
                other_rank = ranks[other.key]
                if rank != other_rank:
                    yield (published, other) if rank < other_rank else (other, published)
            for other in listed:
                if ranks[other.key] <= rank:
                    yield other, published


def _shown(finding: Finding) -> frozenset[tuple[str, str]]:
    """What a finding shows, wherever it was read. One on a package speaks of that package only."""
    shown = {(str(piece.kind), piece.value) for piece in finding.evidence}
    if finding.subject.kind == "package":
        shown.add(("package", finding.subject.name))
    return frozenset(shown)


def _with_sources(finding: Finding, covered: Sequence[Finding]) -> Finding:
    sources = tuple(dict.fromkeys((*finding.sources, *(source for other in covered for source in other.sources))))
    return finding if sources == finding.sources else finding.model_copy(update={"sources": sources})
