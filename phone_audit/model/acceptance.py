"""Findings that somebody answers for: the file that lists them, and what such a list does to findings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from phone_audit.model.base import Frozen
from phone_audit.model.finding import Acceptance, Finding

_DAY = r"^\d{4}-\d{2}-\d{2}$"
_Sentence = Annotated[str, Field(min_length=1, max_length=1000)]


class AcceptedEntry(Frozen):
    """One accepted finding. What a field is for stands in the schema, and in the sentence on one that is wrong."""

    finding: Annotated[
        str,
        Field(
            pattern=r"^[0-9a-f]{16}$",
            description="the key of a finding, 16 hexadecimal digits, as the JSON result states it",
        ),
    ]
    by: Annotated[_Sentence, Field(description="who answers for it")]
    at: Annotated[str, Field(pattern=_DAY, description="the day on which it was accepted, such as 2026-01-31")]
    reason: Annotated[_Sentence, Field(description="why it is accepted")]
    until: Annotated[
        str | None, Field(pattern=_DAY, description="the last day on which it is accepted, such as 2026-12-31")
    ] = None

    @property
    def acceptance(self) -> Acceptance:
        """What a finding says of it."""
        return Acceptance(by=self.by, at=self.at, reason=self.reason, until=self.until)


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

    by_key: Mapping[str, Acceptance]
    today: str

    @classmethod
    def on(cls, day: date, entries: Iterable[AcceptedEntry]) -> "Acceptances":
        """Return what is accepted on a day."""
        return cls({entry.finding: entry.acceptance for entry in entries}, day.isoformat())

    def mark(self, finding: Finding) -> Finding:
        """Return a finding with who accepted it; what an earlier list said of it does not count.

        From the day after `until` the finding counts again, and says so.
        """
        accepted = self.by_key.get(finding.key)
        expired = accepted is not None and accepted.until is not None and accepted.until < self.today
        marks = {"accepted_by": None if expired else accepted, "acceptance_expired": accepted if expired else None}
        if (finding.accepted_by, finding.acceptance_expired) == tuple(marks.values()):
            return finding
        return finding.model_copy(update=marks)

    def mark_all(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return findings with who accepted them."""
        return tuple(map(self.mark, findings))


NOTHING_ACCEPTED = Acceptances({}, "")
"""No list was given."""
