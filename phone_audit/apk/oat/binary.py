"""Numbers and encoded values in the files that ART writes, and the error of a file that is not in order.

Whatever reads in this folder raises that error, unless it says that it never raises. Source: dex-format, "LEB128",
"encoded_value encoding", "encoded_array", "encoded_annotation".
"""

from typing import Final

from phone_audit.errors import ApkError

_MOST_BYTES: Final = 5
"""Bytes of an unsigned LEB128 number of 32 bits."""
_ALL_BITS: Final = 0xFFFFFFFF
_ARRAY: Final = 0x1C
_ANNOTATION: Final = 0x1D
_MOST_VALUES: Final = 1 << 17
"""Values in one list and those inside it; no class has so many."""
_NO_BYTES: Final = frozenset({0x1E, 0x1F})
"""VALUE_NULL and VALUE_BOOLEAN keep everything in their first byte."""


class CodeFileError(ApkError):
    """Something in a VDEX, compact DEX or OAT file cannot be read."""

    def __init__(self, message: str, code: str = "bad-code-file") -> None:
        super().__init__(message, code=code)


def half(view: memoryview, at: int) -> int:
    return _number(view, at, 2)


def word(view: memoryview, at: int) -> int:
    return _number(view, at, 4)


def _number(view: memoryview, at: int, size: int) -> int:
    if at < 0 or at + size > len(view):
        raise CodeFileError("A number lies outside the file.")
    return int.from_bytes(view[at : at + size], "little")


def uleb128(view: memoryview, at: int) -> tuple[int, int]:
    """Read an unsigned LEB128 number, 32 bits of it at most; return it, and where the next one begins."""
    if at < len(view) and view[at] < 0x80:
        return view[at], at + 1
    value = 0
    for place, byte in enumerate(view[at : at + _MOST_BYTES]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & _ALL_BITS, at + place + 1
    raise CodeFileError("A number lies outside the file.")


def sleb128(view: memoryview, at: int) -> tuple[int, int]:
    """Read a signed LEB128 number; return it, and where the next one begins."""
    value, after = uleb128(view, at)
    bits = 7 * (after - at)
    if bits <= 28:  # four bytes; a fifth one fills the 32 bits
        return value - (1 << bits if value >> (bits - 1) & 1 else 0), after
    return value - (1 << 32 if value >> 31 else 0), after


def to_uleb128(number: int) -> bytes:
    content = bytearray()
    while number > 0x7F:  # seven bits a byte
        content.append(number & 0x7F | 0x80)
        number >>= 7
    content.append(number)
    return bytes(content)


def end_of_array(data: memoryview, at: int) -> int:
    count, at = uleb128(data, at)
    return _end(data, at, [(count, False)])


def end_of_annotation(data: memoryview, at: int) -> int:
    _, at = uleb128(data, at)
    count, at = uleb128(data, at)
    return _end(data, at, [(count, True)])


def _end(data: memoryview, at: int, open_lists: list[tuple[int, bool]]) -> int:
    """Pass over values; `open_lists` are the lists being read: values left, and whether each has a name before it."""
    seen = 0
    while open_lists:
        left, named = open_lists.pop()
        if not left:
            continue
        seen += 1
        if seen > _MOST_VALUES:
            raise CodeFileError("A list of values is longer than any class can have.")
        open_lists.append((left - 1, named))
        if named:
            _, at = uleb128(data, at)
        if at >= len(data):
            raise CodeFileError("A value lies outside the file.")
        head = data[at]
        at += 1
        kind = head & 0x1F
        if kind == _ARRAY:
            count, at = uleb128(data, at)
            open_lists.append((count, False))
        elif kind == _ANNOTATION:
            _, at = uleb128(data, at)
            count, at = uleb128(data, at)
            open_lists.append((count, True))
        elif kind not in _NO_BYTES:
            at += (head >> 5) + 1
    if at > len(data):
        raise CodeFileError("A value lies outside the file.")
    return at
