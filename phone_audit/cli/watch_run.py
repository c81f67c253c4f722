"""Runs `phone-audit watch` for one phone or several: draws what is seen on a terminal, writes what came of it."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.live import Live as Drawing
from rich.table import Table
from rich.text import Text

from phone_audit.cli import exits
from phone_audit.cli.json_lines import JsonLines
from phone_audit.cli.knowledge import knowledge_in_use
from phone_audit.cli.messages import forget_output, on_terminal, tell
from phone_audit.cli.outputs import Output, check_places, streamed, write_outputs
from phone_audit.cli.stopping import Stop, stopped_by
from phone_audit.errors import PhoneAuditError, UsageError
from phone_audit.model.watch import Observation, ObservationLine, Watch
from phone_audit.model.wording import amount
from phone_audit.pipeline.saved_watch import save_watch
from phone_audit.pipeline.watch import name_of, watch_device, watch_devices
from phone_audit.pipeline.watch_session import WatchOptions, WatchSession
from phone_audit.report.formats import FORMATS
from phone_audit.report.safe import shortened


@dataclass(frozen=True)
class WatchArguments:
    """What the command line says besides how a phone is watched."""

    knowledge: Sequence[Path]
    fail_on: exits.FailOn
    quiet: bool
    verbose: bool


def watch_one(target: str | None, places: Sequence[Output], options: WatchOptions, arguments: WatchArguments) -> int:
    check_places(places)
    streams, whole = streamed(places)
    free = all(place.path is not None for place in streams)
    with (
        stopped_by(Stop()) as stopped,
        knowledge_in_use(arguments.knowledge) as known,
        JsonLines(streams) as lines,
        watch_table(arguments.quiet, arguments.verbose, draw=free) as on_look,
    ):
        stream = _LineStream(lines)
        live = replace(options, on_look=on_look, on_line=stream.write, stopped=lambda: stopped() or stream.reader_left)
        result = watch_device(target, knowledge=known, options=live)
        stream.write(result)
    write_outputs(result, whole)
    _save(options.save, result, arguments)
    return _code([result], stopped, options, arguments)


def watch_several(
    targets: Sequence[str], places: Sequence[Output], options: WatchOptions, arguments: WatchArguments
) -> int:
    """Watch several phones at the same time and give the exit code: the strongest, of those that could be watched.

    A place is a folder, with a file for each phone. To standard output go texts, one after the other, or lines, as they
    come. Where none could be watched, the error of the first is raised.
    """
    _check_folders(places)
    streams, whole = streamed(places)
    with stopped_by(Stop()) as stopped, knowledge_in_use(arguments.knowledge) as known, JsonLines(streams) as lines:
        stream = _LineStream(lines)
        live = replace(options, on_line=stream.write, stopped=lambda: stopped() or stream.reader_left)
        results = watch_devices(targets, known, live)
        for result in results:
            if isinstance(result, Watch):
                stream.write(result)
    done: list[Watch] = []
    for number, result in enumerate(results, 1):
        if isinstance(result, PhoneAuditError):
            tell(f"{targets[number - 1]}: {result.message} {result.hint}".rstrip())
            continue
        done.append(result)
        write_outputs(result, [_of_phone(place, number) for place in whole])
        _save(options.save / name_of(number) if options.save else None, result, arguments)
    if not done:
        raise next(result for result in results if isinstance(result, PhoneAuditError))
    return _code(done, stopped, options, arguments) if len(done) == len(results) else exits.COULD_NOT_RUN


class _LineStream:
    """Lines of one watch or several, one at a time. When nobody reads them any more, that asks the watch to end.

    `reader_left`: standard output has no reader any more; files get their lines all the same.
    """

    def __init__(self, lines: JsonLines) -> None:
        self.reader_left = False
        self._lines = lines
        self._lock = threading.Lock()

    def write(self, line: ObservationLine | Watch) -> None:
        with self._lock:
            try:
                self._lines.write(line)
            except BrokenPipeError:
                self.reader_left = True
                forget_output()


def _check_folders(places: Sequence[Output]) -> None:
    for place in places:
        streams = FORMATS[place.format].streams
        if place.path is None and place.format != "text" and not streams:
            raise UsageError(
                f"Several results in the format {place.format} cannot follow each other on standard output.",
                "Name a folder with -o.",
            )
        if place.path is not None and streams:
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


REDRAW = 0.5
"""Seconds from one drawing to the next."""

OnLook = Callable[[WatchSession], None]
_SPARE_LINES = 6
_FEWEST_LINES = 5
_PLACE = 23
"""Columns of the longest IPv4 address with its port and how it was spoken to."""


@contextmanager
def watch_table(quiet: bool, verbose: bool, *, draw: bool) -> Iterator[OnLook]:
    """Yield a function that is told after each look, and draw what is known while the block runs.

    `quiet` draws and says nothing, `verbose` says a line for each new place; `draw`: standard error is free for a
    table.
    """
    if not quiet and verbose:
        yield _Lines().look
    elif not quiet and draw and on_terminal():
        console = Console(stderr=True)
        with Drawing(console=console, transient=True, auto_refresh=False) as drawing:
            yield _Table(drawing, console).look
    else:
        yield lambda _: None


def table_of(observations: Sequence[Observation], looks: str, height: int) -> Table:
    """Draw what was seen, the latest first, in so many lines; `looks` stands below the table."""
    table = Table(caption=looks, caption_justify="left", box=None, pad_edge=False, expand=True)
    table.add_column("package", overflow="fold", ratio=1)
    table.add_column("place", overflow="fold", width=_PLACE)
    table.add_column("its code holds", overflow="fold", ratio=1)
    for title in ("bytes", "times", "last"):
        table.add_column(title, no_wrap=True)
    latest = sorted(observations, key=lambda one: (one.last_seen, one.times_seen), reverse=True)
    for one in latest[: max(_FEWEST_LINES, height - _SPARE_LINES)]:
        table.add_row(*(Text(cell) for cell in cells_of(one)), style="bold" if one.cleartext else "")
    return table


def cells_of(one: Observation) -> tuple[str, str, str, str, str, str]:
    """Write one observation in the columns of the table. What stands under `its code holds` is no claim."""
    held = "not read yet" if one.endpoints is None else ", ".join((one.same_port or one.endpoints)[:3])
    moved = "" if one.received is None or one.sent is None else f"{amount(one.received + one.sent)}"
    port = {True: " clear", False: " TLS", None: ""}[one.cleartext]
    marks = ("*" if one.foreground else "") + ("z" if one.screen_off else "")
    place = (one.host if one.joined_by != "app-only" and one.host else one.place) + port
    shared = len(one.packages) > 1 and one.held_in
    who = f"{one.held_in[0]} +{len(one.packages) - 1} (uid {one.uid})" if shared else one.who
    return (
        shortened(who, 60),
        shortened(place, 60),
        shortened(f"= {one.owner or one.host}" if one.joined_by != "app-only" else held, 60),
        moved,
        f"{one.connections}{marks}",
        one.last_seen[11:19],
    )


def looks_line(live: WatchSession) -> str:
    samples = live.log.samples()
    failed = f", {samples.failed} failed" if samples.failed else ""
    return (
        f"{live.elapsed:.0f} s, {samples.taken} looks{failed}, longest gap {samples.longest_gap_ms} ms. "
        "* had the screen, z while the screen was off. Ctrl-C ends."
    )


class _Table:
    """Draws some times a second, however often was looked."""

    def __init__(self, drawing: Drawing, console: Console) -> None:
        self._drawing = drawing
        self._console = console
        self._drawn = 0.0

    def look(self, live: WatchSession) -> None:
        now = time.monotonic()
        if now - self._drawn >= REDRAW:
            self._drawn = now
            table = table_of(live.observations(), looks_line(live), self._console.height)
            self._drawing.update(table, refresh=True)


class _Lines:
    """One line a place, when it is first seen."""

    def __init__(self) -> None:
        self._told: set[tuple[int, str, str]] = set()

    def look(self, live: WatchSession) -> None:
        for one in live.observations():
            name = (one.uid, one.protocol, one.place)
            if name not in self._told:
                self._told.add(name)
                tell(f"{one.first_seen[11:19]} {one.who}: {one.protocol} {one.place}")
