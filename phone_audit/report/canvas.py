"""What a report is drawn on. A format that shows whole reports has a canvas; `draw_document.py` walks the document."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Style:
    """How a result is drawn.

    Attributes:
        width: columns of text.
        colour: whether colour may be used.
        stated_in: the file that states all of it, where a saved result is drawn; empty where it was just made.
        seal: a sentence on that file's seal.
        details: whether all of it is drawn, and not the answer on one screen.
        points: how many reasons the answer gives.
        written: the files into which the same result is written beside this.
        more: where all of it stands, where it is written into no file; empty where nothing more is said.
        discreet: whether a page has a neutral title and no colours that say from afar what it is.
    """

    width: int = 80
    colour: bool = False
    stated_in: str = ""
    seal: str = ""
    details: bool = False
    points: int = 5
    written: tuple[str, ...] = ()
    more: str = "Everything as text: --details"
    discreet: bool = False


class Canvas(Protocol):
    """Takes a report part by part. Whatever it is given is hostile text, which it makes harmless for its format."""

    @property
    def style(self) -> Style:
        """How to draw."""

    def outcome(self, outcome: str, headline: str) -> None:
        """Draw the verdict: its outcome, and the headline after it."""

    def heading(self, title: str) -> None:
        """Draw a section's title."""

    def paragraph(self, text: str, indent: int = 0, style: str = "") -> None:
        """Draw running text."""

    def item(self, text: str, mark: str = "-", indent: int = 2, style: str = "") -> None:
        """Draw running text behind a mark."""

    def line(self, text: str, indent: int) -> None:
        """Draw text that must not be broken, such as an address or a command."""

    def gap(self) -> None:
        """Set apart what comes next."""


def draw_more(canvas: Canvas, count: int, mark: str = "-", indent: int = 2) -> None:
    """Say how many more there are, where there are more, and where they stand."""
    if count > 0:
        canvas.item(f"and {count} more, all in the JSON result (-f json)", mark, indent)
