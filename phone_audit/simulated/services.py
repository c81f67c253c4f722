"""What a computer may open on the phone: `shell`, `exec` and `sync`.

Source: AOSP `adb/daemon/services.cpp`, `shell_service.cpp` and `shell_protocol.h`.
"""

import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from phone_audit.simulated.answers import answer
from phone_audit.simulated.call import Phone, Streams
from phone_audit.simulated.profile import Profile
from phone_audit.simulated.stream import Stream
from phone_audit.simulated.sync import serve_sync
from phone_audit.simulated.tree import Tree

Service = Callable[[Stream], None]
"""Serves one stream until it is done; a `BrokenPipeError` means that the other side has gone."""

_PACKET = struct.Struct("<BI")
_STDIN, _STDOUT, _STDERR, _EXIT, _CLOSE_STDIN = range(5)
_LARGEST_PACKET = 64 * 1024
_MOST_INPUT = 16 * 1024 * 1024
_NO_TERMINAL = "The simulated phone has no terminal and no shell: give a command.\n"


class _Input:
    """Standard input: what arrives on the stream, as a file.

    Args:
        more: returns the next bytes, or nothing at the end.
    """

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more = more
        self._data = b""
        self._ended = False

    def _fill(self) -> bool:
        data = b"" if self._ended else self._more()
        self._ended = not data
        self._data += data
        if len(self._data) > _MOST_INPUT:
            raise BrokenPipeError
        return bool(data)

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; all of them when negative."""
        while (size < 0 or not self._data) and self._fill():
            pass
        cut = len(self._data) if size < 0 else size
        data, self._data = self._data[:cut], self._data[cut:]
        return data

    def readline(self) -> bytes:
        """Return the next line with its end."""
        while b"\n" not in self._data and self._fill():
            pass
        line, newline, self._data = self._data.partition(b"\n")
        return line + newline


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


class Services:
    """The services of one phone.

    Args:
        profile: the phone.
        tree: its files.
        clock: gives seconds since 1970.
    """

    def __init__(self, profile: Profile, tree: Tree, clock: Callable[[], float] = time.time) -> None:
        self._tree = tree
        self._phone = Phone(profile, tree, clock)

    def find(self, name: str) -> Service | None:
        """Return the service of a name such as `shell,v2,raw:id`, or None where the phone has none."""
        kind, colon, line = name.partition(":")
        words = kind.split(",")
        if not colon:
            return None
        if words[0] == "shell":
            return lambda stream: self._run(stream, line, packets="v2" in words)
        if name.startswith("exec:"):
            return lambda stream: self._run(stream, line, packets=False)
        if name == "sync:":
            return lambda stream: serve_sync(stream, self._tree)
        return None

    def _run(self, stream: Stream, line: str, *, packets: bool) -> None:
        if packets:
            streams = Streams(_Input(_StdinPackets(stream).more), _Packets(stream, _STDOUT), _Packets(stream, _STDERR))
        else:
            streams = Streams(_Input(stream.read), stream, stream)
        if line:
            status = answer(line, self._phone, streams)
        else:
            streams.stderr.write(_NO_TERMINAL.encode())
            status = 1
        if packets:
            _Packets(stream, _EXIT).write(bytes([status & 0xFF]))
