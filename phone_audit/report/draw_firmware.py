"""The report of build identifiers."""

from collections import Counter
from datetime import date
from itertools import groupby

from phone_audit.model.finding import OUTCOMES
from phone_audit.model.results import BuildMatch, CheckedBuild, Firmware, ParsedBuild
from phone_audit.model.wording import counted
from phone_audit.report.canvas import Canvas
from phone_audit.report.draw_parts import draw_about, draw_remedies, draw_sources
from phone_audit.report.safe import shortened


def draw_firmware(canvas: Canvas, result: Firmware) -> None:
    """Draw one block for each identifier, in the order of the input."""
    if result.label:
        canvas.paragraph(f"Label: {result.label}.")
    titles = {incident.id: incident.title for incident in result.incidents}
    if len(result.builds) > 1:
        counts = Counter(build.verdict.outcome for build in result.builds)
        said = ", ".join(f"{counts[word]} {word}" for word in reversed(OUTCOMES) if counts[word])
        canvas.paragraph(f"{len(result.builds)} identifiers: {said}.")
        canvas.gap()
    ages = result.run.patch_age_days
    if len(ages) != len(result.builds):  # the result does not state one for every build
        ages = (None,) * len(result.builds)
    for number, (build, age) in enumerate(zip(result.builds, ages, strict=True)):
        if number:
            canvas.gap()
        _draw_build(canvas, build, titles, age, result.run.as_of)
    findings = [finding for build in result.builds for finding in build.findings]
    reasons = [reason for build in result.builds for reason in build.verdict.reasons]
    draw_remedies(canvas, findings, [remedy for reason in reasons for remedy in reason.advice])
    draw_about(canvas, result.knowledge, result.tool, result.run.started)


def _draw_build(
    canvas: Canvas, build: CheckedBuild, titles: dict[str, str], age: int | None, as_of: str | None
) -> None:
    canvas.paragraph(shortened(build.input, 200), style="bold underline")
    canvas.outcome(build.verdict.outcome, build.verdict.headline)
    if build.parsed:
        canvas.paragraph(_parsed(build.parsed), 2)
        if build.parsed.security_patch:
            old = "" if age is None else f": {_span(age)} old on {as_of}"
            canvas.paragraph(f"Security patch level {build.parsed.security_patch}{old}.", 2)
    _draw_support(canvas, build, as_of)
    for reason in build.verdict.reasons:
        canvas.item(reason.claim)  # what to do comes behind what to know before it
    for incident, matches in groupby(build.matches, key=lambda match: match.incident):
        found = list(matches)
        said = ", ".join(f"{match.field} = {match.value} ({_status(match)}, {match.match})" for match in found)
        canvas.item(f"{titles.get(incident, incident)}: {said}", "match:", 2)
        if any(match.status == "candidate" for match in found):
            canvas.item("To settle it, plug the phone in and run: phone-audit scan", "next:", 2)
        draw_sources(canvas, list(dict.fromkeys(source for match in found for source in match.sources)), 4)
        for fix in build.fixes:
            if fix.incident == incident and fix.stands in _STANDS:
                canvas.item(f"{_STANDS[fix.stands]} the fixed build {fix.fixed}", "fix:", 2)


def _status(match: BuildMatch) -> str:
    return f"{match.status}, inferred" if match.inferred else match.status


_STANDS = {"before": "older than", "same": "the same as", "after": "newer than"}


_YEAR, _MONTH = 365.2425, 30.436875
"""Days, on average."""


def _span(days: int) -> str:
    years, months = int(days / _YEAR), int(days % _YEAR / _MONTH)
    parts = [counted(number, word) for number, word in ((years, "year"), (months, "month")) if number]
    return " and ".join(parts) or counted(days, "day")


def _draw_support(canvas: Canvas, build: CheckedBuild, as_of: str | None) -> None:
    support = build.support
    if support is None:
        return
    over = as_of is not None and date.fromisoformat(support.until) < date.fromisoformat(as_of)
    said = "ended" if over else "are promised until"
    canvas.paragraph(f"Security updates by {support.maker} for {support.model} {said} {support.until}.", 2)
    draw_sources(canvas, list(support.sources), 4)


_NAMES = {
    "brand": "brand", "model": "model", "product": "product", "device": "device", "android_version": "Android",
    "build_id": "build ID", "incremental": "incremental", "type": "type", "tags": "tags", "vendor_scheme": "scheme",
    "vendor_version": "version", "region": "region", "variant": "variant", "build_date": "date",
}  # fmt: skip


def _parsed(parsed: ParsedBuild) -> str:
    values = parsed.model_dump()
    said = [f"{name} {values[field]}" for field, name in _NAMES.items() if values[field]]
    return "Read as: " + ", ".join(said) + "." if said else "Nothing could be read from it."
