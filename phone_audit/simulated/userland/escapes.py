"""Backslash escapes of `printf`, `echo -e` and `$'...'`."""

import re
import string

from phone_audit.simulated.userland.call import decode, encode

ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|0?[0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b",
            "'": "'", '"': '"'}  # fmt: skip


def unescape(text: str) -> str:
    r"""Replace escapes by what they stand for; one that is not known stays as it is.

    Example:
        >>> unescape(r"\303\251\0")
        'é\x00'
    """
    return decode(encode(ESCAPE.sub(_one, text)))


def _one(found: re.Match[str]) -> str:
    code = found[1]
    if code[0] == "x" and len(code) > 1:
        return decode(bytes([int(code[1:], 16)]))
    if code[0] in string.octdigits:
        return decode(bytes([int(code, 8) & 0xFF]))
    return _LETTERS.get(code, found[0])
