"""Texts put aside on disk while there are too many of them for memory."""

import tempfile
import zlib
from typing import BinaryIO, Final, NamedTuple, Self

_LEVEL: Final = 1
"""Records shrink to a fifth at the cheapest level; more costs more time than it spares."""


class Place(NamedTuple):
    """Where a text lies, in bytes."""

    start: int
    size: int


class Spool:
    """Texts, packed, in a file without a name that only this process can read and that ends with it.

    The file is made when the first text comes. What the disk has no room for stays in memory, packed.
    """

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._end = 0
        self._in_memory: dict[int, bytes] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, text: str) -> Place:
        packed = zlib.compress(text.encode(), _LEVEL)
        try:
            return self._write(packed)
        except OSError:
            place = Place(-1 - len(self._in_memory), len(packed))
            self._in_memory[place.start] = packed
            return place

    def _write(self, packed: bytes) -> Place:
        if self._file is None:
            # unbuffered, so that a full disk shows here; open as long as this is
            self._file = tempfile.TemporaryFile(prefix="phone-audit-", buffering=0)  # noqa: SIM115
        self._file.seek(self._end)
        written = 0
        while written < len(packed):
            written += self._file.write(packed[written:])
        place = Place(self._end, len(packed))
        self._end += len(packed)
        return place

    def get(self, place: Place) -> str:
        """Return a text that was put aside; an OSError where it cannot be read any more."""
        packed = self._in_memory.get(place.start)
        if packed is None:
            packed = self._read(place)
        return zlib.decompress(packed).decode()

    def _read(self, place: Place) -> bytes:
        if self._file is None:
            raise OSError("nothing was put aside")
        self._file.seek(place.start)
        packed = bytearray()
        while len(packed) < place.size and (piece := self._file.read(place.size - len(packed))):
            packed += piece
        return bytes(packed)
