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

from phone_audit.simulated.call import Phone
from phone_audit.simulated.connection import Connection, Service
from phone_audit.simulated.profile import Profile, load_profile
from phone_audit.simulated.services import SyncService, run_command
from phone_audit.simulated.tree import Tree

LOOPBACK = "127.0.0.1"
_MOST_CONNECTIONS = 16


class SimulatedPhone:
    """A phone that speaks the ADB protocol and asks no computer for a key; a context manager.

    Args:
        profile: the name of a profile that comes with the program, a folder with a `profile.json`, or the profile.
        clock: gives the phone's time, in seconds since 1970.

    Attributes:
        address: where to connect to, `HOST:PORT`.
        complaints: what computers did against the protocol so far, a sentence each.

    Raises:
        UsageError: no such profile.
    """

    def __init__(self, profile: str | Path | Profile = "nokia7plus", *, clock: Callable[[], float] = time.time) -> None:
        self.profile = profile if isinstance(profile, Profile) else load_profile(profile)
        self.phone = Phone(self.profile, Tree(self.profile), clock)
        self.complaints: list[str] = []
        self._lock = threading.Lock()
        self._connections: set[Connection] = set()
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._threads: list[threading.Thread] = []
        self._unplugged = False
        self._listener = socket.create_server((LOOPBACK, 0), backlog=_MOST_CONNECTIONS)
        self.port: int = self._listener.getsockname()[1]
        self.address = f"{LOOPBACK}:{self.port}"

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

    def connection(self, line: socket.socket) -> Connection:
        """Return what speaks ADB over a connected socket."""
        return Connection(line, self.profile, self.service)

    def service(self, name: str) -> Service | None:
        """Return the service of a name such as `exec:id`, or None where the phone has none."""
        if name.startswith("exec:"):
            return lambda stream: run_command(stream, name.removeprefix("exec:"), self.phone)
        if name == "sync:":
            return lambda stream: SyncService(stream, self.phone.tree).serve()
        return None

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return  # unplugged
            connection = self.connection(line)
            with self._lock:
                full = self._unplugged or len(self._connections) >= _MOST_CONNECTIONS
                if not full:
                    self._connections.add(connection)
            if full:
                line.close()
                continue
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads = [*(other for other in self._threads if other.is_alive()), thread]
            thread.start()

    def _serve(self, connection: Connection) -> None:
        complaint = connection.run()
        with self._lock:
            self._connections.discard(connection)
        if complaint:
            self.complaints.append(complaint)
