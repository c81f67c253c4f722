"""A bare ADB client for the tests: it packs messages by itself and may break every rule."""

import base64
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from tests.simulated.lab_phone import LabPhone

CHECKED, UNCHECKED = 0x01000000, 0x01000001
MAX_DATA = 256 * 1024


@dataclass(frozen=True)
class Packet:
    """A message as it came over the wire."""

    command: bytes
    arg0: int
    arg1: int
    payload: bytes
    checksum: int


def packed(command: bytes, arg0: int, arg1: int, payload: bytes = b"", *, checksum: int | None = None) -> bytes:
    """Return the bytes of a message; its checksum is right unless another is given."""
    number = int.from_bytes(command, "little")
    total = sum(payload) if checksum is None else checksum
    return struct.pack("<6I", number, arg0, arg1, len(payload), total, number ^ 0xFFFFFFFF) + payload


class Wire:
    """One connection to a phone."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.checked = True
        self._next = 1

    def raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.line.sendall(data)

    def send(self, command: bytes, arg0: int, arg1: int, payload: bytes = b"") -> None:
        """Send a message."""
        self.raw(packed(command, arg0, arg1, payload, checksum=None if self.checked else 0))

    def receive(self) -> Packet:
        """Wait for the next message; `EOFError` where the phone has hung up."""
        number, arg0, arg1, length, total, magic = struct.unpack("<6I", self._exactly(24))
        assert magic == number ^ 0xFFFFFFFF
        return Packet(number.to_bytes(4, "little"), arg0, arg1, self._exactly(length), total)

    def silent(self, seconds: float = 0.1) -> bool:
        """Tell whether nothing arrives for a while."""
        self.line.settimeout(seconds)
        try:
            return not self.line.recv(1, socket.MSG_PEEK) and False
        except TimeoutError:
            return True
        finally:
            self.line.settimeout(10)

    def hung_up(self) -> bool:
        """Read to the end, and tell that there is one."""
        try:
            while self.line.recv(65536):
                pass
        except ConnectionResetError:
            pass
        return True

    def hello(self, version: int = UNCHECKED, max_data: int = MAX_DATA) -> Packet:
        """Say CNXN and return the answer."""
        self.send(b"CNXN", version, max_data, b"host::features=shell_v2,cmd,stat_v2")
        answer = self.receive()
        self.checked = min(version, answer.arg0) < UNCHECKED if answer.command == b"CNXN" else self.checked
        return answer

    def open(self, service: str) -> tuple[int, int]:
        """Open a service; gives our number of the stream and the phone's."""
        ours, self._next = self._next, self._next + 1
        self.send(b"OPEN", ours, 0, service.encode() + b"\0")
        answer = self.receive()
        assert (answer.command, answer.arg1) == (b"OKAY", ours), answer
        return ours, answer.arg0

    def read_all(self, ours: int, theirs: int) -> bytes:
        """Take everything up to the end of a stream."""
        data = b""
        while True:
            packet = self.receive()
            assert packet.arg1 == ours
            if packet.command == b"CLSE":
                return data
            if packet.command == b"WRTE":
                data += packet.payload
                self.send(b"OKAY", ours, theirs)

    def run(self, service: str) -> bytes:
        """Open a service and take all that it says."""
        return self.read_all(*self.open(service))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self.line.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data


@contextmanager
def connected(phone: LabPhone) -> Iterator[Wire]:
    """A connection that has said nothing yet."""
    with socket.create_connection(("127.0.0.1", phone.port), timeout=10) as line:
        yield Wire(line)


@contextmanager
def greeted(phone: LabPhone) -> Iterator[Wire]:
    """A connection that is let in."""
    with connected(phone) as wire:
        assert wire.hello().command == b"CNXN"
        yield wire


def signed(key: rsa.RSAPrivateKey, token: bytes) -> bytes:
    """Sign a token as adb does: as if it were a SHA-1 digest."""
    return key.sign(token, padding.PKCS1v15(), utils.Prehashed(hashes.SHA1()))


def android_form(key: rsa.RSAPrivateKey) -> bytes:
    """Return the public key in Android's 524 bytes."""
    numbers = key.public_key().public_numbers()
    n0inv = -pow(numbers.n, -1, 2**32) % 2**32
    squared = pow(2, 4096, numbers.n)
    return (
        struct.pack("<II", 64, n0inv)
        + numbers.n.to_bytes(256, "little")
        + squared.to_bytes(256, "little")
        + struct.pack("<I", numbers.e)
    )


def offered(key: rsa.RSAPrivateKey) -> bytes:
    """Return what AUTH RSAPUBLICKEY carries."""
    return base64.b64encode(android_form(key)) + b" somebody@somewhere\0"
