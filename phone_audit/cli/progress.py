"""Progress on standard error: drawn only on a terminal, one line a stage with --verbose, nothing with --quiet."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from phone_audit.cli.telling import on_terminal, tell
from phone_audit.pipeline.options import Progress as Report
from phone_audit.pipeline.options import no_progress
from phone_audit.report.safe import shortened

TITLES = {
    "questions": "asking the phone",
    "hashes": "hashing on the phone",
    "copies": "copying packages",
    "analysing APKs": "analysing packages",
    "looking at files": "looking at files",
    "reading APKs": "reading files",
}
"""What is being done, in the words of whoever looks on."""

_IN_BYTES = "copies"
_MEGABYTE = 1_000_000
_FORGOTTEN_AFTER = 3.0
"""Seconds after which a stage without a known end, of which nothing was heard, is no longer shown."""
_LONGEST_NAME = 32


@contextmanager
def progress(quiet: bool, verbose: bool = False) -> Iterator[Report]:
    """Yield a function that is told what is being done, and draw it while the block runs.

    Several stages may go on at the same time, and tell of it from several threads.
    """
    if quiet:
        yield no_progress
    elif verbose:
        yield _Lines().report
    elif on_terminal():
        with _drawn() as drawn:
            yield _Bars(drawn).report
    else:
        yield no_progress


class PhonesProgress(Protocol):
    """Progress of several phones."""

    def phone(self, name: str) -> Report:
        """Begin a phone; give the function that is told of it."""
        ...

    def ended(self, name: str, how: str) -> None:
        """Say how it ended, in a few words."""
        ...


@contextmanager
def progress_of_phones(quiet: bool, verbose: bool = False) -> Iterator[PhonesProgress]:
    """Yield what is told of several phones, and draw a line for each while the block runs."""
    if quiet:
        yield _Silent()
    elif verbose or not on_terminal():
        yield _PhoneLines(verbose)
    else:
        with _drawn() as drawn:
            yield _PhoneBars(drawn)


def amount(what: str, done: int, total: int) -> str:
    """Say how much is done.

    Example:
        >>> amount("copies", 2_500_000, 10_000_000), amount("questions", 3, 0)
        ('2.5/10.0 MB', '3')
    """
    if what == _IN_BYTES:
        return f"{done / _MEGABYTE:.1f}/{total / _MEGABYTE:.1f} MB"
    return f"{done}/{total}" if total else str(done)


def _drawn() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[amount]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    )


class _Bars:
    """One bar for each stage that goes on."""

    def __init__(self, drawn: Progress) -> None:
        self._drawn = drawn
        self._lock = threading.Lock()
        self._tasks: dict[str, TaskID] = {}
        self._heard: dict[str, float] = {}
        self._ends: dict[str, bool] = {}

    def report(self, what: str, done: int, total: int) -> None:
        with self._lock:
            if what not in self._tasks:
                self._drop_old()
                self._tasks[what] = self._drawn.add_task(TITLES.get(what, what), total=total or None, amount="")
            self._heard[what] = time.monotonic()
            self._ends[what] = bool(total) and done >= total
            self._drawn.update(self._tasks[what], completed=done, total=total or None, amount=amount(what, done, total))

    def _drop_old(self) -> None:
        """Take away what is done, and what nobody speaks of any more."""
        for what in list(self._tasks):
            if self._ends[what] or time.monotonic() - self._heard[what] > _FORGOTTEN_AFTER:
                self._drawn.remove_task(self._tasks.pop(what))


class _Lines:
    """One line where a stage begins, and one where it has done all. `name` stands before it."""

    def __init__(self, name: str = "") -> None:
        self._name = f"{name}: " if name else ""
        self._lock = threading.Lock()
        self._begun: set[str] = set()
        self._ended: set[str] = set()

    def report(self, what: str, done: int, total: int) -> None:
        with self._lock:
            ends = bool(total) and done >= total
            if what in self._begun and (not ends or what in self._ended):
                return
            self._begun.add(what)
            if ends:
                self._ended.add(what)
        tell(f"{self._name}{TITLES.get(what, what)}: {amount(what, done, total)}")


class _Silent:
    def phone(self, name: str) -> Report:
        del name
        return no_progress

    def ended(self, name: str, how: str) -> None:
        """Tell nobody."""


class _PhoneLines:
    """A line where a phone begins, one where it ends, and with `verbose` those of its stages."""

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose

    def phone(self, name: str) -> Report:
        tell(f"{name}: begun")
        return _Lines(name).report if self._verbose else no_progress

    def ended(self, name: str, how: str) -> None:
        tell(f"{name}: {how}")


class _PhoneBars:
    """One line for each phone, with what it is doing; a line that stays where it has ended."""

    def __init__(self, drawn: Progress) -> None:
        self._drawn = drawn
        self._tasks: dict[str, TaskID] = {}

    def phone(self, name: str) -> Report:
        shown = shortened(name, _LONGEST_NAME)
        task = self._drawn.add_task(escape(f"{shown}: starting"), total=None, amount="")
        self._tasks[name] = task

        def report(what: str, done: int, total: int) -> None:
            self._drawn.update(
                task,
                description=escape(f"{shown}: {TITLES.get(what, what)}"),
                completed=done,
                total=total or None,
                amount=amount(what, done, total),
            )

        return report

    def ended(self, name: str, how: str) -> None:
        self._drawn.remove_task(self._tasks.pop(name))
        self._drawn.console.print(f"{shortened(name, _LONGEST_NAME)}: {how}", markup=False, highlight=False)
