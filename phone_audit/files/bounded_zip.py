"""ZIP archives that somebody else may have made: their directory is measured before an object is made of each entry."""

import zipfile
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from phone_audit.files.bounds import MB, BoundsError

_ENTRY: Final = b"PK\x01\x02"
_SIZE, _PLACE = 5, 9
"""Where zipfile's own reading of the end record has the directory's size, and its own place."""


@dataclass(frozen=True)
class ZipBounds:
    """What a directory may hold: `entries`, each of which takes 500 bytes of memory, in `size` bytes."""

    entries: int
    size: int = 64 * MB


def open_zip(file: BinaryIO, bounds: ZipBounds) -> zipfile.ZipFile:
    """Open an archive for reading; the file stays the caller's to close.

    The end of the archive is found by zipfile itself, so that what is measured is what it reads then.

    Raises:
        BoundsError: its directory is larger than any honest one.
        zipfile.BadZipFile: it is no archive.
        OSError: it cannot be read.
    """
    end: list[Any] | None = zipfile._EndRecData(file)  # type: ignore[attr-defined]
    if end:
        if end[_SIZE] > bounds.size:
            raise BoundsError(f"its list of files is larger than {bounds.size // MB} MB")
        # beginning too early, by the length of the records that ZIP64 has in between, counts a little more
        start = max(0, end[_PLACE] - end[_SIZE] - 76)
        file.seek(start)
        if file.read(end[_PLACE] - start).count(_ENTRY) > bounds.entries:
            raise BoundsError(f"it holds more than {bounds.entries:,} files")
    file.seek(0)
    return zipfile.ZipFile(file)
