"""Runs `phone-audit watch` for one phone or several, and writes what came of it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from phone_audit.cli import exits
from phone_audit.cli.knowledge import knowledge_in_use
from phone_audit.cli.messages import tell
from phone_audit.cli.outputs import JsonLines, Output, check_places, write_outputs
from phone_audit.cli.stopping import Stop, stopped_by
from phone_audit.cli.watch_table import watch_table
from phone_audit.errors import PhoneAuditError, UsageError
from phone_audit.model.watch import ObservationLine, Watch
from phone_audit.pipeline.saved_watch import save_watch
from phone_audit.pipeline.watch import name_of, watch_device, watch_devices
from phone_audit.pipeline.watch_session import WatchOptions
from phone_audit.report.formats import FORMATS

LINES = "jsonl"


@dataclass(frozen=True)
class WatchArguments:
    """What the command line says besides how a phone is watched."""

    knowledge: Sequence[Path]
    fail_on: exits.FailOn
    quiet: bool
    verbose: bool


def watch_one(target: str | None, places: Sequence[Output], options: WatchOptions, arguments: WatchArguments) -> int:
    """Watch one phone and give the exit code."""
    check_places(places)
    streams = [place for place in places if place.format == LINES]
    free = all(place.path is not None for place in streams)
    with (
        stopped_by(Stop()) as stopped,
        knowledge_in_use(arguments.knowledge) as known,
        JsonLines(streams) as lines,
        watch_table(arguments.quiet, arguments.verbose, draw=free) as on_look,
    ):
        live = replace(options, on_look=on_look, on_line=lines.write, stopped=stopped)
        result = watch_device(target, knowledge=known, options=live)
        lines.write(result)
    write_outputs(result, [place for place in places if place.format != LINES])
    _save(options.save, result, arguments)
    return _code([result], stopped, options, arguments)


def watch_several(
    targets: Sequence[str], places: Sequence[Output], options: WatchOptions, arguments: WatchArguments
) -> int:
    """Watch several phones at the same time and give the exit code: the strongest, of those that could be watched.

    A place is a folder, with a file for each phone. To standard output go texts, one after the other, or lines, as they
    come.

    Raises:
        PhoneAuditError: none of them could be watched.
    """
    _check_folders(places)
    streams = [place for place in places if place.format == LINES]
    with stopped_by(Stop()) as stopped, knowledge_in_use(arguments.knowledge) as known, JsonLines(streams) as lines:
        live = replace(options, on_line=_one_at_a_time(lines), stopped=stopped)
        results = watch_devices(targets, known, live)
        for result in results:
            if isinstance(result, Watch):
                lines.write(result)
    done: list[Watch] = []
    for number, result in enumerate(results, 1):
        if isinstance(result, PhoneAuditError):
            tell(f"{targets[number - 1]}: {result.message} {result.hint}".rstrip())
            continue
        done.append(result)
        write_outputs(result, [_of_phone(place, number) for place in places if place.format != LINES])
        _save(options.save / name_of(number) if options.save else None, result, arguments)
    if not done:
        raise next(result for result in results if isinstance(result, PhoneAuditError))
    return _code(done, stopped, options, arguments) if len(done) == len(results) else exits.COULD_NOT_RUN


def _one_at_a_time(lines: JsonLines) -> Callable[[ObservationLine], None]:
    lock = threading.Lock()

    def write(line: ObservationLine) -> None:
        with lock:
            lines.write(line)

    return write


def _check_folders(places: Sequence[Output]) -> None:
    for place in places:
        if place.path is None and place.format not in ("text", LINES):
            raise UsageError(
                f"Several results in the format {place.format} cannot follow each other on standard output.",
                "Name a folder with -o.",
            )
        if place.path is not None and place.format == LINES:
            raise UsageError("The lines of several phones go to standard output.", "Leave -o out.")
        if place.path is not None and not place.path.is_dir():
            raise UsageError(f"{place.path} is no folder.", "With several phones -o names a folder that is there.")


def _of_phone(place: Output, number: int) -> Output:
    if place.path is None:
        return place
    return replace(place, path=place.path / f"{name_of(number)}{FORMATS[place.format].suffixes[0]}")


def _save(folder: Path | None, result: Watch, arguments: WatchArguments) -> None:
    if folder is not None:
        path = save_watch(folder, result)
        if not arguments.quiet:
            tell(f"Saved to {path}.")


def _code(results: Sequence[Watch], stopped: Stop, options: WatchOptions, arguments: WatchArguments) -> int:
    """Without a bound, an end that was asked for is the ordinary one."""
    bounded = options.seconds is not None or options.until_idle
    if stopped.asked and bounded:
        return exits.INTERRUPTED
    return exits.strongest(
        exits.exit_code(result.verdict.outcome, not result.skipped, arguments.fail_on) for result in results
    )
