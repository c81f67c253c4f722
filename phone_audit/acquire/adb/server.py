"""Through an adb server that is already running; the only file that imports adbutils.

The server is the user's: it is never started, ended or restarted, and it is left with the phones it had.
"""

import contextlib
import ipaddress
import os
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from adbutils import AdbClient, AdbConnection, AdbError  # noqa: TID251

from phone_audit.acquire.adb import states
from phone_audit.acquire.adb.sockets import receive, send_all, share
from phone_audit.acquire.adb.streamed import ServiceRefusedError, StreamTransport
from phone_audit.acquire.adb.tcp import split_address
from phone_audit.acquire.transport import ADB_SERVER, Handshake
from phone_audit.errors import AcquireError, CommandError, ProtocolError

DEFAULT_PORT = 5037
ANSWER_TIMEOUT = 10.0
"""Seconds in which a server on this computer answers."""

CONNECT_TIMEOUT = 20.0
"""Seconds in which it tells whether it reached a phone on the network."""

PAIR_TIMEOUT = 30.0
"""Seconds in which it tells whether a phone took the pairing code."""

LONGEST = 0xFFFF
"""Bytes of one request: its length is four hexadecimal digits (AOSP adb/OVERVIEW.TXT)."""

_POLL = 0.3
_SETTLING = 5.0  # seconds a phone may be `connecting` or `authorizing` before it counts as offline
_PIECE = 2**18


@dataclass(frozen=True)
class Listed:
    """A phone as the server `held_by` lists it. `usb` is false for one on the network."""

    held_by: "AdbServer"
    serial: str
    state: str
    model: str | None
    usb: bool


