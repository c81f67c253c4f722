"""The answer: what one screen, the head of a page and a summary say of a phone, in the same order everywhere."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.model.core_packages import may_be_switched_off
from phone_audit.model.device import Package
from phone_audit.model.finding import NOT_OUR_COMMAND, Finding, Incident, Question, Reason, Remedy, Skipped, Subject
from phone_audit.model.results import Scan
from phone_audit.model.wording import counted, day_of, listed, months_in, one_of, sentence
from phone_audit.report.app_names import AppNames, names_on
from phone_audit.report.draw_accepted import AcceptedFindings
from phone_audit.report.draw_diff import baseline_sentence
from phone_audit.report.knowledge_age import places_not_asked
from phone_audit.report.safe import between_words, clipped, fitted, visible

QUESTIONS: Final[Mapping[str, str]] = {
    "known-bad": "Is it a known-bad batch?",
    "watched": "Can somebody watch you?",
    "sends": "Where does data go?",
}
_ANSWERS: Final = {"yes": "YES", "no": "NO", "not-seen": "NOT SEEN"}
_SENDS: Final = {**_ANSWERS, "yes": "SEEN"}
WATCHED: Final = "suspicious"
"""The outcome that the headline on watching stands for."""
WATCHED_HEADLINE: Final = "Somebody may be able to watch this phone"
_PUBLISHED: Final = "PUBLISHED"
"""Where nothing was seen on this phone, and a publisher says what such software sends."""
_INSTALLED_CLAIMS: Final = {
    "confirmed": "{name} is part of a published incident: {title}.",
    "high": "This build is listed as affected by a published incident: {title}.",
}
_POSSIBLE: Final = "{name} may be part of a published incident, but a second sign is missing: {title}."
ALL_READ: Final = "All files that were to be read were read."
_MISREAD: Final = "Parts may be misread: this version of Android was not tried on real phones in full."
_NOT_TOLD: Final = "This phone did not tell all that its apps may do, and did."
_SWITCH_OFF: Final = "adb shell pm disable-user "
_SENDING: Final = ("data-leak", "telemetry")
"""Categories of incidents whose data types are what is sent."""
_MOST_DATA: Final = 4
_UNENCRYPTED: Final = "cleartext-data"
_SENT: Final = ("tracker-data", "network-data")
"""Findings on data that is sent, with and without a word on encryption."""
_MOST_UNREAD: Final = 2
_LONGEST_HEADLINE: Final = 220
_LEFT_OUT: Final = re.compile(r"; (?:incomplete: |the code of the packages was not read).*", re.DOTALL)
_LONGEST_TEXT: Final = 290
_LONGEST_STEP: Final = 400
_LONGEST_UNREAD: Final = 150
_LONGEST_CHANGE: Final = 150
_LONGEST_ACCEPTED: Final = 220
_WORD: Final = 40


@dataclass(frozen=True)
class Tile:
    """A question that people ask, the answer in a word, and the strongest reason for it."""

    id: str
    question: str
    answer: str
    text: str


@dataclass(frozen=True)
class Step:
    """What a person can do: a sentence, and what to type where that is one way to do it."""

    text: str
    command: str | None = None
    undo: str | None = None
    way: str = ""
    """Where in the settings the same can be done, in a sentence that leads to the command."""


@dataclass(frozen=True)
class Point:
    """One reason and what to do about it. `finding` is the key of what it rests on."""

    text: str
    steps: tuple[Step, ...]
    finding: str | None


@dataclass(frozen=True)
class Answer:
    """What is said first of one phone.

    Attributes:
        outcome, headline: the verdict.
        also: a second headline, where there is another urgent thing; else empty.
        facts: which phone, and how much of it was read; a line each.
        tiles: three questions; none for results of earlier versions.
        points: the reasons, what a person would care about most first.
        accepted: what somebody answers for, or did so until a day that is over.
        unread: what was not read, a sentence each.
        debugged: whether it is a phone, on which debugging is to be switched off again, and no image of its firmware.
    """

    outcome: str
    headline: str
    also: str
    facts: tuple[str, ...]
    tiles: tuple[Tile, ...]
    points: tuple[Point, ...]
    accepted: tuple[str, ...]
    unread: tuple[str, ...]
    debugged: bool

    @property
    def advises(self) -> bool:
        """Whether it says what to do, before which a person has to know what that may set off."""
        return any(point.steps for point in self.points)


def answer_of(scan: Scan) -> Answer:
    """Return what is said first of a phone."""
    questions = {question.id: question for question in scan.verdict.questions}
    compared = list(_compared(scan))
    return Answer(
        outcome=scan.verdict.outcome,
        headline=short_headline(scan.verdict.headline, _LONGEST_HEADLINE),
        also=_second_headline(scan, questions.get("watched")),
        facts=(_which_phone(scan), *compared[:1], _how_much(scan), *compared[1:]),
        tiles=tuple(_tile(questions[name], scan) for name in QUESTIONS if name in questions),
        points=tuple(_points(scan, names_on(scan), questions.get("watched"))),
        accepted=tuple(fitted(text, _LONGEST_ACCEPTED) for text in AcceptedFindings(scan.findings).in_short()),
        unread=tuple(_unread(scan)),
        debugged=scan.acquisition.source != "image",
    )


def short_headline(text: str, columns: int) -> str:
    """Return a headline of at most so many columns that still says what was not read.

    Example:
        >>> short_headline("This and that was seen here; incomplete: 3 things could not be read", 60)
        'This and that was…; incomplete: 3 things could not be read'
    """
    said, left = text, ""
    if found := _LEFT_OUT.search(text):
        said, left = text[: found.start()], visible(text[found.start() :])
    return f"{between_words(said, columns - len(left))}{left}"


def _second_headline(scan: Scan, watched: Question | None) -> str:
    """Say that somebody may be watching, where the headline is about something else."""
    if watched is None or watched.answer != "yes" or scan.verdict.outcome != "known-bad":
        return ""
    first = next((reason.finding for reason in scan.verdict.reasons), None)
    return "" if first in watched.findings else WATCHED_HEADLINE


def _tile(question: Question, scan: Scan) -> Tile:
    words = _SENDS if question.id == "sends" else _ANSWERS
    answer = words.get(question.answer, fitted(question.answer, _WORD))
    incidents = {finding.key for finding in scan.findings if finding.incident}
    if question.id == "sends" and question.answer == "yes" and not incidents.isdisjoint(question.findings):
        answer = _PUBLISHED
    text = question.text.replace(f" ({question.package})", "", 1) if question.package else question.text
    return Tile(question.id, QUESTIONS[question.id], answer, text)


def _which_phone(scan: Scan) -> str:
    build, device = scan.build, scan.device
    parts = [
        f"Label: {_short(scan.label)}" if scan.label else "",
        _short(device.model) or "model unknown",
        f"serial {_short(device.serial)}" if device.serial else "",
        f"Android {_short(build.android_version) or 'unknown'}",
        f"build {_short(build.display_id or build.id) or 'unknown'}",
        _patches(scan),
    ]
    return " · ".join(part for part in parts if part)


def _patches(scan: Scan) -> str:
    """Say of which month the security patches are, and how old that made them when the phone was read."""
    level = scan.build.security_patch
    if not level:
        return "patch level unknown"
    months = months_in(_patch_days(scan, level))
    age = f", {months} months old" if months > 1 else ""
    return f"patches of {_short(level)[:7]}{age}"


def _patch_days(scan: Scan, level: str) -> int:
    """Return the days that findings on the patches rest on; where there are none, those by the phone's own clock."""
    told = next((item.value or "" for item in scan.state if item.key == "patch_age_days"), "")
    if told.isascii() and told.isdigit():
        return int(told[:6])
    begun, read = day_of(level), day_of(scan.acquisition.device_time or "")
    return (read - begun).days if begun and read else 0


