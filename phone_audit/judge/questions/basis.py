"""What the answers to questions rest on: findings with what they support, apps, and whether all was read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from phone_audit.judge.outcomes import supports
from phone_audit.model.app_wording import called
from phone_audit.model.apps import App
from phone_audit.model.finding import OUTCOMES, Answer, Finding, Incident, Outcome, Question, QuestionId
from phone_audit.model.traffic import RecordedTraffic
from phone_audit.model.wording import one_of

MOST_KEYS: Final = 20
"""Findings that one answer names."""
_DEVICE: Final[Mapping[str, str]] = {"build": "This build", "device": "This phone"}
"""What a sentence calls what is no app."""


@dataclass(frozen=True)
class Basis:
    """What answers rest on.

    Attributes:
        findings: each with the outcome that it supports, strongest first.
        now: what the phone's clock said when it was read.
        whole: whether all that an answer rests on was read, code too.
        trusted: whether nothing says that the phone's own word can be false.
        by_package: the apps again, by package; the one of the first user counts.
    """

    findings: Sequence[tuple[Finding, Outcome]] = ()
    incidents: Mapping[str, Incident] = field(default_factory=dict)
    apps: Sequence[App] = ()
    now: str | None = None
    whole: bool = False
    trusted: bool = True
    traffic: Sequence[RecordedTraffic] = ()
    by_package: Mapping[str, App] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        findings: Iterable[Finding],
        incidents: Iterable[Incident],
        apps: Sequence[App] = (),
        *,
        now: str | None = None,
        whole: bool,
        trusted: bool = True,
        traffic: Sequence[RecordedTraffic] = (),
    ) -> "Basis":
        """Return it for findings as the judge merged them."""
        by_id = {incident.id: incident for incident in incidents}
        rated = [(finding, supports(finding, by_id)) for finding in findings]
        ranked = sorted(rated, key=lambda item: -OUTCOMES.index(item[1]))  # of equal ones the worst stays first
        by_package = {app.package: app for app in reversed(apps)}
        return cls(ranked, by_id, apps, now, whole, trusted, traffic, by_package)

    def supporting(self, *outcomes: Outcome) -> Iterator[Finding]:
        yield from (finding for finding, outcome in self.findings if outcome in outcomes)

    def name(self, finding: Finding) -> str:
        """Return what begins a sentence about what a finding is about."""
        if not finding.packages:
            return _DEVICE.get(finding.subject.kind, finding.subject.name)
        first = finding.packages[0]
        app = self.by_package.get(first)
        return one_of(called(app) if app else first, len(finding.packages))


def answer(
    question: QuestionId, said: Answer, text: str, findings: Iterable[Finding | str] = (), package: str | None = None
) -> Question:
    """Write an answer; `findings` are those that its sentence rests on, or their keys."""
    keys = dict.fromkeys(one if isinstance(one, str) else one.key for one in findings)
    return Question(id=question, answer=said, text=text, findings=tuple(keys)[:MOST_KEYS], package=package)


def package_of(finding: Finding) -> str | None:
    return finding.subject.name if finding.subject.kind == "package" else None