class _Connection(AdbConnection):  # type: ignore[misc]
    """adbutils starts a server where none answers; this one lets it be."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        super().__init__(host, port)

    def _safe_connect(self) -> socket.socket:
        return socket.create_connection(self._address, timeout=ANSWER_TIMEOUT)


class _Client(AdbClient):  # type: ignore[misc]
    def make_connection(self, timeout: float | None = None) -> AdbConnection:
        connection = _Connection(self.host, self.port)
        if timeout is not None:
            connection.conn.settimeout(timeout)
        return connection


class AdbServer:
    """A running adb server."""

    def __init__(self, client: AdbClient) -> None:
        self._client = client

    def phones(self) -> tuple[Listed, ...]:
        """List the phones it holds, in whatever state, sorted by serial.

        Raises:
            ProtocolError: it does not answer as an adb server.
        """
        with self._speaking():
            found = [
                Listed(
                    self,
                    info.serial,
                    # "no permissions (…)" is two words, of which adbutils keeps the first
                    "no permissions" if info.state == "no" else info.state,
                    info.tags.get("model", "").replace("_", " ") or None,
                    "usb" in info.tags,
                )
                for info in self._client.list(extended=True)
            ]
        return tuple(sorted(found, key=lambda phone: phone.serial))

    def state_of(self, serial: str) -> str | None:
        """The state of one phone, None where the server does not know it."""
        return next((phone.state for phone in self.phones() if phone.serial == serial), None)

    def reach(self, address: str) -> None:
        """Let the server connect to HOST:PORT.

        Raises:
            NoDeviceError: it could not.
        """
        with self._speaking():
            try:
                said = self._client.connect(address, timeout=CONNECT_TIMEOUT)
            except AdbError as error:
                said = str(error)
        if not said.startswith(("connected to", "already connected to", "failed to authenticate to")):
            raise states.refuses_connections(address, f"the adb server says {said!r}")

    def pair(self, address: str, code: str) -> str:
        """Let the server pair with a phone's wireless debugging, and give what it says of that.

        The request is `host:pair:CODE:HOST:PORT` (AOSP adb/client/commandline.cpp); where it fails, version 34 puts a
        second word in front of its sentence, which adb itself cannot read.

        Raises:
            ProtocolError: it does not answer as an adb server.
        """
        with self._speaking():
            connection = self._client.make_connection(PAIR_TIMEOUT)
            try:
                request = f"host:pair:{code}:{address}".encode()
                connection.conn.sendall(b"%04x%b" % (len(request), request))
                connection.check_okay()
                length = connection.read_string(4)
                if length in ("OKAY", "FAIL"):
                    length = connection.read_string(4)
                said: str = connection.read_string(int(length, 16))
            except AdbError as error:
                said = str(error)
            finally:
                connection.conn.close()
        return said

    def forget(self, address: str) -> None:
        """Let the server disconnect from HOST:PORT. Never raises."""
        with contextlib.suppress(AcquireError), self._speaking():
            self._client.disconnect(address)

    def wait_for(self, serial: str, patience: float, on_wait: Callable[[str], None] | None) -> bool:
        """Wait until a phone that is listed can be used.

        Args:
            serial: as listed.
            patience: seconds to wait until the person has accepted the key.
            on_wait: gets a sentence when the person must look at the phone's screen.

        Raises:
            AcquireError: it cannot; see `states`.

        Returns:
            Whether the person had to accept the key.
        """
        started = time.monotonic()
        asked = False
        while (state := self.state_of(serial)) != "device":
            waited = time.monotonic() - started
            if state == "unauthorized" and waited < patience:
                if not asked and on_wait is not None:
                    on_wait(states.waiting(serial))
                asked = True
            elif state not in ("connecting", "authorizing", "offline", None) or waited > _SETTLING:
                raise trouble(serial, state)
            time.sleep(_POLL)
        return asked

    def banner_of(self, serial: str) -> str:
        """Return what the server lists of a phone: product, model and device; empty where it lists none.

        Raises:
            ProtocolError: it does not answer as an adb server.
        """
        with self._speaking():
            listed = [info for info in self._client.list(extended=True) if info.serial == serial]
        tags = ("product", "model", "device")
        return ";".join(f"{tag}={info.tags[tag]}" for info in listed for tag in tags if tag in info.tags)

    def open_service(self, serial: str, service: bytes) -> AdbConnection:
        """Open one service on a phone.

        Raises:
            ServiceRefusedError: the phone does not offer it.
            CommandError: the request is too long.
            DeviceLostError: the server no longer has the phone, or is gone itself.
        """
        if len(service) > LONGEST:
            raise CommandError(f"A command of {len(service)} bytes is too long for an adb server ({LONGEST}).")
        try:
            connection = self._client.make_connection()
            with contextlib.ExitStack() as on_failure:
                on_failure.callback(connection.conn.close)
                for request in (b"host:transport:" + serial.encode(), service):
                    connection.conn.sendall(b"%04x%b" % (len(request), request))
                    connection.check_okay()
                on_failure.pop_all()
        except (AdbError, OSError, ValueError, EOFError) as error:
            if str(error) == "closed":
                raise ServiceRefusedError(service) from error
            raise states.lost(serial, f"the adb server says {str(error)!r}") from error
        return connection

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except (AdbError, OSError, ValueError, EOFError) as error:
            name = f"{self._client.host}:{self._client.port}"
            raise ProtocolError(
                f"The adb server at {name} does not answer as one ({error}).",
                hint="Restart it with 'adb kill-server' and 'adb start-server', or add --via direct.",
            ) from error


def find_server(environ: Mapping[str, str] = os.environ) -> AdbServer | None:
    """Find the adb server of this computer, where one is running.

    Its place is `$ANDROID_ADB_SERVER_PORT` on the loopback address; a server elsewhere, which
    `$ANDROID_ADB_SERVER_ADDRESS` can name, is not used: it may not be this user's.
    """
    host = environ.get("ANDROID_ADB_SERVER_ADDRESS", "127.0.0.1")
    port = environ.get("ANDROID_ADB_SERVER_PORT", str(DEFAULT_PORT))
    if not (_is_loopback(host) and port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        return None
    client = _Client(host=host, port=int(port))
    try:
        client.server_version()
    except (AdbError, OSError, ValueError, EOFError):
        return None
    return AdbServer(client)


def trouble(serial: str, state: str | None) -> AcquireError:
    """What a state means in which the server cannot use a phone."""
    if state is None:
        return states.lost(serial, "the adb server no longer lists it")
    if state == "unauthorized":
        return states.unauthorized(serial)
    if state == "no permissions":
        return states.no_permission(serial, None)
    if state == "authorizing":
        return states.authorizing(serial)
    if state == "connecting":
        return states.connecting(serial)
    if state == "detached":
        return states.detached(serial)
    if state in states.MODES:
        return states.in_mode(serial, state)
    return states.offline(serial)


class ServerTransport(StreamTransport):
    """A phone that an adb server holds; see `Transport`."""

    def __init__(self, server: AdbServer, serial: str, *, asked: bool = False, forget: bool = False) -> None:
        """Use a phone in the state `device`.

        Args:
            server: holds the phone.
            serial: as the server lists it.
            asked: the person had to accept the key.
            forget: the server was asked to connect to it, and disconnects at the end.
        """
        super().__init__(serial, "server")
        self._server = server
        self.asked = asked
        self._forget = forget
        self._streams: weakref.WeakSet[ServerStream] = weakref.WeakSet()
        self._lock = threading.Lock()  # guards `_streams`

    @property
    def handshake(self) -> Handshake:
        """What the server lists of the phone; it does not tell which key the phone accepted."""
        try:
            return Handshake(self._server.banner_of(self.serial), ADB_SERVER, self.asked)
        except ProtocolError:  # the next question tells that it is gone
            return Handshake("", None, self.asked)

    def open(self, service: bytes) -> "ServerStream":
        """See `StreamTransport.open`."""
        if self._closed:
            raise states.lost(self.serial, "this program closed the connection")
        stream = ServerStream(self, self._server.open_service(self.serial, service))
        with self._lock:
            self._streams.add(stream)
        return stream

    def close(self) -> None:
        """See `Transport.close`."""
        was_open, self._closed = not self._closed, True
        with self._lock:
            for stream in self._streams:
                stream.end()
        if self._forget and was_open:
            self._server.forget(self.serial)

    def connect_again(self) -> None:
        """See `StreamTransport.connect_again`. The server finds a phone on USB again by itself."""
        if self._server.state_of(self.serial) in (None, "offline") and split_address(self.serial):
            self._server.reach(self.serial)
        self._server.wait_for(self.serial, 0, None)

    def confirm(self) -> None:
        """Raise where the server no longer has the phone."""
        if self._closed:
            raise states.lost(self.serial, "this program closed the connection")
        try:
            state = self._server.state_of(self.serial)
        except ProtocolError as error:
            raise states.lost(self.serial, "the adb server ended") from error
        if state != "device":
            raise states.lost(self.serial, "the adb server lost it")


class ServerStream:
    """One service through the server; see `Stream`."""

    def __init__(self, transport: ServerTransport, connection: AdbConnection) -> None:
        self._transport = transport
        self._connection = connection
        share(connection.conn)

    def read(self, deadline: float) -> bytes:
        """See `Stream.read`."""
        try:
            return receive(self._connection.conn, _PIECE, deadline)
        except TimeoutError:
            raise
        except OSError:
            return b""  # `confirm` tells whether the phone is gone

    def write(self, data: bytes) -> None:
        """See `Stream.write`."""
        try:
            send_all(self._connection.conn, data, time.monotonic() + ANSWER_TIMEOUT)
        except OSError as error:
            self._transport.confirm()
            raise states.lost(self._transport.serial, f"the adb server says {str(error)!r}") from error

    def end(self) -> None:
        """Let whoever reads or writes learn that it is over."""
        with contextlib.suppress(OSError):
            self._connection.conn.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See `Stream.close`."""
        self.end()
        self._connection.conn.close()  # adbutils' own close() sleeps for 10 ms

    def confirm(self) -> None:
        """See `Stream.confirm`."""
        self._transport.confirm()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
