"""Numbers in the files that ART writes, and the error of a file that is not in order."""

from typing import Final

from phone_audit.errors import ApkError

_MOST_BYTES: Final = 5
"""Bytes of an unsigned LEB128 number of 32 bits."""
_ALL_BITS: Final = 0xFFFFFFFF


class CodeFileError(ApkError):
    """Something in a VDEX, compact DEX or OAT file cannot be read."""

    def __init__(self, message: str, code: str = "bad-code-file") -> None:
        super().__init__(message, step="dex", code=code)


def half(view: memoryview, at: int) -> int:
    """Read an unsigned number of 16 bits.

    Raises:
        CodeFileError: it does not lie in the bytes.
    """
    return _number(view, at, 2)


def word(view: memoryview, at: int) -> int:
    """Read an unsigned number of 32 bits.

    Raises:
        CodeFileError: it does not lie in the bytes.
    """
    return _number(view, at, 4)


def _number(view: memoryview, at: int, size: int) -> int:
    if at < 0 or at + size > len(view):
        raise CodeFileError("A number lies outside the file.")
    return int.from_bytes(view[at : at + size], "little")


def uleb128(view: memoryview, at: int) -> tuple[int, int]:
    """Read an unsigned LEB128 number, no more than 32 bits of it; give it, and where the next one begins.

    Source: dex-format, "LEB128".

    Raises:
        CodeFileError: it does not lie in the bytes, or is longer than five bytes.
    """
    if at < len(view) and view[at] < 0x80:
        return view[at], at + 1
    value = 0
    for place, byte in enumerate(view[at : at + _MOST_BYTES]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & _ALL_BITS, at + place + 1
    raise CodeFileError("A number lies outside the file.")


def sleb128(view: memoryview, at: int) -> tuple[int, int]:
    """Read a signed LEB128 number; give it, and where the next one begins.

    Raises:
        CodeFileError: it does not lie in the bytes, or is longer than five bytes.
    """
    value, after = uleb128(view, at)
    bits = 7 * (after - at)
    if bits <= 28:  # four bytes; a fifth one fills the 32 bits
        return value - (1 << bits if value >> (bits - 1) & 1 else 0), after
    return value - (1 << 32 if value >> 31 else 0), after


def to_uleb128(number: int) -> bytes:
    """Write an unsigned LEB128 number."""
    content = bytearray()
    while number > 0x7F:  # seven bits a byte
        content.append(number & 0x7F | 0x80)
        number >>= 7
    content.append(number)
    return bytes(content)
