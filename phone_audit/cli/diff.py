"""`phone-audit diff`: what changed between two saved results."""

from pathlib import Path
from typing import Annotated

import typer

from phone_audit.cli import exits
from phone_audit.cli.options import Outputs, format_option


def diff(
    old: Annotated[
        Path, typer.Argument(metavar="OLD", help="A result of scan or apks, saved with -f json: before, or known good.")
    ],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The result to compare with it; - reads standard input.")],
    formats: Annotated[list[str] | None, format_option("diff")] = None,
    outputs: Outputs = None,
) -> None:
    """Say what changed between two results: of one phone, of two phones, or of two versions of apps."""
    from phone_audit.cli.outputs import destinations, write_outputs
    from phone_audit.pipeline.diff import diff_results

    places = destinations(["diff"], formats, outputs)
    result = diff_results(old, new)
    write_outputs(result, places)
    if result.changes:
        raise typer.Exit(exits.DIFFERS)
    raise typer.Exit(exits.DONE if result.even else exits.NOT_ALL_READ)
