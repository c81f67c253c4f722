"""A folder or a ZIP archive that another tool made: its files by name.

Nothing in it is believed: no name of an entry becomes a path on this computer, links are not followed, and what an
entry announces as its size is not taken for granted.
"""

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from phone_audit.acquire.store.disk_space import RESERVE
from phone_audit.acquire.text import shown
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_zip import ZipBounds, ZipEntry, ZipError, ZipReader, is_plain
from phone_audit.files.bounds import BoundsError
from phone_audit.files.open_regular import open_inside, open_regular
from phone_audit.files.short_repr import short_repr

TEXT_LIMIT = 256 * 2**20
"""Bytes of one text."""
FILE_LIMIT = 4 * 2**30
"""Bytes of one file that is taken out of an archive."""
TOTAL_LIMIT = 32 * 2**30
"""Bytes of all that is taken out of one archive."""
ALL_TEXTS = 512 * 2**20
"""Bytes of all texts that are read of one acquisition."""
MOST_FILES = 200_000
_LOOK_AT_ROOM = 64
"""Pieces between two looks at the free space of the disk."""
_PIECE = 2**20
_AGAIN = "Copy it again from where it was made."


class FileContainer:
    """The files of one acquisition, by names that are relative, with `/`. By itself it has none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._texts_left = ALL_TEXTS

    def names(self) -> tuple[str, ...]:
        """Return the names of all files, sorted."""
        return ()

    def read(self, name: str, limit: int = TEXT_LIMIT) -> bytes:
        """Return a file's bytes. Raises SnapshotError where it is damaged, or has more than `limit` bytes."""
        pieces = []
        for piece in self._pieces(name, limit, _PIECE):
            self._texts_left -= len(piece)
            if self._texts_left < 0:
                raise SnapshotError(
                    f"{shown(name)} in {self.path} was not read: the texts have more than {ALL_TEXTS // 2**20} MB "
                    "together."
                )
            pieces.append(piece)
        return b"".join(pieces)

    def begins(self, name: str, count: int) -> bytes:
        """Return the first `count` bytes of a file, or all where it has fewer; SnapshotError where it is damaged."""
        return next(self._pieces(name, FILE_LIMIT, count), b"")

    def take_out(self, name: str, into: Path) -> Path:
        """Return a file of this computer that holds the bytes: the file itself in a folder, else `into`, written anew.

        Raises a SnapshotError where it is damaged or too large, or cannot be written.
        """
        try:
            with into.open("xb") as file:
                for number, piece in enumerate(self._pieces(name, FILE_LIMIT, _PIECE)):
                    if number % _LOOK_AT_ROOM == 0:
                        _check_room(into.parent)
                    file.write(piece)
        except SnapshotError:
            into.unlink(missing_ok=True)
            raise
        except FileExistsError as error:
            raise SnapshotError(f"{into} is there already.") from error
        except OSError as error:
            into.unlink(missing_ok=True)
            raise SnapshotError(f"{into} cannot be written: {error.strerror}.", "Free some space.") from error
        return into

    def close(self) -> None:
        """Let go of what was opened."""

    def _pieces(self, name: str, limit: int, piece_size: int) -> Iterator[bytes]:
        """Yield the bytes of a file. Raises SnapshotError where it is damaged, or has more than `limit` bytes."""
        raise SnapshotError(f"{self.path} holds no {name}.")


