"""`phone-audit db update` and `db rollback`: the only commands that fetch something, and what takes it back."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phone_audit.cli import exits

if TYPE_CHECKING:
    from phone_audit.knowledge.updates.update import SourceResult

Sources = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Ids of sources.", show_default="all")]


def update(
    sources: Sources = None,
    ca_file: Annotated[
        Path | None,
        typer.Option(
            "--ca-file",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Trust these authorities (PEM) in the place of the system's: for a server of your own.",
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--timeout", min=1, max=86400, metavar="SECONDS", help="Time for one file.")
    ] = 300,
    again: Annotated[bool, typer.Option("--again", help="Also take updates that a rollback removed.")] = False,
) -> None:
    """Fetch what is new from the sources in sources.json of your own folder. What fails leaves what was there."""
    from phone_audit.knowledge.own import own_folder
    from phone_audit.knowledge.updates.download import fetch_settings
    from phone_audit.knowledge.updates.update import UpdateJob
    from phone_audit.knowledge.updates.update import update as run
    from phone_audit.pipeline.db import check_all
    from phone_audit.pipeline.options import utc_now

    job = UpdateJob(
        own_folder(), fetch_settings(ca_file, seconds), lambda folder: check_all(folder).problems, utc_now, again
    )
    raise typer.Exit(_write(run(job, sources or ())))


def rollback(sources: Sources = None) -> None:
    """Go back to the version before the last update. Needs no connection."""
    from phone_audit.knowledge.own import own_folder
    from phone_audit.knowledge.updates.update import rollback as run

    raise typer.Exit(_write(run(own_folder(), sources or ())))


def _write(told: "Iterable[SourceResult]") -> int:
    """Write a line for each source as it is done, and give the exit code."""
    from phone_audit.cli.outputs import write_out
    from phone_audit.cli.telling import tell
    from phone_audit.report.safe import visible

    code, any_told = exits.DONE, False
    for one in told:
        days = one.now or "nothing" if one.before == one.now else f"{one.before or 'nothing'} -> {one.now or 'nothing'}"
        stays = "stays at " if one.word == "left out" else ""
        write_out(visible(f"{one.source}: {one.word}, {stays}{days}{f': {one.text}' if one.text else ''}") + "\n")
        if one.word == "left out":
            code = exits.COULD_NOT_RUN
            tell(f"  {one.hint}")
        any_told = True
    if not any_told:
        tell("sources.json lists no source.")
    return code
