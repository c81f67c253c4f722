"""Finds the files to read: those that are named, and in folders those that may be APKs by name or first bytes."""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from phone_audit.apk.zip.directory import END, LOCAL
from phone_audit.model.finding import Skipped

APK_SUFFIXES = (".apk", ".apks", ".xapk", ".apkm", ".aab")
_LEADS_NOWHERE = (errno.ENOENT, errno.ELOOP)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    Attributes:
        path: where it lies.
        shown_as: its path as given, with `/`.
        sure: whether it is read whatever it holds; of others a look decides, which is left to the worker process.
    """

    path: Path
    shown_as: str
    sure: bool = True


def find_apks(paths: Sequence[Path]) -> Iterator[InputFile | Skipped]:
    """Find the files to read, each once under each path; a `Skipped` stands for a folder that cannot be listed.

    A path that is no folder is always read, whatever it is. Folders are searched to the bottom: files called `.apk`,
    `.apks`, `.xapk`, `.apkm` or `.aab`, and files that begin as a ZIP, which are not sure to be APKs. Links are
    followed, a folder that was searched is not searched again. The files of a folder come together, sorted by name,
    before those of the folders in it.
    """
    seen: set[str] = set()
    named = {shown(path) for path in paths if not _is_folder(path)}
    folders: set[tuple[int, int]] = set()
    for path in paths:
        alone = iter([InputFile(path, shown(path))])
        for found in _in_folder(path, folders) if _is_folder(path) else alone:
            if isinstance(found, Skipped):
                yield found
            elif found.shown_as not in seen:
                seen.add(found.shown_as)
                yield replace(found, sure=True) if found.shown_as in named else found


def shown(path: Path) -> str:
    """Return the path as text that every encoder takes, with `/` between its parts."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _in_folder(top: Path, searched: set[tuple[int, int]]) -> Iterator[InputFile | Skipped]:
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


def _file(path: Path) -> InputFile | Skipped | None:
    """Look at one entry of a folder; None where it is nothing to read."""
    called = path.name.lower().endswith(APK_SUFFIXES)
    found = InputFile(path, shown(path), sure=called)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            return None
        return found if called or (stat.S_ISREG(mode) and _begins_as_zip(path)) else None
    except OSError as error:
        if called:
            return found
        if error.errno in _LEADS_NOWHERE:
            return None
        reason = f"The file cannot be opened to see what it is: {error.strerror}."
        return Skipped(subject=found.shown_as, step="list", code="unreadable", reason=reason)


def _begins_as_zip(path: Path) -> bool:
    with path.open("rb", buffering=0) as file:
        return file.read(len(LOCAL)) in (LOCAL, END)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
