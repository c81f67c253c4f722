"""Findings and what was not read → the verdict on a phone or a folder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from phone_audit.judge.coverage import Unread, not_read_reasons
from phone_audit.judge.headlines import BOTH_BAD, LISTED_BAD, NOT_SENDING
from phone_audit.judge.outcomes import strongest
from phone_audit.model.finding import OUTCOMES, SEVERITIES, Finding, Outcome, Reason, Verdict
from phone_audit.model.wording import counted, listed

_SEEN_IN: Mapping[str, str] = {
    "tracker-present": "code of known trackers",
    "telemetry-endpoint": "addresses of telemetry or advertising services",
    "cleartext-endpoint": "unencrypted addresses in their code",
    "accepts-any-certificate": "code that accepts any certificate",
    "packed-code": "code that is hidden",
    "indicator.tracker": "what lists of trackers name",
    "indicator.listed": "what imported lists name",
}
"""Detectors that speak of many packages at once, and what they see there."""
_SENDS = ("tracker", "telemetry", "cleartext", "network-policy")
"""Categories of what sends data by design, or so that others can read it."""


SubjectName = tuple[str, str]
"""Kind and name of a subject."""


@dataclass(frozen=True)
class Supported:
    """A finding and the outcome that it supports. `text` is what the verdict says of it where it stands alone.

    It may stand for `count` findings of which the verdict says the same; `others` are the subjects of those.
    """

    finding: Finding
    outcome: Outcome
    text: str
    count: int = 1
    others: frozenset[SubjectName] = frozenset()

    @property
    def subjects(self) -> set[SubjectName]:
        """What it speaks of."""
        return {(self.finding.subject.kind, self.finding.subject.name), *self.others}


@dataclass(frozen=True)
class Reading:
    """What was read.

    `headlines` has a template for each outcome and for those beside them, with `{seen}` for what carries it.
    `code_left_out`: the depth reads no code, so that finding nothing means nothing.
    """

    headlines: Mapping[str, str]
    skipped: Unread
    code_left_out: bool = False


def verdict(supported: Sequence[Supported], reading: Reading) -> Verdict:
    """Judge: the strongest outcome of a finding stands, and what was not read makes it at least inconclusive.

    Args:
        supported: the findings with what they support, in any order. Of an incident only the first reason is given,
            so its text speaks for all its findings.
        reading: what was read.
    """
    unread: Outcome = "inconclusive" if reading.skipped or reading.code_left_out else "nothing-found"
    outcome = strongest([unread, *(item.outcome for item in supported)])
    ranked = sorted(supported, key=strongest_first)
    reasons = (*_reasons(ranked), *_no_code_reason(reading), *not_read_reasons(reading.skipped))
    return Verdict(outcome=outcome, headline=_headline(outcome, ranked, reading), reasons=reasons)


def strongest_first(item: Supported) -> tuple[int, int, str, str]:
    """Return what findings are ranked by."""
    finding = item.finding
    return (-OUTCOMES.index(item.outcome), SEVERITIES.index(finding.severity), finding.id, finding.key)


def alike(finding: Finding, outcome: Outcome) -> tuple[str, Outcome, Outcome, str, bool]:
    """Return what is equal for findings of which a verdict says the same, but for their subjects."""
    return (*_group(finding, outcome), outcome, _name(finding), finding.category in _SENDS)


def _reasons(ranked: Sequence[Supported]) -> Iterable[Reason]:
    """Yield one reason for each incident, and one for each detector and outcome; none for what decides nothing."""
    groups: dict[tuple[str, Outcome], list[Supported]] = {}
    for item in ranked:
        if item.outcome != "nothing-found":
            groups.setdefault(_group(item.finding, item.outcome), []).append(item)
    for group in groups.values():
        first = group[0]
        alone = sum(item.count for item in group) == 1 or first.finding.incident is not None
        yield Reason(finding=first.finding.key, text=first.text if alone else _group_text(group))


def _group(finding: Finding, outcome: Outcome) -> tuple[str, Outcome]:
    """Return what reasons are grouped by: all findings of an incident have one."""
    if finding.incident:
        return finding.incident, "known-bad"
    return _topic(finding), outcome


def _topic(finding: Finding) -> str:
    """Return what reasons are grouped by.

    The detector; of a feed's indicators also what it lists, which is the title.
    """
    return f"{finding.id} {finding.title}" if _is_listed(finding) else finding.id


def _group_text(group: Sequence[Supported]) -> str:
    """Speak of many findings of one detector at once."""
    finding = group[0].finding
    subjects = sorted({name for item in group for _, name in item.subjects})
    seen = _SEEN_IN.get(finding.id)
    if seen is None:
        return f"{_name(finding)}: {listed(subjects, 4)}."
    return f"{_holders(group)} {seen}: {listed(subjects, 4)}."


def _holders(group: Sequence[Supported]) -> str:
    """Count packages, and files of which the package is not known."""
    subjects = {subject for item in group for subject in item.subjects}
    files = sum(kind == "apk" for kind, _ in subjects)
    counts = [counted(number, noun) for number, noun in ((len(subjects) - files, "package"), (files, "file")) if number]
    return f"{listed(counts)} {'holds' if len(subjects) == 1 else 'hold'}"


def _no_code_reason(reading: Reading) -> Iterable[Reason]:
    if reading.code_left_out:
        text = "The code of the packages was not read (depth quick): what would be found there stays unknown."
        yield Reason(finding=None, text=text)


def _headline(outcome: Outcome, ranked: Sequence[Supported], reading: Reading) -> str:
    """Say the verdict in one sentence, without a full stop. Whatever it is, what was not read is said too."""
    top = [item.finding for item in ranked if item.outcome == outcome]
    sending = [finding for finding in top if finding.category in _SENDS]
    carrying = sending if outcome == "exposed" and sending else top
    said = reading.headlines[_template(outcome, top, sending)].format(seen=_seen(carrying))
    if reading.skipped:
        said += f"; incomplete: {counted(len(reading.skipped), 'thing')} could not be read"
    if reading.code_left_out:
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
    if finding.id in ("candidate-build", "named-model"):
        return f"it may be affected by “{finding.title}”"
    if _is_listed(finding) and finding.id not in _SEEN_IN:
        who = listed([source.publisher for source in finding.sources], 2)
        thing = f"{finding.title.removesuffix(')')}, listed by {who})"  # the title is: name (class)
        return thing if finding.confidence in ("confirmed", "high") else f"a sign of {thing}"
    return _SEEN_IN.get(finding.id, finding.title)
