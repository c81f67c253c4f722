"""A document as one page of HTML, whichever it is."""

from collections.abc import Iterable, Iterator

from phone_audit.model.apk import Apks
from phone_audit.model.base import Frozen
from phone_audit.model.results import Fleet, Scan
from phone_audit.report.answer import answer_of
from phone_audit.report.apk_files import ApkFiles
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import STILL_AFRAID, WARNING
from phone_audit.report.html.app_list import app_list
from phone_audit.report.html.data_grid import data_grid
from phone_audit.report.html.destinations import destinations_of
from phone_audit.report.html.findings import anchor_of, finding_list
from phone_audit.report.html.fleet_page import draw_fleet_page
from phone_audit.report.html.flow_picture import flow_picture
from phone_audit.report.html.folder_page import draw_folder_page
from phone_audit.report.html.health import health_of
from phone_audit.report.html.plain_page import draw_plain_page
from phone_audit.report.html.reading import custody_of, reading_of
from phone_audit.report.html.templates import draw
from phone_audit.report.html.timeline import timeline_of
from phone_audit.report.safe import shortened

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
