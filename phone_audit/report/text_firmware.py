"""The text report of build identifiers."""

from collections import Counter
from itertools import groupby

from phone_audit.model.finding import OUTCOMES
from phone_audit.model.results import CheckedBuild, Firmware, ParsedBuild
from phone_audit.report.canvas import Canvas, Style
from phone_audit.report.safe import shortened
from phone_audit.report.text_parts import draw_about, draw_remedies, draw_sources


def render_firmware(result: Firmware, style: Style) -> str:
    """Give one block for each identifier, in the order of the input."""
    canvas = Canvas(style)
    if result.label:
        canvas.paragraph(f"Label: {result.label}.")
    titles = {incident.id: incident.title for incident in result.incidents}
    if len(result.builds) > 1:
        counts = Counter(build.verdict.outcome for build in result.builds)
        said = ", ".join(f"{counts[word]} {word}" for word in reversed(OUTCOMES) if counts[word])
        canvas.paragraph(f"{len(result.builds)} identifiers: {said}.")
        canvas.gap()
    for number, build in enumerate(result.builds):
        if number:
            canvas.gap()
        _draw_build(canvas, build, titles)
    draw_remedies(canvas, [finding for build in result.builds for finding in build.findings])
    draw_about(canvas, result.knowledge, result.tool)
    return canvas.text()


def _draw_build(canvas: Canvas, build: CheckedBuild, titles: dict[str, str]) -> None:
    canvas.paragraph(shortened(build.input, 200), style="bold underline")
    canvas.outcome(build.verdict.outcome, build.verdict.headline)
    if build.parsed:
        canvas.paragraph(_parsed(build.parsed), 2)
    for reason in build.verdict.reasons:
        canvas.item(reason.text)
    for incident, matches in groupby(build.matches, key=lambda match: match.incident):
        found = list(matches)
        said = ", ".join(f"{match.field} = {match.value} ({match.status}, {match.match})" for match in found)
        canvas.item(f"{titles.get(incident, incident)}: {said}", "match:", 2)
        if any(match.status == "candidate" for match in found):
            canvas.item("To settle it, plug the phone in and run: phone-audit scan", "next:", 2)
        draw_sources(canvas, list(dict.fromkeys(source for match in found for source in match.sources)), 4)


_NAMES = (
    ("brand", "brand"),
    ("product", "product"),
    ("device", "device"),
    ("android_version", "Android"),
    ("build_id", "build ID"),
    ("incremental", "incremental"),
    ("type", "type"),
    ("tags", "tags"),
    ("vendor_scheme", "scheme"),
    ("vendor_version", "version"),
    ("region", "region"),
    ("build_date", "date"),
)


def _parsed(parsed: ParsedBuild) -> str:
    said = [f"{name} {value}" for field, name in _NAMES if (value := getattr(parsed, field))]
    return "Read as: " + ", ".join(said) + "." if said else "Nothing could be taken from it."
