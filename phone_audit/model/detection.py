"""What the detectors hand to the judge: findings, and the published incidents that were met."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

from phone_audit.model.finding import Finding, Incident

MatchStrength = Literal["confirmed", "affected", "weak", "candidate", "model", "fixed", "newer"]
MATCH_STRENGTHS: tuple[MatchStrength, ...] = (
    "confirmed", "affected", "weak", "candidate", "model", "fixed", "newer",
)  # fmt: skip
"""Strongest first. `newer`: not listed, and by its number later than every build that is listed as fixed."""
NOT_CLAIMED: Final[frozenset[MatchStrength]] = frozenset({"fixed", "newer"})
"""Strengths of which no finding is made."""


@dataclass(frozen=True)
class MatchedIncident:
    """A published incident that was met, by its strongest hit, and what is claimed of it, strongest first.

    There are no findings where a build is only known as fixed. `reason` says in sentences what the match means to a
    worried owner, and ends with `advice`, the first thing that helps; None where nothing has to be done. `headline`
    names no model.
    """

    incident: Incident
    strength: MatchStrength
    findings: tuple[Finding, ...]
    reason: str
    headline: str
    advice: str | None


@dataclass(frozen=True)
class Detection:
    """All that is claimed of one phone, APK or build, before it is judged.

    `matched` are the published incidents, by strength and id; `findings` what feeds list, and what detectors and rules
    say.
    """

    matched: tuple[MatchedIncident, ...] = ()
    findings: tuple[Finding, ...] = ()

    def plus(self, findings: Iterable[Finding]) -> "Detection":
        """Return the same with further findings behind the others."""
        return replace(self, findings=(*self.findings, *findings))

    def changed(self, change: Callable[[Finding], Finding]) -> "Detection":
        matched = tuple(replace(one, findings=tuple(map(change, one.findings))) for one in self.matched)
        return Detection(matched, tuple(map(change, self.findings)))

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Those of incidents first."""
        return (*(finding for match in self.matched for finding in match.findings), *self.findings)

    @property
    def incidents(self) -> dict[str, Incident]:
        return {match.incident.id: match.incident for match in self.matched}
