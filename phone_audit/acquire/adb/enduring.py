"""A transport that brings the phone back where the connection was cut, and asks again."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from phone_audit.acquire.transport import (
    PULL_LIMIT,
    PULL_TIMEOUT,
    SHELL_LIMIT,
    SHELL_TIMEOUT,
    Answer,
    Handshake,
    LiveTransport,
    OnDone,
    Running,
    Source,
)
from phone_audit.errors import DeviceLostError

AGAIN = 3
"""How often one question is asked anew."""

Value = TypeVar("Value")


class EnduringTransport:
    """Wraps a live transport; see `Transport` and `LiveTransport`. May be used by several threads.

    Args:
        inner: the transport.
        most_lost: seconds that may be waited for nothing, in all, before the phone counts as gone.
    """

    def __init__(self, inner: LiveTransport, *, most_lost: float = math.inf) -> None:
        inner.lost_time.limit = most_lost
        self.serial = inner.serial
        self.via = inner.via
        self._inner = inner

    @property
    def handshake(self) -> Handshake:
        """See `LiveTransport.handshake`."""
        return self._inner.handshake

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        """See `Transport.shell`."""
        return self._enduring(lambda: self._inner.shell(command, timeout=timeout, limit=limit))

    def pull(self, path: str, into: Path, *, timeout: float = PULL_TIMEOUT, limit: int = PULL_LIMIT) -> Path:
        """See `Transport.pull`."""
        return self._enduring(lambda: self._inner.pull(path, into, timeout=timeout, limit=limit))

    def start(self, command: str) -> Running:
        """See `Transport.start`; what it gives ends where the connection is cut."""
        return self._enduring(lambda: self._inner.start(command))

    def pull_many(self, source: Source, on_done: OnDone) -> None:
        """See `LiveTransport.pull_many`, which brings the phone back itself."""
        self._inner.pull_many(source, on_done)

    def close(self) -> None:
        """See `Transport.close`."""
        self._inner.close()

    def _enduring(self, attempt: Callable[[], Value]) -> Value:
        for _ in range(AGAIN):
            try:
                return attempt()
            except DeviceLostError:
                self._inner.reconnect()
        return attempt()
