"""A phone that hands out files and can be unplugged in the middle, without flow control: its files are small."""

import re
import socket
import struct
from dataclasses import dataclass, field

from tests.acquire.fake_phone import WORD, unquoted
from tests.acquire.listener import BANNER, greet, message, packed

STAT, HEADER = struct.Struct("<4sIII"), struct.Struct("<4sI")
CHUNK = 64 * 1024


class CutError(OSError):
    """The cable is pulled."""


@dataclass
class FilesPhone:
    """Serves one connection after the other.

    Attributes:
        files: path → content.
        modes: path → mode, of those that are no plain files.
        cuts: bytes after which each connection breaks, one after the other; none are left: it holds.
        times: path → time of the last change.
        ends_after_failure: the service for files ends with a request that fails, as adbd has it.
        ends_in: paths in which the service ends without a word.
        stands_still_in: paths in which it says nothing more.
        refuses: beginnings of services that it does not have.
        asked: requests in their order: `STAT /a`, `RECV /a`, or a command.
        connections: how many there were.
        banners: one for each connection, the last again and again.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    modes: dict[str, int] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    times: dict[str, int] = field(default_factory=dict)
    ends_after_failure: bool = True
    ends_in: set[str] = field(default_factory=set)
    stands_still_in: set[str] = field(default_factory=set)
    refuses: set[bytes] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    connections: int = 0
    banners: list[bytes] = field(default_factory=lambda: [BANNER])

    def __call__(self, connection: socket.socket) -> None:
        self.connections += 1
        greet(connection, self.banners[min(self.connections, len(self.banners)) - 1])
        _Serving(self, connection, self.cuts.pop(0) if self.cuts else None).run()

    def recv_of(self, path: str) -> int:
        return self.asked.count(f"RECV {path}")


class _Serving:
    def __init__(self, phone: FilesPhone, connection: socket.socket, cut: int | None) -> None:
        self.phone = phone
        self.connection = connection
        self.left = cut
        self.sync: dict[int, bytes] = {}
        self.mute: set[int] = set()

    def run(self) -> None:
        while (got := message(self.connection))[0]:
            command, local, _, data = got
            if command == b"OPEN":
                self.open(local, data.rstrip(b"\0"))
            elif command == b"WRTE":
                self.connection.sendall(packed(b"OKAY", local, local))
                self.sync[local] = self.sync.get(local, b"") + data
                self.answer(local)
            elif command == b"CLSE" and local in self.sync:
                del self.sync[local]
                self.connection.sendall(packed(b"CLSE", local, local))

    def open(self, local: int, service: bytes) -> None:
        if any(service.startswith(refused) for refused in self.phone.refuses):
            self.connection.sendall(packed(b"CLSE", 0, local))
            return
        self.connection.sendall(packed(b"OKAY", local, local))
        if service == b"sync:":
            self.sync[local] = b""
        elif found := re.match(rb"exec:dd if=(.*) bs=65536 skip=(\d+) ", service):
            word = WORD.fullmatch(found[1].decode())
            assert word is not None
            path = unquoted(word)
            self.phone.asked.append(f"dd {path} {int(found[2])}")
            self.say(local, self.phone.files.get(path, b"")[int(found[2]) * CHUNK :])
            self.connection.sendall(packed(b"CLSE", local, local))
        else:
            self.connection.sendall(packed(b"CLSE", local, local))

    def say(self, local: int, data: bytes) -> None:
        """Send data, as much as the cable lets."""
        for at in range(0, len(data), 200_000):
            piece = data[at : at + 200_000]
            if self.left is not None:
                piece, self.left = piece[: self.left], self.left - len(piece)
            if piece:
                self.connection.sendall(packed(b"WRTE", local, local, piece))
            if self.left is not None and self.left <= 0:
                self.connection.shutdown(socket.SHUT_WR)
                while self.connection.recv(2**16):  # what was sent arrives
                    pass
                raise CutError

    def answer(self, local: int) -> None:
        while local not in self.mute and len(data := self.sync.get(local, b"")) >= 8:
            word, size = HEADER.unpack_from(data)
            if len(data) < 8 + size:
                return
            path = data[8 : 8 + size].decode("utf-8", "surrogateescape")
            self.sync[local] = data[8 + size :]
            self.phone.asked.append(f"{word.decode()} {path}")
            content = self.phone.files.get(path)
            if word == b"STAT":
                mode = self.phone.modes.get(path, 0 if content is None else 0o100644)
                when = self.phone.times.get(path, 0)
                self.say(local, STAT.pack(b"STAT", mode, len(content or b""), when))
            elif path in self.phone.ends_in:
                self.end(local)
            elif path in self.phone.stands_still_in:
                self.mute.add(local)
                return
            elif content is None:
                reason = b"open failed: Permission denied"
                self.say(local, HEADER.pack(b"FAIL", len(reason)) + reason)
                if self.phone.ends_after_failure:
                    self.end(local)
            else:
                blocks = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)]
                stream = b"".join(HEADER.pack(b"DATA", len(block)) + block for block in blocks)
                self.say(local, stream + HEADER.pack(b"DONE", 0))

    def end(self, local: int) -> None:
        del self.sync[local]
        self.connection.sendall(packed(b"CLSE", local, local))
