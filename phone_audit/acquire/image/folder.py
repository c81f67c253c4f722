"""A folder of an unpacked dump as a file system; links in it are not followed, and nothing leads out of it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from phone_audit.acquire.image.byte_source import ByteSource, FileBytes, ImageError
from phone_audit.acquire.image.file_system import Entry, Flaw, kind_of
from phone_audit.files.open_regular import open_inside


class FolderFiles:
    """See `FileSystem`. A node is a path relative to the folder, with `/`."""

    kind = "folder"
    flaws: tuple[Flaw, ...] = ()
    root = ""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self, folder: object) -> Iterator[Entry]:
        above = f"{folder}/" if folder else ""
        try:
            with os.scandir(self._path / str(folder)) as found:
                for one in found:
                    yield Entry(one.name, kind_of(one.stat(follow_symlinks=False).st_mode), above + one.name)
        except OSError as error:
            raise ImageError(f"it cannot be read: {error.strerror}") from error

    def open(self, file: object) -> ByteSource:
        return LazyFile(self._path, str(file))

    def target(self, link: object) -> str:
        try:
            return str((self._path / str(link)).readlink())
        except OSError as error:
            raise ImageError(f"it cannot be read: {error.strerror}") from error


class LazyFile:
    """A file below a folder, opened for each reading: a dump has more files than a process may hold open.

    Raises an ImageError where it is no regular file, or lies behind a link.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self.path = folder / name
        with self._opened() as file:
            self.size = file.size

    def read(self, at: int, count: int) -> bytes:
        with self._opened() as file:
            return file.read(at, count)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[FileBytes]:
        try:
            with open_inside(self._folder, self._name) as file:
                yield FileBytes(file, self.path)
        except OSError as error:
            raise ImageError(f"it cannot be read: {error.strerror}") from error
