"""Walks a document and draws it on a canvas, whatever the format of that is."""

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen
from phone_audit.model.diff import Diff
from phone_audit.model.results import Devices, Firmware, Fleet, Scan
from phone_audit.model.watch import Watch
from phone_audit.report.canvas import Canvas
from phone_audit.report.draw_answer import draw_answer
from phone_audit.report.draw_apks import draw_apk, draw_apks
from phone_audit.report.draw_diff import draw_diff
from phone_audit.report.draw_firmware import draw_firmware
from phone_audit.report.draw_folder_answer import draw_folder_answer
from phone_audit.report.draw_phones import draw_devices, draw_fleet
from phone_audit.report.draw_scan import draw_scan
from phone_audit.report.draw_watch import draw_watch
from phone_audit.report.safe import shortened

_LONGEST_NAME = 200


def draw_document(canvas: Canvas, document: Frozen) -> None:
    """Draw a result; where it is a saved one, what it is stands above it.

    Raises:
        TypeError: no report is drawn of such a document.
    """
    style = canvas.style
    if style.stated_in:
        name = shortened(style.stated_in, _LONGEST_NAME)
        again = "no phone and no APK was looked at again" if style.details else "nothing was looked at again"
        canvas.paragraph(f"All of this is as stated in {name}; {again}. {style.seal}")
        canvas.gap()
    match document:
        case Scan() if not style.details:
            draw_answer(canvas, document)
        case Scan():
            draw_scan(canvas, document)
        case Apk():
            draw_apk(canvas, document)
        case Apks() if not style.details:
            draw_folder_answer(canvas, document)
        case Apks():
            draw_apks(canvas, document)
        case Firmware():
            draw_firmware(canvas, document)
        case Devices():
            draw_devices(canvas, document)
        case Fleet():
            draw_fleet(canvas, document)
        case Watch():
            draw_watch(canvas, document)
        case Diff():
            draw_diff(canvas, document)
        case _:
            raise TypeError(f"no report is drawn of {type(document).__name__}")
