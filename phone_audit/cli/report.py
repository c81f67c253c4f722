"""`phone-audit report`: a saved result in another format."""

from pathlib import Path
from typing import Annotated

import typer

from phone_audit.cli import exits
from phone_audit.cli.options import FailOn, Formats, Outputs


def report(
    result: Annotated[
        Path, typer.Argument(metavar="RESULT", help="A result saved with -f json; - reads it from standard input.")
    ],
    formats: Formats = None,
    outputs: Outputs = None,
    fail_on: Annotated[FailOn | None, typer.Option("--fail-on", help="Exit as the command that made it would.")] = None,
) -> None:
    """Render a saved JSON result in another format, with no phone and no APK."""
    from phone_audit.cli.outputs import check_places, pair_outputs, write_outputs
    from phone_audit.pipeline.saved_result import judged_outcomes, load_result

    places = pair_outputs(formats or [], outputs or [], ("text", "json", "csv", "stix", "hosts"))
    check_places(places)
    document = load_result(result)
    write_outputs(document, places)
    if fail_on is None:
        return
    raise typer.Exit(
        exits.strongest(
            exits.exit_code(outcome, complete, fail_on.value) for outcome, complete in judged_outcomes(document)
        )
    )
