"""Entries of the knowledge as plain text: one a line, or one in full."""

from collections.abc import Iterable, Sequence

from phone_audit.report.canvas import Canvas, Style
from phone_audit.report.safe import shortened

_MOST_FACTS = 200


def render_lines(rows: Iterable[Sequence[str]], style: Style) -> str:
    """Give one entry a line: kind, id, title, and what else there is."""
    canvas = Canvas(style)
    for row in rows:
        canvas.line("  ".join(shortened(part, 160) for part in row if part), 0)
    return canvas.text()


def render_entry(kind: str, name: str, title: str, facts: Sequence[tuple[str, str]], style: Style) -> str:
    """Give one entry in full; facts that come many times are cut, with their number."""
    canvas = Canvas(style)
    canvas.paragraph(f"{kind}: {name}", 0, "bold")
    if title:
        canvas.paragraph(title, 2)
    for key, value in facts[:_MOST_FACTS]:
        canvas.item(value, f"{key}:", 2)
    if len(facts) > _MOST_FACTS:
        canvas.item(f"and {len(facts) - _MOST_FACTS} more facts in the file of the entry")
    return canvas.text()
