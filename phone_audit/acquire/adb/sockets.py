"""A socket that one thread reads, another writes and a third closes.

Python's own time limits belong to the socket, so that who reads and who writes would change each other's.
"""

import selectors
import socket
import time

_Selector: type[selectors.BaseSelector] = getattr(
    selectors, "PollSelector", selectors.SelectSelector
)  # Windows has one


def share(connection: socket.socket) -> None:
    """Make a socket ready for `receive` and `send_all`."""
    connection.setblocking(False)


def receive(connection: socket.socket, want: int, deadline: float) -> bytes:
    """Return at least one byte and at most `want`, empty where the other side has ended.

    Raises:
        TimeoutError: nothing came until `deadline`, a time of `time.monotonic()`.
        OSError: the connection broke, or was closed here.
    """
    while (left := deadline - time.monotonic()) > 0:
        try:
            return connection.recv(want)
        except BlockingIOError:
            _wait(connection, selectors.EVENT_READ, left)
    raise TimeoutError


def send_all(connection: socket.socket, data: bytes, deadline: float) -> None:
    """Send all of `data`.

    Raises:
        TimeoutError: the other side did not take it until `deadline`.
        OSError: the connection broke, or was closed here.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[connection.send(rest) :]
        except BlockingIOError:
            if (left := deadline - time.monotonic()) <= 0:
                raise TimeoutError from None
            _wait(connection, selectors.EVENT_WRITE, left)


def _wait(connection: socket.socket, event: int, seconds: float) -> None:
    with _Selector() as waiting:
        try:
            waiting.register(connection, event)
        except ValueError as error:  # it has no number any more
            raise ConnectionAbortedError from error
        waiting.select(seconds)
