"""The live table of a watch, on standard error: drawn only on a terminal; with --verbose a line for each new place."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live as Drawing
from rich.table import Table
from rich.text import Text

from phone_audit.cli.messages import on_terminal, tell
from phone_audit.model.watch import Observation
from phone_audit.pipeline.watch_session import WatchSession
from phone_audit.report.draw_watch import amount
from phone_audit.report.safe import shortened

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

    Args:
        quiet: draw and say nothing.
        verbose: say a line for each place that is new, and draw nothing.
        draw: whether standard error is free for a table.
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
    """Draw what was seen, the latest first.

    Args:
        observations: in any order.
        looks: what stands below the table.
        height: lines that there is room for.
    """
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
    """Say how well was looked so far."""
    samples = live.samples()
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
