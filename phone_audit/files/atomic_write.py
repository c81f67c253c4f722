"""Write a file as a whole: whoever reads it sees the old content or the new one, never half of either.

A draft with a random name is made in the file's own folder, following no link, and takes the file's name once it is
whole. Nobody can lay a link in its way, and a failure leaves what was there.
"""

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterator
from io import BufferedRandom
from pathlib import Path
from typing import BinaryIO, Final, Self

PRIVATE: Final = 0o600
"""Rights of a new file: only this user may read it."""
DRAFT: Final = re.compile(r"\.phone-audit-[0-9a-f]{32}\.part")
"""Name of a draft; one that is left over comes from a run that was killed."""
DISK_FAILS: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS))
"""Errors of the disk, which say nothing against the name of the file."""
DISK_HINT: Final = "Free some space, or write to another disk."

_BINARY: Final[int] = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW: Final[int] = os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | _BINARY
_SPECIAL: Final[int] = os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | _BINARY
_STREAM: Final[int] = _SPECIAL | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_FOLDER: Final[int] = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_BY_DESCRIPTOR: Final = {os.open, os.rename, os.link, os.unlink, os.stat} <= os.supports_dir_fd
_NO_LINKS: Final = frozenset((errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP))
_MOST_LINKS: Final = 40


def replace_file(path: Path, data: bytes, *, mode: int = PRIVATE, durable: bool = True) -> None:
    """Write a file in the place of whatever bears its name, in a folder that is there; a link is not followed.

    `durable`: the content must be on the disk before the file has its name. Where it cannot be written, an OSError is
    raised and what was there is there still.
    """
    with replacing(path, mode=mode, durable=durable) as file:
        file.write(data)


def create_file(path: Path, data: bytes) -> None:
    """Write a file that is not there yet; a FileExistsError where something bears its name."""
    with creating(path) as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path: Path, *, mode: int = PRIVATE, durable: bool = True) -> Iterator[BinaryIO]:
    """Yield an empty file that takes the place of `path` when the block ends; see `replace_file`."""
    with _Folder(path.parent) as folder:
        with folder.draft(mode, durable=durable) as (name, file):
            yield file
        folder.rename(name, path.name)


@contextlib.contextmanager
def creating(path: Path, *, mode: int = PRIVATE, durable: bool = True) -> Iterator[BinaryIO]:
    """Yield an empty file that is given the name of `path` when the block ends; see `create_file`."""
    with _Folder(path.parent) as folder:
        with folder.draft(mode, durable=durable) as (name, file):
            yield file
        folder.rename_new(name, path.name)


def open_new(path: Path) -> BufferedRandom:
    """Open a file that is not there yet, to be written and read; it has its name from the beginning.

    Raises a FileExistsError where something bears its name, be it a link to nothing.
    """
    return os.fdopen(os.open(path, os.O_RDWR | _NEW, PRIVATE), "w+b")


def open_stream(path: Path, *, go_on: bool = False) -> BinaryIO:
    """Open the file that a person named for what comes bit by bit; an old content is gone at once, or gone on with."""
    if is_special(path):
        return open_special(path)
    file = os.fdopen(os.open(named_file(path), _STREAM, PRIVATE), "wb")
    if os.fstat(file.fileno()).st_uid != _user():
        file.close()
        raise OSError(errno.EPERM, "it belongs to somebody else")
    if go_on:
        file.seek(0, os.SEEK_END)
    else:
        file.truncate(0)
    return file


def open_special(path: Path) -> BinaryIO:
    """Open a pipe or a device to be written; see `is_special`.

    Raises an OSError also for a pipe that somebody else made: a result is for this user's eyes.
    """
    _require_maker(path)
    there = path.stat()
    if stat.S_ISFIFO(there.st_mode) and there.st_uid not in (_user(), 0):
        raise OSError(errno.EPERM, "it is a pipe that somebody else made")
    return os.fdopen(os.open(path, _SPECIAL), "wb")


def is_special(path: Path) -> bool:
    """Tell whether a path leads to what is there and no ordinary file: a pipe, a device. It is written to directly."""
    return path.exists() and not path.is_file()


def rights_of(path: Path) -> int:
    """Return the rights that a new content gets: those of this user's file that is there, else `PRIVATE`."""
    with contextlib.suppress(OSError):
        there = path.lstat()
        if stat.S_ISREG(there.st_mode) and there.st_uid == _user():
            return there.st_mode & 0o777
    return PRIVATE


def named_file(path: Path) -> Path:
    """Return the file that is meant where a person named a link.

    Raises an OSError at a link that somebody else laid there, or one that leads in a circle.
    """
    for _ in range(_MOST_LINKS):
        if not path.is_symlink():
            return path
        _require_maker(path)
        path = path.parent / path.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _require_maker(path: Path) -> None:
    """Refuse a link that neither this user nor the owner of its folder made."""
    if path.is_symlink() and path.lstat().st_uid not in (_user(), path.parent.stat().st_uid):
        raise OSError(errno.ELOOP, "it is a link that somebody else made")


def _user() -> int:
    return os.geteuid() if os.name != "nt" else 0  # as st_uid is there


class _Folder:
    """A folder that stays the same while it is open, whatever is renamed above it; on Windows only its path."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = os.open(path, _FOLDER) if _BY_DESCRIPTOR else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._at is not None:
            os.close(self._at)

    @contextlib.contextmanager
    def draft(self, mode: int, *, durable: bool) -> Iterator[tuple[str, BinaryIO]]:
        """Yield a draft's name and the draft, open; it is closed afterwards, and removed if the block fails."""
        name = f".phone-audit-{os.urandom(16).hex()}.part"
        file = os.fdopen(os.open(self._place(name), os.O_WRONLY | _NEW, PRIVATE, dir_fd=self._at), "wb")
        try:
            with file:
                yield name, file
                file.flush()
                if durable:
                    os.fsync(file.fileno())
                if mode != PRIVATE and os.name != "nt":
                    os.fchmod(file.fileno(), mode)
        except BaseException:
            self._remove(name)
            raise

    def rename(self, draft: str, name: str) -> None:
        """Rename a draft to its final name; whatever had it is gone."""
        try:
            os.replace(self._place(draft), self._place(name), src_dir_fd=self._at, dst_dir_fd=self._at)
        except BaseException:
            self._remove(draft)
            raise

    def rename_new(self, draft: str, name: str) -> None:
        """Rename a draft to its final name, unless something has it."""
        try:
            os.link(self._place(draft), self._place(name), src_dir_fd=self._at, dst_dir_fd=self._at)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # a stick formatted for Windows knows no hard links: the name is taken first
            os.close(os.open(self._place(name), os.O_WRONLY | _NEW, PRIVATE, dir_fd=self._at))
            os.replace(self._place(draft), self._place(name), src_dir_fd=self._at, dst_dir_fd=self._at)
        finally:
            self._remove(draft)

    def _remove(self, name: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self._place(name), dir_fd=self._at)

    def _place(self, name: str) -> str | Path:
        return name if self._at is not None else self._path / name
