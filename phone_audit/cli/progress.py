"""Progress on standard error: drawn only on a terminal, as lines with --verbose, never with --quiet."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from phone_audit.cli.telling import on_terminal, tell
from phone_audit.pipeline.options import Progress as Report
from phone_audit.pipeline.options import no_progress
from phone_audit.report.safe import visible


@contextmanager
def progress(quiet: bool, verbose: bool = False) -> Iterator[Report]:
    """Give a function that is told what is being done, and draw it while the block runs."""
    if verbose:
        yield _write_line
        return
    if quiet or not on_terminal():
        yield no_progress
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        tasks: dict[str, int] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = drawn.add_task(escape(visible(what)), total=total or None)
            drawn.update(tasks[what], completed=done, total=total or None)  # type: ignore[arg-type]

        yield report


def _write_line(what: str, done: int, total: int) -> None:
    tell(f"{what}: {done}/{total or '?'}")
