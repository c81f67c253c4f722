"""`phone-audit firmware`: build identifiers, with no phone."""

from datetime import date
from typing import Annotated

import typer

from phone_audit.cli import exits
from phone_audit.cli import options as shared
from phone_audit.cli.options import format_option, printable
from phone_audit.errors import UsageError


def firmware(
    ids: Annotated[
        list[str],
        typer.Argument(
            metavar="ID",
            help="Build ID, display id, fingerprint, text of the Settings screen, build.prop or getprop file; "
            "- reads one of these, or a line for each phone.",
        ),
    ],
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Day on which ages are counted; today by default.")
    ] = None,
    formats: Annotated[list[str] | None, format_option("firmware")] = None,
    outputs: shared.Outputs = None,
    seal: shared.Seal = None,
    fail_on: shared.FailOnOption = "suspicious",
    knowledge: shared.KnowledgeDirs = None,
    label: shared.Label = None,
    jobs: shared.Jobs = None,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    no_cache: shared.NoCache = False,
) -> None:
    """Check build identifiers against the published incidents. Needs no phone."""
    from phone_audit.cli.firmware_input import read_identifiers
    from phone_audit.cli.knowledge import knowledge_in_use
    from phone_audit.cli.outputs import destinations, write_outputs
    from phone_audit.pipeline.firmware import check_firmware
    from phone_audit.pipeline.report import judged_outcomes

    places = destinations(["firmware"], formats, outputs, seal)
    with knowledge_in_use(knowledge) as known:
        result = check_firmware(read_identifiers(ids, known), knowledge=known, label=label, as_of=_day(as_of))
    write_outputs(result, places)
    raise typer.Exit(exits.strongest(exits.exit_code(*judged, fail_on) for judged in judged_outcomes(result)))


def _day(given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError as error:
        raise UsageError(f"{printable(given)} is not a day.", "Write it as 2026-01-31.") from error
