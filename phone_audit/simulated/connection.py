"""One connection of a computer to the simulated phone: handshake, then streams."""

import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

from phone_audit.errors import ProtocolError
from phone_audit.simulated.auth import TOKEN_SIZE, decode_offer
from phone_audit.simulated.gate import Gate
from phone_audit.simulated.profile import Daemon
from phone_audit.simulated.protocol import (
    AUTH_PUBLIC_KEY,
    AUTH_SIGNATURE,
    AUTH_TOKEN,
    HANDSHAKE_PAYLOAD,
    VERSION_UNCHECKED,
    Message,
    encode,
    read_message,
)
from phone_audit.simulated.stream import Stream

Service = Callable[[Stream], None]
"""Serves one stream until it is done; a `BrokenPipeError` means that the other side has gone."""

_MOST_STREAMS = 64
_MOST_TRIES = 64  # keys that one computer may try


class Connection:
    """Speaks ADB over one socket.

    Args:
        line: the connected socket; closed at the end.
        send: sends bytes on it, all of them or an `OSError`.
        daemon: version, packet size and features to announce.
        banner: the phone's CNXN text.
        gate: who may in.
        open_service: the service of a name, or None where the phone has none.
    """

    def __init__(
        self,
        line: socket.socket,
        send: Callable[[socket.socket, bytes], None],
        *,
        daemon: Daemon,
        banner: bytes,
        gate: Gate,
        open_service: Callable[[str], Service | None],
    ) -> None:
        self._line = line
        self._send_bytes = send
        self._daemon = daemon
        self._banner = banner
        self._gate = gate
        self._open_service = open_service
        self._sending = threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._streams_lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._next_id = 1
        self._token = b""
        self._tries = 0
        self._online = False
        self._checked = True
        self._largest = HANDSHAKE_PAYLOAD

    def run(self) -> str | None:
        """Serve until the line is closed.

        Returns:
            What the other side did wrong, where that is why it ended.
        """
        complaint = None
        try:
            while True:
                self._handle(read_message(self._receive, largest=self._largest, checked=self._checked))
        except ProtocolError as error:
            complaint = error.message
        except OSError:
            pass  # the line is closed; nothing to say to anybody
        self.hang_up()
        for thread in self._threads:
            thread.join()
        self._line.close()
        return complaint

    def hang_up(self) -> None:
        """End the connection from any thread; `run` then returns."""
        with suppress(OSError):  # gone already
            self._line.shutdown(socket.SHUT_RDWR)
        self._drop_streams()

    def _receive(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self._line.recv(min(size - len(parts), 1 << 16))
            if not part:
                raise ConnectionResetError
            parts += part
        return bytes(parts)

    def _send(self, message: Message) -> None:
        """Send a message; a line that is gone looks like a closed stream to whoever writes."""
        data = encode(message, checked=self._checked)
        try:
            with self._sending:
                self._send_bytes(self._line, data)
        except OSError as error:
            self.hang_up()
            raise BrokenPipeError from error

    def _handle(self, message: Message) -> None:
        if message.command == b"CNXN":
            self._hello(message)
        elif message.command == b"AUTH":
            self._authenticate(message)
        elif not self._online:
            return  # adbd does not listen to a computer that is not in yet
        elif message.command == b"OPEN":
            self._open(message)
        else:
            self._pass_on(message)

    def _hello(self, message: Message) -> None:
        if not message.payload.startswith(b"host:"):
            raise ProtocolError("A CNXN arrived that is not from a computer.")
        self._online = False
        self._drop_streams()
        self._checked = min(message.arg0, self._daemon.version) < VERSION_UNCHECKED
        self._largest = max(1, min(message.arg1, self._daemon.max_data))
        if self._gate.open:
            self._welcome()
        else:
            self._ask()

    def _welcome(self) -> None:
        self._online = True
        self._send(Message(b"CNXN", self._daemon.version, self._daemon.max_data, self._banner))

    def _admit(self) -> None:
        """Let a computer in whose key was accepted just now; it may have left meanwhile."""
        with suppress(BrokenPipeError):
            self._welcome()

    def _ask(self) -> None:
        self._token = secrets.token_bytes(TOKEN_SIZE)
        self._send(Message(b"AUTH", AUTH_TOKEN, 0, self._token))

    def _authenticate(self, message: Message) -> None:
        if self._online or not self._token:
            raise ProtocolError("An AUTH arrived that nobody asked for.")
        if message.arg0 == AUTH_SIGNATURE:
            self._tries += 1
            if self._gate.trusts(self._token, message.payload):
                self._welcome()
            elif self._tries < _MOST_TRIES:
                self._ask()
            else:
                raise ProtocolError("Too many keys were tried.")
        elif message.arg0 == AUTH_PUBLIC_KEY:
            key = decode_offer(message.payload)
            if key is None:
                raise ProtocolError("The offered key is not in Android's form.")
            self._gate.offer(key, self._admit)
        else:
            raise ProtocolError(f"An AUTH of unknown kind {message.arg0} arrived.")

    def _open(self, message: Message) -> None:
        if message.arg0 == 0 or message.arg1 != 0:
            raise ProtocolError("An OPEN must name its own stream and none of the phone's.")
        name = message.payload.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        with self._streams_lock:
            room = len(self._streams) < _MOST_STREAMS
        service = self._open_service(name) if room else None
        if service is None:
            self._send(Message(b"CLSE", 0, message.arg0))
            return
        stream = Stream(self._next_id, message.arg0, self._send, self._largest)
        self._next_id += 1
        with self._streams_lock:
            self._streams[stream.local] = stream
        self._send(Message(b"OKAY", stream.local, stream.remote))
        thread = threading.Thread(target=self._serve, args=(stream, service), daemon=True)
        self._threads = [*(other for other in self._threads if other.is_alive()), thread]
        thread.start()

    def _serve(self, stream: Stream, service: Service) -> None:
        try:
            service(stream)
            stream.close()
        except BrokenPipeError:
            pass  # the reader has gone: the command dies, as by SIGPIPE
        finally:
            with self._streams_lock:
                self._streams.pop(stream.local, None)

    def _pass_on(self, message: Message) -> None:
        with self._streams_lock:
            stream = self._streams.get(message.arg1)
        if stream is None or message.arg0 not in (stream.remote, 0):
            return  # closed on our side meanwhile
        if message.command == b"OKAY":
            stream.taken()
        elif message.command == b"WRTE":
            stream.arrived(message.payload)
        elif not stream.closed:
            stream.dropped()
            self._send(Message(b"CLSE", stream.local, stream.remote))

    def _drop_streams(self) -> None:
        with self._streams_lock:
            streams = tuple(self._streams.values())
        for stream in streams:
            stream.dropped()
