"""A simulated phone for the tests: it asks for keys, its cable is cut, and it answers the stock adb client."""

import errno
import re
import secrets
import shlex
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from phone_audit.errors import ProtocolError
from phone_audit.model.command_list import find_command
from phone_audit.simulated.answers import answer
from phone_audit.simulated.call import Call, Phone, Streams
from phone_audit.simulated.connection import Connection, Message, Service, Stream
from phone_audit.simulated.file_answers import cat
from phone_audit.simulated.phone import LARGEST_DATA, SimulatedPhone, StreamInput, SyncService
from phone_audit.simulated.profile import Profile
from phone_audit.simulated.tree import Node
from tests.simulated.keys import TOKEN_SIZE, Gate, Policy, decode_offer

_AUTH_TOKEN, _AUTH_SIGNATURE, _AUTH_PUBLIC_KEY = 1, 2, 3
_MOST_TRIES = 64  # keys that one computer may try
_PACKET = struct.Struct("<BI")
_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = range(5)
_LARGEST_PACKET = 64 * 1024
_STAT_2 = struct.Struct("<4sIQQIIIIQqqq")
_ENTRY = struct.Struct("<4sIIII")
_DEVICE = 0xFE00
_SHELL_SIGNS = re.compile(r"[;&|<>()$`\\\n*?\[{#~!]")
_NUMBER = re.compile("[0-9]{1,9}")


