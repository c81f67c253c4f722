"""`phone-audit scan`: phones, attached or saved."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from phone_audit.cli import exits
from phone_audit.cli import options as shared
from phone_audit.cli.messages import on_terminal, tell, tell_uncovered, tell_unmatched
from phone_audit.cli.options import ScanArguments, printable
from phone_audit.errors import UsageError

if TYPE_CHECKING:
    from phone_audit.cli.outputs import Output
    from phone_audit.pipeline.options import ScanOptions


def scan(
    target: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="A serial, usb, HOST:PORT, an acquisition (ours or another tool's), or a firmware image; nothing: the "
            "one phone attached. Several: a fleet.",
        ),
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Every connected phone; -o and --save then name folders.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --all: begin each phone as it is plugged in, until Ctrl-C.")
    ] = False,
    formats: shared.ScanFormats = None,
    outputs: shared.Outputs = None,
    details: shared.Details = False,
    discreet: shared.Discreet = False,
    seal: shared.Seal = None,
    via: shared.ViaOption = "auto",
    depth: Annotated[
        shared.Depth,
        typer.Option("--depth", help="quick: no APK bytes; standard: the parts that are analysed; deep: whole files."),
    ] = "standard",
    users: Annotated[str, typer.Option("--users", metavar="all|current|ID", help="Whose packages.")] = "all",
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="DIR",
            help="Keep the raw answers here; scan reads them again. An interrupted scan is resumed.",
        ),
    ] = None,
    encrypt_to: Annotated[
        list[str] | None,
        typer.Option(
            "--encrypt-to",
            metavar="RECIPIENT",
            help="With --save: keep them in one file, encrypted to this public key of age or ssh, or to those in a "
            "file; repeatable.",
        ),
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option("--identity", metavar="FILE", help="The secret key of age that opens an encrypted TARGET."),
    ] = None,
    rehash: Annotated[
        bool, typer.Option("--rehash", help="Trust nothing remembered about the phone: hash every file again.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="On a terminal with no phone in sight: end at once.")
    ] = False,
    with_identifiers: shared.WithIdentifiers = False,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="RESULT",
            help="The JSON result of a known good phone of the same kind: say in what this one differs.",
        ),
    ] = None,
    traffic: shared.Traffic = None,
    own_numbers: shared.OwnNumbers = None,
    accept: shared.Accept = None,
    assets: shared.Assets = None,
    fail_on: shared.FailOnOption = "suspicious",
    knowledge: shared.KnowledgeDirs = None,
    label: shared.Label = None,
    jobs: shared.Jobs = None,
    timeout: shared.Timeout = 60,
    memory: shared.Memory = 1024,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
    no_cache: shared.NoCache = False,
) -> None:
    """Audit phones. They are only read: the one change is the key that you accept on the screen."""
    from phone_audit.cli.outputs import destinations, sealer_of
    from phone_audit.pipeline.options import Budget, ScanOptions, cores
    from phone_audit.pipeline.source import check_keys

    arguments = ScanArguments(
        targets=tuple(printable(text) or "" for text in target or ()),
        all=all_,
        wait=wait,
        depth=depth,
        users=users,
        knowledge=tuple(knowledge or ()),
        fail_on=fail_on,
        quiet=quiet,
        verbose=verbose,
        details=details,
        waits=not no_wait,
        discreet=discreet,
    )
    options = ScanOptions(
        via=via,
        save=save,
        label=label,
        with_identifiers=with_identifiers,
        budget=Budget(seconds=timeout, memory_mb=memory, jobs=jobs or cores()),
        cache=not no_cache,
        rehash=rehash,
        encrypt_to=tuple(encrypt_to or ()),
        identity=identity,
        traffic=tuple(traffic or ()),
    )
    _check(arguments, options, assets)
    check_keys(options.encrypt_to, identity)
    if accept is not None:
        from phone_audit.pipeline.accept_file import read_accepted

        options = replace(options, accept=read_accepted(accept))
    if own_numbers is not None:
        from phone_audit.pipeline.own_numbers import read_own_numbers

        options = replace(options, own_numbers=read_own_numbers(own_numbers, options.traffic))
    if baseline is not None:
        from phone_audit.pipeline.diff import read_baseline

        options = replace(options, baseline=read_baseline(baseline))
    if arguments.several:
        from phone_audit.cli.scan_fleet import FleetOutputs, scan_several
        from phone_audit.pipeline.asset_list import read_assets
        from phone_audit.report.canvas import Style

        sealer = sealer_of(seal) if seal else None
        folders = FleetOutputs(formats or [], outputs or [], sealer, Style(details=details, discreet=discreet))
        _warn_of_identifiers(arguments, options)
        list_ = read_assets(assets) if assets is not None else None
        raise typer.Exit(scan_several(arguments, folders, options, list_))
    places = destinations(["scan"], formats, outputs, seal)
    _warn_of_identifiers(arguments, options)
    raise typer.Exit(_scan_one(arguments, places, options, accept))


def _check(arguments: ScanArguments, options: "ScanOptions", assets: Path | None) -> None:
    if arguments.users not in ("all", "current") and not arguments.users.isdigit():
        raise typer.BadParameter("it has to be all, current, or the number of a user", param_hint="'--users'")
    if "" in arguments.targets:
        raise UsageError("The target is an empty text.", "Leave it out for the one connected phone, or name one.")
    if arguments.wait and not arguments.all:
        raise UsageError("--wait goes with --all.", "Add --all; each phone is then begun as it is plugged in.")
    if assets is not None and not arguments.several:
        raise UsageError("--assets goes with several phones.", "Add --all, or name them.")
    if options.traffic and arguments.several:
        raise UsageError(
            "--traffic goes with one phone.", "Scan the phone that it is about alone, or add it to a result."
        )
    if options.encrypt_to and options.save is None:
        raise UsageError("--encrypt-to goes with --save.", "Name with --save what is to be kept.")


def _warn_of_identifiers(arguments: ScanArguments, options: "ScanOptions") -> None:
    """Say what lies in a saved acquisition, before it is made."""
    from phone_audit.acquire.store.archive import sealed_name

    if options.save is None or arguments.quiet:
        return
    if not options.encrypt_to:
        place, how = f"{options.save}", "; keep it where only you can read it"
    elif not arguments.several:
        place, how = f"{sealed_name(options.save)}", ", encrypted"
    else:
        place, how = f"The files in {options.save}", ", encrypted"
    tell(f"{place} will hold serial numbers and copies of the packages{how}.")


def _wait_for_phone(arguments: ScanArguments, options: "ScanOptions") -> None:
    """Wait for a phone where none was named and a person sits there."""
    if not arguments.targets and arguments.waits and not arguments.quiet and on_terminal() and sys.stdout.isatty():
        from phone_audit.cli.wait_for_phone import wait_for_phone
        from phone_audit.pipeline.arrivals import in_sight

        wait_for_phone(lambda: in_sight(options.via), tell, time.sleep)


def _scan_one(arguments: ScanArguments, places: "Sequence[Output]", options: "ScanOptions", accept: Path | None) -> int:
    """Read one phone, write its result, and give the exit code."""
    from phone_audit.cli.knowledge import knowledge_in_use
    from phone_audit.cli.outputs import tell_result, write_outputs
    from phone_audit.cli.progress import SCAN_STEPS, progress
    from phone_audit.cli.stopping import Stop, stopped_by
    from phone_audit.model.acceptance import Acceptances
    from phone_audit.pipeline.accept import uncovered, unmatched
    from phone_audit.pipeline.report import judged_outcomes
    from phone_audit.pipeline.scan import scan_device
    from phone_audit.report.canvas import Style

    steps = SCAN_STEPS[:1] if arguments.depth == "quick" else SCAN_STEPS
    with stopped_by(Stop()) as stopped:
        _wait_for_phone(arguments, options)
        with (
            knowledge_in_use(arguments.knowledge) as known,
            progress(arguments.quiet, arguments.verbose, steps) as on_progress,
        ):
            result = scan_device(
                arguments.targets[0] if arguments.targets else None,
                depth=arguments.depth,
                users=arguments.users,
                knowledge=known,
                on_progress=on_progress,
                options=replace(options, stopped=stopped, on_wait=on_progress.waits),
            )
    write_outputs(result, places, Style(details=arguments.details, discreet=arguments.discreet))
    if not arguments.quiet:
        tell_result(result, places)
    if options.accept and not arguments.quiet:
        accepted = Acceptances.on(options.clock().date(), options.accept)
        tell_unmatched(accept, unmatched(result, accepted.by_key))
        tell_uncovered(accept, uncovered(result, accepted))
    lost = next((item for item in result.coverage.skipped if item.code == "device-lost"), None)
    if lost is not None and not stopped.asked:
        tell(f"{lost.reason} What had been read by then was judged. Plug the phone in and scan again for the rest.")
    if stopped.asked:
        return exits.INTERRUPTED
    return exits.strongest(exits.exit_code(*judged, arguments.fail_on) for judged in judged_outcomes(result))
