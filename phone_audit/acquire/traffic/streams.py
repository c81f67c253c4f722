"""One direction of a TCP connection: segments put in order within a small bound."""

from collections.abc import Iterator
from typing import Final

_WRAP: Final = 2**32
_WINDOW: Final = 2**20
_MOST_WAITING: Final = 32
_MOST_BYTES: Final = 256 * 2**10


class OrderedBytes:
    """Gives the bytes of a direction in order.

    A segment that comes early waits for those before it, within bounds; beyond them there is a gap; `gaps` counts them.
    """

    def __init__(self) -> None:
        self.gaps = 0
        self._next: int | None = None
        self._waiting: dict[int, bytes] = {}
        self._held = 0

    @property
    def held(self) -> int:
        return self._held

    def begin(self, sequence: int) -> None:
        """Note where the connection begins (its SYN)."""
        self._next = (sequence + 1) % _WRAP

    def feed(self, sequence: int, payload: bytes) -> Iterator[bytes]:
        """Take a segment; yields what is in order now."""
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) % _WRAP
        if ahead >= _WRAP // 2:  # sent before, as a whole or in part
            payload = payload[_WRAP - ahead :]
            ahead = 0
        if not payload:
            return
        if ahead == 0:
            yield self._taken(payload)
        elif ahead > _WINDOW:
            yield from self.rest()
            self.gaps += 1
            self._next = sequence
            yield self._taken(payload)
        else:
            self._wait(sequence, payload)
        yield from self._ready()
        if len(self._waiting) > _MOST_WAITING or self._held > _MOST_BYTES:
            yield from self.rest()

    def rest(self) -> Iterator[bytes]:
        """Yield what waits, over the gaps in it."""
        while self._waiting:
            self.gaps += 1
            start = self._next or 0
            self._next = min(self._waiting, key=lambda sequence: (sequence - start) % _WRAP)
            yield from self._ready()

    def _taken(self, payload: bytes) -> bytes:
        self._next = ((self._next or 0) + len(payload)) % _WRAP
        return payload

    def _wait(self, sequence: int, payload: bytes) -> None:
        before = self._waiting.get(sequence, b"")
        if len(payload) > len(before):
            self._waiting[sequence] = payload
            self._held += len(payload) - len(before)

    def _ready(self) -> Iterator[bytes]:
        """Yield what waited for exactly this, and what overlaps it."""
        found = True
        while found and self._waiting:
            found = False
            for sequence in list(self._waiting):
                behind = ((self._next or 0) - sequence) % _WRAP
                if behind < _WRAP // 2:
                    payload = self._waiting.pop(sequence)
                    self._held -= len(payload)
                    if behind < len(payload):
                        yield self._taken(payload[behind:])
                    found = True
