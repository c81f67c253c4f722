"""A simulated phone on a loopback port, for the demo and the tests.

Example:
    >>> with SimulatedPhone("nokia7plus") as phone:
    ...     host, _, port = phone.address.partition(":")
    >>> host
    '127.0.0.1'
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from phone_audit.errors import UsageError
from phone_audit.simulated.auth import POLICIES, Policy
from phone_audit.simulated.connection import Connection
from phone_audit.simulated.gate import Gate
from phone_audit.simulated.profile import Profile, load_profile
from phone_audit.simulated.services import Service, Services
from phone_audit.simulated.tree import Tree

LOOPBACK = "127.0.0.1"
_MOST_CONNECTIONS = 16


class SimulatedPhone:
    """A phone that speaks the ADB protocol; a context manager.

    Args:
        profile: the name of a profile that comes with the program, a folder with a `profile.json`, or the profile.
        port: the loopback port to listen on; 0 lets the system choose.
        auth: what happens to a computer: `off` asks for no key, `accept` trusts a new key at once, `ask` shows a
            dialog until `answer` is called, `refuse` says no.
        cut_after: the cable is pulled when the phone has sent that many bytes in all.
        clock: gives the phone's time, in seconds since 1970.

    Raises:
        UsageError: no such profile or policy, or the port is taken.
    """

    def __init__(
        self,
        profile: str | Path | Profile = "nokia7plus",
        *,
        port: int = 0,
        auth: Policy = "off",
        cut_after: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if auth not in POLICIES:
            raise UsageError(f"{auth!r} is no policy of a simulated phone; known are {', '.join(POLICIES)}.")
        self.profile = profile if isinstance(profile, Profile) else load_profile(profile)
        self.gate = Gate(auth)
        self._services = Services(self.profile, Tree(self.profile), clock)
        self._left = cut_after
        self._lock = threading.Lock()
        self._connections: set[Connection] = set()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._threads: list[threading.Thread] = []
        self._opened: list[str] = []
        self._complaints: list[str] = []
        self._unplugged = False
        try:
            self._listener = socket.create_server((LOOPBACK, port), backlog=_MOST_CONNECTIONS)
        except OSError as error:
            raise UsageError(f"Port {port} is taken.", "Give another port, or 0 to let the system choose.") from error
        self.port: int = self._listener.getsockname()[1]

    @property
    def address(self) -> str:
        """Where to connect to, `HOST:PORT`."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def opened(self) -> tuple[str, ...]:
        """Every service that was asked for so far, such as `shell,v2,raw:id`."""
        with self._lock:
            return tuple(self._opened)

    @property
    def complaints(self) -> tuple[str, ...]:
        """What computers did against the protocol so far, a sentence each."""
        with self._lock:
            return tuple(self._complaints)

    def __enter__(self) -> Self:
        """Begin to take connections."""
        self._acceptor.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End every connection and wait for what serves them."""
        self.close()

    def close(self) -> None:
        """End every connection, and wait for what serves them."""
        self.unplug()
        if self._acceptor.is_alive():
            self._acceptor.join()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def unplug(self) -> None:
        """Pull the cable: every connection breaks, and nobody can connect any more."""
        with self._lock:
            self._unplugged = True
            connections = tuple(self._connections)
        with suppress(OSError):  # not listening any more
            self._listener.shutdown(socket.SHUT_RDWR)
        for connection in connections:
            connection.hang_up()

    def answer(self, *, yes: bool) -> bool:
        """Tap the dialog that asks about a key; tells whether there was one."""
        return self.gate.answer(yes=yes)

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return  # unplugged
            connection = Connection(
                line,
                self._send,
                daemon=self.profile.daemon,
                banner=self.profile.banner,
                gate=self.gate,
                open_service=self._open,
            )
            with self._lock:
                full = self._unplugged or len(self._connections) >= _MOST_CONNECTIONS
                if not full:
                    self._connections.add(connection)
            if full:
                line.close()
            else:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads = [*(other for other in self._threads if other.is_alive()), thread]
                thread.start()

    def _serve(self, connection: Connection) -> None:
        complaint = connection.run()
        with self._lock:
            self._connections.discard(connection)
            if complaint:
                self._complaints.append(complaint)

    def _open(self, name: str) -> Service | None:
        with self._lock:
            self._opened.append(name)
        return self._services.find(name)

    def _send(self, line: socket.socket, data: bytes) -> None:
        """Send bytes as far as the cable reaches.

        Raises:
            OSError: the line is gone, or goes now.
        """
        with self._lock:
            reach = len(data) if self._left is None else min(self._left, len(data))
            if self._left is not None:
                self._left -= reach
        line.sendall(data[:reach])
        if reach < len(data):
            self.unplug()
            raise ConnectionAbortedError
