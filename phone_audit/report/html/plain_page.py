"""Any report as a page: what a canvas is given becomes headings, paragraphs and lists."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from phone_audit.model.base import Frozen
from phone_audit.report.canvas import Style
from phone_audit.report.draw_document import draw_document
from phone_audit.report.html.templates import draw


@dataclass(frozen=True)
class Block:
    """One part of a report: `kind` is `outcome`, `heading`, `paragraph`, `item` or `line`."""

    kind: str
    text: str
    mark: str = ""
    indent: int = 0
    bold: bool = False


@dataclass
class BlockCanvas:
    """Takes the parts of a report, for a template to draw."""

    style: Style
    blocks: list[Block] = field(default_factory=list)

    def outcome(self, outcome: str, headline: str) -> None:
        self.blocks.append(Block("outcome", headline, outcome))

    def heading(self, title: str) -> None:
        self.blocks.append(Block("heading", title))

    def paragraph(self, text: str, indent: int = 0, style: str = "") -> None:
        self.blocks.append(Block("paragraph", text, indent=_level(indent), bold="bold" in style))

    def item(self, text: str, mark: str = "-", indent: int = 2, style: str = "") -> None:
        """Take running text behind a mark, which a page shows where it is more than a sign."""
        shown = "" if mark in ("-", "*") else mark
        self.blocks.append(Block("item", text, shown, _level(indent), "bold" in style))

    def line(self, text: str, indent: int) -> None:
        self.blocks.append(Block("line", text, indent=_level(indent)))

    def gap(self) -> None:
        """Do nothing: a page sets parts off by itself."""


def draw_plain_page(document: Frozen, style: Style) -> Iterator[str]:
    """Yield a page with all that the report of a document says.

    Raises:
        TypeError: no report is drawn of such a document.
    """
    canvas = BlockCanvas(replace(style, details=True))
    draw_document(canvas, document)
    yield from draw("plain.html", style, blocks=canvas.blocks)


def _level(indent: int) -> int:
    """Return how far in a part stands: 0 to 3."""
    return min(3, max(0, indent) // 2)
