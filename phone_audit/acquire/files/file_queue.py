"""Files on their way from one thread to another."""

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class FileOnPhone:
    """A regular file: its path as decoded, its size in bytes, and its SHA-256 where the phone could compute it."""

    path: str
    size: int
    sha256: str | None = None


class Queue:
    """Takes files, and gives them in the same order to one thread."""

    def __init__(self) -> None:
        self._files: deque[FileOnPhone] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, file: FileOnPhone) -> None:
        """Add a file at the end."""
        with self._changed:
            self._files.append(file)
            self._changed.notify()

    def close(self) -> None:
        """Say that no file follows."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def get(self, seconds: float = 0.0) -> FileOnPhone | None:
        """Take the next file; None where there is none within so many seconds, or where none follows."""
        with self._changed:
            if seconds and not self._files and not self._closed:
                self._changed.wait(seconds)
            return self._files.popleft() if self._files else None

    @property
    def finished(self) -> bool:
        """Whether all files were taken and none follows."""
        with self._changed:
            return self._closed and not self._files
