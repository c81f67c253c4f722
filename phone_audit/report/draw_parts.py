"""The parts that several reports share: reasons, remedies, evidence, what was not looked at."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from phone_audit.model.apk import Apks
from phone_audit.model.device import Device
from phone_audit.model.finding import (
    OUTCOMES,
    SEVERITIES,
    Evidence,
    Finding,
    KnowledgeInfo,
    Remedy,
    Skipped,
    Source,
    Tool,
    Verdict,
)
from phone_audit.model.wording import counted, sentence
from phone_audit.report.apk_files import NO_FILES, ApkFiles
from phone_audit.report.canvas import Canvas, draw_more
from phone_audit.report.knowledge_age import age_of, update_advice
from phone_audit.report.safe import shortened

SAFETY_TITLE = "Before you change anything"
SAFETY = (
    "If somebody may have put a spying program on this phone: removing it, or even switching it off, can alert them, "
    "and it destroys evidence. Talk to someone you trust first, from another device. Help: stopstalkerware.org "
    "(organisations by country); for journalists and civil society, Access Now's helpline at accessnow.org/help."
)
DEBUGGING_ON = (
    "To switch USB debugging on: Settings > About phone, tap Build number seven times; then Settings > System > "
    "Developer options > USB debugging."
)
DEBUGGING_OFF_TITLE = "When you are done"
DEBUGGING_OFF = (
    "Switch USB debugging off again: Settings > System > Developer options > USB debugging. "
    '"Revoke USB debugging authorizations" in the same place makes the phone forget this computer.'
)
READ_FROM: Final = {
    "androidqf": "an acquisition of androidqf",
    "bugreport": "a bug report",
    "hubble": "the output of Hubble",
    "mvt": "the output of MVT",
    "folder": "a folder of dumps",
    "image": "a firmware image",
}
"""What an acquisition was read from, where that is not the phone itself."""
OUTCOME_RANKS: Final = {word: rank for rank, word in enumerate(reversed(OUTCOMES))}
"""0 for the worst outcome; that of a later version has none, and comes last."""
_MOST_EVIDENCE = 8
_MOST_SOURCES = 4
_MOST_SUBJECTS = 6
_MOST_KINDS = 300
_MOST_KEPT = 500
"""Subjects of a kind that are told apart; of more, each finding counts."""
_MOST_SKIPPED = 12
_MOST_NAMED = 3
_ENDS = ("device-lost", "interrupted")
_WATCHING = ("stalkerware", "spyware", "watchware")
"""Categories of what somebody may have put there to watch the owner."""
_VALUE_LENGTH = 160
_LONGEST_NAME = 100
_LONGEST_WORD = 60


def draw_reasons(canvas: Canvas, verdict: Verdict) -> None:
    """Draw why the verdict is what it is, numbered. What was not read, and what helps, have parts of their own."""
    reasons = [reason for reason in verdict.reasons if reason.kind != "unread"]
    if not reasons:
        return
    canvas.heading("Why")
    for number, reason in enumerate(reasons, 1):
        canvas.item(f"(accepted) {reason.claim}" if reason.accepted else reason.claim, f"{number}.")


def phone_words(device: Device) -> list[str]:
    """Name a phone: its model, and its serial number where that is stated."""
    code_name = f" ({shortened(device.device, _LONGEST_WORD)})" if device.device else ""
    serial = [f"serial {shortened(device.serial, _LONGEST_WORD)}"] if device.serial else []
    return [f"Phone: {shortened(device.model or 'model unknown', _LONGEST_WORD)}{code_name}", *serial]


def cited(findings: Sequence[Finding], verdict: Verdict) -> tuple[list[Finding], list[Finding]]:
    """Part the findings: those that the verdict rests on, in its order, and the others."""
    by_key = {finding.key: finding for finding in findings}
    keys = dict.fromkeys(reason.finding for reason in verdict.reasons)
    named = [by_key[key] for key in keys if key in by_key]
    return named, [finding for finding in findings if finding.key not in keys]


def draw_remedies(canvas: Canvas, findings: Sequence[Finding], advice: Sequence[Remedy] = ()) -> None:
    """Draw what the person can do, after what they should know before they do it.

    What helps against a published incident, or against something that a feed lists, stands before what helps against
    the rest; first of all what concerns whoever may be watched: other steps would tell on them. Last comes the advice
    of reasons that no finding gives.
    """
    ordered = sorted(findings, key=urgency)
    remedies = list(dict.fromkeys(remedy for finding in ordered for remedy in finding.remedy))
    told = {sentence(remedy.text) for remedy in remedies}
    remedies += [remedy for remedy in dict.fromkeys(advice) if sentence(remedy.text) not in told]
    if not remedies:
        return
    canvas.heading(SAFETY_TITLE)
    canvas.paragraph(SAFETY, 2)
    source = canvas.style.stated_in
    canvas.heading(f"What you can do, as stated in {shortened(source, _LONGEST_NAME)}" if source else "What you can do")
    for remedy in remedies:
        canvas.item(remedy.text)
        if remedy.risk:
            canvas.item(remedy.risk, "risk:", 6)
        for name, command in (("command", remedy.command), ("undo", remedy.undo)):
            if command:
                canvas.line(f"{name}: {command}", 6)


def urgency(finding: Finding) -> int:
    """Return the rank of what helps against a finding: 0 stands first."""
    listed = bool(finding.incident) or finding.id.startswith("indicator.")
    if not listed or finding.severity == "info":
        return 2
    return 0 if finding.category in _WATCHING else 1


def draw_evidence(canvas: Canvas, findings: Sequence[Finding], left: int = 0, files: ApkFiles = NO_FILES) -> None:
    """Draw each finding with its file, its evidence and its sources, and how many more are left out here."""
    if not findings:
        return
    canvas.heading("Evidence")
    for finding in findings:
        canvas.item(f"{finding.title} ({finding.severity}, {finding.confidence})", "*", 2, "bold")
        canvas.paragraph(f"{finding.subject.kind} {finding.subject.name}", 4)
        for file in files.of(finding):
            canvas.item(file.path, "file:", 4)
            canvas.line(f"SHA-256 {file.sha256 or 'not known'}", 6)
        for evidence in finding.evidence[:_MOST_EVIDENCE]:
            value = shortened(evidence.value, _VALUE_LENGTH)
            canvas.item(f"{evidence.kind}: {value} [{', '.join(places_of(evidence))}]", "-", 4)
        draw_more(canvas, len(finding.evidence) - _MOST_EVIDENCE, indent=4)
        draw_sources(canvas, finding.sources, 4)
    draw_more(canvas, left)


def places_of(evidence: Evidence) -> list[str]:
    """Return where evidence stands: the file or command, the method, the offset."""
    place = [evidence.where]
    if evidence.class_:
        place.append(evidence.class_ + (f".{evidence.method}" if evidence.method else ""))
    if evidence.offset is not None:
        place.append(f"offset {evidence.offset:#x}")
    return place


def draw_sources(canvas: Canvas, sources: Sequence[Source], indent: int) -> None:
    """Draw who published it. An address stands on a line of its own, unbroken, so that it can be copied."""
    for source in sources[:_MOST_SOURCES]:
        parts = (source.publisher, f'"{source.title}"', source.date)
        canvas.item(", ".join(part for part in parts if part), "source:", indent)
        if source.url:
            canvas.line(source.url, indent + len("source: "))
    draw_more(canvas, len(sources) - _MOST_SOURCES, indent=indent)


def severity_rank(finding: Finding) -> int:
    """Return the rank of a severity, 0 for the worst; that of a later version comes last."""
    return SEVERITIES.index(finding.severity) if finding.severity in SEVERITIES else len(SEVERITIES)


def how_many(result: Apks) -> str:
    """Say how many APKs and files there were, and what came out, the worst first."""
    counts = ", ".join(f"{result.counts[word]} {word}" for word in reversed(OUTCOMES) if result.counts.get(word))
    return f"{counted(len(result.apks), 'APK')} from {counted(result.files_seen, 'file')}: {counts or 'none'}"


class FindingKinds:
    """Findings by kind, gathered one at a time: a folder may have more than memory holds."""

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self._subjects: dict[tuple[int, str, str], set[str]] = {}
        self._more: Counter[tuple[int, str, str]] = Counter()
        self._left = 0
        for finding in findings:
            self.add(finding)

    def add(self, finding: Finding) -> None:
        kind = severity_rank(finding), finding.id, finding.title
        if kind not in self._subjects and len(self._subjects) == _MOST_KINDS:
            self._left += 1
            return
        names = self._subjects.setdefault(kind, set())
        if len(names) < _MOST_KEPT:
            names.add(finding.subject.name)
        elif finding.subject.name not in names:
            self._more[kind] += 1

    def draw(self, canvas: Canvas) -> None:
        """Draw one line a kind, worst first, some subjects named."""
        if not self._subjects:
            return
        canvas.heading("Also seen")
        for kind, names in sorted(self._subjects.items()):
            shown = ", ".join(shortened(name, 60) for name in sorted(names)[:_MOST_SUBJECTS])
            more = len(names) - _MOST_SUBJECTS + self._more[kind]
            canvas.item(f"{kind[2]}: {shown}" + (f" and {more} more" if more > 0 else ""))
        draw_more(canvas, self._left)


class SkippedGroups:
    """What was not looked at, by reason: how many things, and the first of them."""

    def __init__(self, skipped: Iterable[Skipped] = ()) -> None:
        self._groups: dict[tuple[bool, str], tuple[int, list[str]]] = {}
        self.add(skipped)

    def __bool__(self) -> bool:
        return bool(self._groups)

    def add(self, skipped: Iterable[Skipped]) -> None:
        for item in skipped:
            reason = item.code not in _ENDS, item.reason
            count, named = self._groups.get(reason, (0, []))
            self._groups[reason] = count + 1, named if count >= _MOST_NAMED else [*named, item.subject]

    def in_order(self) -> list[tuple[str, int, list[str]]]:
        """Return each reason with the number of things and the names of some, first what ended the scan."""
        ordered = sorted(self._groups.items(), key=lambda group: group[0][0])
        return [(reason, count, named) for (_, reason), (count, named) in ordered]


def draw_skipped(canvas: Canvas, left_out: SkippedGroups) -> None:
    """Draw what was not looked at: each reason once. Says so where nothing was left out."""
    canvas.heading("Not looked at")
    if not left_out:
        canvas.item("Everything that should be read was read.")
        return
    reasons = left_out.in_order()
    for reason, count, subjects in reasons[:_MOST_SKIPPED]:
        named = ", ".join(shortened(subject, 100) for subject in subjects)
        more = count - len(subjects)
        canvas.item(f"{named}{f' and {more} more' if more > 0 else ''}: {reason}")
    draw_more(canvas, len(reasons) - _MOST_SKIPPED)


_FACTS: Final = ("incidents", "indicators", "trackers")
"""Kinds of facts that a report counts; `db info` counts all."""


def draw_about(canvas: Canvas, knowledge: KnowledgeInfo, tool: Tool, started: str, lines: Sequence[str] = ()) -> None:
    """Draw with what this was judged, and how old that was when the run began."""
    canvas.heading("About this report")
    for line in lines:
        canvas.item(line)
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(knowledge.counts.items()) if kind in _FACTS)
    told = "; ".join(filter(None, (age_of(knowledge, started), counts)))
    canvas.item(f"{tool.name} {tool.version}; knowledge {knowledge.version} ({told}), digest {knowledge.digest[:16]}")
    if advice := update_advice(knowledge, started):
        canvas.item(advice)
