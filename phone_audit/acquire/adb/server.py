"""Asks an adb server that is already running, in the smart socket protocol (AOSP adb/OVERVIEW.TXT, SERVICES.TXT).

The server is the user's: it is never started, ended or restarted, and it is left with the phones it had.
"""

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from phone_audit.acquire.adb import states
from phone_audit.acquire.adb.stream import ServiceRefusedError
from phone_audit.acquire.transport import OnWait
from phone_audit.errors import AcquireError, CommandError, ProtocolError
from phone_audit.model.stated import parsed_address

ANSWER_TIMEOUT = 10.0
"""Seconds in which a server on this computer answers."""

CONNECT_TIMEOUT = 20.0
"""Seconds in which it tells whether it reached a phone on the network."""

PAIR_TIMEOUT = 30.0
"""Seconds in which it tells whether a phone took the pairing code."""

LONGEST = 0xFFFF
"""Bytes of one request: its length is four hexadecimal digits."""

_POLL = 0.3
_SETTLING = 5.0  # seconds a phone may be `connecting` or `authorizing` before it counts as offline
_SHOWN_TAGS = ("product", "model", "device")


class ServerError(Exception):
    """The server refuses, or does not speak the protocol; the argument is what it says."""


@dataclass(frozen=True)
class ListedPhone:
    """A phone as the server lists it, in one of the states that `adb devices` names.

    `serial` may be HOST:PORT; `usb` is false for a phone on the network; `banner` has product, model and device.
    """

    server: "AdbServer"
    serial: str
    state: str
    model: str | None
    usb: bool
    banner: str = ""


class AdbServer:
    def __init__(self, host: str, port: int) -> None:
        self._address = host, port

    def version(self) -> int:
        """Return its version, such as 41; raises ServerError, OSError or ValueError where no adb server answers."""
        return int(self._query("host:version"), 16)

    def phones(self) -> tuple[ListedPhone, ...]:
        """List the phones it holds, in whatever state, by serial; a ProtocolError where it is no adb server."""
        with self._answering():
            lines = self._query("host:devices-l").splitlines()
        found = (self._listed(line.split()) for line in lines)
        return tuple(sorted((phone for phone in found if phone), key=lambda phone: phone.serial))

    def state_of(self, serial: str) -> str | None:
        """The state of one phone, None where the server does not know it."""
        return next((phone.state for phone in self.phones() if phone.serial == serial), None)

    def connect(self, address: str) -> None:
        """Let the server connect to HOST:PORT; a NoDeviceError where it could not."""
        with self._answering():
            try:
                said = self._query(f"host:connect:{address}", CONNECT_TIMEOUT)
            except ServerError as error:
                said = str(error)
        if not said.startswith(("connected to", "already connected to", "failed to authenticate to")):
            raise states.refuses_connections(address, f"the adb server reports {said!r}")

    def disconnect(self, address: str) -> None:
        """Let the server disconnect from HOST:PORT. Never raises."""
        with contextlib.suppress(AcquireError), self._answering():
            self._query(f"host:disconnect:{address}")

    def pair(self, address: str, code: str) -> str:
        """Let the server pair with a phone's wireless debugging, and return what it says of that.

        The request is `host:pair:CODE:HOST:PORT` (AOSP adb/client/commandline.cpp); where it fails, version 34 puts a
        second word in front of its sentence, which adb itself cannot read. Raises a ProtocolError where it does not
        answer as an adb server.
        """
        with self._answering(), self._open(PAIR_TIMEOUT) as connection:
            try:
                _request(connection, f"host:pair:{code}:{address}".encode())
                length = _read_string(connection, 4)
                if length in ("OKAY", "FAIL"):
                    length = _read_string(connection, 4)
                return _read_string(connection, int(length, 16))
            except ServerError as error:
                return str(error)

    def wait_for(self, serial: str, patience: float, on_wait: OnWait | None) -> bool:
        """Wait until a phone that is listed can be used, `patience` seconds for its person; else raise one of `states`.

        `on_wait` is told when the person must look at the phone's screen.
        """
        started = time.monotonic()
        asked = False
        while (state := self.state_of(serial)) != "device":
            waited = time.monotonic() - started
            if state == "unauthorized" and waited < patience:
                if not asked and on_wait is not None:
                    on_wait(states.waiting(serial), patience - waited)
                asked = True
            elif state not in ("connecting", "authorizing", "offline", None) or waited > _SETTLING:
                raise states.listed_as(serial, state)
            time.sleep(_POLL)
        return asked

    def open_service(self, serial: str, service: bytes) -> socket.socket:
        """Open one service on a phone.

        Raises:
            ServiceRefusedError: the phone does not offer it.
            CommandError: the request is too long.
            DeviceLostError: the server no longer has the phone, or is gone itself.
        """
        if len(service) > LONGEST:
            raise CommandError(f"A command of {len(service)} bytes is too long for an adb server ({LONGEST}).")
        try:
            with contextlib.ExitStack() as on_failure:
                connection = on_failure.enter_context(self._open())
                _request(connection, b"host:transport:" + serial.encode())
                _request(connection, service)
                on_failure.pop_all()
        except (ServerError, OSError, ValueError) as error:
            if str(error) == "closed":
                raise ServiceRefusedError(service) from error
            raise states.lost(serial, f"the adb server reports {str(error)!r}") from error
        return connection

    def _listed(self, words: list[str]) -> ListedPhone | None:
        """Read a line of `devices -l`: serial, state, and tags such as `model:Pixel_8`."""
        if len(words) < 2:
            return None
        serial, state, *rest = words
        if state == "no":
            state = "no permissions"  # the one state of two words; an explanation follows
        tags = dict(word.split(":", 1) for word in rest if ":" in word)
        model = tags.get("model", "").replace("_", " ") or None
        banner = ";".join(f"{tag}={tags[tag]}" for tag in _SHOWN_TAGS if tag in tags)
        return ListedPhone(self, serial, state, model, "usb" in tags, banner)

    def _open(self, timeout: float | None = None) -> socket.socket:
        connection = socket.create_connection(self._address, timeout=ANSWER_TIMEOUT)
        connection.settimeout(timeout or ANSWER_TIMEOUT)
        return connection

    def _query(self, request: str, timeout: float | None = None) -> str:
        with self._open(timeout) as connection:
            _request(connection, request.encode())
            return _read_text(connection)

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except (ServerError, OSError, ValueError) as error:
            host, port = self._address
            raise ProtocolError(
                f"What answers at {host}:{port} does not answer like an adb server ({error}).",
                hint="Restart it with 'adb kill-server' and 'adb start-server', or add --via direct.",
            ) from error


