"""The text report of a folder of APKs, and of one APK."""

from bisect import insort
from collections.abc import Iterable, Sequence

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.finding import OUTCOMES, Finding, Remedy
from phone_audit.report.canvas import Canvas, Style
from phone_audit.report.safe import shortened
from phone_audit.report.text_code import code_lines, holders_line, some
from phone_audit.report.text_parts import (
    NotLookedAt,
    draw_about,
    draw_evidence,
    draw_reasons,
    draw_remedies,
    draw_skipped,
    urgency,
)
from phone_audit.report.text_trackers import tracker_lines

_MOST_APKS = 40
_MOST_WHOLE = 3
"""APKs of one result that are told at length; of more, much is told as counts."""
_MOST_FINDINGS = 200
_RANKS = {word: rank for rank, word in enumerate(reversed(OUTCOMES))}


def render_apks(result: Apks, style: Style) -> str:
    """Return the report of a folder: verdict, APKs that say something, evidence of the worst, what was not read."""
    canvas = Canvas(style)
    canvas.outcome(result.verdict.outcome, result.verdict.headline)
    canvas.gap()
    counts = ", ".join(f"{result.counts[word]} {word}" for word in reversed(OUTCOMES) if result.counts.get(word))
    if result.label:
        canvas.paragraph(f"Label: {result.label}.")
    canvas.paragraph(
        f"{_number(len(result.apks), 'APK')} from {_number(result.files_seen, 'file')}: {counts or 'none'}."
    )
    draw_reasons(canvas, result.verdict)
    told = _Told(result)
    draw_remedies(canvas, told.helping)
    draw_evidence(canvas, told.strong, told.left)
    _draw_apks(canvas, told.apks, len(result.apks))
    draw_skipped(canvas, told.skipped)
    draw_about(canvas, result.knowledge, result.tool)
    return canvas.text()


def render_apk(apk: Apk, style: Style) -> str:
    """Return the report of one record."""
    canvas = Canvas(style)
    canvas.outcome(apk.outcome, f"{apk.package or 'package unknown'} in {shortened(apk.path, 200)}")
    for line in _lines(apk):
        canvas.item(line)
    draw_remedies(canvas, apk.findings)
    draw_evidence(canvas, apk.findings)
    draw_skipped(canvas, NotLookedAt(apk.skipped))
    return canvas.text()


class _Told:
    """What a report of a folder tells, gathered in one pass over records of which there may be very many.

    Attributes:
        apks: path, outcome and lines of those that are told of, the worst first.
        strong: findings of the worst APKs, of which the evidence is shown, and `left`, how many more there are.
        helping: findings of the worst APKs that each name a remedy that no other does.
        skipped: what was not looked at.
    """

    def __init__(self, result: Apks) -> None:
        self.apks: list[tuple[int, str, str, list[str]]] = []
        self.strong: list[Finding] = []
        self.left = 0
        self.helping: list[Finding] = []
        self.skipped = NotLookedAt(result.skipped)
        self._remedies: set[tuple[int, Remedy]] = set()
        brief = len(result.apks) > _MOST_WHOLE
        for apk in result.apks:
            self.skipped.add(apk.skipped)
            self._rank(apk, brief=brief)
            if apk.outcome in ("known-bad", "suspicious"):
                self._take(apk.findings)

    def _rank(self, apk: Apk, *, brief: bool) -> None:
        rank = _RANKS.get(apk.outcome, len(_RANKS))
        if len(self.apks) == _MOST_APKS and (rank, apk.path) >= self.apks[-1][:2]:
            return
        insort(self.apks, (rank, apk.path, apk.outcome, _lines(apk, brief=brief)))
        del self.apks[_MOST_APKS:]

    def _take(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if not finding.incident and finding.severity == "info":
                continue
            if len(self.strong) < _MOST_FINDINGS:
                self.strong.append(finding)
            else:
                self.left += 1
            new = {(urgency(finding), remedy) for remedy in finding.remedy} - self._remedies
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
    if total > len(apks):
        canvas.item(f"and {total - len(apks)} more, all in the JSON result (-f json)", "*")


def _lines(apk: Apk, *, brief: bool = False) -> list[str]:
    lines = [f"{apk.package or 'package unknown'} {apk.version_name or ''}".strip()]
    lines.extend(tracker_lines(apk.trackers or (), brief=brief))
    counting = [endpoint for endpoint in apk.endpoints or () if endpoint.ruled_out is None]
    if counting:
        lines.append(
            f"{_number(len(counting), 'endpoint')}: "
            + some([_host(endpoint.host, endpoint.owner) for endpoint in counting])
        )
        if not brief and (held := holders_line(counting)):
            lines.append(f"where they stand: {held}")
    cleartext = [endpoint.host for endpoint in counting if endpoint.cleartext]
    if cleartext:
        lines.append("unencrypted: " + some(cleartext))
    lines.extend(code_lines(apk, brief=brief))
    return lines


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _host(host: str, owner: str | None) -> str:
    return f"{host} ({owner})" if owner else host
