"""Files that come one by one, given to workers as they come; each record is given back as it is ready."""

import selectors
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from phone_audit.apk.worker.apk_input import ApkInput, Inbox
from phone_audit.apk.worker.deduplicate import Key, key_of
from phone_audit.apk.worker.process import Finished, WorkerProcess
from phone_audit.apk.worker.record_size import Together
from phone_audit.apk.worker.task import Task, renamed
from phone_audit.model.apk import ApkInfo

Result = tuple[ApkInput, ApkInfo, float]

MOST_BYTES: Final = 64 * 2**20
"""Bytes of records, as JSON, after which further ones are cut short: they are held together, as those of one phone.

A phone with 400 packages gives some 20 MB."""


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
        self._together = Together(MOST_BYTES)
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
