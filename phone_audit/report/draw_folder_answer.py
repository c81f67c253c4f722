"""The answer for a folder of APKs: the verdict, reasons, and a line for each APK, the most harmful first."""

from bisect import insort
from collections.abc import Iterator
from typing import Final

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.finding import SEVERITIES
from phone_audit.model.wording import counted
from phone_audit.report.answer import ALL_READ, short_headline
from phone_audit.report.app_names import AppNames
from phone_audit.report.canvas import Canvas
from phone_audit.report.draw_accepted import AcceptedFindings
from phone_audit.report.draw_answer import HELP_FIRST, WARNING, draw_where_all_is
from phone_audit.report.draw_parts import OUTCOME_RANKS, how_many, severity_rank
from phone_audit.report.safe import fitted

_MOST_APKS: Final = 20
_MOST_UNREAD: Final = 2
_LONGEST_REASON: Final = 200
_LONGEST_NAME: Final = 40
_LONGEST_HEADLINE: Final = 220
_Row = tuple[int, int, str, str]
"""Ranks of outcome and severity, the path, and the line."""


def draw_folder_answer(canvas: Canvas, result: Apks) -> None:
    canvas.outcome(result.verdict.outcome, short_headline(result.verdict.headline, _LONGEST_HEADLINE))
    canvas.gap()
    if result.label:
        canvas.paragraph(f"Label: {fitted(result.label, _LONGEST_NAME)}", 1)
    canvas.paragraph(how_many(result), 1)
    _draw_reasons(canvas, result)
    accepted = AcceptedFindings()
    _draw_rows(canvas, _rows(result, accepted), len(result.apks))
    canvas.gap()
    for text in accepted.in_short():
        canvas.paragraph(fitted(text, _LONGEST_REASON), 1)
    for text in _unread(result):
        canvas.paragraph(text, 1)
    draw_where_all_is(canvas, result.knowledge, result.run.started)
    if folder_advises(result):
        canvas.paragraph(HELP_FIRST, 1, "bold")


def folder_advises(result: Apks) -> bool:
    """Tell whether it says what to do, before which a person has to know what that may set off."""
    return any(reason.advice for reason in result.verdict.reasons if reason.kind != "unread")


def _draw_reasons(canvas: Canvas, result: Apks) -> None:
    reasons = [reason for reason in result.verdict.reasons if reason.kind != "unread"]
    if folder_advises(result):
        canvas.gap()
        canvas.paragraph(WARNING, 1)
    if reasons:
        canvas.gap()
    most = max(canvas.style.points, 1)
    for number, reason in enumerate(reasons[:most], 1):
        claim = f"(accepted) {reason.claim}" if reason.accepted else reason.claim
        canvas.item(fitted(claim, _LONGEST_REASON), f"{number}.", 1)
        for remedy in reason.advice[:1]:
            canvas.item(fitted(remedy.text, _LONGEST_REASON), "->", 4)
    left = len(reasons) - most
    if left > 0:
        canvas.paragraph(f"And {counted(left, 'more reason')}: see the full report.", 1)


def _rows(result: Apks, accepted: AcceptedFindings) -> list[_Row]:
    """Return the lines of the most harmful APKs; what somebody answers for is gathered on the way."""
    rows: list[_Row] = []
    for apk in result.apks:
        accepted.add(apk.findings)
        insort(rows, _row(apk))
        del rows[_MOST_APKS:]
    return rows


def _row(apk: Apk) -> _Row:
    worst = min(apk.findings, key=severity_rank, default=None)
    name = AppNames([(apk.package, apk.app_name)]).of(apk.package) if apk.package else f"package unknown, {apk.path}"
    said = f": {worst.title}" if worst and severity_rank(worst) < SEVERITIES.index("low") else ""
    line = f"{apk.outcome}: {name}{said}"
    rank = OUTCOME_RANKS.get(apk.outcome, len(OUTCOME_RANKS))
    return rank, severity_rank(worst) if worst else len(SEVERITIES), apk.path, line


def _draw_rows(canvas: Canvas, rows: list[_Row], total: int) -> None:
    if not rows:
        return
    canvas.gap()
    for *_, line in rows:
        canvas.line(fitted(line, max(20, canvas.style.width - 2)), 1)
    if total > len(rows):
        canvas.paragraph(f"And {counted(total - len(rows), 'more APK')}: see the full report.", 1)


def _unread(result: Apks) -> Iterator[str]:
    unread = [reason.text for reason in result.verdict.reasons if reason.kind == "unread"]
    for text in unread[:_MOST_UNREAD]:
        yield fitted(text, _LONGEST_REASON)
    if len(unread) > _MOST_UNREAD:
        yield f"And {counted(len(unread) - _MOST_UNREAD, 'more kind')} of things that were not read."
    if not unread:
        yield ALL_READ
