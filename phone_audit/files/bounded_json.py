"""JSON from a file that somebody else may have written: counted before a parser builds anything from it.

`CheckedJson` is text that was counted. Only such text is parsed: by `parse` here, or as a document by
`model.base.read_document`. What is counted is at least what a parser meets before it stops, also in text that is none.
"""

import json
import os
from itertools import accumulate
from typing import Any, BinaryIO, Final, NewType

from phone_audit.files.bounds import MB, BoundsError, JsonBounds

CheckedJson = NewType("CheckedJson", bytes)
"""A JSON text, or what claims to be one, within its bounds."""

_PIECE: Final = 256 * 2**10
_ALL: Final = bytes(range(256))
_OPENING, _CLOSING = b"[{", b"]}"
_STEPS: Final = bytes(1 if byte in _OPENING else 255 for byte in _ALL)
"""An opening bracket goes one level down (1), a closing one up (-1 as a signed byte)."""
_NO_BRACKETS: Final = bytes(byte for byte in _ALL if byte not in _OPENING + _CLOSING)
_DIGITS: Final = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else ord(" ") for byte in _ALL)


class JsonError(ValueError):
    """A text is no JSON; the message is a sentence without a full stop."""


def checked(data: bytes, bounds: JsonBounds) -> CheckedJson:
    """Return the text itself, once it was found to be within its bounds; else a BoundsError is raised."""
    counter = _Counter(bounds)
    for start in range(0, len(data), _PIECE):
        counter.count(data[start : start + _PIECE])
    return CheckedJson(data)


def read_checked(file: BinaryIO, bounds: JsonBounds) -> CheckedJson:
    """Read a whole text, counted as it comes: one beyond its bounds is not held, but a BoundsError raised."""
    counter = _Counter(bounds)
    counter.expect(_stated_size(file))
    text = bytearray()
    while piece := file.read(_PIECE):
        counter.count(piece)
        text += piece
    return CheckedJson(bytes(text))


def parse(text: CheckedJson) -> Any:
    """Parse a text into plain values; a JsonError where it is no JSON in UTF-8.

    Half of a surrogate pair stays in a text as it is: whoever publishes one has to replace it.
    """
    try:
        return json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise JsonError(f"it is no JSON: {str(error)[:200]}") from error


def _stated_size(file: BinaryIO) -> int:
    """Return the size that the system states; 0 for what has none, such as a pipe or a text in memory."""
    try:
        return os.fstat(file.fileno()).st_size
    except OSError:
        return 0


class _Counter:
    """Counts a text piece by piece, each with a few passes in C; nothing of it is kept."""

    def __init__(self, bounds: JsonBounds) -> None:
        self._bounds = bounds
        self._size = self._quotes = self._depth = 0
        self._values = 1
        self._in_string = self._escaped = False
        self._last_digits = b""

    def expect(self, size: int) -> None:
        """Refuse a text of so many bytes if that is too much: a BoundsError."""
        if size > self._bounds.size:
            raise BoundsError(f"it is larger than {_size(self._bounds.size)}")

    def count(self, piece: bytes) -> None:
        """Count one more piece; a BoundsError where there is too much with it."""
        self._size += len(piece)
        self.expect(self._size)
        outside = self._outside_strings(piece)
        self._values += sum(map(outside.count, (b",", b"[", b"{")))
        if self._values > self._bounds.values or self._quotes > 4 * self._bounds.values:
            raise BoundsError(f"it holds more than {self._bounds.values:,} values")
        self._count_depth(outside)
        self._count_digits(outside)

    def _outside_strings(self, piece: bytes) -> bytes:
        """Return the piece without its strings.

        Backslashes stand in strings only: where one stands outside, a parser stops, and what follows does not count.
        """
        if self._escaped:
            piece = b"_" + piece[1:]
            self._escaped = False
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"__")  # from the left, so that pairs in a run are those that a parser sees
            self._escaped = piece.endswith(b"\\")
            piece = piece.replace(b'\\"', b"__")
        parts = piece.split(b'"')
        before = self._in_string
        self._quotes += len(parts) - 1  # two a string; a field of an object has two strings
        self._in_string ^= len(parts) % 2 == 0
        outside = b'"'.join(parts[1 if before else 0 :: 2])
        return b'"' * before + outside + b'"' * self._in_string

    def _count_depth(self, outside: bytes) -> None:
        brackets = outside.translate(_STEPS, _NO_BRACKETS)
        levels = accumulate(memoryview(brackets).cast("b"), initial=self._depth)
        opened = brackets.count(1)
        if self._depth + opened > self._bounds.depth and max(levels) > self._bounds.depth:
            raise BoundsError(f"it is nested more than {self._bounds.depth} levels deep")
        self._depth += 2 * opened - len(brackets)

    def _count_digits(self, outside: bytes) -> None:
        longest = self._bounds.digits
        digits = self._last_digits + outside.translate(_DIGITS)
        if b"0" * (longest + 1) in digits:
            raise BoundsError(f"it holds a number of more than {longest} digits")
        self._last_digits = digits[-longest:]


def _size(size: int) -> str:
    return f"{size // MB:,} MB" if size >= MB else f"{size:,} bytes"
