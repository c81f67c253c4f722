"""The members of a tar archive, as views of its bytes.

Source: POSIX `pax`, ustar; GNU tar for long names. Links and special files hold nothing and are passed over.
"""

import re
from collections.abc import Iterator
from itertools import count
from typing import Final, NamedTuple

from phone_audit.apk.zip.directory import Buffer
from phone_audit.errors import ApkError

BLOCK: Final = 512
MAX_MEMBERS: Final = 50_000
_LONG_NAME: Final = b"L"
_PAX: Final = (b"x", b"X")
_NO_FILES: Final = (b"1", b"2", b"3", b"4", b"5", b"6", b"K", b"g")
"""Links, devices, folders, pipes, the long name of a link, and what holds for all members."""
_SOMETHING: Final = re.compile(rb"[^\0]")
_MAGIC_AT: Final = 257


class Member(NamedTuple):
    """A regular file in a tar archive. `offset` is that of its bytes, `content` is cut where the archive is."""

    name: str
    offset: int
    content: Buffer


def is_tar(head: bytes) -> bool:
    """Tell whether a first block is that of a tar archive of ustar, pax or GNU kind."""
    return head[_MAGIC_AT : _MAGIC_AT + 5] == b"ustar"


def members(data: Buffer) -> Iterator[Member]:
    """Yield the regular files. A member of an unknown kind is one, as POSIX has it.

    Raises:
        ApkError: code `damaged-entry` or `too-many-entries`, after all that can be read.
    """
    at, long_name = 0, ""
    for number in count():
        head = bytes(data[at : at + BLOCK])
        if not any(head):
            return _check_end(data, at)
        size = _size(head[124:136]) if len(head) == BLOCK else None
        if size is None:
            raise ApkError(f"A header in it is damaged; nothing was read from byte {at} on.", code="damaged-entry")
        if number == MAX_MEMBERS:
            raise ApkError(
                f"It holds more than {MAX_MEMBERS} files; the others were not read.", code="too-many-entries"
            )
        kind, content = head[156:157], data[at + BLOCK : at + BLOCK + size]
        if kind == _LONG_NAME:
            long_name = _text(bytes(content))
        elif kind in _PAX:
            long_name = _pax_path(bytes(content)) or long_name
        else:
            if kind not in _NO_FILES:
                yield Member(long_name or _name(head), at + BLOCK, content)
            long_name = ""
        if len(content) < size:
            raise ApkError("It is cut off.", code="damaged-entry")
        at += BLOCK + -(-size // BLOCK) * BLOCK


def _check_end(data: Buffer, at: int) -> None:
    """Refuse an end behind which something stands."""
    if _SOMETHING.search(data, at):
        raise ApkError(f"Something stands behind its end at byte {at}, and was not read.", code="damaged-entry")


def _size(field: bytes) -> int | None:
    if field[:1] == b"\x80":
        return int.from_bytes(field[4:], "big")
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else 0 if not digits else None


def _name(head: bytes) -> str:
    prefix = _text(head[345:500]) if head[_MAGIC_AT : _MAGIC_AT + 6] == b"ustar\0" else ""
    return f"{prefix}/{_text(head[:100])}" if prefix else _text(head[:100])


def _pax_path(content: bytes) -> str:
    """Return the path of an extended header: lines `length path=value`."""
    for line in content.split(b"\n"):
        _, _, field = line.partition(b" ")
        if field.startswith(b"path="):
            return _text(field[5:])
    return ""


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "backslashreplace")
