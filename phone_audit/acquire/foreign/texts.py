"""Texts that came through other computers: their line ends and their encoding may be those of Windows."""

import codecs

from phone_audit.acquire.foreign.notes import note
from phone_audit.files.bounded_lines import without_long_lines
from phone_audit.files.bounds import PHONE_TEXT_LINE
from phone_audit.model.finding import Skipped

_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def text_of(data: bytes) -> bytes:
    r"""Return a text in UTF-8 with plain line feeds. `adb shell getprop > file` in PowerShell writes UTF-16.

    Example:
        >>> text_of("a\r\nb\r\n".encode("utf-16")), text_of(b"\xef\xbb\xbfa\xff\n")
        (b'a\nb\n', b'a\xff\n')
    """
    encoding = _WIDE.get(data[:2])
    if encoding:
        data = data[2:].decode(encoding, "replace").encode("utf-8")
    return data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n")


def bounded_text(data: bytes, name: str) -> tuple[bytes, tuple[Skipped, ...]]:
    """Return a text as `text_of` does, its lines of a bounded length, and a note where that left lines out."""
    text, left_out = without_long_lines(text_of(data), PHONE_TEXT_LINE)
    if not left_out:
        return text, ()
    lines = "One line was" if left_out == 1 else f"{left_out} lines were"
    reason = f"{lines} not read: longer than {PHONE_TEXT_LINE // 2**20} MB, which no line of a phone's answer is."
    return text, (note(name, "read", "long-line", reason),)
