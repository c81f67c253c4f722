"""A document as one page of HTML, whichever it is."""

from collections.abc import Iterable

from phone_audit.model.apk import Apks
from phone_audit.model.base import Frozen
from phone_audit.model.results import Fleet, Scan
from phone_audit.report.canvas import Style
from phone_audit.report.html.fleet_page import draw_fleet_page
from phone_audit.report.html.folder_page import draw_folder_page
from phone_audit.report.html.plain_page import draw_plain_page
from phone_audit.report.html.scan_page import draw_scan_page


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
