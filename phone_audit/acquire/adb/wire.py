"""ADB messages over a link, which is a cable or a TCP connection (AOSP adb/protocol.txt)."""

import struct
from typing import NamedTuple, Protocol

CLSE, CNXN, OKAY, OPEN, STLS, WRTE = b"CLSE", b"CNXN", b"OKAY", b"OPEN", b"STLS", b"WRTE"
REPLY_TIMEOUT = 10.0
"""Seconds in which a phone acknowledges: its main loop does so whatever its commands do."""

WRITE_TIMEOUT = 10.0
"""Seconds after which a phone that takes no data counts as gone."""

MAX_PAYLOAD = 2**20
"""Bytes of one message's data, as we announce it."""

HEADER = struct.Struct("<6I")
"""Command, two arguments, size and check sum of the data, and the command with its bits turned over."""

_COMMANDS = (b"AUTH", CLSE, CNXN, OKAY, OPEN, STLS, b"SYNC", WRTE)
_BITS = 0xFFFFFFFF
_OTHER_PROTOCOLS = {
    b"HTTP": "it is a web server",
    b"SSH-": "it is an SSH server",
    b"FAIL": "it is an adb server, which is reached with --via server and no address",
    b"OKAY": "it is an adb server, which is reached with --via server and no address",
}


class Link(Protocol):
    """An open TCP connection or USB interface. One thread may read while another writes, and a third closes."""

    name: str

    def read(self, want: int, deadline: float) -> bytes:
        """Return at least one byte and at most `want`.

        Raises:
            TimeoutError: nothing came until `deadline`, a time of `time.monotonic()`.
            DeviceLostError: the other side is gone.
        """

    def write(self, data: bytes) -> None:
        """Send all of `data`, as one transfer where the link knows such.

        Raises a DeviceLostError where the other side is gone, or takes nothing for `WRITE_TIMEOUT`.
        """

    def close(self) -> None:
        """Let go; a second call does nothing."""


class Message(NamedTuple):
    """One ADB message; `arg1` of those from a phone is our id of the stream. `header` is as it came."""

    command: bytes
    arg0: int
    arg1: int
    data: bytes
    header: bytes


class NotAdbError(Exception):
    """Bytes that are no ADB message; the argument says what they look like."""


class Wire:
    """Whole messages over a link. A time-out in the middle of one loses nothing."""

    def __init__(self, link: Link) -> None:
        self.name = link.name
        self.link = link
        self._parts: list[bytes] = []  # of the header or of the data, whichever is being read
        self._header = b""  # whole, while the data are being read

    def send(self, command: bytes, arg0: int, arg1: int, data: bytes = b"") -> None:
        """Send one message; header and data as two transfers, which USB phones before 2024 insist on.

        Raises a DeviceLostError where the phone is gone.
        """
        word = int.from_bytes(command, "little")
        self.link.write(HEADER.pack(word, arg0, arg1, len(data), sum(data) & _BITS, word ^ _BITS))
        if data:
            self.link.write(data)

    def receive(self, deadline: float) -> Message:
        """Return the next message.

        Its check sum is not looked at: USB and TCP have their own, adb itself dropped it in 2017, and adding up bytes
        in Python would halve the speed.

        Raises:
            TimeoutError: it was not complete at `deadline`; what has arrived of it is kept for the next call.
            NotAdbError: it is no ADB message.
            DeviceLostError: the phone is gone.
        """
        if not self._header:
            self._fill(4, HEADER.size, deadline)  # what is no phone may say less than a header
            command = b"".join(self._parts)[:4]
            if command not in _COMMANDS:
                raise NotAdbError(_OTHER_PROTOCOLS.get(command, "it does not speak ADB"))
            self._header = self._take(HEADER.size, deadline)
        word, arg0, arg1, size, _, magic = HEADER.unpack(self._header)
        if magic != word ^ _BITS or size > MAX_PAYLOAD:
            raise NotAdbError("its messages are damaged")
        data = self._take(size, deadline)
        header, self._header = self._header, b""
        return Message(header[:4], arg0, arg1, data, header)

    def _take(self, size: int, deadline: float) -> bytes:
        self._fill(size, size, deadline)
        parts, self._parts = self._parts, []
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _fill(self, least: int, most: int, deadline: float) -> None:
        """Read on until at least `least` bytes are there, and not more than `most`."""
        got = sum(map(len, self._parts))
        while got < least:
            part = self.link.read(most - got, deadline)
            self._parts.append(part)
            got += len(part)
