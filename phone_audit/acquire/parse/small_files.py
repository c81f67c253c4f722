"""The answer of `condition.small_files` → the bytes of files, and what may be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from phone_audit.acquire.parse.text import decode

Access = Literal["open", "shut", "none"]
ACCESS: tuple[Access, ...] = ("open", "shut", "none")
SECTIONS = (b"\0folders\0", b"\0there\0", b"\0files\0", b"\0bytes\0")
MOST_FILES = 4096


@dataclass(frozen=True)
class SmallFiles:
    """What the phone gave.

    Attributes:
        folders: folder → `open` where it can be listed, `shut` where the shell may not, `none` where there is none.
        there: paths at which something lies.
        files: path → bytes.
        whole: whether all files that were found came; False where the answer was cut or contradicts itself.
    """

    folders: Mapping[str, Access] = field(default_factory=dict)
    there: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    whole: bool = False


def parse_small_files(answer: bytes) -> SmallFiles:
    r"""Read folders, paths, sizes and names with NUL between them, then all bytes in a row.

    Where the sizes do not fit the names, no byte is believed: which file it is of cannot be told.

    Example:
        >>> parse_small_files(b"\0folders\0open\0/a\0\0there\0/su\0\0files\0002\n\0/a/x\0\0bytes\0hi").files
        {'/a/x': b'hi'}
    """
    parts: list[bytes] = []
    rest = answer
    for mark in SECTIONS:
        before, found, rest = rest.partition(mark)
        if not found:
            return SmallFiles(_folders(parts[1]) if len(parts) > 1 else {})
        parts.append(before)
    folders, there = _folders(parts[1]), tuple(decode(path) for path in parts[2].split(b"\0") if path)
    sizes_text, _, names_text = parts[3].partition(b"\0")
    names = [decode(name) for name in names_text.split(b"\0") if name]
    words = sizes_text.split()
    if len(words) != len(names) or len(names) > MOST_FILES or not all(w.isdigit() and len(w) < 12 for w in words):
        return SmallFiles(folders, there)
    sizes = [int(word) for word in words]
    files: dict[str, bytes] = {}
    at = 0
    for name, size in zip(names, sizes, strict=True):
        if at + size > len(rest):
            break
        files[name] = rest[at : at + size]
        at += size
    return SmallFiles(folders, there, files, whole=at == len(rest) and len(files) == len(set(names)))


def _folders(part: bytes) -> dict[str, Access]:
    words = part.split(b"\0")
    found: dict[str, Access] = {}
    for kind, path in zip(words[::2], words[1::2], strict=False):
        access = next((known for known in ACCESS if known.encode() == kind), None)
        if access and path:
            found[decode(path)] = access
    return found
