"""A tar archive, plain or in gzip: its members where they lie. Samsung's `.tar.md5` is one with a line behind its end.

Source: POSIX `pax`, and GNU tar's manual for long names and large numbers. Read in order once; the sum of each head is
checked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, Part, begins, hashes_of
from phone_audit.acquire.image.file_system import LONGEST_TARGET, Flaw
from phone_audit.acquire.image.member_tree import MemberTree
from phone_audit.acquire.text import decode

MD5: Final = ".md5"
_DIGEST_LINE: Final = re.compile(rb"([0-9a-f]{32}) [ *][^\n]*\n?\Z")
_LONGEST_LINE: Final = 400
_BLOCK: Final = 512
_MOST_MEMBERS: Final = 200_000
_LARGEST_NOTE: Final = 64 * 1024
"""Bytes of a long name, or of what is said of a member beside its head."""
_LONGEST_SIZE: Final = 20
"""Digits of a size."""
_CUT_OFF: Final = ("cut-off", "It is cut off, or damaged between two members: what lies behind was not read.")
_FILE, _LINK, _SYMLINK, _FOLDER, _SPARSE = b"0\07", b"1", b"2", b"5", b"S"
_DEVICES: Final = b"346"
"""Devices and pipes, which have no bytes."""
_LONG_NAME, _LONG_LINK, _PAX, _PAX_ALL = b"L", b"K", b"x", b"g"


@dataclass
class _Member:
    path: str
    kind: bytes
    target: str
    at: int
    size: int


def is_tar(source: ByteSource) -> bool:
    return begins(source, 257, 5) == b"ustar" and _sum_fits(begins(source, 0, _BLOCK))


def digest_flaw(source: ByteSource) -> Flaw | None:
    """Hold Samsung's `.tar.md5` against the digest at its end; None where it is that of what stands before.

    Raises an ImageError where it is damaged.
    """
    end = begins(source, max(0, source.size - _LONGEST_LINE), min(_LONGEST_LINE, source.size))
    line = _DIGEST_LINE.search(end)
    if line is None:
        return "cut-off", "The MD5 that such a file has at its end is not there; it may be cut off."
    if hashes_of(Part(source, 0, source.size - len(line[0])), "md5") == [line[1].decode()]:
        return None
    return "wrong-digest", "It does not have the MD5 that stands at its end: it was damaged, or changed by somebody."


def is_gzip(source: ByteSource) -> bool:
    return begins(source, 0, 3) == b"\x1f\x8b\x08"


def tar_tree(source: ByteSource) -> MemberTree:
    """Return the members as a file system; ImageError where what is said of a member beside its head is damaged."""
    tree = MemberTree("tar")
    for member in _members(source, tree.flaws):
        if member.at + member.size > source.size:
            tree.leave_out(member.path, "it ends behind the end of the archive")
        elif member.kind in _FILE:
            tree.add(member.path, Part(source, member.at, member.size))
        elif member.kind == _SYMLINK:
            tree.add(member.path, member.target[:LONGEST_TARGET])
        elif member.kind == _LINK:
            tree.link(member.path, member.target)
        elif member.kind == _FOLDER:
            tree.add(member.path, None)
        elif member.kind not in _DEVICES:
            tree.leave_out(member.path, "it is of a kind that is not read")
    return tree


def _members(source: ByteSource, flaws: list[Flaw]) -> Iterator[_Member]:
    """Yield the members up to the block of zeros that stands behind the last one, and note where none does."""
    at = 0
    notes: dict[str, str] = {}
    for _ in range(_MOST_MEMBERS):
        head = begins(source, at, _BLOCK)
        if len(head) == _BLOCK and not head.strip(b"\0"):
            return
        if not _sum_fits(head):
            flaws.append(_CUT_OFF)
            return
        kind, size = head[156:157], _number(head[124:136])
        at += _BLOCK
        if kind in (_LONG_NAME, _LONG_LINK, _PAX, _PAX_ALL):
            if size > _LARGEST_NOTE:
                flaws.append(_CUT_OFF)
                return
            text = source.read(at, size)
            if kind == _PAX:
                notes |= _pax(text)
            elif kind != _PAX_ALL:
                notes["path" if kind == _LONG_NAME else "linkpath"] = decode(text.rstrip(b"\0"))
        else:
            stated = notes.get("size", "")
            size = int(stated) if stated.isdecimal() and len(stated) <= _LONGEST_SIZE else size
            kind = _SPARSE if any(name.startswith("GNU.sparse.") for name in notes) else kind
            prefix = decode(head[345:500].split(b"\0")[0]) if head[257:263] == b"ustar\0" else ""
            path = decode(head[:100].split(b"\0")[0])
            target = decode(head[157:257].split(b"\0")[0])
            whole = f"{prefix}/{path}" if prefix else path
            yield _Member(notes.get("path", whole), kind, notes.get("linkpath", target), at, size)
            notes = {}
        at += -(-size // _BLOCK) * _BLOCK
    flaws.append(("too-many", f"It has more than {_MOST_MEMBERS:,} members; the rest was not looked at."))


def _number(text: bytes) -> int:
    """Read a size: digits in base eight, or with the first bit set the bytes of a large number."""
    if text[0] & 0x80:
        return int.from_bytes(bytes([text[0] & 0x7F]) + text[1:], "big")
    digits = text.strip(b" \0")
    return int(digits, 8) if digits and all(byte in b"01234567" for byte in digits) else 0


def _sum_fits(head: bytes) -> bool:
    if len(head) < _BLOCK:
        return False
    return _number(head[148:156]) == sum(head) - sum(head[148:156]) + 8 * 32


def _pax(text: bytes) -> dict[str, str]:
    """Read `LENGTH name=value` lines."""
    found: dict[str, str] = {}
    at = 0
    while (blank := text.find(b" ", at, at + 8)) > at:
        digits = text[at:blank]
        length = int(digits) if digits.isdigit() else 0
        if not blank - at < length <= len(text) - at:
            break
        name, _, value = text[blank + 1 : at + length - 1].partition(b"=")
        found[decode(name)] = decode(value)
        at += length
    return found
