"""Bytes at places: a file, a part of one, or what is made of others when it is read. Every layer of an image is one."""

import hashlib
import io
import os
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from phone_audit.files.bounds import MB

PIECE = MB
MOST_AT_ONCE = 64 * MB
"""Bytes that are read in one go, whatever a field of an image says."""


class ImageError(Exception):
    """Something in an image is damaged, or of a kind that is not read; the message is a clause without a full stop."""


class ByteSource(Protocol):
    """Bytes that can be read at any place, as often as one likes. It is only read by one thread at a time."""

    @property
    def size(self) -> int:
        """How many bytes there are."""

    def read(self, at: int, count: int) -> bytes:
        """Return exactly `count` bytes from `at` on.

        Raises an ImageError where there are not so many, or what they are made of is damaged.
        """


def check_range(source: ByteSource, at: int, count: int) -> None:
    """Refuse a range that does not lie inside a source.

    Raises an ImageError where it does not, or it is larger than what is ever read at once.
    """
    if count > MOST_AT_ONCE:
        raise ImageError(f"{count:,} bytes were to be read at once")
    if at < 0 or count < 0 or at + count > source.size:
        raise ImageError("it ends before its end, or names places outside of itself")


def pieces_of(source: ByteSource) -> Iterator[bytes]:
    """Yield the bytes of a source in order. Raises as `ByteSource.read`."""
    for at in range(0, source.size, PIECE):
        yield source.read(at, min(PIECE, source.size - at))


def hashes_of(source: ByteSource, *kinds: str) -> list[str]:
    """Return hashes of a source in hexadecimal, such as `sha256`. Raises as `ByteSource.read`."""
    hashes = [hashlib.new(kind, usedforsecurity=False) for kind in kinds]
    for piece in pieces_of(source):
        for one in hashes:
            one.update(piece)
    return [one.hexdigest() for one in hashes]


