"""Asks worker processes to read files, within a time and memory budget for each.

The parent never parses hostile bytes: it starts the workers, watches the clock, and checks that what they answer is a
record. A worker that overruns or dies is replaced, and asked again with the step left out that it was in.
"""

import selectors
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from phone_audit.apk.record_size import RecordBudget
from phone_audit.apk.worker.duplicates import Duplicates, Key, RecordStore, key_of
from phone_audit.apk.worker.process import WORKER, Finished, WorkerProcess
from phone_audit.apk.worker.tasks import ApkInput, Inbox, Task, renamed
from phone_audit.model.apk import ApkInfo

MOST_BYTES: Final = 64 * 2**20
"""Bytes of records, as JSON, after which further ones of a stream are cut short: they are held together, as those of
one phone. A phone with 400 packages gives some 20 MB."""

_StreamResult = tuple[ApkInput, ApkInfo, float]


class WorkerPool:
    """Worker processes, `jobs` at the same time and at least one, that stay alive between files.

    A file may take `timeout` seconds of wall time, a worker `memory_mb` megabytes of address space, the mapped file
    left out. `program` is the Python code that a worker runs.
    """

    def __init__(
        self,
        jobs: int,
        *,
        timeout: float,
        memory_mb: int,
        knowledge_dirs: Sequence[Path] = (),
        program: str = WORKER,
    ) -> None:
        self._workers = _Workers(jobs, timeout, (str(memory_mb), *map(str, knowledge_dirs)), program)

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for worker in self._workers.all:
            worker.stop()
        self._workers.selector.close()

    def start(self) -> None:
        """Start a worker now, so that it is ready by the time there are files; the others start when they have work."""
        self._workers.all[0].start()

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(worker.pid for worker in self._workers.all if worker.pid is not None)

    def analyse(self, items: Iterable[ApkInput | tuple[Path, str]]) -> Generator[tuple[ApkInfo, float], None, None]:
        """Read files, or paths with names, as `as_finished` does, and give their records in the order of the files.

        Those that wait for one before them are held in memory: it is for few files, or small records.
        """
        inputs = [item if isinstance(item, ApkInput) else ApkInput(*item) for item in items]
        waiting: dict[int, tuple[ApkInfo, float]] = {}
        turn = 0
        with closing(self.as_finished(inputs)) as finished:
            for number, info, seconds in finished:
                waiting[number] = info, seconds
                while turn in waiting:
                    yield waiting.pop(turn)
                    turn += 1

    def as_finished(self, items: Sequence[ApkInput]) -> Generator[tuple[int, ApkInfo, float], None, None]:
        """Read files; they are begun in the order given, and none waits for another to be finished.

        Yields the number of each file with its record, and the seconds from opening it to the record; files with equal
        bytes are read once. Raises a PhoneAuditError where the workers do not start.
        """
        with self._workers.working(), RecordStore() as originals:
            yield from _FileRun(items, self._workers, originals).results()

    def stream(self, inbox: Inbox) -> Generator[_StreamResult, None, None]:
        """Read files while another thread hands them over, each as soon as it comes and a worker is free.

        Yields each file with its record and the seconds it took, in the order in which they are finished; files whose
        hashes are told and equal are read once. `inbox` is where they come from until it is closed, and is released at
        the end of this, so that whoever still hands over learns of it. Raises as `as_finished`.
        """
        with inbox.reading(), self._workers.working():
            yield from _StreamRun(inbox, self._workers).results()


