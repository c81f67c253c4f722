"""One open ADB service: what it can do, exact numbers of bytes from it, and the account of what was waited for."""

import time
from collections.abc import Iterator
from typing import Protocol

from phone_audit.acquire.lost_time import LostTime
from phone_audit.acquire.transport import Running

MIN_SPEED = 128 * 2**10
"""Bytes a second below which a file stands still, so that one that drips does not hold up a scan for ever."""


class ServiceRefusedError(Exception):
    """The phone does not know a service, or does not offer it."""


class Stream(Running, Protocol):
    """One open ADB service on the phone. After `close` late data never reaches the next stream."""

    def confirm(self) -> None:
        """Raise `DeviceLostError` where an early end was the end of the phone."""


class EndedError(Exception):
    """The stream ended, and the phone lives."""


class StreamReader:
    """Exact numbers of bytes from a stream that neither stands still nor drips."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._piece = memoryview(b"")
        self._timeout = self._started = self._last = 0.0
        self._got = 0

    def begin(self, timeout: float) -> None:
        """Begin an answer, which may stand still for `timeout` seconds."""
        self._timeout = timeout
        self._started = self._last = time.monotonic()
        self._got = 0

    def piece(self) -> memoryview:
        """Return what is there, empty at the end."""
        if not self._piece:
            until = min(self._last, self._started + self._got / MIN_SPEED) + self._timeout
            self._piece = memoryview(self.stream.read(until))
            self._got += len(self._piece)
            self._last = time.monotonic()
        piece, self._piece = self._piece, memoryview(b"")
        return piece

    def take(self, size: int) -> bytes:
        """Return exactly `size` bytes."""
        if len(self._piece) >= size:
            taken, self._piece = bytes(self._piece[:size]), self._piece[size:]
            return taken
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """Yield exactly `size` bytes, as they come; an EndedError where there are no more."""
        while size:
            piece = self.piece()
            if not piece:
                self.stream.confirm()
                raise EndedError
            taken, self._piece = piece[:size], piece[size:]
            size -= len(taken)
            yield taken


class TimedStream:
    """Wraps a stream; see `Stream`. One that is closed after a read that timed out never gave its answer."""

    def __init__(self, stream: Stream, lost_time: LostTime) -> None:
        self._stream = stream
        self._lost_time = lost_time
        self._unanswered = False

    def read(self, deadline: float) -> bytes:
        self._unanswered = True
        with self._lost_time.answering():
            data = self._stream.read(deadline)
        self._unanswered = False
        if data:
            self._lost_time.heard()
        return data

    def write(self, data: bytes) -> None:
        with self._lost_time.answering():
            self._stream.write(data)

    def close(self) -> None:
        with self._lost_time.waiting():
            self._stream.close()
        if self._unanswered:
            self._unanswered = False
            self._lost_time.gave_up()

    def confirm(self) -> None:
        self._stream.confirm()
