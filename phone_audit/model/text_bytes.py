"""Text files as Windows writes them: byte order marks, UTF-16, characters that no one sees."""

import codecs

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_INVISIBLE = dict.fromkeys((0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF))


def decoded(data: bytes) -> str:
    """Decode a text by its byte order mark, else as UTF-8; bytes that are none are replaced.

    Args:
        data: a file or standard input; hostile input.
    """
    return without_marks(data.decode("utf-16" if data.startswith(_UTF16) else "utf-8", "replace"))


def without_marks(text: str) -> str:
    """Leave out characters without width: they come with a text that is copied from a page or a message."""
    return text.translate(_INVISIBLE)


def as_utf8(data: bytes) -> bytes:
    """Return a text without its byte order mark; of UTF-16 its UTF-8, as far as it is UTF-16."""
    if data.startswith(_UTF16):
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(codecs.BOM_UTF8)
