"""The text report of a folder of APKs, and of one APK."""

from collections.abc import Sequence

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.finding import OUTCOMES
from phone_audit.report.canvas import Canvas, Style
from phone_audit.report.safe import shortened
from phone_audit.report.text_code import code_lines, holders_line, some
from phone_audit.report.text_parts import (
    draw_about,
    draw_evidence,
    draw_reasons,
    draw_remedies,
    draw_skipped,
)
from phone_audit.report.text_trackers import tracker_lines

_MOST_APKS = 40
_MOST_WHOLE = 3
"""APKs of one result that are told at length; of more, much is told as counts."""


def render_apks(result: Apks, style: Style) -> str:
    """Give the report of a folder: verdict, each APK that says something, evidence of the worst, what was not read."""
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
    worst = [apk for apk in result.apks if apk.outcome in ("known-bad", "suspicious")]
    strong = [finding for apk in worst for finding in apk.findings if finding.incident or finding.severity != "info"]
    draw_remedies(canvas, strong)
    draw_evidence(canvas, strong)
    _draw_apks(canvas, result.apks)
    skipped = [*result.skipped, *(item for apk in result.apks for item in apk.skipped)]
    draw_skipped(canvas, skipped)
    draw_about(canvas, result.knowledge, result.tool)
    return canvas.text()


def render_apk(apk: Apk, style: Style) -> str:
    """Give the report of one record."""
    canvas = Canvas(style)
    canvas.outcome(apk.outcome, f"{apk.package or 'package unknown'} in {shortened(apk.path, 200)}")
    for line in _lines(apk):
        canvas.item(line)
    draw_remedies(canvas, apk.findings)
    draw_evidence(canvas, apk.findings)
    draw_skipped(canvas, apk.skipped)
    return canvas.text()


def _draw_apks(canvas: Canvas, apks: Sequence[Apk]) -> None:
    if not apks:
        return
    canvas.heading("The APKs")
    order = {word: rank for rank, word in enumerate(reversed(OUTCOMES))}
    ranked = sorted(apks, key=lambda apk: (order.get(apk.outcome, len(order)), apk.path))
    for apk in ranked[:_MOST_APKS]:
        canvas.item(f"{apk.path}: {apk.outcome}", "*", 2, "bold")
        for line in _lines(apk, brief=len(ranked) > _MOST_WHOLE):
            canvas.item(line, "-", 4)
    if len(ranked) > _MOST_APKS:
        canvas.item(f"and {len(ranked) - _MOST_APKS} more, all in the JSON result (-f json)", "*")


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