def _how_much(scan: Scan) -> str:
    coverage = scan.coverage
    if scan.acquisition.depth == "quick":
        return f"{counted(coverage.packages_listed, 'package')} listed; their code was not read (depth quick)"
    read = f"{coverage.apks_analysed} of {counted(coverage.apks_listed, 'APK')} read"
    return f"{counted(coverage.packages_listed, 'package')}, {read}"


def _compared(scan: Scan) -> Iterator[str]:
    """Yield what a comparison with a known good phone came to."""
    if scan.baseline is not None:
        yield f"Compared with your known good phone: {baseline_sentence(scan.baseline)}"
        yield from (fitted(change.text, _LONGEST_CHANGE) for change in scan.baseline.changes[:1])


def _points(scan: Scan, names: AppNames, watched: Question | None) -> Iterator[Point]:
    """Yield the reasons, those about watching right behind the first one; what somebody answers for comes last."""
    findings = {finding.key: finding for finding in scan.findings}
    removable = {package.name for package in scan.packages if _is_removable(package)}
    incidents = {incident.id: incident for incident in scan.incidents}
    asked = any(question.id == "sends" and question.answer == "yes" for question in scan.verdict.questions)
    watching = set(watched.findings) if watched and watched.answer == "yes" else set()
    reasons = [reason for reason in scan.verdict.reasons if reason.kind != "unread"]
    unencrypted = {finding.subject for finding in scan.findings if finding.id == _UNENCRYPTED}
    ordered = [*reasons[:1], *sorted(reasons[1:], key=lambda one: one.finding not in watching)]
    for reason in sorted(
        ordered, key=lambda one: (one.accepted, _says_less(findings.get(one.finding or ""), unencrypted))
    ):
        finding = findings.get(reason.finding or "")
        steps = () if reason.accepted else tuple(_steps(reason, finding, names, removable))
        claim = between_words(_claim(reason, finding, names, incidents, asked=asked), _LONGEST_TEXT)
        yield Point(f"(accepted) {claim}" if reason.accepted else claim, steps, reason.finding)


