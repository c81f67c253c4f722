"""Copies whole files from the phone in a thread of its own."""

import contextlib
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from phone_audit.acquire.files.deliveries import Deliveries, Queue
from phone_audit.acquire.phone_file import FileOnPhone
from phone_audit.acquire.transport import FileRequest, LiveTransport
from phone_audit.errors import CommandError

_POLL = 0.1


class WholeCarrier:
    """Copies whole files, many requests ahead on one stream; see `LiveTransport.pull_many`.

    What has arrived is checked in a thread of its own, so that the cable does not wait for it.

    Args:
        transport: a way to the phone.
        queue: the files.
        deliveries: takes what has arrived.
        into: folder for files on their way.
        stop: ends the work.
    """

    def __init__(
        self, transport: LiveTransport, queue: Queue, deliveries: Deliveries, into: Path, stop: threading.Event
    ) -> None:
        self._transport = transport
        self._queue = queue
        self._deliveries = deliveries
        self._into = into
        self._stop = stop
        self._number = 0
        self._under_way: dict[Path, FileOnPhone] = {}
        self._checks: deque[Future[None]] = deque()
        self._checker = ThreadPoolExecutor(1, thread_name_prefix="phone-audit-check")

    def work(self) -> None:
        """Copy files until the queue is finished.

        Raises:
            DeviceLostError: the phone is gone.
            AcquireError: this computer cannot store them.
        """
        try:
            self._transport.pull_many(self._next, self._done)
        finally:
            self._checker.shutdown()
            for part in self._under_way:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
        self._settle()

    def _next(self, wait: bool) -> FileRequest | None:
        while not self._stop.is_set():
            self._settle()
            file = self._queue.get(_POLL if wait else 0.0)
            if file is not None:
                return self._request(file)
            if not wait or (self._queue.finished and not self._checks):
                return None
        return None

    def _settle(self) -> None:
        """Let an error of a check end the work."""
        while self._checks and self._checks[0].done():
            self._checks.popleft().result()

    def _request(self, file: FileOnPhone) -> FileRequest:
        self._number += 1
        part = self._into / f"whole-{self._number:05d}.part"
        self._under_way[part] = file
        return FileRequest(file.path, part)

    def _done(self, request: FileRequest, error: CommandError | None) -> None:
        file = self._under_way.pop(request.into)
        if error is None:
            self._checks.append(self._checker.submit(self._check, file, request.into))
        else:
            self._again(self._deliveries.failed(file, "not-copied", error.message))

    def _check(self, file: FileOnPhone, part: Path) -> None:
        self._deliveries.count(part.stat().st_size)
        self._again(self._deliveries.brought(file, part, None))

    def _again(self, file: FileOnPhone | None) -> None:
        if file is not None:
            self._queue.put(file)
