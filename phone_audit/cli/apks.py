"""`phone-audit apks`: APK files and folders of them."""

import os
from typing import Annotated

import typer

from phone_audit.cli import options as shared
from phone_audit.errors import UsageError


def apks(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="APK files, folders searched recursively, firmware images; with --cluster also URLs.",
            show_default="what --files-from lists",
        ),
    ] = None,
    formats: Annotated[list[str] | None, shared.format_option("apks")] = None,
    outputs: shared.Outputs = None,
    details: shared.Details = False,
    discreet: shared.Discreet = False,
    seal: shared.Seal = None,
    accept: shared.Accept = None,
    fail_on: shared.FailOnOption = "suspicious",
    knowledge: shared.KnowledgeDirs = None,
    label: shared.Label = None,
    jobs: shared.Jobs = None,
    timeout: shared.Timeout = 60,
    memory: shared.Memory = 1024,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    no_cache: shared.NoCache = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on where the run that wrote the JSON lines of -o was ended, however it was."),
    ] = False,
    files_from: Annotated[
        str | None,
        typer.Option(
            "--files-from", metavar="FILE|-", help="Also read the files and folders that FILE lists, one a line."
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Read the share I of N, so that N runs read each file once."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="ADDRESS", help="Read them on the workers of this Dask scheduler."),
    ] = None,
) -> None:
    """Audit APK files. One record for each, also for a file that cannot be read."""
    from phone_audit.cli.apks_run import ApksArguments, listed_paths, run_apks
    from phone_audit.cli.cluster import check_extra, cluster_destinations
    from phone_audit.cli.outputs import destinations
    from phone_audit.pipeline.accept_file import read_accepted
    from phone_audit.pipeline.cluster.stored_input import is_url
    from phone_audit.pipeline.options import Budget, cores
    from phone_audit.pipeline.shard import read_shard

    if cluster is not None:
        check_extra(jobs)
    named = paths or []
    if not named and files_from is None:
        raise typer.BadParameter("name a PATH, or a list of them with --files-from")
    missing = [text for text in named if not text or not (os.path.lexists(text) or (cluster and is_url(text)))]
    if missing:
        raise UsageError(
            f"{missing[0] or 'An empty path'} does not exist.", "Name APK files, or folders that hold them."
        )
    if cluster is None:
        places, tables = destinations(["apks"], formats, outputs, seal), list[str]()
    else:
        places, tables = cluster_destinations(formats, outputs, seal)
    arguments = ApksArguments(
        paths=(*named, *(listed_paths(files_from) if files_from is not None else ())),
        outputs=places,
        tables=tuple(tables),
        accept=read_accepted(accept) if accept is not None else (),
        budget=Budget(seconds=timeout, memory_mb=memory, jobs=jobs or cores()),
        knowledge=tuple(knowledge or ()),
        label=label,
        details=details,
        discreet=discreet,
        quiet=quiet,
        verbose=verbose,
        cache=not no_cache,
        resume=resume,
        shard=read_shard(shard) if shard is not None else None,
        cluster=cluster,
        fail_on=fail_on,
    )
    raise typer.Exit(run_apks(arguments))