def _is_removable(package: Package) -> bool:
    here = any(its.installed is not False for its in package.users)
    return here and may_be_switched_off(package.name)


def _says_less(finding: Finding | None, unencrypted: Collection[Subject]) -> bool:
    """Tell whether another reason says the same of an app, and that it is not encrypted."""
    return finding is not None and finding.id in _SENT and finding.subject in unencrypted


def _claim(
    reason: Reason, finding: Finding | None, names: AppNames, incidents: Mapping[str, Incident], *, asked: bool
) -> str:
    """Return the reason in a sentence or two; `asked`: a question answers already which data is sent."""
    if reason.kind != "incident" or finding is None:
        return names.put_into(reason.claim)
    about = finding.packages
    name = one_of(names.of(about[0]), len(about)) if about else f"“{fitted(finding.subject.name, _WORD)}”"
    if finding.id == "published-incident":
        said = _INSTALLED_CLAIMS.get(finding.confidence, _POSSIBLE).format(name=name, title=finding.title)
        return said if asked else f"{said} {_reported(finding, incidents)}".rstrip()
    return _POSSIBLE.format(name=name, title=finding.title) if finding.id == "possible-incident" else finding.message


def _reported(finding: Finding, incidents: Mapping[str, Incident]) -> str:
    """Say which data publishers name; empty where they name none."""
    incident = incidents.get(finding.incident or "")
    if incident is None or not incident.data_types:
        return ""
    data = listed(incident.data_types, _MOST_DATA)
    return f"It is reported to send {data}." if finding.category in _SENDING else f"Reported: {data}."


def _steps(reason: Reason, finding: Finding | None, names: AppNames, removable: Collection[str]) -> Iterator[Step]:
    """Yield the first thing that helps, and how to switch a package off, where it is there."""
    remedies = finding.remedy if finding and finding.remedy else reason.advice
    subject = finding.subject.name if finding and finding.subject.kind == "package" else ""
    commands = [remedy for remedy in remedies if subject in removable and _switches_off(remedy, subject)]
    for remedy in remedies[:1]:
        if remedy.risk and remedy.risk != NOT_OUR_COMMAND:
            yield Step(clipped(remedy.risk, _LONGEST_STEP))
    for remedy in dict.fromkeys((*remedies[:1], *commands[:1])):
        text = clipped(remedy.text, _LONGEST_STEP)
        if NOT_OUR_COMMAND in (remedy.risk or ""):
            text = f"{sentence(text)} {NOT_OUR_COMMAND}"
        if remedy not in commands:
            yield Step(text)
            continue
        way = f"Settings > Apps > {names.of(subject)} > Disable; where that is grey, from a computer:"
        yield Step(sentence(text), remedy.command, remedy.undo, way)


def _switches_off(remedy: Remedy, package: str) -> bool:
    """Tell whether a remedy has a command about this very package, and one that takes it back."""
    command = remedy.command or ""
    return command.startswith(_SWITCH_OFF) and command.endswith(f" {package}") and remedy.undo is not None


def _unread(scan: Scan) -> Iterator[str]:
    """Yield what was not read, and what such an input never holds."""
    unread: Sequence[Reason] = [reason for reason in scan.verdict.reasons if reason.kind == "unread"]
    for reason in unread[:_MOST_UNREAD]:
        yield between_words(reason.text, _LONGEST_UNREAD)
    if len(unread) > _MOST_UNREAD:
        yield f"And {counted(len(unread) - _MOST_UNREAD, 'more kind')} of things that were not read."
    lost: Sequence[Skipped] = scan.coverage.skipped if not unread else ()
    if lost:
        yield f"Not read: {counted(len(lost), 'thing')}."
    for text in scan.acquisition.cannot_hold[:1]:
        yield between_words(text, _LONGEST_UNREAD)
    users = [its for package in scan.packages for its in package.users]
    if scan.acquisition.source != "image" and any(its.granted is None or its.appops is None for its in users):
        yield _NOT_TOLD
    if scan.coverage.untested:
        yield _MISREAD
    if later := places_not_asked(scan.coverage):
        yield later
    if not unread and not lost and scan.coverage.complete:
        yield ALL_READ


def _short(text: str | None) -> str:
    return fitted(text or "", _WORD)
