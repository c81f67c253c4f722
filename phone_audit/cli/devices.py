"""`phone-audit devices`: the phones seen, and what to do about a state that blocks."""

import typer

from phone_audit.cli import exits
from phone_audit.cli.options import Formats, Outputs


def devices(formats: Formats = None, outputs: Outputs = None) -> None:
    """List the phones seen, their state, and what to do about a state that blocks."""
    from phone_audit.cli.outputs import check_places, pair_outputs, write_outputs
    from phone_audit.pipeline.devices import find_devices

    places = pair_outputs(formats or [], outputs or [], ("text", "json"))
    check_places(places)
    result = find_devices()
    write_outputs(result, places)
    if any(device.usable for device in result.devices):
        raise typer.Exit(exits.DONE)
    raise typer.Exit(exits.COULD_NOT_RUN if result.devices else exits.NOTHING_TO_SCAN)
