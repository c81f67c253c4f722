"""`phone-audit demo`: a simulated phone, read through the ordinary path."""

import typer

from phone_audit.cli.messages import tell
from phone_audit.cli.options import Details, Outputs, Quiet, ScanFormats


def demo(formats: ScanFormats = None, outputs: Outputs = None, details: Details = False, quiet: Quiet = False) -> None:
    """Start a simulated phone on this computer, scan it as any other, and print the report."""
    from phone_audit.cli.outputs import destinations, tell_result, write_outputs
    from phone_audit.cli.progress import progress
    from phone_audit.pipeline.demo import scan_simulated
    from phone_audit.report.canvas import Style

    places = destinations(["scan"], formats, outputs)
    if not quiet:
        tell("This is a simulated phone with the firmware of a published incident; no real phone is read.")
    with progress(quiet) as on_progress:
        result = scan_simulated(on_progress)
    write_outputs(result, places, Style(details=details))
    if not quiet:
        tell_result(result, places)
    raise typer.Exit
