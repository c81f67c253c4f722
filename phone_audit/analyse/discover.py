"""Finds the files to read: those that are named, and in folders those that are APKs by name or by content."""

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phone_audit.analyse.zip_index import END, LOCAL, names
from phone_audit.errors import ApkError
from phone_audit.model.finding import Skipped

_SUFFIXES = (".apk", ".apks", ".xapk", ".apkm", ".aab")
_TELLING = re.compile(r"(base/manifest/)?AndroidManifest\.xml|(.*/)?classes[^/]*\.dex|.*\.class", re.DOTALL)
_PIECE = 2**17
_LEADS_NOWHERE = (errno.ENOENT, errno.ELOOP)


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read. `shown_as` is its path as given, with `/`; `named` tells whether it was named itself."""

    path: Path
    shown_as: str
    named: bool


def find_apks(paths: Sequence[Path]) -> Iterator[Found | Skipped]:
    """Find the files to read.

    A path that is no folder is always read, whatever it is. Folders are searched to the bottom: files called `.apk`,
    `.apks`, `.xapk`, `.apkm` or `.aab`, and files that begin as a ZIP and hold `AndroidManifest.xml`, `classes*.dex`
    or a `.class`. Links are followed, a folder that was searched is not searched again. The files of a folder come
    together, sorted by name, before those of the folders in it.

    Args:
        paths: files and folders, in the order wanted.

    Yields:
        Each file once under each path; a `Skipped` for a folder that cannot be listed.
    """
    seen: set[str] = set()
    folders: set[tuple[int, int]] = set()
    for path in paths:
        for found in _in_folder(path, folders) if _is_folder(path) else iter([Found(path, shown(path), named=True)]):
            if isinstance(found, Skipped):
                yield found
            elif found.shown_as not in seen:
                seen.add(found.shown_as)
                yield found


def shown(path: Path) -> str:
    """Give the path as text that every encoder takes, with `/` between its parts."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _in_folder(top: Path, searched: set[tuple[int, int]]) -> Iterator[Found | Skipped]:
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in searched:
                continue
            searched.add((status.st_dev, status.st_ino))
            entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        except OSError as error:
            reason = f"The folder cannot be listed: {error.strerror}."
            yield Skipped(subject=shown(folder), step="list", code="unreadable-folder", reason=reason)
            continue
        yield from (found for entry in entries if (found := _file(entry)) is not None)
        waiting.extend(entry for entry in reversed(entries) if _is_folder(entry))


def _file(path: Path) -> Found | Skipped | None:
    """Look at one entry of a folder; None where it is nothing to read."""
    found = Found(path, shown(path), named=False)
    called = path.name.lower().endswith(_SUFFIXES)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return None
        return found if called or (stat.S_ISREG(mode) and _holds_code(path)) else None
    except OSError as error:
        if called:
            return found
        if error.errno in _LEADS_NOWHERE:
            return None
        reason = f"The file cannot be opened to see what it is: {error.strerror}."
        return Skipped(subject=found.shown_as, step="list", code="unreadable", reason=reason)


def _holds_code(path: Path) -> bool:
    """Look at the names in an archive, piece by piece: a map of a file that shrinks would end this process."""
    with path.open("rb", buffering=0) as file:
        if file.read(4) not in (LOCAL, END):
            return False
        try:
            return any(_TELLING.fullmatch(name) for name in names(_Pieces(file.fileno(), file.seek(0, os.SEEK_END))))
        except ApkError:
            return False


class _Pieces:
    """A file by slices, of which the piece around the last one is kept."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self._size = size
        self._start = 0
        self._piece = b""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(self._size)
        if start < self._start or stop > self._start + len(self._piece):
            self._start = start
            self._piece = os.pread(self._descriptor, max(stop - start, _PIECE), start)
        return self._piece[start - self._start : max(0, stop - self._start)]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
