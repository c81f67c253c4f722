"""The text list of the phones seen."""

from phone_audit.model.results import Devices
from phone_audit.report.canvas import Canvas, Style
from phone_audit.report.guidance import DEBUGGING_ON


def render_devices(result: Devices, style: Style) -> str:
    """Return each phone with its state and what to do about a state that blocks."""
    canvas = Canvas(style)
    for device in result.devices:
        name = f"{device.serial} ({device.model})" if device.model else device.serial
        canvas.item(f"{name}: {device.state}", "*", 0, "bold")
        canvas.paragraph(device.message, 2)
        if device.hint:
            canvas.paragraph(device.hint, 2)
    if not result.devices:
        canvas.paragraph("No phone was found.", style="bold")
        canvas.paragraph("Plug the phone in with a cable that carries data, unlock it, and accept this computer's key.")
        canvas.paragraph(DEBUGGING_ON)
    return canvas.text()
