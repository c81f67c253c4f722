"""The text format: headings, paragraphs and lists as plain lines, at a given width, with or without colour."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from phone_audit.model.apk import Apks
from phone_audit.model.base import Frozen
from phone_audit.model.results import Scan
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import MOST_LINES
from phone_audit.report.draw_document import draw_document
from phone_audit.report.safe import shortened, visible

_LONGEST_WORD = 30
_BLANKS = re.compile("[ \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]{2,}")

OUTCOME_STYLE = {
    "known-bad": "bold white on red",
    "suspicious": "bold black on yellow",
    "exposed": "bold black on cyan",
    "inconclusive": "bold black on white",
    "nothing-found": "bold white on blue",
}


def render_text(document: Frozen, style: Style) -> Iterable[str]:
    """Yield the document as text. Raises TypeError where no report is drawn of such a document."""
    for points in range(style.points, -1, -1):
        canvas = TextCanvas(replace(style, points=points))
        draw_document(canvas, document)
        text = canvas.text()
        if style.details or not isinstance(document, Scan | Apks) or text.count("\n") <= MOST_LINES:
            break
    yield text


@dataclass
class TextCanvas:
    """Collects what is drawn; `text()` returns it. Every string is made harmless on its way in."""

    style: Style
    _buffer: StringIO = field(default_factory=StringIO)

    def __post_init__(self) -> None:
        self._console = Console(
            file=self._buffer,
            width=self.style.width,
            force_terminal=self.style.colour,
            no_color=not self.style.colour,
            color_system="standard" if self.style.colour else None,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=False,
        )

    def outcome(self, outcome: str, headline: str) -> None:
        """Draw the verdict: an outcome that is none of ours is called unknown."""
        word = outcome.upper() if outcome in OUTCOME_STYLE else f"UNKNOWN OUTCOME ({shortened(outcome, _LONGEST_WORD)})"
        badge = Text(f" {word} ", style=OUTCOME_STYLE.get(outcome, "bold"))
        self._print(Text.assemble(badge, " ", (visible(headline), "bold")), 0)

    def heading(self, title: str) -> None:
        self._console.print()
        self._print(Text(visible(title), style="bold underline"), 0)

    def paragraph(self, text: str, indent: int = 0, style: str = "") -> None:
        self._print(Text(_evenly_spaced(text), style=style), indent)

    def item(self, text: str, mark: str = "-", indent: int = 2, style: str = "") -> None:
        """Draw wrapped text behind a mark, its further lines under the first word."""
        pieces = Text(_evenly_spaced(text), style=style).wrap(
            self._console, max(20, self.style.width - indent - len(mark) - 1)
        )
        for number, piece in enumerate(pieces):
            lead = f"{mark} " if number == 0 else " " * (len(mark) + 1)
            self._console.print(" " * indent + lead, piece, sep="", no_wrap=True, crop=False, overflow="ignore")

    def line(self, text: str, indent: int) -> None:
        """Draw text that must not be broken, such as an address; it may go past the width."""
        self._console.print(" " * indent + visible(text), no_wrap=True, crop=False, overflow="ignore", soft_wrap=True)

    def gap(self) -> None:
        self._console.print()

    def text(self) -> str:
        """Return what was drawn, without blanks at line ends where there is no colour."""
        drawn = self._buffer.getvalue()
        if self.style.colour:
            return drawn
        return "".join(line.rstrip() + "\n" for line in drawn.splitlines())

    def _print(self, text: Text, indent: int) -> None:
        self._console.print(Padding(text, (0, 0, 0, indent)) if indent else text, overflow="fold")


def _evenly_spaced(text: str) -> str:
    """Return running text with single blanks, so that none can be pushed to where a line of its own would begin."""
    return _BLANKS.sub(" ", visible(text))


_MOST_FACTS = 200
_LONGEST_CELL = 160
_LEAST = 10
"""Letters of the last part that are shown however little room there is."""


def render_lines(rows: Iterable[Sequence[str]], style: Style) -> str:
    """Return one entry a line: kind, id, and what it is, which is cut where the line ends."""
    canvas = TextCanvas(style)
    for row in rows:
        *first, last = (shortened(part, _LONGEST_CELL) for part in row if part)
        lead = "".join(f"{part}  " for part in first)
        canvas.line(lead + shortened(last, max(_LEAST, style.width - len(lead)) if first else _LONGEST_CELL), 0)
    return canvas.text()


def render_entry(kind: str, name: str, title: str, facts: Sequence[tuple[str, str]], style: Style) -> str:
    """Return one entry in full; facts that come many times are cut, with their number."""
    canvas = TextCanvas(style)
    canvas.paragraph(f"{kind}: {name}", 0, "bold")
    if title:
        canvas.paragraph(title, 2)
    for key, value in facts[:_MOST_FACTS]:
        canvas.item(value, f"{key}:", 2)
    if len(facts) > _MOST_FACTS:
        canvas.item(f"and {len(facts) - _MOST_FACTS} more facts in the file of the entry")
    return canvas.text()
