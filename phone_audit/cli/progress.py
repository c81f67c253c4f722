"""Progress on standard error: a bar on a terminal, one line a step with --verbose, nothing with --quiet."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from phone_audit.cli.messages import on_terminal, tell, tell_wait
from phone_audit.model.wording import listed
from phone_audit.pipeline.options import TURN
from phone_audit.report.safe import shortened

TITLES: Final = {
    "questions": "asking the phone",
    "hashes": "hashing on the phone",
    "copies": "copying packages",
    "analysing APKs": "analysing packages",
    "looking at files": "looking at files",
    "reading APKs": "reading files",
}
"""What is being done, in the words of whoever looks on."""

SCAN_STEPS: Final = ("questions", "hashes", "copies", "analysing APKs")
FILE_STEPS: Final = ("looking at files", "reading APKs")

_IN_BYTES = "copies"
_MEGABYTE = 1_000_000
_LONGEST_NAME = 24
_WIDE = 100
"""Columns from which several phones have a bar each, too."""
_SPARE_LINES = 3
_ECHO = 3
"""Columns that stay free, so that the ^C that a terminal shows begins no line."""
_ACCEPT = "Unlock it and tap 'Allow' on its screen"


class PhoneProgress(Protocol):
    """Is told what one phone, or one folder of files, is doing; from any thread."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """Take what is being done, how much of it is done, and how much there is (0: not known)."""

    def waits(self, sentence: str, seconds: float) -> None:
        """Take what the person has to do, and for how many seconds that is waited for."""

    def details(self, share: float, remark: str) -> None:
        """Take which share of the work of this step is done, which tells the time left, and a remark on it."""


class PhonesProgress(Protocol):
    """Is told of several phones, by name."""

    def phone(self, name: str, steps: Sequence[str] = SCAN_STEPS) -> PhoneProgress:
        """Begin a phone; return who is told of it."""

    def ended(self, name: str, how: str) -> None:
        """Say how it ended, in a few words."""

    def coming(self, count: int) -> None:
        """Say how many wait for their turn."""


@contextmanager
def progress(quiet: bool, verbose: bool = False, steps: Sequence[str] = SCAN_STEPS) -> Iterator[PhoneProgress]:
    """Yield a function that is told what is being done, and draw it while the block runs.

    `quiet` draws and says nothing, `verbose` says a line where a step begins and ends; `steps` will be done in this
    order.
    """
    if quiet or verbose or not on_terminal():
        yield _PhoneLines("", verbose and not quiet)
    else:
        with Screen(several=False, console=Terminal()) as screen:
            yield PhoneBar(screen, "", steps)


@contextmanager
def progress_of_phones(quiet: bool, verbose: bool = False) -> Iterator[PhonesProgress]:
    """Yield what is told of several phones, and draw a line for each while the block runs."""
    if quiet or verbose or not on_terminal():
        yield _Lines(quiet, verbose)
    else:
        with Screen(several=True, console=Terminal()) as screen:
            yield PhoneBars(screen)


def amount(what: str, done: float, total: float | None) -> str:
    """Say how much is done.

    Example:
        >>> amount("copies", 2_500_000, 10_000_000), amount("questions", 3, 0)
        ('2.5/10.0 MB', '3')
    """
    if what == _IN_BYTES and total:
        return f"{done / _MEGABYTE:.1f}/{total / _MEGABYTE:.1f} MB"
    return f"{done:.0f}/{total:.0f}" if total else f"{done:.0f}"


def clock(seconds: float) -> str:
    """Write a time that is left.

    Example:
        >>> clock(61.2), clock(4000)
        ('1:01', '1:06:40')
    """
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class _Amount(TextColumn):
    """How much is done, how fast bytes come, and how long it still takes."""

    def __init__(self) -> None:
        super().__init__("", table_column=Column(no_wrap=True, justify="right"))

    def render(self, task: Task) -> Text:
        what = str(task.fields["what"])
        if not task.completed and not task.total:
            return Text()
        parts = [amount(what, task.completed, task.total)]
        if what == _IN_BYTES and task.speed:
            parts.append(f"{task.speed / _MEGABYTE:.1f} MB/s")
        left, share = task.time_remaining, task.fields.get("share")
        if share and task.elapsed:
            parts.append(f"{task.completed / task.elapsed:.1f}/s")
            left = task.elapsed * (1 - share) / share
        if left:
            parts.append(f"{clock(left)} left")
        parts.append(str(task.fields.get("remark") or ""))
        return Text("  ".join(filter(None, parts)))


class Terminal(Console):
    """Standard error. What is printed moves up what is drawn below it, so only one thread at a time writes to it."""

    def __init__(self, **more: Any) -> None:
        super().__init__(stderr=True, **more)
        self.writing = threading.RLock()

    def print(self, *objects: Any, **how: Any) -> None:
        with self.writing:
            super().print(*objects, **how)


class Screen(Progress):
    """A line for each that is read and each that waits for its person, as many as fit, and what all are doing.

    `ended` phones were read, or were not; `coming` ones wait for their turn.
    """

    def __init__(self, *, several: bool, console: Terminal) -> None:
        self.ended = self.coming = 0
        self._until: dict[str, float] = {}
        self._several = several
        self._terminal = console
        bar = [BarColumn(bar_width=10)] if not several or console.width >= _WIDE else []
        what = TextColumn("{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
        super().__init__(SpinnerColumn(), what, *bar, _Amount(), console=console, transient=True, expand=True)
        self.live._lock = console.writing  # rich takes its own lock to draw, and none to print

    def wait(self, name: str, seconds: float | None) -> None:
        """Draw that a phone waits for its person; null: no longer."""
        with self._lock:
            self._until.pop(name, None)
            if seconds is not None:
                self._until[name] = self.get_time() + seconds

    def get_renderables(self) -> Iterator[RenderableType]:
        with self._lock:
            tasks, waits = self.tasks, sorted(self._until.items(), key=lambda item: item[1])
        room = max(2, self._terminal.height - _SPARE_LINES)
        shown = waits[: max(room - len(tasks), room // 2)]
        drawn = tasks[: room - len(shown)]
        yield Padding(self.make_tasks_table(drawn), (0, _ECHO, 0, 0))
        for name, until in shown:
            of_phone = f"{name}: " if name else ""
            yield _one_line(f"  {of_phone}{_ACCEPT}, {clock(until - self.get_time())} left", "bold")
        if self._several:
            reading = sum(task.fields["what"] != TURN for task in tasks)
            hidden = len(tasks) + len(waits) - len(drawn) - len(shown)
            line = _one_line(self._summary(reading, len(waits), self.coming + len(tasks) - reading, hidden))
            line.truncate(self._terminal.width - _ECHO, overflow="ellipsis")
            yield line

    def _summary(self, reading: int, waiting: int, coming: int, hidden: int) -> str:
        """Say what all phones are doing, also those for which there is no line."""
        counts = {"done": self.ended, "being read": reading, "waiting for you": waiting, "to come": coming}
        parts = [f"{count} {what}" for what, count in counts.items() if count]
        beside = f" ({hidden} not shown)" if hidden else ""
        return f"  {listed(parts, len(parts)) or 'no phone yet'}{beside}"


def _one_line(text: str, style: str = "") -> Text:
    return Text(text, style, no_wrap=True, overflow="ellipsis")


class PhoneBar:
    """One line with the step that is being done; a step that was passed is not gone back to.

    The name is empty where there is but one phone; the steps will be done in this order.
    """

    def __init__(self, screen: Screen, name: str, steps: Sequence[str]) -> None:
        self.screen = screen
        self._steps = steps
        self._name = shortened(name, _LONGEST_NAME)
        self._lock = threading.Lock()
        self._what = ""
        self._task: TaskID | None = None
        self._furthest = -1
        self._over = False
        if name:
            self._show("", 0, 0)

    def __call__(self, what: str, done: int, total: int) -> None:
        with self._lock:
            step = self._steps.index(what) if what in self._steps else self._furthest
            if step < self._furthest or self._over:
                return
            self._furthest = step
            self._show(what, done, total)

    def waits(self, sentence: str, seconds: float) -> None:
        del sentence  # which is for lines
        with self._lock:
            self._clear()
            if not self._over:
                self.screen.wait(self._name, seconds)

    def details(self, share: float, remark: str) -> None:
        with self._lock:
            if self._task is not None:
                self.screen.update(self._task, share=share, remark=remark)

    def end(self) -> None:
        with self._lock:
            self._over = True
            self._clear()

    def _show(self, what: str, done: int, total: int) -> None:
        if self._task is None or what != self._what:
            self._clear()
            self._what = what
            self._task = self.screen.add_task(escape(self._title(what)), total=None, what=what)
        self.screen.update(self._task, completed=done, total=total or None)

    def _clear(self) -> None:
        self.screen.wait(self._name, None)
        if self._task is not None:
            self.screen.remove_task(self._task)
        self._task = None

    def _title(self, what: str) -> str:
        step = f"[{self._steps.index(what) + 1}/{len(self._steps)}]" if what in self._steps else ""
        name = f"{self._name}:" if self._name else ""
        return " ".join(filter(None, (name, step, TITLES.get(what, what) or "starting")))


class PhoneBars:
    """Several phones on a terminal; a line that stays where one has ended."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._bars: dict[str, PhoneBar] = {}

    def phone(self, name: str, steps: Sequence[str] = SCAN_STEPS) -> PhoneProgress:
        self._bars[name] = PhoneBar(self.screen, name, steps)
        return self._bars[name]

    def ended(self, name: str, how: str) -> None:
        self._bars.pop(name).end()
        self.screen.ended += 1
        self.screen.console.print(f"{shortened(name, _LONGEST_NAME)}: {how}", markup=False, highlight=False)

    def coming(self, count: int) -> None:
        self.screen.coming = count


