"""`phone-audit scan`: phones, attached or saved."""

from pathlib import Path
from typing import Annotated

import typer

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
    Seal,
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
        list[str] | None,
        typer.Argument(
            metavar="TARGET",
            help="A serial, usb, HOST:PORT, or an acquisition (ours or another tool's); nothing: the one phone "
            "attached. Several: a fleet.",
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every phone in sight; -o and --save then name folders.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="With --all: begin each phone as it is plugged in, until Ctrl-C.")
    ] = False,
    formats: Formats = None,
    outputs: Outputs = None,
    seal: Seal = None,
    via: Annotated[
        Via, typer.Option("--via", help="The way in: straight to the phone, or through an adb server.")
    ] = Via.auto,
    depth: Annotated[
        Depth,
        typer.Option("--depth", help="quick: no APK bytes; standard: the parts that are analysed; deep: whole files."),
    ] = Depth.standard,
    users: Annotated[str, typer.Option("--users", metavar="all|current|ID", help="Whose packages.")] = "all",
    save: Annotated[
        Path | None,
        typer.Option(
            "--save",
            metavar="DIR",
            help="Keep the raw answers here; scan reads them again. An interrupted one is gone on with.",
        ),
    ] = None,
    encrypt_to: Annotated[
        list[str] | None,
        typer.Option(
            "--encrypt-to",
            metavar="RECIPIENT",
            help="With --save: keep them in one file, encrypted with age to this public key; repeatable.",
        ),
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option("--identity", metavar="FILE", help="The secret key of age that opens an encrypted TARGET."),
    ] = None,
    rehash: Annotated[
        bool, typer.Option("--rehash", help="Trust nothing that is remembered of the phone: hash every file again.")
    ] = False,
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
    """Audit phones. They are only read: the one change is the key that you accept on the screen."""
    from phone_audit.cli.fleet_outputs import FleetOutputs
    from phone_audit.cli.outputs import check_places, pair_outputs
    from phone_audit.cli.scan_asked import Asked, warn_of_identifiers
    from phone_audit.cli.scan_fleet import scan_several
    from phone_audit.cli.scan_one import scan_one
    from phone_audit.cli.sealing import sealer_of, with_seal
    from phone_audit.pipeline.options import Budget, ScanOptions
    from phone_audit.pipeline.sealed import check_keys

    targets = tuple(printable(text) or "" for text in target or ())
    _check(targets, users, all_=all_, wait=wait, save=save, encrypt_to=encrypt_to)
    check_keys(tuple(encrypt_to or ()), identity)
    options = ScanOptions(
        via=via.value,
        save=save,
        label=label,
        with_identifiers=with_identifiers,
        budget=Budget(seconds=timeout, memory_mb=memory, **({"jobs": jobs} if jobs else {})),
        on_wait=tell,
        cache=not no_cache,
        rehash=rehash,
        encrypt_to=tuple(encrypt_to or ()),
        identity=identity,
    )
    asked = Asked(
        targets=targets,
        all=all_,
        wait=wait,
        depth=depth.value,
        users=users,
        knowledge=tuple(knowledge or ()),
        fail_on=fail_on.value,
        quiet=quiet,
        verbose=verbose,
    )
    if asked.several:
        folders = FleetOutputs(formats or [], outputs or [], sealer_of(seal) if seal else None)
        warn_of_identifiers(asked, options)
        raise typer.Exit(scan_several(asked, folders, options))
    places = pair_outputs(formats or [], outputs or [], ("text", "json", "csv", "stix", "hosts"))
    check_places(places)
    places = with_seal(places, seal)
    warn_of_identifiers(asked, options)
    raise typer.Exit(scan_one(asked, places, options))


def _check(
    targets: tuple[str, ...], users: str, *, all_: bool, wait: bool, save: Path | None, encrypt_to: list[str] | None
) -> None:
    if users not in _CURRENT and not users.isdigit():
        raise typer.BadParameter("all, current, or the number of a user", param_hint="--users")
    if "" in targets:
        raise UsageError("The target is an empty text.", "Leave it out for the one phone attached, or name one.")
    if wait and not all_:
        raise UsageError("--wait goes with --all.", "Add --all; each phone is then begun as it is plugged in.")
    if encrypt_to and save is None:
        raise UsageError("--encrypt-to goes with --save.", "Name with --save what is to be kept.")
