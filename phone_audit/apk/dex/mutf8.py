"""Modified UTF-8, the encoding of strings in DEX files, made printable whatever the bytes are."""

import codecs
import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def _lenient(error: UnicodeError) -> tuple[str, int]:
    """Take what plain UTF-8 refuses: C0 80 for U+0000, surrogates coded one by one, and, escaped, broken bytes."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    at = error.start
    three = error.object[at : at + 3]
    if three[:2] == b"\xc0\x80":
        return "\0", at + 2
    if len(three) == 3 and three[0] == 0xED and 0xA0 <= three[1] <= 0xBF and 0x80 <= three[2] <= 0xBF:
        return chr(0xD000 | (three[1] & 0x3F) << 6 | three[2] & 0x3F), at + 3
    return f"\\x{three[0]:02x}", at + 1


codecs.register_error("phone-audit-mutf8", _lenient)


def decode(data: bytes) -> str:
    r"""Decode modified UTF-8 without ever failing, in time linear in the length.

    Surrogate pairs become one character. A surrogate without its half stays readable as ``\udXXX`` and a byte that
    fits nowhere as ``\xXX``, so the answer can always be written as UTF-8. Four-byte UTF-8, which the format does not
    allow and some tools write, is taken as it is meant. Source: dex-format, "MUTF-8 (Modified UTF-8) Encoding".

    Example:
        >>> decode(b"a\xc0\x80\xed\xa0\xbd\xed\xb8\x80\xed\xa0\xbd")
        'a\x00😀\\ud83d'
    """
    text = data.decode("utf-8", "phone-audit-mutf8")
    if text.isascii() or _LONE_SURROGATE.search(text) is None:
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return joined.encode("utf-8", "backslashreplace").decode("utf-8")
