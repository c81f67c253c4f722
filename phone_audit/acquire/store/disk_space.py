"""Room on the disk, looked at before anything is copied to it; several phones at once share what there is."""

import contextlib
import errno
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

from phone_audit.errors import AcquireError, SnapshotError

RESERVE = 200 * 2**20
"""Bytes that are left free for everything else on the disk."""


class DiskSpace:
    """What phones that are read at the same time will still need."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._promised: dict[Path, int] = {}

    def take(self, folder: Path, needed: int) -> None:
        """Promise room for one phone, `needed` bytes at most, in a folder that may not be there yet.

        Raises an AcquireError where there is not that much free.
        """
        with self._lock:
            others = sum(max(0, size - _used(other)) for other, size in self._promised.items() if other != folder)
            free = shutil.disk_usage(_there(folder)).free - others - RESERVE
            if needed > free:
                raise AcquireError(
                    f"The disk that holds {folder} has room for {_megabytes(max(free, 0))}; the files of this phone "
                    f"may take {_megabytes(needed)}.",
                    "Free some space, save to another disk, or add --depth quick, which copies no files.",
                )
            self._promised[folder] = needed

    def give_back(self, folder: Path) -> None:
        with self._lock:
            self._promised.pop(folder, None)


@contextlib.contextmanager
def writing(path: Path, hint: str = "Name a folder that you may write to.") -> Iterator[None]:
    """Let an error of the disk speak of what is being written. Raises SnapshotError where it cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            hint = "Free some space, or save to another disk."
            raise SnapshotError(f"The disk that holds {path} is full.", hint) from error
        raise SnapshotError(f"{path} cannot be written: {error.strerror or error}.", hint) from error


def _used(folder: Path) -> int:
    """Return the bytes that the folder takes on the disk; a file in parts takes less than its size.

    Another thread writes there meanwhile: what is renamed or removed between the listing and the look counts as
    nothing, so that rather too much stays promised than too little.
    """
    used = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                used += Path(parent, name).lstat().st_blocks * 512
    return used


def _there(folder: Path) -> Path:
    return next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path.cwd())


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
