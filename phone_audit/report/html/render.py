"""A document as one page of HTML, whichever it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from phone_audit.model.apk import Apks
from phone_audit.model.base import Frozen
from phone_audit.model.results import Fleet, Scan
from phone_audit.report.answer import answer_of
from phone_audit.report.apk_files import ApkFiles
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import STILL_AFRAID, WARNING
from phone_audit.report.draw_document import draw_document
from phone_audit.report.html.app_list import app_list
from phone_audit.report.html.data_grid import data_grid
from phone_audit.report.html.destinations import destinations_of
from phone_audit.report.html.findings import anchor_of, finding_list
from phone_audit.report.html.fleet_page import draw_fleet_page
from phone_audit.report.html.flow_picture import flow_picture
from phone_audit.report.html.folder_page import draw_folder_page
from phone_audit.report.html.health import health_of
from phone_audit.report.html.reading import custody_of, reading_of
from phone_audit.report.html.templates import draw
from phone_audit.report.html.timeline import timeline_of
from phone_audit.report.safe import shortened


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


_LONGEST_NAME = 200


def draw_scan_page(scan: Scan, style: Style) -> Iterator[str]:
    answer = answer_of(scan)
    findings = finding_list(scan.findings, ApkFiles.on_phone(scan))
    titles = {row.anchor.removeprefix("f-"): row.title for row in findings.rows if row.anchor}
    destinations = destinations_of(scan)
    yield from draw(
        "scan.html",
        style,
        answer=answer,
        anchors=[anchor_of(point.finding) for point in answer.points],
        warning=WARNING,
        still_afraid=STILL_AFRAID,
        source=shortened(style.stated_in, _LONGEST_NAME),
        model=shortened(scan.device.model or "model unknown", _LONGEST_NAME),
        label=shortened(scan.label or "", _LONGEST_NAME),
        findings=findings,
        apps=app_list(scan, titles),
        timeline=timeline_of(scan),
        destinations=destinations,
        flows=flow_picture(destinations.ties),
        grid=data_grid(scan),
        health=health_of(scan),
        reading=reading_of(scan),
        custody=custody_of(scan, style),
    )


def render_html(document: Frozen, style: Style) -> Iterable[str]:
    """Yield a result as a page that stands alone, in pieces; TypeError where no report is drawn of such a document."""
    match document:
        case Scan():
            return draw_scan_page(document, style)
        case Apks():
            return draw_folder_page(document, style)
        case Fleet():
            return draw_fleet_page(document, style)
        case _:
            return draw_plain_page(document, style)
