"""Texts that came through other computers, with line ends and encoding of Windows, and notes of what was not read."""

import codecs

from phone_audit.acquire.text import shown
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_lines import without_long_lines
from phone_audit.files.bounds import PHONE_TEXT_LINE
from phone_audit.model.finding import Skipped, Step

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


def note(subject: str, step: Step, code: str, reason: str) -> Skipped:
    """Return a note that can be published."""
    return Skipped(subject=shown(subject), step=step, code=code, reason=shown(reason))


def contradiction(subject: str, reason: str) -> Skipped:
    """Note that an answer contradicts itself, or another."""
    return note(subject, "command", "contradiction", reason)


def damaged(name: str, error: SnapshotError) -> Skipped:
    """Note that one file of an acquisition cannot be read, which costs that file alone."""
    return note(name, "read", "damaged", error.message)
