"""Texts by line from a file that somebody else may have written: no line longer than a bound ever gets to a parser."""

import codecs
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from phone_audit.files.bounds import MB, BoundsError

UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PIECE: Final = 256 * 2**10
_FIRST: Final = 64 * 2**10
"""Bytes that most files have at most; room for as many as a file may have is made only where there are more."""


def read_bounded(file: BinaryIO, size: int) -> bytes:
    """Read a whole file; a BoundsError where it has more than `size` bytes, and then not to its end."""
    data = file.read(min(size + 1, _FIRST))
    if len(data) == _FIRST:
        data += file.read(size + 1 - _FIRST)
    if len(data) > size:
        raise BoundsError(f"it is larger than {size // MB:,} MB" if size >= MB else f"it is larger than {size:,} bytes")
    return data


def read_lines(file: BinaryIO, longest: int) -> Iterator[bytes | None]:
    """Yield each line with its line end; None for one that has more than `longest` bytes, which is never held."""
    yield from _lines(file.readline, longest)


def read_utf8_lines(file: BinaryIO, longest: int) -> Iterator[bytes | None]:
    """Yield the lines as `read_lines` does, those of UTF-16 with a byte order mark in UTF-8.

    The file can be sought; `longest` counts bytes of a line, characters in UTF-16.
    """
    is_wide = file.read(2) in UTF16
    file.seek(0)
    if not is_wide:
        yield from read_lines(file, longest)
        return
    wide = io.TextIOWrapper(file, "utf-16", errors="replace", newline="\n")
    try:
        yield from _lines(lambda count: wide.readline(count).encode("utf-8", "replace"), longest)
    finally:
        wide.detach()


def _lines(readline: Callable[[int], bytes], longest: int) -> Iterator[bytes | None]:
    while line := readline(longest + 1):
        if line.endswith(b"\n") or len(line) <= longest:
            yield line
            continue
        while (rest := readline(_PIECE)) and not rest.endswith(b"\n"):
            pass
        yield None


def first_long_line(data: bytes, longest: int, start: int = 0) -> int | None:
    """Return where the first line with more than `longest` bytes begins, its end left out; None where there is none.

    Looks at one place in `longest` bytes and not at every line.
    """
    while len(data) - start > longest:
        end = data.rfind(b"\n", start, start + longest + 1)
        if end < 0:
            return start
        start = end + 1
    return None


def without_long_lines(data: bytes, longest: int) -> tuple[bytes, int]:
    """Return the text with lines of more than `longest` bytes left empty, and how many they are."""
    kept: list[bytes] = []
    place = 0
    while (long := first_long_line(data, longest, place)) is not None:
        kept.append(data[place:long])
        end = data.find(b"\n", long)
        place = len(data) if end < 0 else end
    return (b"".join([*kept, data[place:]]), len(kept)) if kept else (data, 0)