class FileBytes:
    """A file on this computer; `path` is the whole of it."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self.path = path
        self.size = os.fstat(file.fileno()).st_size

    def read(self, at: int, count: int) -> bytes:
        check_range(self, at, count)
        try:
            self._file.seek(at)
            data = self._file.read(count)
        except OSError as error:
            raise ImageError(f"it cannot be read: {error.strerror}") from error
        if len(data) != count:
            raise ImageError("it became shorter while it was read")
        return data


class Part:
    """A part of another source. Raises ImageError where it does not lie inside."""

    def __init__(self, whole: ByteSource, at: int, size: int) -> None:
        if at < 0 or size < 0 or at + size > whole.size:
            raise ImageError("a part lies outside of the whole")
        self._whole, self._at, self.size = whole, at, size

    def read(self, at: int, count: int) -> bytes:
        check_range(self, at, count)
        return self._whole.read(self._at + at, count)


@dataclass(frozen=True, slots=True)
class Run:
    """`size` bytes at `at`: those of `source` from `start` on; zeros, or `fill` over and over, where there is none."""

    at: int
    size: int
    source: ByteSource | None = None
    start: int = 0
    fill: bytes = b""


class Runs:
    """Bytes put together from sorted runs that do not overlap; what no run covers is zero. `size` is that of the whole.

    Raises an ImageError where they overlap, or go beyond the end.
    """

    def __init__(self, runs: Sequence[Run], size: int) -> None:
        end = 0
        for run in runs:
            if run.at < end or run.size < 0 or run.at + run.size > size:
                raise ImageError("its parts overlap, or go beyond its end")
            end = run.at + run.size
        self._runs = runs
        self._starts = [run.at for run in runs]
        self.size = size

    def read(self, at: int, count: int) -> bytes:
        check_range(self, at, count)
        pieces = []
        index = max(0, bisect_right(self._starts, at) - 1)
        end = at + count
        while at < end:
            run = self._runs[index] if index < len(self._runs) else None
            if run is None or run.at >= end:
                pieces.append(bytes(end - at))
                break
            if at < run.at:
                pieces.append(bytes(run.at - at))
                at = run.at
            some = min(end, run.at + run.size) - at
            if some > 0:
                pieces.append(_of_run(run, at - run.at, some))
                at += some
            index += 1
        return b"".join(pieces)


def _of_run(run: Run, at: int, count: int) -> bytes:
    if run.source is not None:
        return run.source.read(run.start + at, count)
    if not run.fill.strip(b"\0"):
        return bytes(count)
    length = len(run.fill)
    skipped = at % length
    return (run.fill * ((skipped + count) // length + 1))[skipped : skipped + count]


class Lazy:
    """A source of known size that is made when it is first read: most files of an image never are."""

    def __init__(self, size: int, make: Callable[[], ByteSource]) -> None:
        self.size = size
        self._make = make

    @cached_property
    def _made(self) -> ByteSource:
        return self._make()

    def read(self, at: int, count: int) -> bytes:
        check_range(self, at, count)
        return self._made.read(at, count)


class Unreadable:
    """A source of which is known already that it cannot be read."""

    size = 1

    def __init__(self, error: ImageError) -> None:
        self._error = error

    def read(self, at: int, count: int) -> bytes:
        raise self._error


_AGAIN, _LEAST = 16, 8 * 1024 * MB
"""How often every byte of a file may be unpacked, and how many bytes may be in any case."""


class Work:
    """What may be spent on a whole image, however often its parts name one another."""

    def __init__(self, most: int) -> None:
        self._left = most

    @classmethod
    def of_file(cls, size: int) -> "Work":
        """Return how many bytes may be unpacked of a file of so many, in all layers together."""
        return cls(_AGAIN * size + _LEAST)

    def grant(self, size: int) -> None:
        """Add what one more file of so many bytes may cost."""
        self._left += _AGAIN * size

    def spend(self, count: int) -> None:
        """Take so much of it. Raises ImageError where there is not so much left."""
        if not self.allow(count):
            raise ImageError("reading it takes more work than any honest image does")

    def allow(self, count: int) -> bool:
        """Take so much of it, and tell whether there was so much."""
        self._left -= count
        return self._left >= 0


class PieceCache:
    """Unpacked pieces that were used last, of at most so many bytes together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: OrderedDict[object, bytes] = OrderedDict()
        self._size = 0

    def get(self, key: object, make: Callable[[], bytes]) -> bytes:
        """Return the piece of a key, made where it is not here."""
        piece = self._pieces.get(key)
        if piece is not None:
            self._pieces.move_to_end(key)
            return piece
        piece = make()
        self._pieces[key] = piece
        self._size += len(piece)
        while self._size > self._most and len(self._pieces) > 1:
            self._size -= len(self._pieces.popitem(last=False)[1])
        return piece


def read_blocks(at: int, count: int, length: int, cache: PieceCache, block_of: Callable[[int], bytes]) -> bytes:
    """Return bytes of a source that is made in blocks of `length` bytes; `block_of` makes one by its number.

    The caller has seen that all of them lie inside. Raises an ImageError where a block is shorter than it has to be.
    """
    pieces = []
    end = at + count
    while at < end:
        number, skipped = divmod(at, length)
        piece = cache.get(number, partial(block_of, number))[skipped : skipped + end - at]
        if not piece:
            raise ImageError("what is packed ends before its end")
        pieces.append(piece)
        at += len(piece)
    return b"".join(pieces)


class SourceFile(io.RawIOBase):
    """A source as a file, for readers that want one."""

    def __init__(self, source: ByteSource) -> None:
        super().__init__()
        self._source = source
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        if start + offset < 0:
            raise OSError("a place before the beginning")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        count = min(len(buffer), max(0, self._source.size - self._at))
        try:
            buffer[:count] = self._source.read(self._at, count)
        except ImageError as error:
            raise OSError(0, str(error)) from error
        self._at += count
        return count


def begins(source: ByteSource, at: int, count: int) -> bytes:
    """Return bytes by which a format is told; none where the source is too short or damaged there."""
    with suppress(ImageError):
        return source.read(at, count)
    return b""
