"""Asks worker processes to read files, within a time and memory budget for each.

The parent never parses hostile bytes: it starts the workers, watches the clock, and checks that what they answer is a
record. A worker that overruns or dies is replaced, and asked again with the step left out that it was in.
"""

import selectors
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from phone_audit.apk.worker.apk_input import ApkInput, Inbox
from phone_audit.apk.worker.duplicates import Duplicates, Key, RecordStore, key_of
from phone_audit.apk.worker.process import WORKER, Finished, WorkerProcess
from phone_audit.apk.worker.record_size import RecordBudget
from phone_audit.apk.worker.task import Task, renamed
from phone_audit.model.apk import ApkInfo

Result = tuple[ApkInput, ApkInfo, float]

MOST_BYTES: Final = 64 * 2**20
"""Bytes of records, as JSON, after which further ones are cut short: they are held together, as those of one phone.

A phone with 400 packages gives some 20 MB."""
_AHEAD = 8
"""How many files per worker may be finished before the one whose turn it is."""
_MOST_WAITING = 2 * 2**20
"""Bytes of finished records, as JSON, from which on no further file is begun before the one whose turn it is."""


class Stream:
    """One run over what an inbox gives.

    Args:
        inbox: where files come from.
        workers: the processes that read them.
        selector: where their pipes are registered; the inbox is too, while this runs.
        timeout: seconds for one file.
    """

    def __init__(
        self, inbox: Inbox, workers: Sequence[WorkerProcess], selector: selectors.BaseSelector, timeout: float
    ) -> None:
        self._inbox = inbox
        self._workers = workers
        self._selector = selector
        self._timeout = timeout
        self._items: list[ApkInput] = []
        self._done: deque[Result] = deque()
        self._first: dict[Key, int] = {}
        self._answers: dict[int, ApkInfo] = {}
        self._sizes: dict[int, int] = {}
        self._together = RecordBudget(MOST_BYTES)
        self._copies: dict[int, list[ApkInput]] = {}
        self._busy = 0

    def results(self) -> Iterator[Result]:
        """Yield each file with its record and the seconds it took, until the inbox is closed and empty."""
        self._selector.register(self._inbox, selectors.EVENT_READ)
        try:
            while self._busy or self._done or not self._inbox.ended:
                self._hand_out()
                if self._done:
                    left = time.monotonic()
                    yield self._done.popleft()
                    for worker in self._workers:
                        worker.stretch(time.monotonic() - left)
                else:
                    self._wait()
        finally:
            self._selector.unregister(self._inbox)

    def _hand_out(self) -> None:
        """Return files to idle workers; one that equals another waits for its record, or has it at once."""
        for worker in self._workers:
            while worker.idle and (item := self._inbox.pop()) is not None:
                number = len(self._items)
                first = self._first_of(item, number)
                if first == number:
                    self._items.append(item)
                    self._busy += 1
                    worker.give(Task(number, item, self._timeout))
                elif first in self._answers:
                    self._copy(item, first)
                else:
                    self._copies.setdefault(first, []).append(item)

    def _first_of(self, item: ApkInput, number: int) -> int:
        key = key_of(item) if item.sha256 is not None else None
        return number if key is None else self._first.setdefault(key, number)

    def _wait(self) -> None:
        deadlines = [worker.deadline for worker in self._workers if worker.deadline is not None]
        pause = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        for key, _ in self._selector.select(pause):
            if key.fileobj is self._inbox:
                self._inbox.quiet()
            else:
                self._take(key.data.listen(key.fileobj))
        for worker in self._workers:
            self._take(worker.check_clock(time.monotonic()))

    def _take(self, finished: Finished | None) -> None:
        if finished is None:
            return
        task, (info, seconds) = finished
        self._busy -= 1
        item = self._items[task.number]
        info = self._together.fitting(info, task.answer_size)
        self._done.append((item, info, seconds))
        if item.sha256 is not None:
            self._answers[task.number], self._sizes[task.number] = info, task.answer_size
        for copy in self._copies.pop(task.number, ()):
            self._copy(copy, task.number)

    def _copy(self, item: ApkInput, first: int) -> None:
        info = self._together.fitting(self._answers[first], self._sizes[first])
        self._done.append((item, renamed(info, item.shown_as), 0.0))