class LabPhone(SimulatedPhone):
    """See `SimulatedPhone`.

    Args:
        profile: as there.
        auth: what happens to a computer: `off` asks for no key, `accept` trusts a new key at once, `ask` shows a
            dialog until `answer` is called, `refuse` says no.
        cut_after: the cable is pulled when the phone has sent that many bytes in all.
        clock: as there.

    Attributes:
        gate: the keys that it trusts, and its dialog.
        opened: every service that was asked for so far, such as `shell,v2,raw:id`.
    """

    def __init__(
        self,
        profile: str | Path | Profile = "nokia7plus",
        *,
        auth: Policy = "off",
        cut_after: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(profile, clock=clock)
        self.gate = Gate(auth)
        self.opened: list[str] = []
        self._left = cut_after
        self._cable = threading.Lock()

    def answer(self, *, yes: bool) -> bool:
        """Tap the dialog that asks about a key; tells whether there was one."""
        return self.gate.answer(yes=yes)

    def connection(self, line: socket.socket) -> Connection:
        return _LabConnection(self, line)

    def service(self, name: str) -> Service | None:
        self.opened.append(name)
        kind, _, line = name.partition(":")
        words = kind.split(",")
        if ":" in name and (words[0] == "shell" or kind == "exec"):
            return lambda stream: self._run(stream, line, packets="v2" in words)
        if name == "sync:":
            return lambda stream: _StockSync(stream, self.phone.tree).serve()
        return super().service(name)

    def _run(self, stream: Stream, line: str, *, packets: bool) -> None:
        if packets:
            source = _Typed(_StdinPackets(stream).more)
            streams = Streams(source, _Packets(stream, _STDOUT), _Packets(stream, _STDERR))
        else:
            streams = Streams(_Typed(stream.read), stream, stream)
        status = answer_typed(line, self.phone, streams)
        if packets:
            _Packets(stream, _EXIT).write(bytes([status & 0xFF]))

    def reach(self, size: int) -> int:
        """Tell how many of so many bytes still go over the cable."""
        with self._cable:
            if self._left is None:
                return size
            reach = min(self._left, size)
            self._left -= reach
            return reach


class _Typed(StreamInput):
    """Standard input that is also read as it comes."""

    def read(self) -> bytes:
        """Return what is there; nothing at the end."""
        data, self._data = self._data or self._more(), b""
        return data


class _LabConnection(Connection):
    """A connection that asks for a key, over a cable that ends somewhere."""

    def __init__(self, phone: LabPhone, line: socket.socket) -> None:
        super().__init__(line, phone.profile, phone.service)
        self._phone = phone
        self._gate = phone.gate
        self._token = b""
        self._tries = 0

    def transmit(self, data: bytes) -> None:
        reach = self._phone.reach(len(data))
        super().transmit(data[:reach])
        if reach < len(data):
            self._phone.unplug()
            raise ConnectionAbortedError

    def greeted(self) -> None:
        if self._gate.open:
            self.admit()
        else:
            self._ask()

    def authenticate(self, message: Message) -> None:
        if self.online or not self._token:
            super().authenticate(message)
        elif message.arg0 == _AUTH_SIGNATURE:
            self._tries += 1
            if self._gate.trusts(self._token, message.payload):
                self.admit()
            elif self._tries < _MOST_TRIES:
                self._ask()
            else:
                raise ProtocolError("Too many keys were tried.")
        elif message.arg0 == _AUTH_PUBLIC_KEY:
            key = decode_offer(message.payload)
            if key is None:
                raise ProtocolError("The offered key is not in Android's form.")
            self._gate.offer(key, self._admit_late)
        else:
            raise ProtocolError(f"An AUTH of unknown kind {message.arg0} arrived.")

    def _ask(self) -> None:
        self._token = secrets.token_bytes(TOKEN_SIZE)
        self.send(Message(b"AUTH", _AUTH_TOKEN, 0, self._token))

    def _admit_late(self) -> None:
        """Let a computer in whose key was accepted just now; it may have left meanwhile."""
        with suppress(BrokenPipeError):
            self.admit()


def answer_typed(text: str, phone: Phone, streams: Streams) -> int:
    """Answer what the program sends, and of what people type with the stock client, `echo`, `cat` and `exit`."""
    call = Call(phone, streams)
    if not text:
        call.error("The simulated phone has no terminal and no shell: give a command.\n")
        return 1
    words = [] if _SHELL_SIGNS.search(text) else _split(text)
    if not words or find_command(text) is not None:
        return answer(text, phone, streams)
    program, arguments = words[0], words[1:]
    if program == "echo":
        call.out(" ".join(arguments) + "\n")
        return 0
    if program == "cat" and arguments:
        return cat(call, arguments)
    if program == "cat":
        assert isinstance(streams.stdin, _Typed | BytesIO)
        while chunk := streams.stdin.read():
            streams.stdout.write(chunk)
        return 0
    if program == "exit":
        return int(arguments[0]) & 0xFF if arguments and _NUMBER.fullmatch(arguments[0]) else 0
    return call.not_found(program)


def _split(text: str) -> list[str]:
    """Return the words of a line, quotes taken off; none where a quote is left open."""
    try:
        return shlex.split(text)
    except ValueError:
        return []


@dataclass(frozen=True)
class _Packets:
    """One of the streams of the shell protocol: each write is a packet, or several."""

    stream: Stream
    number: int

    def write(self, data: bytes, /) -> None:
        for start in range(0, len(data), _LARGEST_PACKET):
            part = data[start : start + _LARGEST_PACKET]
            self.stream.write(_PACKET.pack(self.number, len(part)) + part)


class _StdinPackets:
    """Takes standard input out of the packets of the shell protocol."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._data = b""

    def more(self) -> bytes:
        """Return the next bytes of standard input; nothing once it was closed."""
        while True:
            packet = self._packet()
            if packet is None or packet[0] == _CLOSE_STDIN:
                return b""
            if packet[0] == _STDIN and packet[1]:
                return packet[1]

    def _packet(self) -> tuple[int, bytes] | None:
        if not self._need(_PACKET.size):
            return None
        number, length = _PACKET.unpack_from(self._data)
        if length > _LARGEST_PACKET * 16 or not self._need(_PACKET.size + length):
            return None
        body = self._data[_PACKET.size : _PACKET.size + length]
        self._data = self._data[_PACKET.size + length :]
        return number, body

    def _need(self, size: int) -> bool:
        while len(self._data) < size:
            data = self._stream.read()
            if not data:
                return False
            self._data += data
        return True


class _StockSync(SyncService):
    """What the stock client also asks: folders, more of a file than its mode, and to take a file."""

    def answer(self, request: bytes, path: str) -> bool:
        if request in (b"STA2", b"LST2"):
            self._stat_2(path, request)
        elif request == b"LIST":
            self._list(path)
        elif request == b"SEND":
            self._refuse()
        else:
            return super().answer(request, path)
        return True

    def _look(self, path: str, *, follow: bool) -> Node | OSError:
        try:
            return self.tree.find(path, follow=follow)
        except OSError as error:
            return error

    def _stat_2(self, path: str, request: bytes) -> None:
        node = self._look(path, follow=request == b"STA2")
        if isinstance(node, OSError):
            self.stream.write(_STAT_2.pack(request, node.errno or errno.EIO, *[0] * 10))
            return
        times = (node.time,) * 3
        numbers = (_DEVICE, node.inode, node.mode, 1, node.uid, node.gid, node.size, *times)
        self.stream.write(_STAT_2.pack(request, 0, *numbers))

    def _list(self, path: str) -> None:
        """A folder that may not be listed looks empty, as adbd has it."""
        entries = bytearray()
        try:
            for name in (".", "..", *self.tree.names(path)):
                node = self.tree.find(f"{path}/{name}", follow=False)
                data = name.encode("utf-8", "surrogateescape")
                entries += _ENTRY.pack(b"DENT", node.mode, node.size, node.time, len(data)) + data
        except OSError:
            entries.clear()
        self.stream.write(bytes(entries) + _ENTRY.pack(b"DONE", 0, 0, 0, 0))

    def _refuse(self) -> None:
        """Let the computer send its file to the end, then say that it was not taken."""
        while True:
            request, length = self.take_request()
            if request == b"DONE":
                break
            if request != b"DATA" or length > LARGEST_DATA:
                self.fail("invalid data message")
                raise BrokenPipeError
            self.take(length)
        self.fail("Read-only file system: nothing can be sent to a simulated phone")
