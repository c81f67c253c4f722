"""Findings and what was not read → the verdict on a phone, a folder or a watch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from phone_audit.judge.harms import data_rank, harm_rank
from phone_audit.judge.headlines import BOTH_BAD, LISTED_BAD, NOT_SENDING
from phone_audit.judge.outcomes import CONFIDENCES, strongest
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import Depth, Snapshot
from phone_audit.model.finding import (
    ADVICE,
    NOT_READ,
    OUTCOMES,
    SEVERITIES,
    Finding,
    Outcome,
    Reason,
    ReasonKind,
    Remedy,
    Skipped,
    Verdict,
)
from phone_audit.model.wording import counted, listed, sentence

_MOST_REASONS = 6
_WHY_ALL_ELSE = "device-lost"
"""The code of what explains everything else that was not read: the phone went away."""
_CODE_ROLES = ("base", "split", "hidden-system")


def skipped_of_scan(snapshot: Snapshot, apks: Sequence[ApkInfo], depth: Depth) -> tuple[Skipped, ...]:
    """Return everything of a phone that its depth promises and that was not read, each once, sorted.

    An APK that is listed, was not analysed and that nobody accounts for is added here: it may not go missing.
    """
    told = [*snapshot.skipped, *(item for info in apks for item in info.skipped)]
    if depth != "quick":
        told += _unaccounted(snapshot, apks, told)
    return sorted_skipped(told)


def sorted_skipped(items: Iterable[Skipped]) -> tuple[Skipped, ...]:
    return tuple(sorted(set(items), key=_skipped_order))


def _unaccounted(snapshot: Snapshot, apks: Sequence[ApkInfo], told: Sequence[Skipped]) -> Iterable[Skipped]:
    read = {info.path for info in apks} | {file.path for info in apks for file in info.files}
    named = {item.subject for item in told}
    for package in snapshot.packages:
        for file in package.files:
            if file.role in _CODE_ROLES and file.path not in read and not named & {file.path, package.name}:
                reason = "This APK is listed but was not analysed."
                yield Skipped(subject=file.path, step="transfer", code="not-analysed", reason=reason)


class UnreadTally:
    """What was not read, counted by kind as it comes, so that any number of things takes little room."""

    def __init__(self, items: Iterable[Skipped] = ()) -> None:
        self._seen: set[int] = set()
        self._kinds: dict[tuple[str, str], tuple[int, Skipped]] = {}
        self.add(items)

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, items: Iterable[Skipped]) -> None:
        """Count further things, each once."""
        for item in items:
            identity = hash(_skipped_order(item))
            if identity not in self._seen:
                self._seen.add(identity)
                count, first = self._kinds.get((item.step, item.code), (0, item))
                self._kinds[item.step, item.code] = count + 1, min(first, item, key=_skipped_order)

    def kinds(self) -> list[tuple[int, Skipped]]:
        """Return how many there are of each kind, with the first of them: what explains the rest, then the frequent."""
        return sorted(
            self._kinds.values(), key=lambda kind: (kind[1].code != _WHY_ALL_ELSE, -kind[0], kind[1].step, kind[1].code)
        )


def _skipped_order(item: Skipped) -> tuple[str, str, str, str]:
    return (item.subject, item.step, item.code, item.reason)


def not_read_reasons(unread: UnreadTally) -> tuple[Reason, ...]:
    """Say what was not read, one reason a kind, the most frequent first."""
    kinds = unread.kinds()
    texts = []
    for count, first in kinds[:_MOST_REASONS]:
        more = f" and {count - 1} more" if count > 1 else ""
        texts.append(f"{NOT_READ}: {first.subject}{more}. {first.reason}")
    left = sum(count for count, _ in kinds[_MOST_REASONS:])
    if left:
        texts.append(f"{NOT_READ}, for other reasons: {left} more.")
    return tuple(Reason(finding=None, text=text, kind="unread") for text in texts)


_SENDS = ("tracker", "telemetry", "cleartext", "network-policy")
"""Categories of what sends data by design, or so that others can read it."""


SubjectName = tuple[str, str]
"""Kind and name of a subject."""


@dataclass(frozen=True)
class RatedFinding:
    """A finding and the outcome that it supports.

    `text` is what the verdict says of it where it stands alone, `advice` what helps. It may stand for `count` findings
    of which the verdict says the same; `others` are the subjects of those.
    """

    finding: Finding
    outcome: Outcome
    text: str
    advice: str | None = None
    count: int = 1
    others: frozenset[SubjectName] = frozenset()

    @property
    def subjects(self) -> set[SubjectName]:
        return {(self.finding.subject.kind, self.finding.subject.name), *self.others}


@dataclass(frozen=True)
class Scope:
    """What was read.

    `headlines` has a template for each outcome and for those beside them, with `{seen}` for what carries it.
    `code_left_out`: the depth reads no code, so that finding nothing means nothing.
    """

    headlines: Mapping[str, str]
    skipped: UnreadTally
    code_left_out: bool = False


def verdict(supported: Sequence[RatedFinding], scope: Scope) -> Verdict:
    """Judge: the strongest outcome of a finding stands, and what was not read makes it at least inconclusive.

    Of an incident only the first reason is given, so the text of each of its findings speaks for all.
    """
    unread: Outcome = "inconclusive" if scope.skipped or scope.code_left_out else "nothing-found"
    outcome = strongest([unread, *(item.outcome for item in supported)])
    ranked = sorted(supported, key=strongest_first)
    reasons = list(_reasons(ranked))
    if scope.code_left_out:
        text = "The code of the packages was not read (depth quick): what would be found there stays unknown."
        reasons.append(Reason(finding=None, text=text, kind="depth"))
    reasons += not_read_reasons(scope.skipped)
    return Verdict(outcome=outcome, headline=_headline(outcome, ranked, scope), reasons=tuple(reasons))


def strongest_first(item: RatedFinding) -> tuple[int, int, int, int, str, int, str, str]:
    """Return what findings are ranked by: what they mean, and of those that expose data what that does to a person."""
    finding = item.finding
    return (
        -OUTCOMES.index(item.outcome),
        harm_rank(finding) if item.outcome == "exposed" else 0,
        SEVERITIES.index(finding.severity),
        -CONFIDENCES.index(finding.confidence),
        finding.id,
        data_rank(finding),
        finding.title,
        finding.key,
    )


ReasonGroup = tuple[str, Outcome, bool]
"""What a reason speaks for: an incident, or a detector with an outcome, and whether somebody accepted it."""


def alike(finding: Finding, outcome: Outcome) -> tuple[ReasonGroup, Outcome, str, bool, bool]:
    """Return what is equal for findings of which a verdict says the same, but for their subjects."""
    accepted = finding.accepted_by is not None
    return reason_group(finding, outcome), outcome, _name(finding), finding.category in _SENDS, accepted


def _reasons(ranked: Sequence[RatedFinding]) -> Iterable[Reason]:
    """Yield one reason for each incident, and one for each detector and outcome; none for what decides nothing."""
    groups: dict[ReasonGroup, list[RatedFinding]] = {}
    for item in ranked:
        if item.outcome != "nothing-found":
            groups.setdefault(reason_group(item.finding, item.outcome), []).append(item)
    for group in groups.values():
        first = group[0]
        alone = sum(item.count for item in group) == 1 or first.finding.incident is not None
        kind: ReasonKind = "incident" if first.finding.incident else "detector"
        if alone:
            reason = advised_reason(first.finding.key, first.text, first.advice, kind)
        else:
            reason = Reason(finding=first.finding.key, text=_group_text(group), kind=kind)
        accepted = all(item.finding.accepted_by for item in group)
        yield reason.model_copy(update={"accepted": True}) if accepted else reason


def advised_reason(finding: str | None, claim: str, advice: str | None, kind: ReasonKind = "incident") -> Reason:
    """Return a reason whose text ends with an advice, where there is one."""
    if advice is None:
        return Reason(finding=finding, text=claim, kind=kind)
    text = f"{claim} {ADVICE} {sentence(advice)}"
    return Reason(finding=finding, text=text, kind=kind, advice=(Remedy(text=advice),))


def reason_group(finding: Finding, outcome: Outcome) -> ReasonGroup:
    """Return what reasons are grouped by: an incident, else the detector; of a feed also what it lists, the title."""
    if finding.incident:
        return finding.incident, "known-bad", False
    name = f"{finding.id} {finding.title}" if _is_listed(finding) else finding.id
    return name, outcome, finding.accepted_by is not None


def _group_text(group: Sequence[RatedFinding]) -> str:
    """Speak of many findings of one detector at once; of one package, the worst one is told and the others counted."""
    finding = group[0].finding
    subjects = sorted({name for item in group for _, name in item.subjects})
    if finding.held and len(subjects) == 1:
        more = sum(item.count for item in group) - 1
        return f"{sentence(group[0].text)} {counted(more, 'more finding')} of this kind."
    name = f"{_holders(group)} {finding.headline}" if finding.held else _name(finding)
    return f"{name}: {listed(subjects, 4)}."


def _holders(group: Sequence[RatedFinding]) -> str:
    """Count packages, and files of which the package is not known."""
    subjects = {subject for item in group for subject in item.subjects}
    files = sum(kind == "apk" for kind, _ in subjects)
    counts = [counted(number, noun) for number, noun in ((len(subjects) - files, "package"), (files, "file")) if number]
    return f"{listed(counts)} {'holds' if len(subjects) == 1 else 'hold'}"


def _headline(outcome: Outcome, ranked: Sequence[RatedFinding], scope: Scope) -> str:
    """Say the verdict in one sentence, without a full stop. Whatever it is, what was not read is said too."""
    top = [item.finding for item in ranked if item.outcome == outcome]
    sending = [finding for finding in top if finding.category in _SENDS]
    carrying = sending if outcome == "exposed" and sending else top
    said = scope.headlines[_template(outcome, top, sending)].format(seen=_seen(carrying))
    if scope.skipped:
        said += f"; incomplete: {counted(len(scope.skipped), 'thing')} could not be read"
    if scope.code_left_out:
        said += "; the code of the packages was not read"
    return said


def _template(outcome: Outcome, top: Sequence[Finding], sending: Sequence[Finding]) -> str:
    """Return the headline that fits what carries the outcome: what a list names is no published incident."""
    if outcome == "exposed" and not sending:
        return NOT_SENDING
    if outcome == "known-bad" and any(_is_listed(finding) for finding in top):
        return LISTED_BAD if all(_is_listed(finding) for finding in top) else BOTH_BAD
    return outcome


def _is_listed(finding: Finding) -> bool:
    """Tell whether a finding rests on a feed of indicators."""
    return finding.id.startswith("indicator.")


def _seen(top: Sequence[Finding]) -> str:
    """Name what carries the outcome: detectors of many packages by what they see, the others by title, lists last."""
    names = dict.fromkeys(_name(finding) for finding in sorted(top, key=_is_listed))
    return listed(list(names), 3) or "not everything was read"


def _name(finding: Finding) -> str:
    return finding.headline or finding.title
