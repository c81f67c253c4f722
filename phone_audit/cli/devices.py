"""`phone-audit devices`: the phones seen, and what to do about a state that blocks."""

import sys
from typing import Annotated

import typer

from phone_audit.cli import exits
from phone_audit.cli.messages import on_terminal, tell
from phone_audit.cli.options import Outputs, format_option
from phone_audit.errors import UsageError

_LONGEST_LINE = 200


def devices(
    formats: Annotated[list[str] | None, format_option("devices")] = None,
    outputs: Outputs = None,
    pair: Annotated[
        str | None,
        typer.Option(
            "--pair",
            metavar="HOST:PORT",
            help="Pair with a phone's wireless debugging, through the running adb server; asks for the code.",
        ),
    ] = None,
) -> None:
    """List the phones seen, their state, and what to do about a state that blocks."""
    from phone_audit.cli.outputs import destinations, write_outputs
    from phone_audit.pipeline.devices import find_devices

    places = destinations(["devices"], formats, outputs)
    if pair is not None:
        _pair(pair)
    result = find_devices()
    write_outputs(result, places)
    if pair is not None or any(device.usable for device in result.devices):
        raise typer.Exit(exits.DONE)
    raise typer.Exit(exits.COULD_NOT_RUN if result.devices else exits.NOTHING_TO_SCAN)


def _pair(address: str) -> None:
    from phone_audit.acquire.adb.connect import pair, server_for_pairing

    server = server_for_pairing(address)
    if on_terminal():
        tell("On the phone: Developer options > Wireless debugging > Pair device with pairing code.")
        sys.stderr.write("Pairing code: ")
        sys.stderr.flush()
    code = "" if sys.stdin is None else sys.stdin.readline(_LONGEST_LINE).strip()
    if not code:
        raise UsageError("No pairing code was given.", "Type the six digits, or hand them over on standard input.")
    tell(pair(server, address, code))
