"""Progress on standard error: drawn only on a terminal, one line a stage with --verbose, nothing with --quiet."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from phone_audit.cli.messages import on_terminal, tell
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
    if not quiet and verbose:
        yield _StageLines().report
    elif not quiet and on_terminal():
        with _drawn() as drawn:
            yield _StageBars(drawn).report
    else:
        yield no_progress


@contextmanager
def progress_of_phones(quiet: bool, verbose: bool = False) -> Iterator["PhonesProgress"]:
    """Yield what is told of several phones, and draw a line for each while the block runs."""
    if quiet or verbose or not on_terminal():
        yield _PhoneLines(quiet, verbose)
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


@dataclass
class _Stage:
    """A bar, when something was last heard of it, and whether all is done."""

    task: TaskID
    heard: float
    done: bool = False


class _StageBars:
    """One bar for each stage that goes on."""

    def __init__(self, drawn: Progress) -> None:
        self._drawn = drawn
        self._lock = threading.Lock()
        self._stages: dict[str, _Stage] = {}

    def report(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        with self._lock:
            if what not in self._stages:
                self._drop_old(now)
                task = self._drawn.add_task(TITLES.get(what, what), total=total or None, amount="")
                self._stages[what] = _Stage(task, now)
            stage = self._stages[what]
            stage.heard, stage.done = now, bool(total) and done >= total
            self._drawn.update(stage.task, completed=done, total=total or None, amount=amount(what, done, total))

    def _drop_old(self, now: float) -> None:
        """Take away what is done, and what nobody speaks of any more."""
        for what, stage in list(self._stages.items()):
            if stage.done or now - stage.heard > _FORGOTTEN_AFTER:
                self._drawn.remove_task(self._stages.pop(what).task)


class _StageLines:
    """One line where a stage begins, and one where it has done all. `name` stands before it."""

    def __init__(self, name: str = "") -> None:
        self._name = f"{name}: " if name else ""
        self._lock = threading.Lock()
        self._done: dict[str, bool] = {}

    def report(self, what: str, done: int, total: int) -> None:
        is_done = bool(total) and done >= total
        with self._lock:
            was_done = self._done.get(what)
            if was_done or was_done == is_done:
                return
            self._done[what] = is_done
        tell(f"{self._name}{TITLES.get(what, what)}: {amount(what, done, total)}")


class _PhoneLines:
    """A line where a phone begins, one where it ends, and with `verbose` those of its stages."""

    def __init__(self, quiet: bool, verbose: bool) -> None:
        self._quiet = quiet
        self._verbose = verbose

    def phone(self, name: str) -> Report:
        """Begin a phone; return the function that is told of it."""
        if self._quiet:
            return no_progress
        tell(f"{name}: begun")
        return _StageLines(name).report if self._verbose else no_progress

    def ended(self, name: str, how: str) -> None:
        """Say how it ended, in a few words."""
        if not self._quiet:
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


PhonesProgress = _PhoneLines | _PhoneBars
