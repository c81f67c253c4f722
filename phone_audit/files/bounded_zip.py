"""ZIP archives, which somebody else may have made; the only file that imports zipfile.

A directory is measured before an object is made of each entry, and what an entry states as its size is not believed.
"""

import contextlib
import zipfile  # noqa: TID251
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from phone_audit.files.bounds import MB, BoundsError

ZipEntry = zipfile.ZipInfo
"""One file of an archive: `filename`, and `file_size` as it is stated."""

_ENTRY: Final = b"PK\x01\x02"
_SIZE, _PLACE = 5, 9
"""Where zipfile's own reading of the end record has the directory's size, and its own place."""
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FIRST_TIME: Final = (1980, 1, 1, 0, 0, 0)
_PIECE: Final = MB
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What zipfile raises on damaged, encrypted or exotic archives."""


class ZipError(Exception):
    """It is no archive, or a damaged one."""


@dataclass(frozen=True)
class ZipBounds:
    """What a directory may hold: `entries`, each of which takes 500 bytes of memory, in `size` bytes."""

    entries: int
    size: int = 64 * MB


class ZipReader:
    """An archive that is open for reading; a context manager. The file stays the caller's to close.

    `entries` are its files and folders, in their order.

    Raises:
        BoundsError: its directory is larger than any honest one.
        ZipError: it is no archive.
        OSError: it cannot be read.
    """

    def __init__(self, file: BinaryIO, bounds: ZipBounds) -> None:
        with _damage():
            _check_directory(file, bounds)
            file.seek(0)
            self._zip = zipfile.ZipFile(file)
        self.entries: list[ZipEntry] = self._zip.infolist()

    def __enter__(self) -> "ZipReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._zip.close()

    def pieces(self, entry: ZipEntry, size: int = _PIECE) -> Iterator[bytes]:
        """Yield the bytes of an entry, `size` at a time at most.

        Raises a ZipError where it is damaged, or not `is_plain`: an LZMA entry alone says how much memory unpacking
        takes.
        """
        if not is_plain(entry):
            raise ZipError("an entry is encrypted, or packed in a way that is not unpacked here")
        with _damage():
            if entry.header_offset < 0:
                raise ZipError("an entry stands before its beginning")
            with self._zip.open(entry) as file:
                while piece := file.read(size):
                    yield piece


def is_plain(entry: ZipEntry) -> bool:
    """Tell whether an entry is stored or deflated, and not encrypted."""
    return entry.compress_type in _METHODS and not entry.flag_bits & 1


def write_zip(stream: BinaryIO, files: Iterable[tuple[str, Path, bool]]) -> None:
    """Write an archive to a stream, which need not be one that can be sought.

    `files` are name of each entry, the file, and whether it is compressed. Entries bear no times, so that equal files
    give equal bytes.
    """
    with zipfile.ZipFile(stream, "w", allowZip64=True) as archive:
        for name, path, compressed in files:
            entry = zipfile.ZipInfo(name, _FIRST_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            entry.external_attr = 0o600 << 16
            with path.open("rb") as file, archive.open(entry, "w", force_zip64=True) as out:
                while piece := file.read(_PIECE):
                    out.write(piece)


def _check_directory(file: BinaryIO, bounds: ZipBounds) -> None:
    """Measure the directory. Its end is found by zipfile itself, so that what is measured is what it reads then."""
    end: list[Any] | None = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if not end:
        return
    if end[_SIZE] > bounds.size:
        raise BoundsError(f"its list of files is larger than {bounds.size // MB} MB")
    # beginning too early, by the length of the records that ZIP64 has in between, counts a little more
    start = max(0, end[_PLACE] - end[_SIZE] - 76)
    file.seek(start)
    if file.read(end[_PLACE] - start).count(_ENTRY) > bounds.entries:
        raise BoundsError(f"it holds more than {bounds.entries:,} files")


@contextlib.contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except BoundsError:
        raise
    except _DAMAGE as error:
        raise ZipError(str(error)) from error
