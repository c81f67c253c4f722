"""`phone-audit scan`: a phone, attached or saved."""

import sys
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
)

_CURRENT = ("all", "current")


def scan(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]", help="A serial, usb, HOST:PORT, or a saved folder; nothing: the one attached."
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
    from phone_audit.cli.outputs import pair_outputs, write_outputs
    from phone_audit.cli.progress import progress
    from phone_audit.cli.stopping import stoppable
    from phone_audit.knowledge.load import load_knowledge
    from phone_audit.pipeline.options import Budget, ScanOptions
    from phone_audit.pipeline.scan import scan_device

    if users not in _CURRENT and not users.isdigit():
        raise typer.BadParameter("all, current, or the number of a user", param_hint="--users")
    places = pair_outputs(formats or [], outputs or [], ("text", "json"))
    budget = Budget(seconds=timeout, memory_mb=memory, **({"jobs": jobs} if jobs else {}))
    with stoppable() as stopped, progress(quiet, verbose) as on_progress:
        options = ScanOptions(
            via=via.value,
            save=save,
            label=label,
            with_identifiers=with_identifiers,
            budget=budget,
            on_wait=_tell,
            stopped=stopped,
        )
        result = scan_device(
            target,
            depth=depth.value,
            users=users,
            knowledge=load_knowledge(knowledge or ()),
            on_progress=on_progress,
            options=options,
        )
        interrupted = stopped()
    write_outputs(result, places)
    if interrupted:
        raise typer.Exit(exits.INTERRUPTED)
    raise typer.Exit(exits.exit_code(result.verdict.outcome, result.coverage.complete, fail_on.value))


def _tell(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
