"""One stream inside a connection, with adb's flow control: one WRTE in flight each way."""

import threading
from collections import deque
from collections.abc import Callable

from phone_audit.errors import ProtocolError
from phone_audit.simulated.protocol import Message

_INBOX = 64 * 1024  # what the other side may have sent ahead of the reader, as a pipe holds on a phone


class Stream:
    """A stream as the service behind it sees it: blocking reads and writes of bytes.

    Args:
        local: our number of it.
        remote: the other side's number of it.
        send: sends one message; blocks while the line is full.
        chunk: longest payload that was agreed on, in bytes.
    """

    def __init__(self, local: int, remote: int, send: Callable[[Message], None], chunk: int) -> None:
        self.local = local
        self.remote = remote
        self._send = send
        self._chunk = chunk
        self._changed = threading.Condition()
        self._inbox: deque[bytes] = deque()
        self._waiting = 0
        self._owes_okay = False
        self._may_write = True
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether one of the sides has closed it."""
        return self._closed

    def write(self, data: bytes) -> None:
        """Send bytes; returns when the last of them is on its way.

        Raises:
            BrokenPipeError: the stream is closed.
        """
        for start in range(0, len(data), self._chunk):
            with self._changed:
                self._changed.wait_for(lambda: self._may_write or self._closed)
                if self._closed:
                    raise BrokenPipeError
                self._may_write = False
            self._send(Message(b"WRTE", self.local, self.remote, data[start : start + self._chunk]))

    def read(self) -> bytes:
        """Return the payload of the next WRTE, or nothing once the stream is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._inbox or self._closed)
            if not self._inbox:
                return b""
            data = self._inbox.popleft()
            self._waiting -= len(data)
            okay, self._owes_okay = self._owes_okay, False
        if okay:
            self._send(Message(b"OKAY", self.local, self.remote))
        return data

    def wait_closed(self, seconds: float) -> bool:
        """Wait until the stream is closed, at most `seconds`; tells whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)

    def close(self) -> None:
        """Close our side, after all that was written has been taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._may_write or self._closed)
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._send(Message(b"CLSE", self.local, self.remote))

    def taken(self) -> None:
        """The other side has taken our last WRTE (OKAY arrived)."""
        with self._changed:
            self._may_write = True
            self._changed.notify_all()

    def arrived(self, data: bytes) -> None:
        """Put the payload of a WRTE into the inbox, and answer OKAY as soon as there is room for more.

        Raises:
            ProtocolError: the other side did not wait for our OKAY.
        """
        with self._changed:
            if self._owes_okay:
                raise ProtocolError("A WRTE arrived before the one before it was answered with OKAY.")
            self._inbox.append(data)
            self._waiting += len(data)
            self._owes_okay = self._waiting >= _INBOX
            okay = not self._owes_okay and not self._closed
            self._changed.notify_all()
        if okay:
            self._send(Message(b"OKAY", self.local, self.remote))

    def dropped(self) -> None:
        """The other side has closed the stream, or the connection is gone."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