class WorkerPool:
    """Worker processes that stay alive between files.

    Args:
        jobs: how many work at the same time, at least one.
        timeout: seconds of wall time for one file.
        memory_mb: megabytes of address space for one worker, the mapped file left out.
        knowledge_dirs: folders of extra knowledge.
        program: the Python code that a worker runs.
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
        self._timeout = timeout
        self._selector = selectors.DefaultSelector()
        arguments = (str(memory_mb), *map(str, knowledge_dirs))
        self._workers = [WorkerProcess(arguments, self._selector, program) for _ in range(max(1, jobs))]

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.stop()
        self._selector.close()

    def start(self) -> None:
        """Start a worker now, so that it is ready by the time there are files; the others start when they have work."""
        self._workers[0].start()

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run now."""
        return tuple(worker.pid for worker in self._workers if worker.pid is not None)

    def analyse(self, items: Iterable[ApkInput | tuple[Path, str]]) -> Generator[tuple[ApkInfo, float], None, None]:
        """Read files, in the order given, each as soon as it is its turn.

        Files with equal bytes are read once. Seconds are from opening the file to the record.

        Args:
            items: each file, or path and name of one that is here as a whole.

        Raises:
            PhoneAuditError: the workers do not start.
        """
        inputs = [item if isinstance(item, ApkInput) else ApkInput(*item) for item in items]
        with RecordStore() as originals:
            try:
                yield from _Run(inputs, self._workers, self._selector, self._timeout, originals).results()
            finally:
                self._drop_tasks()

    def stream(self, inbox: Inbox) -> Generator[tuple[ApkInput, ApkInfo, float], None, None]:
        """Read files while another thread hands them over, each as soon as it comes and a worker is free.

        Files whose hashes are told and equal are read once.

        Args:
            inbox: where they come from, until it is closed. It is released at the end of this, so that whoever still
                hands over learns of it.

        Yields:
            Each file with its record and the seconds it took, in the order in which they are finished.

        Raises:
            PhoneAuditError: the workers do not start.
        """
        with inbox.reading():
            try:
                yield from Stream(inbox, self._workers, self._selector, self._timeout).results()
            finally:
                self._drop_tasks()

    def _drop_tasks(self) -> None:
        for worker in self._workers:
            worker.drop_task()


class _Run:
    """One call of `analyse`."""

    def __init__(
        self,
        items: list[ApkInput],
        workers: list[WorkerProcess],
        selector: selectors.BaseSelector,
        timeout: float,
        originals: RecordStore,
    ) -> None:
        self._items = items
        self._workers = workers
        self._selector = selector
        self._timeout = timeout
        self._originals = originals
        self._duplicates = Duplicates(items)
        self._next = 0
        self._turn = 0
        self._done: dict[int, tuple[ApkInfo, float]] = {}
        self._sizes: dict[int, int] = {}
        self._copies: dict[int, list[int]] = {}

    def results(self) -> Iterator[tuple[ApkInfo, float]]:
        while self._turn < len(self._items):
            self._hand_out()
            if self._turn not in self._done:
                self._wait()
            while self._turn in self._done:
                left = time.monotonic()
                self._sizes.pop(self._turn, None)
                yield self._done.pop(self._turn)
                self._turn += 1
                for worker in self._workers:
                    worker.stretch(time.monotonic() - left)

    def _hand_out(self) -> None:
        """Return files to idle workers, not too far ahead of the one whose turn it is."""
        limit = min(len(self._items), self._turn + _AHEAD * len(self._workers))
        for worker in self._workers:
            while worker.idle and self._next < limit and self._has_room():
                number, self._next = self._next, self._next + 1
                original = self._duplicates.original(number)
                if original is None:
                    worker.give(Task(number, self._items[number], self._timeout))
                else:
                    self._copies.setdefault(original, []).append(number)
                    self._copy(original)

    def _has_room(self) -> bool:
        """Tell whether a further file may be begun: few bytes wait, or it is the one that all wait for."""
        return self._next == self._turn or sum(self._sizes.values()) < _MOST_WAITING

    def _wait(self) -> None:
        deadlines = [worker.deadline for worker in self._workers if worker.deadline is not None]
        pause = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
        for key, _ in self._selector.select(pause):
            self._take(key.data.listen(key.fileobj))
        for worker in self._workers:
            self._take(worker.check_clock(time.monotonic()))

    def _take(self, finished: Finished | None) -> None:
        if finished is None:
            return
        task, answer = finished
        self._done[task.number] = answer
        self._sizes[task.number] = task.answer_size
        if task.number in self._copies or self._duplicates.expects(task.number):
            self._originals.put(task.number, answer[0])
            self._copy(task.number)

    def _copy(self, original: int) -> None:
        """Make the records of files that equal one that is finished."""
        if original not in self._originals:
            return
        for number in self._copies.pop(original, ()):
            self._done[number] = (renamed(self._originals.get(original), self._items[number].shown_as), 0.0)
        if not self._duplicates.expects(original):
            self._originals.drop(original)
