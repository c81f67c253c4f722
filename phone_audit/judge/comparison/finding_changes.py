"""Findings that are new or gone, and a verdict that changed, with the reason."""

from typing import Final

from phone_audit.judge.comparison.change_list import ChangeList, place_in
from phone_audit.judge.comparison.facts import ResultFacts
from phone_audit.model.finding import OUTCOMES, SEVERITIES, Finding, Reason, Severity

_VERDICTS: Final[dict[str, Severity]] = {
    "known-bad": "critical", "suspicious": "high", "exposed": "medium", "inconclusive": "low",
}  # fmt: skip
"""How much a verdict matters that became so."""
_SUREST_FIRST: Final = ("confirmed", "high", "medium", "low")


def compare_findings(old: ResultFacts, new: ResultFacts, found: ChangeList) -> None:
    new_one = "New" if found.relation.in_time else "Only on the second phone"
    gone = "No longer found" if found.relation.in_time else "Only on the first phone"
    for key, finding in new.findings.items():
        before = old.findings.get(key)
        if before is None:
            unread = "" if _would_find(old, finding) else " The older result had not read what this rests on."
            text = f"{new_one}: {finding.message}{unread}"
            found.add("finding", "new", finding.subject.name, text, _severity(finding), new=key)
        elif before.severity != finding.severity:
            thing = f"{finding.title} ({finding.subject.name})"
            found.changed("finding", finding.subject.name, thing, _severity(finding), before.severity, finding.severity)
        elif before.confidence != finding.confidence:
            thing = f"How sure it is: {finding.title} ({finding.subject.name})"
            surer = finding.confidence in _SUREST_FIRST[: place_in(_SUREST_FIRST, before.confidence)]
            severity = _severity(finding) if surer else "info"
            found.changed("finding", finding.subject.name, thing, severity, before.confidence, finding.confidence)
    for key, finding in old.findings.items():
        if key in new.findings:
            continue
        if not _would_find(new, finding):
            found.unread("finding", f"{finding.title}: {finding.subject.name}", old=True, new=False)
            continue
        text = f"{gone}: {finding.title} ({finding.subject.name})."
        if _is_idle(old, new, finding):
            text = found.relation.idle(f"Code for this ({finding.title}: {finding.subject.name})")
        found.add("finding", "gone", finding.subject.name, text, "info", old=key)
    _compare_verdicts(old, new, found)


def _severity(finding: Finding) -> Severity:
    return finding.severity if finding.severity in SEVERITIES else "info"


def _would_find(result: ResultFacts, finding: Finding) -> bool:
    """Tell whether a result read what a finding of the other one speaks of, so that its silence says something."""
    name, kind = finding.subject.name, finding.subject.kind
    if result.side.complete and result.depth != "quick":
        return True
    if kind == "package":
        package = result.packages.get(name)
        return result.lists_all if package is None else package.endpoints is not None
    if kind in ("device", "build", "setting"):
        return result.reads_state
    return False


def _compare_verdicts(old: ResultFacts, new: ResultFacts, found: ChangeList) -> None:
    before, after = old.side.outcome, new.side.outcome
    if before == after:
        return
    worse = place_in(OUTCOMES, after) > place_in(OUTCOMES, before)
    reason = _reason(old, new) if worse else _reason(new, old)
    if worse:
        why = reason
    elif new.side.complete:
        where = "any more" if found.relation.in_time else "on the second"
        seen = "Its code is still there, but not seen to be started" if _is_idle_reason(old, new) else "Not seen"
        why = f"{seen} {where}: {reason}" if reason else ""
    else:
        why = "Not all was read."
    text = f"{found.relation.changed('The verdict', before, after)} {why}".rstrip()
    severity: Severity = _VERDICTS.get(after, "info") if worse else "info"
    found.add("verdict", "changed", "verdict", text, severity, old=before, new=after)


def _is_idle(old: ResultFacts, new: ResultFacts, finding: Finding) -> bool:
    """Tell whether a finding is gone because code that connects somewhere is not seen to be started any more.

    Then a weaker one of the same detector says what is still there.
    """
    before, after = old.packages.get(finding.subject.name), new.packages.get(finding.subject.name)
    if finding.subject.kind != "package" or before is None or after is None:
        return False
    if after.idle.isdisjoint(before.endpoints or ()):
        return False
    place = SEVERITIES.index(_severity(finding))
    return any(
        one.id == finding.id and one.subject == finding.subject and SEVERITIES.index(_severity(one)) > place
        for key, one in new.findings.items()
        if key not in old.findings
    )


def _is_idle_reason(old: ResultFacts, new: ResultFacts) -> bool:
    """Tell whether that holds for the reason of a verdict that the second result has not."""
    reason = _first_reason(new, old)
    finding = old.findings.get(reason.finding) if reason and reason.finding else None
    return finding is not None and _is_idle(old, new, finding)


def _reason(without: ResultFacts, having: ResultFacts) -> str:
    reason = _first_reason(without, having)
    return reason.claim if reason else ""


def _first_reason(without: ResultFacts, having: ResultFacts) -> Reason | None:
    """Return the first reason of a verdict that the other one has not."""
    known = {reason.finding or reason.text for reason in without.reasons}
    return next((reason for reason in having.reasons if (reason.finding or reason.text) not in known), None)
