"""One connection of a computer to the simulated phone: messages, the greeting, then streams with adb's flow control.

A message is 24 bytes of header, then the payload. Source: AOSP `packages/modules/adb/protocol.txt` and `adb.h`.
"""

import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from phone_audit.errors import ProtocolError
from phone_audit.simulated.profile import Profile

VERSION_UNCHECKED = 0x01000001
"""The first version in which the sum of a payload's bytes is left out (zero) and not looked at."""

HANDSHAKE_PAYLOAD = 4096
"""Largest payload before both sides have said what they take (MAX_PAYLOAD_V1)."""

_HEADER = struct.Struct("<4sIIIII")
_COMMANDS = (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE")


@dataclass(frozen=True)
class Message:
    """One message; `command` is its four letters."""

    command: bytes
    arg0: int
    arg1: int
    payload: bytes = b""


def checksum(payload: bytes) -> int:
    return sum(payload) & 0xFFFFFFFF


def encode(message: Message, *, checked: bool) -> bytes:
    """Return the bytes of a message; `checked` tells whether it carries its checksum."""
    total = checksum(message.payload) if checked else 0
    numbers = message.arg0, message.arg1, len(message.payload), total, _magic(message.command)
    return _HEADER.pack(message.command, *numbers) + message.payload


def read_message(receive: Callable[[int], bytes], *, largest: int, checked: bool) -> Message:
    """Read one message, with at most so many bytes of payload; `receive` returns exactly as many as it is asked for.

    Raises a ProtocolError for an unknown command, a wrong magic, a longer payload, or a wrong checksum where `checked`.
    """
    command, arg0, arg1, length, total, magic = _HEADER.unpack(receive(_HEADER.size))
    if command not in _COMMANDS:
        raise ProtocolError(f"An unknown message arrived: {command!r}.")
    if magic != _magic(command):
        raise ProtocolError(f"The magic of a {command!r} message is wrong.")
    if length > largest:
        raise ProtocolError(f"A {command!r} message announces {length} bytes; at most {largest} were agreed.")
    payload = receive(length) if length else b""
    if checked and checksum(payload) != total:
        raise ProtocolError(f"The checksum of a {command!r} message is wrong.")
    return Message(command, arg0, arg1, payload)


def _magic(command: bytes) -> int:
    return int.from_bytes(command, "little") ^ 0xFFFFFFFF


_MOST_STREAMS = 64
_INBOX = 64 * 1024  # what the other side may have sent ahead of the reader, as a pipe holds on a phone


class Stream:
    """A stream as the service behind it sees it: blocking reads and writes of bytes, one WRTE in flight each way."""

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
        self.closed = False

    def write(self, data: bytes) -> None:
        """Send bytes; returns when the last of them is on its way.

        Raises a BrokenPipeError where the stream is closed.
        """
        for start in range(0, len(data), self._chunk):
            with self._changed:
                self._changed.wait_for(lambda: self._may_write or self.closed)
                if self.closed:
                    raise BrokenPipeError
                self._may_write = False
            self._send(Message(b"WRTE", self.local, self.remote, data[start : start + self._chunk]))

    def read(self) -> bytes:
        """Return the payload of the next WRTE, or nothing once the stream is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._inbox or self.closed)
            if not self._inbox:
                return b""
            data = self._inbox.popleft()
            self._waiting -= len(data)
            okay, self._owes_okay = self._owes_okay, False
        if okay:
            self._send(Message(b"OKAY", self.local, self.remote))
        return data

    def close(self) -> None:
        """Close our side, after all that was written has been taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._may_write or self.closed)
            if self.closed:
                return
            self.closed = True
            self._changed.notify_all()
        self._send(Message(b"CLSE", self.local, self.remote))

    def taken(self) -> None:
        """The other side has taken our last WRTE (OKAY arrived)."""
        with self._changed:
            self._may_write = True
            self._changed.notify_all()

    def arrived(self, data: bytes) -> None:
        """Put the payload of a WRTE into the inbox, and answer OKAY as soon as there is room for more.

        Raises a ProtocolError where the other side did not wait for our OKAY.
        """
        with self._changed:
            if self._owes_okay:
                raise ProtocolError("A WRTE arrived before the one before it was answered with OKAY.")
            self._inbox.append(data)
            self._waiting += len(data)
            self._owes_okay = self._waiting >= _INBOX
            okay = not self._owes_okay and not self.closed
            self._changed.notify_all()
        if okay:
            self._send(Message(b"OKAY", self.local, self.remote))

    def dropped(self) -> None:
        """The other side has closed the stream, or the connection is gone."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()


Service = Callable[[Stream], None]
"""Serves one stream until it is done; a `BrokenPipeError` means that the other side has gone."""


class Connection:
    """Speaks ADB over one socket."""

    def __init__(self, line: socket.socket, profile: Profile, open_service: Callable[[str], Service | None]) -> None:
        self.online = False
        self._line = line
        self._daemon = profile.daemon
        self._banner = profile.banner
        self._open_service = open_service
        self._sending = threading.Lock()
        self._streams: dict[int, Stream] = {}
        self._streams_lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._next_id = 1
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

    def transmit(self, data: bytes) -> None:
        """Put bytes on the line, all of them. Raises OSError where the line is gone."""
        self._line.sendall(data)

    def send(self, message: Message) -> None:
        data = encode(message, checked=self._checked)
        try:
            with self._sending:
                self.transmit(data)
        except OSError as error:
            self.hang_up()
            raise BrokenPipeError from error

    def _handle(self, message: Message) -> None:
        if message.command == b"CNXN":
            self._hello(message)
        elif message.command == b"AUTH":
            self.authenticate(message)
        elif not self.online:
            return  # adbd does not listen to a computer that is not in yet
        elif message.command == b"OPEN":
            self._open(message)
        else:
            self._pass_on(message)

    def _hello(self, message: Message) -> None:
        if not message.payload.startswith(b"host:"):
            raise ProtocolError("A CNXN arrived that is not from a computer.")
        self.online = False
        self._drop_streams()
        self._checked = min(message.arg0, self._daemon.version) < VERSION_UNCHECKED
        self._largest = max(1, min(message.arg1, self._daemon.max_data))
        self.greeted()

    def greeted(self) -> None:
        """Let in a computer that said CNXN; nobody is asked for a key."""
        self.admit()

    def authenticate(self, message: Message) -> None:
        """Take what a computer says of its key; ProtocolError where it was not asked, or it says something else."""
        raise ProtocolError("An AUTH arrived that nobody asked for.")

    def admit(self) -> None:
        self.online = True
        self.send(Message(b"CNXN", self._daemon.version, self._daemon.max_data, self._banner))

    def _open(self, message: Message) -> None:
        if message.arg0 == 0 or message.arg1 != 0:
            raise ProtocolError("An OPEN must name its own stream and none of the phone's.")
        name = message.payload.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        with self._streams_lock:
            room = len(self._streams) < _MOST_STREAMS
        service = self._open_service(name) if room else None
        if service is None:
            self.send(Message(b"CLSE", 0, message.arg0))
            return
        stream = Stream(self._next_id, message.arg0, self.send, self._largest)
        self._next_id += 1
        with self._streams_lock:
            self._streams[stream.local] = stream
        self.send(Message(b"OKAY", stream.local, stream.remote))
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
            self.send(Message(b"CLSE", stream.local, stream.remote))

    def _drop_streams(self) -> None:
        with self._streams_lock:
            streams = tuple(self._streams.values())
        for stream in streams:
            stream.dropped()
