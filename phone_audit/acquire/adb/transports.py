"""The two ways to a phone: straight to its adbd over TCP or USB, and through an adb server that holds it."""

import contextlib
import socket
import threading
import time
import weakref
from collections.abc import Callable, Sequence

from phone_audit.acquire.adb import handshake, states
from phone_audit.acquire.adb.keys import AdbKey
from phone_audit.acquire.adb.multiplex import DirectStream, Session
from phone_audit.acquire.adb.server import ANSWER_TIMEOUT, AdbServer
from phone_audit.acquire.adb.stream_transport import StreamTransport
from phone_audit.acquire.adb.tcp import receive, send_all, split_address
from phone_audit.acquire.adb.wire import Link
from phone_audit.acquire.transport import ADB_SERVER, Handshake, OnWait
from phone_audit.errors import ProtocolError

_PIECE = 2**18


def connect_directly(
    link: Link,
    keys: Sequence[AdbKey],
    *,
    patience: float,
    on_wait: OnWait | None,
    redial: Callable[[], Link] | None = None,
) -> "DirectTransport":
    """Do the handshake on an open link, as `handshake.shake_hands`; close the link when it fails.

    `redial` opens a link to the same phone anew; None where a phone that is lost stays lost.
    """

    def greet(link: Link) -> handshake.Greeting:
        try:
            return handshake.shake_hands(link, keys, patience, on_wait)
        except BaseException:
            link.close()
            raise

    return DirectTransport(greet(link), (lambda: greet(redial())) if redial else None)


class DirectTransport(StreamTransport):
    """A phone without an adb server between; see `Transport`."""

    def __init__(
        self, greeting: handshake.Greeting, greet_again: Callable[[], handshake.Greeting] | None = None
    ) -> None:
        """Take over a connection after the handshake; `greet_again` makes another to the same phone."""
        super().__init__(greeting.wire.name, "direct")
        self.model = greeting.model
        self.handshake = greeting.handshake
        self._greet_again = greet_again
        self._session = _session(greeting)

    def open(self, service: bytes) -> DirectStream:
        return self._session.open(service)

    def confirm(self) -> None:
        self._session.confirm()

    def connect_again(self) -> None:
        if self._greet_again is None:
            raise states.lost(self.serial, "there is no way back to it")
        self._session.close()
        greeting = self._greet_again()
        session = _session(greeting)
        before, now = self.handshake, greeting.handshake
        if now.banner != before.banner or (now.asked and not before.asked):
            session.close()
            raise states.lost(self.serial, "another phone is in its place")
        self._session = session
        if self._closed:  # meanwhile, by another thread
            session.close()

    def close(self) -> None:
        self._closed = True
        self._session.close()


def _session(greeting: handshake.Greeting) -> Session:
    return Session(greeting.wire, greeting.longest, delayed=handshake.DELAYED_ACK in greeting.features)


class ServerTransport(StreamTransport):
    """A phone through an adb server; see `Transport`."""

    def __init__(self, server: AdbServer, serial: str, *, asked: bool = False, disconnect: bool = False) -> None:
        """Use a phone in the state `device`, by its serial as the server lists it.

        `asked`: the person had to accept the key; `disconnect`: the server was asked to connect, and disconnects at the
        end.
        """
        super().__init__(serial, "server")
        self._server = server
        self.asked = asked
        self._disconnect = disconnect
        self._streams: weakref.WeakSet[ServerStream] = weakref.WeakSet()
        self._lock = threading.Lock()  # guards `_streams`

    @property
    def handshake(self) -> Handshake:
        """What the server lists of the phone; it does not tell which key the phone accepted."""
        try:
            listed = self._server.phones()
        except ProtocolError:  # the next question tells that it is gone
            return Handshake("", None, self.asked)
        banner = ";".join(phone.banner for phone in listed if phone.serial == self.serial)
        return Handshake(banner, ADB_SERVER, self.asked)

    def open(self, service: bytes) -> "ServerStream":
        self._raise_if_closed()
        stream = ServerStream(self, self._server.open_service(self.serial, service))
        with self._lock:
            self._streams.add(stream)
        return stream

    def close(self) -> None:
        was_open, self._closed = not self._closed, True
        with self._lock:
            for stream in self._streams:
                stream.end()
        if self._disconnect and was_open:
            self._server.disconnect(self.serial)

    def connect_again(self) -> None:
        """See `StreamTransport.connect_again`. The server finds a phone on USB again by itself."""
        if self._server.state_of(self.serial) in (None, "offline") and split_address(self.serial):
            self._server.connect(self.serial)
        self._server.wait_for(self.serial, 0, None)

    def confirm(self) -> None:
        """Raise where the server no longer has the phone."""
        self._raise_if_closed()
        try:
            state = self._server.state_of(self.serial)
        except ProtocolError as error:
            raise states.lost(self.serial, "the adb server ended") from error
        if state != "device":
            raise states.lost(self.serial, "the adb server lost it")

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise states.lost(self.serial, "this program closed the connection")


class ServerStream:
    """One service through the server; see `Stream`."""

    def __init__(self, transport: ServerTransport, connection: socket.socket) -> None:
        self._transport = transport
        self._connection = connection
        connection.setblocking(False)

    def read(self, deadline: float) -> bytes:
        try:
            return receive(self._connection, _PIECE, deadline)
        except TimeoutError:
            raise
        except OSError:
            return b""  # `confirm` tells whether the phone is gone

    def write(self, data: bytes) -> None:
        try:
            send_all(self._connection, data, time.monotonic() + ANSWER_TIMEOUT)
        except OSError as error:
            self.confirm()
            raise states.lost(self._transport.serial, f"the adb server reports {str(error)!r}") from error

    def end(self) -> None:
        """Let whoever reads or writes learn that it is over."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.end()
        self._connection.close()

    def confirm(self) -> None:
        self._transport.confirm()
