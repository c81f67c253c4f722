"""One file of a phone over the `sync:` service (AOSP adb/SYNC.TXT, file_sync_protocol.h)."""

import contextlib
import stat
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn, Protocol

from phone_audit.errors import CommandError

PATH_LIMIT = 1024
"""Bytes of a path that a phone takes; a longer one ends the service."""

CHUNK_LIMIT = 64 * 2**10
"""Bytes of one DATA block (SYNC_DATA_MAX)."""

SLOWEST = 128 * 2**10
"""Bytes a second below which a file stands still, so that one that drips does not hold up a scan for ever."""

_HEADER = struct.Struct("<4sI")
_STAT = struct.Struct("<4sIII")
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a link that leads nowhere",
}


class _SyncStream(Protocol):
    def read(self, deadline: float) -> bytes: ...
    def write(self, data: bytes) -> None: ...
    def close(self) -> None: ...
    def confirm(self) -> None: ...


@dataclass(frozen=True)
class FileRequest:
    """Which file, where to, and at what cost; see `Transport.pull`."""

    path: str
    into: Path
    timeout: float
    limit: int

    def fail(self, why: str, cause: Exception | None = None) -> NoReturn:
        """Raise the error that names the file."""
        raise CommandError(f"The file {self.path} of the phone was not read: {why}.") from cause


def pull_file(stream: _SyncStream, request: FileRequest, follow_link: Callable[[str], int | None]) -> None:
    """Copy one regular file, and close the stream.

    Args:
        stream: an open `sync:` service.
        request: the file; `into` is removed again when the copy fails.
        follow_link: tells the mode of the file behind a symbolic link, or None.

    Raises:
        CommandError: as `Transport.pull`.
        DeviceLostError: the phone is gone.
    """
    whole = False
    try:
        reader = _Reader(stream, request)
        path = _encoded(request)
        _refuse_irregular(reader, path, follow_link)
        with request.into.open("wb") as file:
            _receive(reader, path, file)
        whole = True
    except TimeoutError as error:
        stream.close()
        stream.confirm()
        request.fail(f"it stood still for {request.timeout:.0f} seconds", error)
    except OSError as error:
        request.fail(f"it cannot be stored on this computer ({error.strerror})", error)
    finally:
        stream.close()
        if not whole:
            with contextlib.suppress(OSError):
                request.into.unlink()


class _Reader:
    """Exact numbers of bytes from a stream that neither stands still for `timeout` seconds nor drips."""

    def __init__(self, stream: _SyncStream, request: FileRequest) -> None:
        self.stream = stream
        self.request = request
        self._buffer = bytearray()
        self._started = self._last = time.monotonic()
        self._got = 0

    def take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            piece = self.stream.read(min(self._last, self._started + self._got / SLOWEST) + self.request.timeout)
            if not piece:
                self.stream.confirm()
                self.request.fail("the phone broke off")
            self._buffer += piece
            self._got += len(piece)
            self._last = time.monotonic()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def _encoded(request: FileRequest) -> bytes:
    path = request.path.encode("utf-8", "surrogateescape")
    if not 0 < len(path) <= PATH_LIMIT or b"\0" in path:
        request.fail("no phone takes such a path")
    return path


def _refuse_irregular(reader: _Reader, path: bytes, follow_link: Callable[[str], int | None]) -> None:
    reader.stream.write(_HEADER.pack(b"STAT", len(path)) + path)
    word, mode, size, _ = _STAT.unpack(reader.take(_STAT.size))
    if word != b"STAT":
        reader.request.fail("the phone does not speak the protocol for files")
    if stat.S_ISLNK(mode):
        mode = follow_link(reader.request.path) or mode
    if mode == 0:
        reader.request.fail("it is not there, or the shell may not look at it")
    if not stat.S_ISREG(mode):
        reader.request.fail(f"it is {_KINDS.get(stat.S_IFMT(mode), 'no regular file')}")
    if size > reader.request.limit:  # of a file over 4 GB only the low 32 bits stand here; `_receive` counts
        reader.request.fail(f"it has {size} bytes, more than {reader.request.limit}")


def _receive(reader: _Reader, path: bytes, file: BinaryIO) -> None:
    reader.stream.write(_HEADER.pack(b"RECV", len(path)) + path)
    left = reader.request.limit
    while True:
        word, size = _HEADER.unpack(reader.take(_HEADER.size))
        if word == b"DONE":
            return
        if size > CHUNK_LIMIT or word not in (b"DATA", b"FAIL"):
            reader.request.fail("the phone does not speak the protocol for files")
        block = reader.take(size)
        if word == b"FAIL":
            reader.request.fail(f"the phone says {block.decode('utf-8', 'replace')!r}")
        left -= size
        if left < 0:
            reader.request.fail(f"it has more than {reader.request.limit} bytes")
        file.write(block)
