"""Entries of the knowledge as plain text: one a line, or one in full."""

from collections.abc import Iterable, Sequence

from phone_audit.report.canvas import Canvas, Style
from phone_audit.report.safe import shortened

_MOST_FACTS = 200
_LONGEST = 160
_LEAST = 10
"""Letters of the last part that are shown however little room there is."""


def render_lines(rows: Iterable[Sequence[str]], style: Style) -> str:
    """Return one entry a line: kind, id, and what it is, which is cut where the line ends."""
    canvas = Canvas(style)
    for row in rows:
        *first, last = (shortened(part, _LONGEST) for part in row if part)
        lead = "".join(f"{part}  " for part in first)
        canvas.line(lead + shortened(last, max(_LEAST, style.width - len(lead)) if first else _LONGEST), 0)
    return canvas.text()


def render_entry(kind: str, name: str, title: str, facts: Sequence[tuple[str, str]], style: Style) -> str:
    """Return one entry in full; facts that come many times are cut, with their number."""
    canvas = Canvas(style)
    canvas.paragraph(f"{kind}: {name}", 0, "bold")
    if title:
        canvas.paragraph(title, 2)
    for key, value in facts[:_MOST_FACTS]:
        canvas.item(value, f"{key}:", 2)
    if len(facts) > _MOST_FACTS:
        canvas.item(f"and {len(facts) - _MOST_FACTS} more facts in the file of the entry")
    return canvas.text()
