"""Finds files with equal bytes before they are read twice."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path


class Duplicates:
    """Compares files by size, and by hash only where sizes are equal. Asked once for each file, in order.

    Args:
        paths: all files. One that cannot be looked at equals no other.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._sizes = [_size(path) for path in paths]
        self._left = Counter(self._sizes)
        self._shared = {size for size, count in self._left.items() if count > 1 and size is not None}
        self._first: dict[tuple[str, bool], int] = {}

    def original(self, number: int) -> int | None:
        """Give the number of the first file with the same bytes, or None where this is the first."""
        size = self._sizes[number]
        self._left[size] -= 1
        if size not in self._shared:
            return None
        key = _key(self._paths[number])
        return None if key is None else _other(self._first.setdefault(key, number), number)

    def expects(self, number: int) -> bool:
        """Tell whether a file that was not asked for yet may equal this one."""
        size = self._sizes[number]
        return size in self._shared and self._left[size] > 0


def _other(first: int, number: int) -> int | None:
    return None if first == number else first


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return None


def _key(path: Path) -> tuple[str, bool] | None:
    """The hash, and whether a v4 signature lies beside it: that belongs to the record, but not to the bytes."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, path.with_name(path.name + ".idsig").exists()
    except (OSError, ValueError):
        return None
