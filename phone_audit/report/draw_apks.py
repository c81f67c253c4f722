"""The report of a folder of APKs, and of one APK."""

from bisect import insort
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from phone_audit.model.apk import COUNTING_USES, Apk, Apks, Endpoint, Tracker
from phone_audit.model.finding import Finding, Remedy
from phone_audit.model.wording import counted
from phone_audit.report import draw_parts
from phone_audit.report.apk_files import ApkFiles
from phone_audit.report.canvas import Canvas, draw_more
from phone_audit.report.draw_accepted import AcceptedFindings
from phone_audit.report.draw_code import code_lines, holders_line, some
from phone_audit.report.safe import shortened

_MOST_APKS = 40
_MOST_WHOLE = 3
"""APKs of one result that are told at length; of more, much is told as counts."""
_MOST_FINDINGS = 200


def draw_apks(canvas: Canvas, result: Apks) -> None:
    """Draw the report of a folder: verdict, APKs that say something, evidence of the worst, what was not read."""
    canvas.outcome(result.verdict.outcome, result.verdict.headline)
    canvas.gap()
    if result.label:
        canvas.paragraph(f"Label: {result.label}.")
    canvas.paragraph(f"{draw_parts.how_many(result)}.")
    draw_parts.draw_reasons(canvas, result.verdict)
    summary = _FolderSummary(result)
    summary.accepted.draw(canvas)
    draw_parts.draw_remedies(canvas, summary.helping)
    draw_parts.draw_evidence(canvas, summary.strong, summary.left, summary.files)
    summary.others.draw(canvas)
    _draw_apks(canvas, summary.apks, len(result.apks))
    draw_parts.draw_skipped(canvas, summary.skipped)
    draw_parts.draw_about(canvas, result.knowledge, result.tool, result.run.started)


def draw_apk(canvas: Canvas, apk: Apk) -> None:
    canvas.outcome(apk.outcome, f"{apk.package or 'package unknown'} in {shortened(apk.path, 200)}")
    for line in _lines(apk):
        canvas.item(line)
    AcceptedFindings(apk.findings).draw(canvas)
    draw_parts.draw_remedies(canvas, apk.findings)
    files = ApkFiles()
    files.add(apk, apk.findings)
    draw_parts.draw_evidence(canvas, apk.findings, files=files)
    draw_parts.draw_skipped(canvas, draw_parts.SkippedGroups(apk.skipped))


class _FolderSummary:
    """What a report of a folder tells, gathered in one pass over records of which there may be very many.

    Attributes:
        apks: path, outcome and lines of those that are told of, the worst first.
        strong: findings of which the evidence is shown: those of the worst APKs, or all where there are few APKs.
        left: how many more of them there are.
        files: what they are about.
        others: the rest, told in a line each kind.
        helping: findings of the worst APKs that each name a remedy that no other does.
        skipped: what was not looked at.
        accepted: findings that somebody answers for.
    """

    def __init__(self, result: Apks) -> None:
        self.apks: list[tuple[int, str, str, list[str]]] = []
        self.strong: list[Finding] = []
        self.left = 0
        self.files = ApkFiles()
        self.others = draw_parts.FindingKinds()
        self.helping: list[Finding] = []
        self.skipped = draw_parts.SkippedGroups(result.skipped)
        self.accepted = AcceptedFindings()
        self._remedies: set[tuple[int, Remedy]] = set()
        brief = len(result.apks) > _MOST_WHOLE
        for apk in result.apks:
            self.skipped.add(apk.skipped)
            self.accepted.add(apk.findings)
            self._rank(apk, brief=brief)
            worst = apk.outcome in ("known-bad", "suspicious")
            self._take(apk, whole=not brief, worst=worst)

    def _rank(self, apk: Apk, *, brief: bool) -> None:
        rank = draw_parts.OUTCOME_RANKS.get(apk.outcome, len(draw_parts.OUTCOME_RANKS))
        if len(self.apks) == _MOST_APKS and (rank, apk.path) >= self.apks[-1][:2]:
            return
        insort(self.apks, (rank, apk.path, apk.outcome, _lines(apk, brief=brief)))
        del self.apks[_MOST_APKS:]

    def _take(self, apk: Apk, *, whole: bool, worst: bool) -> None:
        """Take the findings of an APK: each with its evidence where it is one of few, or one of the worst."""
        for finding in apk.findings:
            strong = worst and (finding.incident is not None or finding.severity != "info")
            if not whole and not strong:
                self.others.add(finding)
                continue
            if len(self.strong) < _MOST_FINDINGS:
                self.strong.append(finding)
                self.files.add(apk, (finding,))
            else:
                self.left += 1
            if not strong:
                continue
            new = {(draw_parts.urgency(finding), remedy) for remedy in finding.remedy} - self._remedies
            if new:
                self._remedies |= new
                self.helping.append(finding)


