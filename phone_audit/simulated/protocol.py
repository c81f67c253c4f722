"""Messages of the ADB protocol: 24 bytes of header, then the payload.

Source: AOSP `packages/modules/adb/protocol.txt` and `adb.h`.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from phone_audit.errors import ProtocolError

VERSION_CHECKED = 0x01000000
"""Every payload carries the sum of its bytes."""
VERSION_UNCHECKED = 0x01000001
"""The sum is left out (zero) and not looked at."""

HANDSHAKE_PAYLOAD = 4096
"""Largest payload before both sides have said what they take (MAX_PAYLOAD_V1)."""
LARGEST_PAYLOAD = 1024 * 1024
"""Largest payload that any side may agree to (MAX_PAYLOAD)."""

AUTH_TOKEN, AUTH_SIGNATURE, AUTH_PUBLIC_KEY = 1, 2, 3

_HEADER = struct.Struct("<4sIIIII")
HEADER_SIZE = _HEADER.size
_COMMANDS = (b"CNXN", b"AUTH", b"OPEN", b"OKAY", b"WRTE", b"CLSE")


@dataclass(frozen=True)
class Message:
    """One message; `command` is its four letters."""

    command: bytes
    arg0: int
    arg1: int
    payload: bytes = b""


@dataclass(frozen=True)
class Header:
    """What stands in front of a payload of `length` bytes."""

    command: bytes
    arg0: int
    arg1: int
    length: int
    checksum: int


def checksum(payload: bytes) -> int:
    """Return the sum of the bytes, modulo 2**32."""
    return sum(payload) & 0xFFFFFFFF


def encode(message: Message, *, checked: bool) -> bytes:
    """Return the bytes of a message; `checked` tells whether it carries its checksum."""
    command = int.from_bytes(message.command, "little")
    total = checksum(message.payload) if checked else 0
    header = _HEADER.pack(
        message.command, message.arg0, message.arg1, len(message.payload), total, command ^ 0xFFFFFFFF
    )
    return header + message.payload


def decode_header(data: bytes, largest: int) -> Header:
    """Read a header and refuse what is none.

    Args:
        data: exactly `HEADER_SIZE` bytes.
        largest: the longest payload that was agreed on.

    Raises:
        ProtocolError: unknown command, wrong magic, or a payload longer than agreed.
    """
    command, arg0, arg1, length, total, magic = _HEADER.unpack(data)
    if command not in _COMMANDS:
        raise ProtocolError(f"An unknown message arrived: {command!r}.")
    if magic != int.from_bytes(command, "little") ^ 0xFFFFFFFF:
        raise ProtocolError(f"The magic of a {command!r} message is wrong.")
    if length > largest:
        raise ProtocolError(f"A {command!r} message announces {length} bytes; at most {largest} were agreed.")
    return Header(command, arg0, arg1, length, total)


def read_message(receive: Callable[[int], bytes], *, largest: int, checked: bool) -> Message:
    """Read one message.

    Args:
        receive: returns exactly as many bytes as it is asked for.
        largest: the longest payload that was agreed on.
        checked: whether the checksum counts.

    Raises:
        ProtocolError: what arrived is no message, or its checksum is wrong.
    """
    header = decode_header(receive(HEADER_SIZE), largest)
    payload = receive(header.length) if header.length else b""
    if checked and checksum(payload) != header.checksum:
        raise ProtocolError(f"The checksum of a {header.command!r} message is wrong.")
    return Message(header.command, header.arg0, header.arg1, payload)