class _Workers:
    """The worker processes, and the pipes through which they are heard."""

    def __init__(self, jobs: int, timeout: float, arguments: Sequence[str], program: str) -> None:
        self.timeout = timeout
        self.selector = selectors.DefaultSelector()
        self.all = [WorkerProcess(arguments, self.selector, program) for _ in range(max(1, jobs))]

    @contextmanager
    def working(self) -> Iterator[None]:
        """Forget at the end of this block whatever is still being read."""
        try:
            yield
        finally:
            for worker in self.all:
                worker.drop_task()

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Leave out of all clocks the time of this block, in which nobody listens to the workers."""
        began = time.monotonic()
        yield
        for worker in self.all:
            worker.stretch(time.monotonic() - began)

    def wait(self) -> Iterator[Finished]:
        """Wait until a worker or an inbox says something, or time is up; yields the files that are finished by that."""
        deadlines = [worker.deadline for worker in self.all if worker.deadline is not None]
        pause = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        for key, _ in self.selector.select(pause):
            if isinstance(key.fileobj, Inbox):
                key.fileobj.quiet()
            elif (finished := key.data.listen(key.fileobj)) is not None:
                yield finished
        for worker in self.all:
            if (finished := worker.check_clock(time.monotonic())) is not None:
                yield finished


class _FileRun:
    """Reads files that are all known from the beginning."""

    def __init__(self, items: Sequence[ApkInput], workers: _Workers, originals: RecordStore) -> None:
        self._items = items
        self._workers = workers
        self._originals = originals
        self._duplicates = Duplicates(items)
        self._next = 0
        self._done: deque[tuple[int, ApkInfo, float]] = deque()
        self._copied: deque[tuple[int, int]] = deque()
        self._copies: dict[int, list[tuple[int, int]]] = {}

    def results(self) -> Iterator[tuple[int, ApkInfo, float]]:
        for _ in self._items:
            self._hand_out()
            while not (self._done or self._copied):
                for task, answer in self._workers.wait():
                    self._take(task.number, *answer)
                self._hand_out()
            with self._workers.unheard():
                yield self._done.popleft() if self._done else self._copy(*self._copied.popleft())

    def _hand_out(self) -> None:
        """Give files to idle workers; one that equals another has its record as soon as that is there."""
        for worker in self._workers.all:
            while worker.idle and self._next < len(self._items):
                number, self._next = self._next, self._next + 1
                with self._workers.unheard():  # since files of one size are hashed
                    original = self._duplicates.original(number)
                if original is None:
                    worker.give(Task(number, self._items[number], self._workers.timeout))
                elif original in self._originals:
                    self._copied.append((number, original))
                else:
                    self._copies.setdefault(original, []).append((number, original))

    def _take(self, number: int, info: ApkInfo, seconds: float) -> None:
        self._done.append((number, info, seconds))
        if number in self._copies or self._duplicates.expects(number):
            self._originals.put(number, info)
            self._copied.extend(self._copies.pop(number, ()))

    def _copy(self, number: int, original: int) -> tuple[int, ApkInfo, float]:
        return number, renamed(self._originals.get(original), self._items[number].shown_as), 0.0


class _StreamRun:
    """Reads what an inbox gives, until it is closed and empty."""

    def __init__(self, inbox: Inbox, workers: _Workers) -> None:
        self._inbox = inbox
        self._workers = workers
        self._items: list[ApkInput] = []
        self._done: deque[_StreamResult] = deque()
        self._first: dict[Key, int] = {}
        self._answers: dict[int, ApkInfo] = {}
        self._sizes: dict[int, int] = {}
        self._budget = RecordBudget(MOST_BYTES)
        self._copies: dict[int, list[ApkInput]] = {}
        self._busy = 0

    def results(self) -> Iterator[_StreamResult]:
        selector = self._workers.selector
        selector.register(self._inbox, selectors.EVENT_READ)
        try:
            while self._busy or self._done or not self._inbox.ended:
                self._hand_out()
                if self._done:
                    with self._workers.unheard():
                        yield self._done.popleft()
                else:
                    for task, answer in self._workers.wait():
                        self._take(task, *answer)
        finally:
            selector.unregister(self._inbox)

    def _hand_out(self) -> None:
        """Give files to idle workers; one that equals another waits for its record, or has it at once."""
        for worker in self._workers.all:
            while worker.idle and (item := self._inbox.pop()) is not None:
                number = len(self._items)
                first = self._first_of(item, number)
                if first == number:
                    self._items.append(item)
                    self._busy += 1
                    worker.give(Task(number, item, self._workers.timeout))
                elif first in self._answers:
                    self._copy(item, first)
                else:
                    self._copies.setdefault(first, []).append(item)

    def _first_of(self, item: ApkInput, number: int) -> int:
        key = key_of(item) if item.sha256 is not None else None
        return number if key is None else self._first.setdefault(key, number)

    def _take(self, task: Task, info: ApkInfo, seconds: float) -> None:
        self._busy -= 1
        item = self._items[task.number]
        info = self._budget.fitting(info, task.answer_size)
        self._done.append((item, info, seconds))
        if item.sha256 is not None:
            self._answers[task.number], self._sizes[task.number] = info, task.answer_size
        for copy in self._copies.pop(task.number, ()):
            self._copy(copy, task.number)

    def _copy(self, item: ApkInput, first: int) -> None:
        info = self._budget.fitting(self._answers[first], self._sizes[first])
        self._done.append((item, renamed(info, item.shown_as), 0.0))