def _draw_apks(canvas: Canvas, apks: Sequence[tuple[int, str, str, list[str]]], total: int) -> None:
    if not apks:
        return
    canvas.heading("The APKs")
    for _, path, outcome, lines in apks:
        canvas.item(f"{path}: {outcome}", "*", 2, "bold")
        for line in lines:
            canvas.item(line, "-", 4)
    draw_more(canvas, total - len(apks), "*")


def _lines(apk: Apk, *, brief: bool = False) -> list[str]:
    lines = [f"{apk.package or 'package unknown'} {apk.version_name or ''}".strip()]
    lines.extend(tracker_lines(apk.trackers or (), brief=brief))
    listed = [endpoint for endpoint in apk.endpoints or () if endpoint.ruled_out is None]
    counting = sorted((one for one in listed if one.counts), key=lambda one: one.use != "fetched")
    if counting:
        lines.append(
            f"{counted(len(counting), 'endpoint')}: "
            + some([f"{one.host} ({one.owner})" if one.owner else one.host for one in counting])
        )
        if not brief and (held := holders_line(counting)):
            lines.append(f"where they stand: {held}")
    cleartext = [endpoint.host for endpoint in counting if endpoint.counts_in_cleartext]
    if cleartext:
        lines.append("unencrypted: " + some(cleartext))
    near = [one.host for one in apk.endpoints or () if one.ruled_out is not None and one.use == "fetched"]
    if near and not brief:
        lines.append("connects to the phone itself or to its own network: " + some(near))
    lines.extend(_not_called(listed, brief=brief))
    lines.extend(code_lines(apk, brief=brief))
    return lines


_NOT_CALLED: Final = (
    ("opened", "links and texts, shown or given to other apps"),
    ("compared", "only compared"),
    ("unused", "never used"),
)


def _not_called(listed: Sequence[Endpoint], *, brief: bool) -> Iterator[str]:
    """Name the hosts to which no code connects, by what it does with them; `brief` leaves out what is no link."""
    idle = [one.host for one in listed if one.started is False and one.use in COUNTING_USES]
    if idle and not brief:
        yield f"in code that nothing was found to start: {some(idle)}"
    for use, said in _NOT_CALLED[: 1 if brief else None]:
        hosts = [one.host for one in listed if one.use == use]
        if hosts:
            yield f"{said}: {some(hosts)}"


_MOST_SWITCHES: Final = 8
_SWITCH_LENGTH: Final = 200


def tracker_lines(trackers: Sequence[Tracker], *, brief: bool = False) -> list[str]:
    """Name the trackers of one package and how far each is there, then the switches that the manifest sets for them.

    `brief` leaves the switches out.
    """
    if not trackers:
        return []
    names = "trackers: " + some([f"{tracker.name} ({tracker.tier})" for tracker in trackers])
    return [names] if brief else [names, *islice(_switches(trackers), _MOST_SWITCHES)]


def _switches(trackers: Sequence[Tracker]) -> Iterator[str]:
    for tracker in trackers:
        for one in tracker.opt_out:
            meaning = f": it {one.meaning}" if one.meaning else ""
            yield shortened(f"manifest for {tracker.name}: {one.shown}{meaning}", _SWITCH_LENGTH)
