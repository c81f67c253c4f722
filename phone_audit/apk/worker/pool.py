"""Asks worker processes to read files, within a time and memory budget for each.

The parent never parses hostile bytes: it starts the workers, watches the clock, and checks that what they answer is a
record. A worker that overruns or dies is replaced, and asked again with the step left out that it was in.
"""

import selectors
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from phone_audit.apk.worker.apk_input import ApkInput, Inbox
from phone_audit.apk.worker.deduplicate import Duplicates
from phone_audit.apk.worker.process import WORKER, Finished, WorkerProcess
from phone_audit.apk.worker.record_store import RecordStore
from phone_audit.apk.worker.stream import Stream
from phone_audit.apk.worker.task import Task, renamed
from phone_audit.model.apk import ApkInfo

_AHEAD = 8
"""How many files per worker may be finished before the one whose turn it is."""
_MOST_WAITING = 2 * 2**20
"""Bytes of finished records, as JSON, from which on no further file is begun before the one whose turn it is."""


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
