"""`phone-audit apks`: APK files and folders of them."""

import os
from contextlib import nullcontext
from typing import Annotated

import typer

from phone_audit.cli import exits
from phone_audit.cli.messages import tell
from phone_audit.cli.options import (
    Accept,
    Details,
    Discreet,
    FailOn,
    FailOnOption,
    Jobs,
    KnowledgeDirs,
    Label,
    Memory,
    NoCache,
    Outputs,
    Quiet,
    Seal,
    Timeout,
    Verbose,
    format_option,
)
from phone_audit.errors import UsageError


def apks(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH", help="APK files, folders searched recursively, firmware images; with --cluster also URLs."
        ),
    ],
    formats: Annotated[list[str] | None, format_option("apks")] = None,
    outputs: Outputs = None,
    details: Details = False,
    discreet: Discreet = False,
    seal: Seal = None,
    accept: Accept = None,
    fail_on: FailOnOption = FailOn.suspicious,
    knowledge: KnowledgeDirs = None,
    label: Label = None,
    jobs: Jobs = None,
    timeout: Timeout = 60,
    memory: Memory = 1024,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_cache: NoCache = False,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="Read them on the workers of this Dask scheduler."),
    ] = None,
) -> None:
    """Audit APK files. One record for each, also for a file that cannot be read."""
    from phone_audit.cli.cluster import all_of, check_extra, cluster_destinations, executor_on, partitioned_tables
    from phone_audit.cli.knowledge import knowledge_in_use
    from phone_audit.cli.outputs import JsonLines, destinations, streamed, tell_result, write_outputs
    from phone_audit.cli.progress import FILE_STEPS, progress
    from phone_audit.cli.stopping import Stop, stopped_by
    from phone_audit.pipeline.accept_file import read_accepted
    from phone_audit.pipeline.apk_records import SpooledApks
    from phone_audit.pipeline.apks import audit_apks
    from phone_audit.pipeline.cluster.stored_input import is_url
    from phone_audit.pipeline.options import Budget, cores
    from phone_audit.report.canvas import Style

    if cluster is not None:
        check_extra(jobs)
    missing = [text for text in paths if not text or not (os.path.lexists(text) or (cluster and is_url(text)))]
    if missing:
        raise UsageError(
            f"{missing[0] or 'An empty path'} does not exist.", "Name APK files, or folders that hold them."
        )
    folders: list[str] = []
    if cluster is None:
        places = destinations(["apks"], formats, outputs, seal)
    else:
        places, folders = cluster_destinations(formats, outputs, seal)
    accepted = read_accepted(accept) if accept is not None else ()
    streams, whole = streamed(places)
    budget = Budget(seconds=timeout, memory_mb=memory, jobs=jobs or cores())
    with SpooledApks() as kept, partitioned_tables(folders) as tables:
        with (
            stopped_by(Stop()) as stopped,
            knowledge_in_use(knowledge) as known,
            JsonLines(streams) as lines,
            progress(quiet, verbose, FILE_STEPS) as on_progress,
            executor_on(cluster, budget, on_progress, stopped) if cluster else nullcontext() as executor,
        ):
            audited = audit_apks(
                paths,
                executor=executor,
                kept=kept if whole else None,
                knowledge=known,
                label=label,
                budget=budget,
                on_progress=on_progress,
                on_apk=all_of(lines.write, *(table.add for table in tables)),
                cache=not no_cache,
                accept=accepted,
                stopped=stopped,
            )
        for table in tables:
            table.finish(audited.result)
        write_outputs(audited.result, whole, Style(details=details, discreet=discreet))
        if audited.records and not quiet:
            tell_result(audited.result, whole)
    if stopped.asked:
        raise typer.Exit(exits.INTERRUPTED)
    if not audited.records:
        tell(f"No APK was found in {', '.join(paths)}.")
        raise typer.Exit(exits.NOTHING_TO_SCAN)
    raise typer.Exit(exits.exit_code(audited.gating, audited.complete, fail_on.value))
