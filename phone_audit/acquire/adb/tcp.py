"""A phone's adbd on a TCP port, and sockets that one thread reads, another writes and a third closes.

Python's own time limits belong to a socket, so that who reads and who writes would change each other's: the functions
here take sockets that do not block.
"""

import contextlib
import errno
import selectors
import socket
import time

from phone_audit.acquire.adb.states import lost, no_adbd, refuses_connections
from phone_audit.acquire.adb.wire import WRITE_TIMEOUT
from phone_audit.errors import AcquireError

# Windows has one only
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)

CONNECT_TIMEOUT = 10.0


def split_address(target: str) -> tuple[str, int] | None:
    """Split HOST:PORT; an IPv6 address stands in brackets. None where `target` is no such address.

    Example:
        >>> split_address("[::1]:5555")
        ('::1', 5555)
        >>> split_address("usb:1-2")
    """
    host, colon, port = target.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        return None
    bracketed = host.startswith("[") and host.endswith("]")
    if ":" in host and not bracketed:
        return None
    return (host[1:-1] if bracketed else host), int(port)


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


class TcpLink:
    """A TCP connection to a phone; see `Link`."""

    def __init__(self, name: str, host: str, port: int) -> None:
        """Connect; a NoDeviceError where nothing listens there, or it cannot be reached."""
        self.name = name
        try:
            self._socket = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT)
        except TimeoutError as error:
            raise refuses_connections(name, "the connection timed out") from error
        except OSError as error:
            raise refuses_connections(name, _reason(error)) from error
        # Small requests must not wait for the acknowledgement of earlier ones, as Nagle's algorithm has it.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._heard = False

    def read(self, want: int, deadline: float) -> bytes:
        try:
            data = receive(self._socket, want, deadline)
        except TimeoutError:
            raise
        except OSError as error:
            raise self._end(_reason(error)) from error
        if not data:
            raise self._end("it closed the connection")
        self._heard = True
        return data

    def write(self, data: bytes) -> None:
        try:
            send_all(self._socket, data, time.monotonic() + WRITE_TIMEOUT)
        except TimeoutError as error:
            raise self._end("it takes no data") from error
        except OSError as error:
            raise self._end(_reason(error)) from error

    def _end(self, why: str) -> AcquireError:
        """A phone that was heard is lost; what never said a word was none."""
        return lost(self.name, why) if self._heard else no_adbd(self.name, "it ends the connection without a word")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, ConnectionAbortedError) or error.errno == errno.EBADF:
        return "this program closed the connection"
    if isinstance(error, socket.gaierror):
        return "the name of the host is not known"
    return (error.strerror or str(error) or type(error).__name__).lower()
