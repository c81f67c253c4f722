"""The text format: which document is drawn by which file."""

from phone_audit.model.apk import Apk, Apks
from phone_audit.model.base import Frozen
from phone_audit.model.results import Devices, Firmware, Fleet, Scan
from phone_audit.model.watch import Watch
from phone_audit.report.canvas import Canvas, Style
from phone_audit.report.safe import shortened
from phone_audit.report.text_apks import render_apk, render_apks
from phone_audit.report.text_devices import render_devices
from phone_audit.report.text_firmware import render_firmware
from phone_audit.report.text_fleet import render_fleet
from phone_audit.report.text_scan import render_scan
from phone_audit.report.text_watch import render_watch

_LONGEST_NAME = 200


def render_text(document: Frozen, style: Style) -> str:
    """Return the document as text; where a saved result is drawn, what it is stands above it.

    Raises:
        TypeError: no text is drawn for such a document.
    """
    return _head(style) + _body(document, style)


def _head(style: Style) -> str:
    if not style.stated_in:
        return ""
    canvas = Canvas(style)
    canvas.paragraph(
        f"All of this is as stated in {shortened(style.stated_in, _LONGEST_NAME)}; no phone and no APK was looked at "
        f"again. {style.seal}"
    )
    canvas.gap()
    return canvas.text()


def _body(document: Frozen, style: Style) -> str:
    match document:
        case Scan():
            return render_scan(document, style)
        case Apk():
            return render_apk(document, style)
        case Apks():
            return render_apks(document, style)
        case Firmware():
            return render_firmware(document, style)
        case Devices():
            return render_devices(document, style)
        case Fleet():
            return render_fleet(document, style)
        case Watch():
            return render_watch(document, style)
        case _:
            raise TypeError(f"no text for {type(document).__name__}")
