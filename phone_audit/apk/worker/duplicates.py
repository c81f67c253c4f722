"""Files with equal bytes, which are read once, and the records that are kept for them."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from phone_audit.apk.worker.tasks import ApkInput
from phone_audit.files.open_regular import status_of
from phone_audit.files.spool import Place, Spool
from phone_audit.model.apk import ApkInfo
from phone_audit.model.base import read_own
from phone_audit.model.parts import Parts

Key = tuple[str, bool, Parts | None]
"""The hash of a file, what of it is here, and whether a v4 signature lies beside it.

That belongs to the record, but not to the bytes.
"""


class Duplicates:
    """Compares files by size, and by hash only where sizes are equal. Asked once for each file, in order.

    One that cannot be looked at equals no other.
    """

    def __init__(self, items: Sequence[ApkInput]) -> None:
        self._items = items
        self._sizes = [status.st_size if (status := status_of(item.path)) else None for item in items]
        self._left = Counter(self._sizes)
        self._shared = {size for size, count in self._left.items() if count > 1 and size is not None}
        self._first: dict[Key, int] = {}
        self._hashed: dict[tuple[int, int, int, int], str] = {}

    def original(self, number: int) -> int | None:
        """Return the number of the first file with the same bytes, or None where this is the first."""
        size = self._sizes[number]
        self._left[size] -= 1
        if size not in self._shared:
            return None
        key = key_of(self._items[number], self._hashed)
        first = number if key is None else self._first.setdefault(key, number)
        return None if first == number else first

    def expects(self, number: int) -> bool:
        """Tell whether a file that was not asked for yet may equal this one."""
        size = self._sizes[number]
        return size in self._shared and self._left[size] > 0


def key_of(item: ApkInput, hashed: dict[tuple[int, int, int, int], str] | None = None) -> Key | None:
    """Return what is equal for files with equal records; None where that is not known.

    A file is hashed for it where nobody has done that. One of which only parts are here cannot be. What lies beside a
    file belongs to its record, so such a file equals no other; nor does one that is only looked at.

    `hashed` are hashes by device, inode, size and time of change, so that many links to one file are hashed once.
    """
    try:
        digest = item.sha256
        if item.look or item.compiled or (digest is None and not item.path.is_file()):
            return None
        if digest is None and item.parts is None:
            digest = _digest(item.path, {} if hashed is None else hashed)
        if digest is None:
            return None
        return digest, item.path.with_name(item.path.name + ".idsig").exists(), item.parts
    except (OSError, ValueError):
        return None


def _digest(path: Path, hashed: dict[tuple[int, int, int, int], str]) -> str:
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        inode = status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
        if inode not in hashed:
            hashed[inode] = hashlib.file_digest(file, "sha256").hexdigest()
        return hashed[inode]


class RecordStore:
    """Keeps records by number: the one that was used last in memory too, all on disk."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._places: dict[int, Place] = {}
        self._last: tuple[int, ApkInfo] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def __contains__(self, number: int) -> bool:
        return number in self._places

    def put(self, number: int, info: ApkInfo) -> None:
        self._places[number] = self._spool.put(info.model_dump_json())
        self._last = number, info

    def get(self, number: int) -> ApkInfo:
        if self._last is None or self._last[0] != number:
            self._last = number, read_own(ApkInfo, self._spool.get(self._places[number]))
        return self._last[1]
