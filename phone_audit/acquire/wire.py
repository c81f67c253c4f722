"""ADB messages over a link (AOSP adb/protocol.txt)."""

import struct
from typing import NamedTuple

from phone_audit.acquire.link import Link

CLSE, OKAY, OPEN, STLS, WRTE = b"CLSE", b"OKAY", b"OPEN", b"STLS", b"WRTE"
MAX_PAYLOAD = 2**20
"""Bytes of one message's data, as we announce it."""

HEADER = struct.Struct("<6I")
"""Command, two arguments, size and check sum of the data, and the command with its bits turned over."""

_COMMANDS = (b"AUTH", CLSE, b"CNXN", OKAY, OPEN, STLS, b"SYNC", WRTE)
_BITS = 0xFFFFFFFF
_ELSE = {
    b"HTTP": "it is a web server",
    b"SSH-": "it is an SSH server",
    b"FAIL": "it is an adb server, which is reached with --via server and no address",
    b"OKAY": "it is an adb server, which is reached with --via server and no address",
}


class Message(NamedTuple):
    """One ADB message; `arg1` of those from a phone is our id of the stream."""

    command: bytes
    arg0: int
    arg1: int
    data: bytes


class NotAdbError(Exception):
    """Bytes that are no ADB message; the argument says what they look like."""


class Wire:
    """Whole messages over a link. A time-out in the middle of one loses nothing."""

    def __init__(self, link: Link) -> None:
        self.name = link.name
        self.link = link
        self._buffer = bytearray()

    def send(self, command: bytes, arg0: int, arg1: int, data: bytes = b"") -> None:
        """Send one message; header and data as two transfers, which USB phones before 2024 insist on.

        Raises:
            DeviceLostError: the phone is gone.
        """
        word = int.from_bytes(command, "little")
        self.link.write(HEADER.pack(word, arg0, arg1, len(data), sum(data) & _BITS, word ^ _BITS))
        if data:
            self.link.write(data)

    def receive_raw(self, deadline: float) -> bytes:
        """Give back the bytes of the next message.

        Raises:
            TimeoutError: it was not complete at `deadline`; what has arrived of it is kept for the next call.
            NotAdbError: it is no ADB message.
            DeviceLostError: the phone is gone.
        """
        self._fill(4, deadline)
        command = bytes(self._buffer[:4])
        if command not in _COMMANDS:
            raise NotAdbError(_ELSE.get(command, "it does not speak ADB"))
        self._fill(HEADER.size, deadline)
        word, _, _, size, _, magic = HEADER.unpack_from(self._buffer)
        if magic != word ^ _BITS or size > MAX_PAYLOAD:
            raise NotAdbError("its messages are damaged")
        self._fill(HEADER.size + size, deadline)
        raw = bytes(self._buffer[: HEADER.size + size])
        del self._buffer[: HEADER.size + size]
        return raw

    def receive(self, deadline: float) -> Message:
        """Give back the next message; errors as `receive_raw`.

        Its check sum is not looked at: USB and TCP have their own, adb itself dropped it in 2017, and adding up bytes
        in Python would halve the speed.
        """
        raw = self.receive_raw(deadline)
        _, arg0, arg1, _, _, _ = HEADER.unpack_from(raw)
        return Message(raw[:4], arg0, arg1, raw[HEADER.size :])

    def _fill(self, size: int, deadline: float) -> None:
        while len(self._buffer) < size:
            self._buffer += self.link.read(max(size, HEADER.size) - len(self._buffer), deadline)
