"""`phone-audit watch`: which package of a phone talks to whom, live."""

import re
from pathlib import Path
from typing import Annotated

import typer

from phone_audit.cli import options as shared
from phone_audit.cli.messages import tell_wait
from phone_audit.cli.options import format_option, printable
from phone_audit.errors import UsageError

_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m(?:in)?)?(?:(\d{1,8}(?:\.\d{1,6})?)s?)?")


def watch(
    target: Annotated[
        list[str] | None,
        typer.Argument(metavar="TARGET", help="Serials, usb or HOST:PORT. Default: the one connected phone."),
    ] = None,
    formats: Annotated[list[str] | None, format_option("watch")] = None,
    outputs: shared.Outputs = None,
    seal: shared.Seal = None,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="How long, such as 90s or 10m; else until Ctrl-C.")
    ] = None,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when nothing new was seen for a minute.")
    ] = False,
    via: shared.ViaOption = "auto",
    save: Annotated[
        Path | None,
        typer.Option(
            "--save", metavar="DIR", help="Keep the result here; in a folder of scan --save it goes into that scan."
        ),
    ] = None,
    with_identifiers: shared.WithIdentifiers = False,
    fail_on: shared.FailOnOption = "suspicious",
    knowledge: shared.KnowledgeDirs = None,
    label: shared.Label = None,
    jobs: shared.Jobs = None,
    timeout: shared.Timeout = 60,
    memory: shared.Memory = 1024,
    no_cache: shared.NoCache = False,
    quiet: shared.Quiet = False,
    verbose: shared.Verbose = False,
) -> None:
    """Watch which package talks to whom, without root or a VPN. Phones are only read."""
    from phone_audit.cli.outputs import pair_outputs, with_seal
    from phone_audit.cli.watch_run import WatchArguments, watch_one, watch_several
    from phone_audit.pipeline.options import Budget, cores
    from phone_audit.pipeline.watch_session import WatchOptions

    seconds = duration(for_)
    targets = [printable(text) or "" for text in target or ()]
    if "" in targets:
        raise UsageError("The target is an empty text.", "Leave it out for the one connected phone, or name one.")
    if len(set(targets)) < len(targets):
        raise UsageError("A phone is named twice.", "Name each phone once.")
    several = len(targets) > 1
    # With several phones -o names a folder, whose name tells no format.
    named = ["json"] if several and outputs and not formats else formats or []
    places = with_seal(pair_outputs(named, outputs or [], ["watch"]), seal)
    options = WatchOptions(
        via=via,
        seconds=seconds,
        until_idle=until_idle,
        save=save,
        label=label,
        with_identifiers=with_identifiers,
        budget=Budget(seconds=timeout, memory_mb=memory, jobs=jobs or cores()),
        cache=not no_cache,
        on_wait=tell_wait,
    )
    arguments = WatchArguments(knowledge=tuple(knowledge or ()), fail_on=fail_on, quiet=quiet, verbose=verbose)
    if several:
        raise typer.Exit(watch_several(targets, places, options, arguments))
    raise typer.Exit(watch_one(targets[0] if targets else None, places, options, arguments))


def duration(text: str | None) -> float | None:
    """Return the seconds that a text such as `90s`, `10m`, `1h30m` or `45` stands for; None for none.

    Raises a typer.BadParameter for what is no duration, or an empty one.

    Example:
        >>> duration("1h30m"), duration("45"), duration("10m")
        (5400.0, 45.0, 600.0)
    """
    if text is None:
        return None
    match = _DURATION.fullmatch(text.strip().lower())
    seconds = 0.0
    if match:
        days, hours, minutes, rest = (float(part or 0) for part in match.groups())
        seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    if seconds <= 0:
        raise typer.BadParameter("it has to be a duration such as 90s, 10m or 1h30m", param_hint="'--for'")
    return seconds
