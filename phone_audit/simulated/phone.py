"""A simulated phone on a loopback port, for the demo and the tests, and what a computer may open on it.

That is `exec`, and `sync` for the bytes of files; nothing can be sent to the phone. Source: AOSP
`adb/daemon/services.cpp`, `adb/SYNC.TXT` and `adb/file_sync_protocol.h`.

Example:
    >>> with SimulatedPhone("nokia7plus") as phone:
    ...     host, _, port = phone.address.partition(":")
    >>> host
    '127.0.0.1'
"""

import errno
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from phone_audit.simulated.answers import answer
from phone_audit.simulated.call import Phone, Streams
from phone_audit.simulated.connection import Connection, Service, Stream
from phone_audit.simulated.profile import Profile, load_profile
from phone_audit.simulated.tree import Tree

LOOPBACK = "127.0.0.1"
_MOST_CONNECTIONS = 16
_MOST_INPUT = 16 * 1024 * 1024
_REQUEST = struct.Struct("<4sI")
_STAT = struct.Struct("<4sIII")
_LONGEST_PATH = 1024
LARGEST_DATA = 64 * 1024
"""Bytes of one DATA block (SYNC_DATA_MAX)."""


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

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
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


def run_command(stream: Stream, text: str, phone: Phone) -> None:
    """Run a command whose output and errors are one, and whose exit status is not sent: `exec:`."""
    answer(text, phone, Streams(StreamInput(stream.read), stream, stream))


class StreamInput:
    """Standard input as a file; `more` returns the next bytes that arrived on the stream, or nothing at the end."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more = more
        self._data = b""

    def readline(self) -> bytes:
        """Return the next line with its end; one without is the last."""
        while b"\n" not in self._data and (data := self._more()):
            self._data += data
            if len(self._data) > _MOST_INPUT:
                raise BrokenPipeError
        line, newline, self._data = self._data.partition(b"\n")
        return line + newline


class SyncService:
    """The `sync:` service on one stream."""

    def __init__(self, stream: Stream, tree: Tree) -> None:
        self.stream = stream
        self.tree = tree
        self._data = bytearray()

    def serve(self) -> None:
        """Answer requests until the computer says QUIT. Raises BrokenPipeError where the computer has left."""
        while True:
            request, length = self.take_request()
            if request == b"QUIT":
                return
            if length > _LONGEST_PATH:
                self.fail("path too long")
                return
            if not self.answer(request, self.take(length).decode("utf-8", "surrogateescape")):
                self.fail(f"unknown command {request.hex()}")
                return

    def answer(self, request: bytes, path: str) -> bool:
        if request == b"STAT":
            self._stat(path)
        elif request == b"RECV":
            self._receive(path)
        else:
            return False
        return True

    def take_request(self) -> tuple[bytes, int]:
        """Return the next word and the number behind it."""
        word, number = _REQUEST.unpack(self.take(_REQUEST.size))
        return word, number

    def take(self, size: int) -> bytes:
        """Return exactly `size` bytes. Raises BrokenPipeError where the other side closed the stream before."""
        while len(self._data) < size:
            data = self.stream.read()
            if not data:
                raise BrokenPipeError
            self._data += data
        taken = bytes(self._data[:size])
        del self._data[:size]
        return taken

    def fail(self, text: str) -> None:
        """Say why a request is not fulfilled."""
        self._put(b"FAIL", text.encode("utf-8", "surrogateescape"))

    def _put(self, word: bytes, data: bytes) -> None:
        self.stream.write(_REQUEST.pack(word, len(data)) + data)

    def _stat(self, path: str) -> None:
        try:
            node = self.tree.find(path, follow=False)
            facts = node.mode, node.size, node.time
        except OSError:
            facts = 0, 0, 0
        self.stream.write(_STAT.pack(b"STAT", *facts))

    def _receive(self, path: str) -> None:
        try:
            file = self.tree.open(path)
        except OSError as error:
            self.fail(f"open failed: {os.strerror(error.errno or errno.EIO)}")
            return
        with file:
            while data := file.read(LARGEST_DATA):
                self._put(b"DATA", data)
        self._put(b"DONE", b"")
