"""Texts put aside on disk while there are too many of them for memory."""

import tempfile
import zlib
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple, Self

_LEVEL: Final = 1
"""Records shrink to a fifth at the cheapest level; more costs more time than it spares."""


class Place(NamedTuple):
    """Where a text lies, in bytes."""

    start: int
    size: int


class Spool:
    """Texts, packed, in a file without a name that only this process can read and that ends with it.

    The file is made when the first text comes.
    """

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop all texts."""
        if self._file is not None:
            self._file.close()

    def put(self, text: str) -> Place:
        """Put a text aside.

        Raises:
            OSError: there is no room for it.
        """
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="phone-audit-")  # noqa: SIM115  (open as long as this is)
        packed = zlib.compress(text.encode(), _LEVEL)
        place = Place(self._end, len(packed))
        self._file.seek(place.start)
        self._file.write(packed)
        self._end += len(packed)
        return place

    def get(self, place: Place) -> str:
        """Return a text that was put aside.

        Raises:
            OSError: it cannot be read any more.
        """
        if self._file is None:
            raise OSError("nothing was put aside")
        self._file.seek(place.start)
        return zlib.decompress(self._file.read(place.size)).decode()
