"""Files that somebody else may have made: opened only where they are regular files, and never waited for.

A pipe would hang, a device never end. A link that the user names is followed, since it is his word; what lies inside a
folder that somebody else may have made is opened without following any link there, so that nothing leads out of it.

Every function that opens one raises an OSError whose `strerror` completes "FILE cannot be read: …".
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Final

_READ: Final[int] = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK: Final[int] = getattr(os, "O_NOFOLLOW", 0)
_FOLDER: Final[int] = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
_BY_FOLDER: Final[bool] = os.open in os.supports_dir_fd
IS_A_LINK: Final = "it is a link, or lies behind one"


def status_of(path: Path) -> os.stat_result | None:
    """Return what the system says of a file; None where it is not there, or cannot be looked at."""
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def open_regular(path: Path) -> BufferedReader:
    """Open a file that the user named; his links are followed."""
    return _as_regular(os.open(path, _READ))


def open_unlinked(path: Path) -> BufferedReader:
    """Open a file that is itself no link."""
    with _links_told():
        if not _NO_LINK and path.is_symlink():
            raise OSError(errno.ELOOP, IS_A_LINK)
        return _as_regular(os.open(path, _READ | _NO_LINK))


def open_inside(folder: Path, name: str) -> BufferedReader:
    """Open a file below a folder, through nothing but folders; only the folder itself may be a link.

    The name is relative to it, with `/`, and may not lead out of it.
    """
    steps = PurePosixPath(name).parts
    if not steps or name.startswith("/") or ".." in steps or "\0" in name:
        raise OSError(errno.EINVAL, "its name leads out of the folder")
    with _links_told():
        return _by_steps(folder, steps) if _BY_FOLDER else _by_looks(folder, steps)


def _by_steps(folder: Path, steps: tuple[str, ...]) -> BufferedReader:
    at = os.open(folder, _FOLDER)
    try:
        for step in steps[:-1]:
            inner = os.open(step, _FOLDER | _NO_LINK, dir_fd=at)
            os.close(at)
            at = inner
        return _as_regular(os.open(steps[-1], _READ | _NO_LINK, dir_fd=at))
    finally:
        os.close(at)


def _by_looks(folder: Path, steps: tuple[str, ...]) -> BufferedReader:
    """Open it where the system cannot open relative to a folder."""
    path = folder
    for step in steps:
        path = path / step
        if path.is_symlink():
            raise OSError(errno.ELOOP, IS_A_LINK)
    return _as_regular(os.open(path, _READ))


@contextlib.contextmanager
def _links_told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # a link where a folder is wanted is told as such, or as no folder
        if error.errno in (errno.ELOOP, errno.EMLINK, errno.ENOTDIR):
            raise OSError(error.errno, IS_A_LINK) from error
        raise


def _as_regular(descriptor: int) -> BufferedReader:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder")
    raise OSError(errno.EINVAL, "it is no regular file")