class FolderContainer(FileContainer):
    """A folder, looked through without following links.

    Raises a SnapshotError where it holds more files than any acquisition does, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._files: dict[str, Path] = {}
        for file in _regular_files(path):
            self._files[file.relative_to(path).as_posix()] = file
            if len(self._files) > MOST_FILES:
                raise SnapshotError(f"{path} holds more than {MOST_FILES} files, which no acquisition does.")

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._files))

    def take_out(self, name: str, into: Path) -> Path:
        del into
        return self._files[name]

    def _pieces(self, name: str, limit: int, piece_size: int) -> Iterator[bytes]:
        size = 0
        try:
            with open_inside(self.path, name) as file:
                while piece := file.read(piece_size):
                    size += len(piece)
                    if size > limit:
                        raise _too_large(self.path, name, limit)
                    yield piece
        except OSError as error:
            raise SnapshotError(f"{shown(str(self.path / name))} cannot be read: {error.strerror}.", _AGAIN) from error


class ZipContainer(FileContainer):
    """A ZIP archive, whose directory is read at once.

    Raises a SnapshotError where it is no ZIP archive, or one that no tool makes: a name in it leads outside.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._left = TOTAL_LIMIT
        with contextlib.ExitStack() as opened:
            try:
                file = opened.enter_context(open_regular(path))
                self._zip = opened.enter_context(ZipReader(file, ZipBounds(MOST_FILES)))
            except BoundsError as error:
                raise SnapshotError(f"{path} was not read: {error}, which no acquisition does.") from error
            except ZipError as error:
                raise SnapshotError(f"{path} is not a complete ZIP archive; it may be cut off.", _AGAIN) from error
            except OSError as error:
                raise SnapshotError(f"{path} cannot be read: {error.strerror}.") from error
            self._entries = self._checked_entries()
            self._opened = opened.pop_all()

    def _checked_entries(self) -> dict[str, ZipEntry]:
        entries: dict[str, ZipEntry] = {}
        for entry in self._zip.entries:
            if entry.filename.endswith("/") and _stays_inside(entry.filename):
                continue
            if not _stays_inside(entry.filename):
                raise SnapshotError(
                    f"{self.path} holds an entry whose name leads out of it: {short_repr(shown(entry.filename))}. "
                    "Nothing of it was read.",
                    "No tool makes such an archive. Do not unpack it; ask who gave it to you.",
                )
            if entry.filename in entries:
                raise SnapshotError(
                    f"{self.path} holds {short_repr(shown(entry.filename))} twice. Nothing of it was read.",
                    "No tool makes such an archive. Ask who gave it to you.",
                )
            entries[entry.filename] = entry
        return entries

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._entries))

    def close(self) -> None:
        self._opened.close()

    def _pieces(self, name: str, limit: int, piece_size: int) -> Iterator[bytes]:
        entry = self._entries[name]
        if not is_plain(entry):
            raise SnapshotError(f"{shown(name)} in {self.path} is packed in a way that no such tool uses.")
        size = 0
        try:
            for piece in self._zip.pieces(entry, piece_size):
                size += len(piece)
                self._left -= len(piece)
                if size > limit or self._left < 0:
                    raise _too_large(self.path, name, limit)
                yield piece
        except ZipError as error:
            raise SnapshotError(f"{shown(name)} in {self.path} is damaged.", _AGAIN) from error
        except OSError as error:
            raise SnapshotError(f"{self.path} cannot be read: {error.strerror}.", _AGAIN) from error


def open_container(path: Path) -> FileContainer:
    """Open a folder or a ZIP archive. Raises SnapshotError where it is neither, or damaged."""
    return FolderContainer(path) if path.is_dir() else ZipContainer(path)


def sha256_of(path: Path) -> str | None:
    """Return the SHA-256 of a single file, so that a reader can tell which one it was; None of a folder.

    Raises a SnapshotError where it cannot be read.
    """
    if not path.is_file():
        return None
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}.") from error


def is_archive(path: Path) -> bool:
    """Tell whether a file begins as a ZIP archive does."""
    try:
        with open_regular(path) as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _regular_files(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise SnapshotError(f"{folder} cannot be read: {error.strerror}.", _AGAIN) from error

    for parent, _, files in os.walk(folder, onerror=fail):
        for name in files:
            path = Path(parent) / name
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _stays_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and "\\" not in name and "\0" not in name


def _check_room(folder: Path) -> None:
    if shutil.disk_usage(folder).free < RESERVE:
        raise SnapshotError(f"The disk that holds {folder} is full.", "Free some space.")


def _too_large(path: Path, name: str, limit: int) -> SnapshotError:
    return SnapshotError(f"{shown(name)} in {path} has more than {limit // 2**20} MB, which no such file has.")
