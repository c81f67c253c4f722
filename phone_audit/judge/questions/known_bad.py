"""Is it known to be bad? By published incidents, and by lists of malicious apps."""

import re
from collections.abc import Sequence
from typing import Final

from phone_audit.judge.questions.basis import Basis, answer, package_of
from phone_audit.model.finding import Finding, Incident, Question
from phone_audit.model.wording import listed

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_PUBLISHED: Final = frozenset({"incident", "possible-incident", "listed", "listed-trace"})
"""Signs that rest on what somebody published."""
_OPEN: Final = ("suspicious", "exposed", "inconclusive")


def known_bad(basis: Basis) -> Question:
    """Answer it: yes by what is confirmed; no only where all was read and nothing that is published points to it."""
    bad = list(basis.supporting("known-bad"))
    if bad:
        return answer("known-bad", "yes", f"{_claim(bad[0], basis)}.", bad, package_of(bad[0]))
    hints = [finding for finding in basis.supporting(*_OPEN) if finding.sign in _PUBLISHED or finding.incident]
    if hints:
        return answer("known-bad", "not-seen", _hint(hints, basis), hints, package_of(hints[0]))
    if not basis.whole:
        text = "No published case was met in what was read, but not everything was read."
        return answer("known-bad", "not-seen", text)
    return answer("known-bad", "no", "No published case names this build or anything that is on it.")


def _claim(finding: Finding, basis: Basis) -> str:
    """Say which published case, or which list, a finding rests on."""
    who = basis.name(finding)
    incident = basis.incidents.get(finding.incident or "")
    if incident is None:
        publishers = list(dict.fromkeys(source.publisher for source in finding.sources))
        return f"{who} is listed as {finding.title}" + (f" by {listed(publishers, 2)}" if publishers else "")
    return f"{who} belongs to {_case(incident)}: “{_title(finding, incident)}”"


def _hint(hints: Sequence[Finding], basis: Basis) -> str:
    first = hints[0]
    who, incident = basis.name(first), basis.incidents.get(first.incident or "")
    title = _title(first, incident) if incident else first.title
    if first.sign == "incident":
        return f"Nothing that is called malicious, but {who} belongs to a published case: “{title}”."
    if first.sign == "unclear":
        return first.message
    return f"{who} has a sign of “{title}”, which alone does not show it."


def _title(finding: Finding, incident: Incident) -> str:
    return finding.headline or incident.title


def _case(incident: Incident) -> str:
    """Say in which year it was published, by its first source with a date; they stand in the order of their weight."""
    years = (found[0] for source in incident.sources if (found := _YEAR.match(source.date)))
    year = next(years, None)
    return f"a case published in {year}" if year else "a published case"
