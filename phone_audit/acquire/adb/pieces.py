"""Exact numbers of bytes from a stream that comes in pieces, and that may stand still or drip."""

import time
from collections.abc import Iterator
from typing import Protocol

SLOWEST = 128 * 2**10
"""Bytes a second below which a file stands still, so that one that drips does not hold up a scan for ever."""


class PieceStream(Protocol):
    """See `streamed.Stream`."""

    def read(self, deadline: float) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def confirm(self) -> None: ...


class EndedError(Exception):
    """The stream ended, and the phone lives."""


class Pieces:
    """Exact numbers of bytes from a stream that neither stands still nor drips."""

    def __init__(self, stream: PieceStream) -> None:
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
            until = min(self._last, self._started + self._got / SLOWEST) + self._timeout
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
        """Yield back exactly `size` bytes, as they come.

        Raises:
            EndedError: there are no more.
        """
        while size:
            piece = self.piece()
            if not piece:
                self.stream.confirm()
                raise EndedError
            taken, self._piece = piece[:size], piece[size:]
            size -= len(taken)
            yield taken
