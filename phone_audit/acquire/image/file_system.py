"""The seam between formats and what is made of them: a file system lists folders and gives the bytes of files."""

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from phone_audit.acquire.image.byte_source import ByteSource

Kind = Literal["file", "folder", "link", "other", "damaged"]

Flaw = tuple[str, str]
"""The code of what was not read, and a sentence."""
CUT_OFF: Flaw = ("cut-off", "It is shorter than it says itself: what lay behind its end was not read.")
LONGEST_TARGET = 4095
"""Bytes of a link's target (Linux `PATH_MAX`, without the zero byte at its end)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a folder.

    Attributes:
        name: as decoded, so that each byte can be told; never empty, `.` or `..`, and without `/`.
        kind: what it is.
        node: by which the file system finds it again; entries with one node are the same thing.
    """

    name: str
    kind: Kind
    node: object


class FileSystem(Protocol):
    """A file system of an image, or a folder of a dump. Links are told, and never followed."""

    kind: str
    """What it is, for a person: `ext4`, `EROFS` …"""

    @property
    def flaws(self) -> Sequence[Flaw]:
        """What of it was not read although its head could be."""

    @property
    def root(self) -> object:
        """The node of the outermost folder."""

    def entries(self, folder: object) -> Iterator[Entry]:
        """Yield what lies in a folder, in any order; a damaged one may have no end.

        Raises an ImageError where it is damaged.
        """

    def open(self, file: object) -> ByteSource:
        """Return the bytes of a regular file; ImageError where it is damaged, or packed in a way that is not read."""

    def target(self, link: object) -> str:
        """Return what a link names, as decoded. Raises ImageError where it is damaged."""


def kind_of(mode: int) -> Kind:
    """Return what a file is by its mode, as in `st_mode`."""
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"


def is_name(name: str) -> bool:
    """Tell whether an entry can be part of a path."""
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name
