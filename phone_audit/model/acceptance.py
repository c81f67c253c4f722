"""Findings that somebody answers for: the file that lists them, and what such a list does to findings."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field

from phone_audit.model.base import Frozen
from phone_audit.model.finding import SEVERITIES, Acceptance, Finding

_DAY = r"^\d{4}-\d{2}-\d{2}$"
_DIGITS = r"^[0-9a-f]{16}$"
_Sentence = Annotated[str, Field(min_length=1, max_length=1000)]
_MOVING: Final = ("appop", "netstats")
"""Evidence whose value differs from day to day: when something was used, and how much was sent."""

Signers = Mapping[str, frozenset[str]]
"""What a finding may speak of, by its name → SHA-256 of the certificates that it is signed with."""
_NO_SIGNERS: Final[Signers] = MappingProxyType({})


def seen_digest(finding: Finding, signers: Signers) -> str:
    """Return what a finding shows: 16 hexadecimal digits over severity, confidence, signer and evidence."""
    evidence = sorted(
        {f"{piece.kind} {piece.where if piece.kind in _MOVING else piece.value}" for piece in finding.evidence}
    )
    parts = (finding.severity, finding.confidence, *sorted(signers.get(finding.subject.name, ())), "", *evidence)
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class AcceptedEntry(Frozen):
    """One accepted finding. What a field is for stands in the schema, and in the sentence on one that is wrong."""

    finding: Annotated[
        str,
        Field(pattern=_DIGITS, description="the key of a finding, 16 hexadecimal digits, as the JSON result states it"),
    ]
    by: Annotated[_Sentence, Field(description="who answers for it")]
    at: Annotated[str, Field(pattern=_DAY, description="the day on which it was accepted, such as 2026-01-31")]
    reason: Annotated[_Sentence, Field(description="why it is accepted")]
    severity: Annotated[
        Literal["critical", "high", "medium", "low", "info"],
        Field(description="the worst severity that is accepted: critical, high, medium, low or info"),
    ]
    seen: Annotated[
        str | None,
        Field(
            pattern=_DIGITS,
            description="what the finding shows, 16 hexadecimal digits, as --accept tells it on standard error",
        ),
    ] = None
    until: Annotated[
        str | None, Field(pattern=_DAY, description="the last day on which it is accepted, such as 2026-12-31")
    ] = None

    @property
    def acceptance(self) -> Acceptance:
        return Acceptance(by=self.by, at=self.at, reason=self.reason, until=self.until)

    def covers(self, finding: Finding, signers: Signers) -> bool:
        """Tell whether it speaks of a finding as it is now; of what is known bad only if it accepts so much."""
        if self.seen is not None and self.seen != seen_digest(finding, signers):
            return False
        if finding.severity not in SEVERITIES:
            return False
        known_bad = SEVERITIES.index("high") if finding.supports == "known-bad" else len(SEVERITIES)
        return SEVERITIES.index(self.severity) <= min(SEVERITIES.index(finding.severity), known_bad)


class AcceptedList(Frozen):
    """A file of accepted findings."""

    accept: Annotated[tuple[AcceptedEntry, ...], Field(description="the accepted findings")]


@dataclass(frozen=True)
class Acceptances:
    """Accepted findings by their keys, on one day.

    Example:
        >>> Acceptances.on(date(2026, 1, 1), ()).by_key
        {}
    """

    by_key: Mapping[str, Sequence[AcceptedEntry]]
    today: str

    @classmethod
    def on(cls, day: date, entries: Iterable[AcceptedEntry]) -> "Acceptances":
        """Return what is accepted on a day; what is to be accepted later is not."""
        today = day.isoformat()
        by_key: dict[str, list[AcceptedEntry]] = {}
        for entry in entries:
            if entry.at <= today:
                by_key.setdefault(entry.finding, []).append(entry)
        return cls(by_key, today)

    def mark(self, finding: Finding, signers: Signers = _NO_SIGNERS) -> Finding:
        """Return a finding with who accepted it; what an earlier list said of it does not count.

        From the day after `until` the finding counts again, and says so; likewise where it has changed.
        """
        entries = self.by_key.get(finding.key, ())
        covering = [entry for entry in entries if entry.covers(finding, signers)]
        holding = [entry for entry in covering if entry.until is None or entry.until >= self.today]
        marks = {
            "accepted_by": holding[0].acceptance if holding else None,
            "acceptance_expired": covering[0].acceptance if covering and not holding else None,
            "acceptance_changed": entries[0].acceptance if entries and not covering else None,
        }
        if all(getattr(finding, name) == who for name, who in marks.items()):
            return finding
        return finding.model_copy(update=marks)

    def mark_all(self, findings: Sequence[Finding], signers: Signers = _NO_SIGNERS) -> tuple[Finding, ...]:
        return tuple(self.mark(finding, signers) for finding in findings)


NOTHING_ACCEPTED = Acceptances({}, "")
"""No list was given."""
