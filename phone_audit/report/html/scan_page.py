"""The page of one phone: the answer for its owner, then all of it for whoever looks closer."""

from collections.abc import Iterator

from phone_audit.model.results import Scan
from phone_audit.report.answer import answer_of
from phone_audit.report.apk_files import ApkFiles
from phone_audit.report.canvas import Style
from phone_audit.report.draw_answer import STILL_AFRAID, WARNING
from phone_audit.report.html.app_list import app_list
from phone_audit.report.html.data_grid import data_grid
from phone_audit.report.html.destinations import destinations_of
from phone_audit.report.html.findings import anchor_of, finding_list
from phone_audit.report.html.flow_picture import flow_picture
from phone_audit.report.html.health import health_of
from phone_audit.report.html.reading import custody_of, reading_of
from phone_audit.report.html.templates import draw
from phone_audit.report.html.timeline import timeline_of
from phone_audit.report.safe import shortened

_LONGEST_NAME = 200


def draw_scan_page(scan: Scan, style: Style) -> Iterator[str]:
    """Yield the page of a phone in pieces."""
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