def _request(connection: socket.socket, request: bytes) -> None:
    """Send one request, and take its OKAY; a ServerError where the answer is FAIL, or none of the protocol."""
    connection.sendall(b"%04x%b" % (len(request), request))
    answer = _read(connection, 4)
    if answer == b"FAIL":
        raise ServerError(_read_text(connection))
    if answer != b"OKAY":
        raise ServerError(f"Unknown data: {answer!r}")


def _read_text(connection: socket.socket) -> str:
    """Return a text whose length stands before it, in four hexadecimal digits."""
    length = _read_string(connection, 4)
    if not length:
        raise ServerError("connection closed")
    return _read_string(connection, int(length, 16))


def _read_string(connection: socket.socket, size: int) -> str:
    return _read(connection, size).decode("utf-8", "replace")


def _read(connection: socket.socket, size: int) -> bytes:
    """Return `size` bytes, or fewer at the end of the connection."""
    data = b""
    try:
        while len(data) < size and (piece := connection.recv(size - len(data))):
            data += piece
    except TimeoutError as error:
        raise ServerError("adb read timeout") from error
    return data


def find_server(environ: Mapping[str, str] = os.environ) -> AdbServer | None:
    """Find the adb server of this computer, where one is running.

    Its place is `$ANDROID_ADB_SERVER_PORT` on the loopback address; a server elsewhere, which
    `$ANDROID_ADB_SERVER_ADDRESS` can name, is not used: it may not be this user's.
    """
    host = environ.get("ANDROID_ADB_SERVER_ADDRESS", "127.0.0.1")
    port = environ.get("ANDROID_ADB_SERVER_PORT", str(states.ADB_SERVER_PORT))
    if not (_is_loopback(host) and port.isascii() and port.isdigit() and 0 < int(port) < 2**16):
        return None
    server = AdbServer(host, int(port))
    try:
        server.version()
    except (ServerError, OSError, ValueError):
        return None
    return server


def _is_loopback(host: str) -> bool:
    address = parsed_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
