"""The bytes of a file of recorded traffic, packed or not: read once, as a stream, hashed on the way."""

import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from phone_audit.errors import UsageError
from phone_audit.files.bounds import CAPTURE, MB, BoundsError
from phone_audit.files.open_regular import open_regular

GZIP: Final = b"\x1f\x8b"
_PIECE: Final = 64 * 2**10
_FREE: Final = 256 * MB
_MOST_PACKED: Final = 64
"""Bytes that a packed file may unpack to: so many, and so many for each of its own. Logs pack to about a tenth."""
PEEKED: Final = 64 * 2**10
"""Bytes by which the format is told."""


class _Hashed(io.RawIOBase):
    """Passes bytes on and hashes them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(min(len(buffer), _PIECE))
        self.digest.update(data)
        buffer[: len(data)] = data
        return len(data)

    def drain(self) -> None:
        """Hash what was not asked for."""
        while data := self._file.read(_PIECE):
            self.digest.update(data)


class _Unpacked(io.RawIOBase):
    """What gzip packed, in as many parts as there are; no more than a bound, however small the file."""

    def __init__(self, file: _Hashed, size: int) -> None:
        self._file = file
        self._most = min(CAPTURE, _FREE + _MOST_PACKED * size)
        self._inflater = zlib.decompressobj(wbits=31)
        self._input = b""
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while True:
            self._input = self._input or self._file.read(_PIECE) or b""
            if not self._input:
                return 0
            if self._inflater.eof:
                self._inflater = zlib.decompressobj(wbits=31)
            data = self._inflater.decompress(self._input, len(buffer))
            self._input = self._inflater.unconsumed_tail or self._inflater.unused_data
            if data:
                break
        self._given += len(data)
        if self._given > self._most:
            raise BoundsError("it unpacks to more than any capture")
        buffer[: len(data)] = data
        return len(data)


class TrafficFile:
    """A file of recorded traffic, open: a name fit to be published, its size as it lies there, its bytes, unpacked."""

    def __init__(self, name: str, file: io.BufferedReader, size: int) -> None:
        self.name = name
        self.size = size
        self._hashed = _Hashed(file)
        packed = file.peek(2)[:2] == GZIP
        self.stream = io.BufferedReader(_Unpacked(self._hashed, size) if packed else self._hashed, PEEKED)

    def beginning(self) -> bytes:
        """Return the first bytes, which are read again afterwards; a zlib.error where they are packed and damaged."""
        return self.stream.peek(PEEKED)

    def sha256(self) -> str:
        """Return the hash of the whole file as it lies there; to be asked last."""
        self._hashed.drain()
        return self._hashed.digest.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[TrafficFile]:
    """Open a file of recorded traffic; a UsageError where it cannot be opened, or is larger than any capture."""
    name = str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    try:
        file = open_regular(path)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}.", "Name a capture or a log.") from error
    with file:
        size = os.fstat(file.fileno()).st_size
        if size > CAPTURE:
            raise UsageError(
                f"{name} has {size:,} bytes, more than is read of a capture.", "Cut it, for instance with editcap."
            )
        yield TrafficFile(name, file, size)
