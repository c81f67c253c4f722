"""Progress on standard error: drawn only on a terminal, one line a stage with --verbose, nothing with --quiet."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from phone_audit.cli.telling import on_terminal, tell
from phone_audit.pipeline.options import Progress as Report
from phone_audit.pipeline.options import no_progress

TITLES = {
    "questions": "asking the phone",
    "hashes": "hashing on the phone",
    "copies": "copying packages",
    "analysing APKs": "analysing packages",
    "reading APKs": "reading files",
}
"""What is being done, in the words of whoever looks on."""

_IN_BYTES = "copies"
_MEGABYTE = 1_000_000


@contextmanager
def progress(quiet: bool, verbose: bool = False) -> Iterator[Report]:
    """Give a function that is told what is being done, and draw it while the block runs."""
    if quiet:
        yield no_progress
    elif verbose:
        yield _Lines().report
    elif on_terminal():
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[amount]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
            yield _Bars(drawn).report
    else:
        yield no_progress


def amount(what: str, done: int, total: int) -> str:
    """Say how much is done.

    Example:
        >>> amount("copies", 2_500_000, 10_000_000), amount("questions", 3, 0)
        ('2.5/10.0 MB', '3')
    """
    if what == _IN_BYTES:
        return f"{done / _MEGABYTE:.1f}/{total / _MEGABYTE:.1f} MB"
    return f"{done}/{total}" if total else str(done)


class _Bars:
    """One bar a stage; a stage is over when the next begins."""

    def __init__(self, drawn: Progress) -> None:
        self._drawn = drawn
        self._what = ""
        self._task = drawn.add_task("starting", total=None, amount="")

    def report(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._drawn.remove_task(self._task)
            self._what = what
            self._task = self._drawn.add_task(TITLES.get(what, what), total=total or None, amount="")
        self._drawn.update(self._task, completed=done, total=total or None, amount=amount(what, done, total))


class _Lines:
    """One line where a stage begins, and one where it has done all."""

    def __init__(self) -> None:
        self._what = ""

    def report(self, what: str, done: int, total: int) -> None:
        if what != self._what or (total and done == total):
            self._what = what
            tell(f"{TITLES.get(what, what)}: {amount(what, done, total)}")
