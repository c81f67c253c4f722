"""Messages of the ADB protocol: 24 bytes of header, then the payload.

Source: AOSP `packages/modules/adb/protocol.txt` and `adb.h`.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from phone_audit.errors import ProtocolError

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
    """Return the sum of the bytes, modulo 2**32."""
    return sum(payload) & 0xFFFFFFFF


def encode(message: Message, *, checked: bool) -> bytes:
    """Return the bytes of a message; `checked` tells whether it carries its checksum."""
    total = checksum(message.payload) if checked else 0
    numbers = message.arg0, message.arg1, len(message.payload), total, _magic(message.command)
    return _HEADER.pack(message.command, *numbers) + message.payload


def read_message(receive: Callable[[int], bytes], *, largest: int, checked: bool) -> Message:
    """Read one message.

    Args:
        receive: returns exactly as many bytes as it is asked for.
        largest: the longest payload that was agreed on.
        checked: whether the checksum counts.

    Raises:
        ProtocolError: unknown command, wrong magic, a payload longer than agreed, or a wrong checksum.
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
