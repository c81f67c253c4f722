"""`phone-audit scan`: a phone, attached or saved."""

from pathlib import Path
from typing import Annotated

import typer

from phone_audit.cli import exits
from phone_audit.cli.options import (
    Depth,
    FailOn,
    FailOnOption,
    Formats,
    Jobs,
    KnowledgeDirs,
    Label,
    Memory,
    NoCache,
    Outputs,
    Quiet,
    Timeout,
    Verbose,
    Via,
    printable,
)
from phone_audit.cli.telling import tell
from phone_audit.errors import UsageError

_CURRENT = ("all", "current")


def scan(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET", help="A serial, usb, HOST:PORT, or a saved folder; nothing: the one attached."
        ),
    ] = None,
    formats: Formats = None,
    outputs: Outputs = None,
    via: Annotated[
        Via, typer.Option("--via", help="The way in: straight to the phone, or through an adb server.")
    ] = Via.auto,
    depth: Annotated[Depth, typer.Option("--depth", help="quick reads no APK bytes.")] = Depth.standard,
    users: Annotated[str, typer.Option("--users", metavar="all|current|ID", help="Whose packages.")] = "all",
    save: Annotated[
        Path | None, typer.Option("--save", metavar="DIR", help="Keep the raw answers here; scan reads them again.")
    ] = None,
    with_identifiers: Annotated[
        bool, typer.Option("--with-identifiers", help="Put the serial number into the result.")
    ] = False,
    fail_on: FailOnOption = FailOn.suspicious,
    knowledge: KnowledgeDirs = None,
    label: Label = None,
    jobs: Jobs = None,
    timeout: Timeout = 60,
    memory: Memory = 1024,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_cache: NoCache = False,
) -> None:
    """Audit a phone. It is only read: the one change is the key that you accept on its screen."""
    from phone_audit.cli.loading import load_told
    from phone_audit.cli.outputs import check_places, pair_outputs, write_outputs
    from phone_audit.cli.progress import progress
    from phone_audit.cli.stopping import stoppable
    from phone_audit.knowledge.own import in_use
    from phone_audit.pipeline.options import Budget, ScanOptions
    from phone_audit.pipeline.scan import scan_device

    if users not in _CURRENT and not users.isdigit():
        raise typer.BadParameter("all, current, or the number of a user", param_hint="--users")
    if target == "":
        raise UsageError("The target is an empty text.", "Leave it out for the one phone attached, or name one.")
    places = pair_outputs(formats or [], outputs or [], ("text", "json", "csv", "stix", "hosts"))
    check_places(places)
    if save is not None and not quiet:
        tell(f"{save} will hold serial numbers and copies of the packages; keep it where only you can read it.")
    budget = Budget(seconds=timeout, memory_mb=memory, **({"jobs": jobs} if jobs else {}))
    with in_use(knowledge or ()) as folders, stoppable() as stopped, progress(quiet, verbose) as on_progress:
        options = ScanOptions(
            via=via.value,
            save=save,
            label=label,
            with_identifiers=with_identifiers,
            budget=budget,
            on_wait=tell,
            stopped=stopped,
        )
        result = scan_device(
            printable(target),
            depth=depth.value,
            users=users,
            knowledge=load_told(folders),
            on_progress=on_progress,
            options=options,
        )
    write_outputs(result, places)
    lost = next((item for item in result.coverage.skipped if item.code == "device-lost"), None)
    if lost is not None and not stopped.asked:
        tell(f"{lost.reason} What was read until then was judged. Plug the phone in and scan again for the rest.")
    if stopped.asked:
        raise typer.Exit(exits.INTERRUPTED)
    raise typer.Exit(exits.exit_code(result.verdict.outcome, result.coverage.complete, fail_on.value))