@dataclass
class _PhoneLines:
    """A line where a step begins, and one where it has done all, where they are asked for. `name` stands before it."""

    name: str
    verbose: bool

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._done: dict[str, bool] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        is_done = bool(total) and done >= total
        with self._lock:
            was_done = self._done.get(what)
            if not self.verbose or was_done or was_done == is_done:
                return
            self._done[what] = is_done
        tell(f"{self.name}{TITLES.get(what, what)}: {amount(what, done, total)}")

    def waits(self, sentence: str, seconds: float) -> None:
        tell_wait(sentence, seconds)

    def details(self, share: float, remark: str) -> None:
        """Lines say nothing of it; the end of a step does."""


class _Lines:
    """Several phones off a terminal: a line where one begins, one where it ends, and with `verbose` its steps."""

    def __init__(self, quiet: bool, verbose: bool) -> None:
        self._quiet = quiet
        self._verbose = verbose and not quiet

    def phone(self, name: str, steps: Sequence[str] = SCAN_STEPS) -> PhoneProgress:
        del steps  # each is named
        if not self._quiet:
            tell(f"{name}: begun")
        return _PhoneLines(f"{name}: ", self._verbose)

    def ended(self, name: str, how: str) -> None:
        if not self._quiet:
            tell(f"{name}: {how}")

    def coming(self, count: int) -> None:
        """Nothing is said of it."""
