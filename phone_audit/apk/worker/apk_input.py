"""What the workers are given: a file with its name, and the queue in which another thread hands files over."""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from phone_audit.model.device import CompiledFile
from phone_audit.model.parts import Parts


@dataclass(frozen=True, slots=True)
class ApkInput:
    """One file to be read.

    Attributes:
        path: where it lies. A file of which only parts came has its full size all the same.
        shown_as: what it is called in its record.
        parts: what of it is here; None: all of it.
        sha256: the hash of the whole file where somebody has taken it already, in lower-case hexadecimal. Of parts it
            is what the record says; a file that is here as a whole is hashed again when it is read.
        sha1: of parts, the same for SHA-1, which incidents may name; None: not known.
        md5: the same for MD5.
        look: only a first look is wanted; see `first_look`.
        beside: files that lie beside it on the phone and may hold its code.
    """

    path: Path
    shown_as: str
    parts: Parts | None = None
    sha256: str | None = None
    beside: tuple[CompiledFile, ...] = ()
    sha1: str | None = None
    md5: str | None = None
    look: bool = False


class Inbox:
    """Files that come while others are read. Any thread may put, close and release; `WorkerPool.stream` reads it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[ApkInput] = deque()
        self._closed = False
        self._read_end, self._write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        os.set_blocking(self._write_end, False)
        self._read_by_one = False
        self._disposed = False

    def put(self, item: ApkInput) -> None:
        """Hand over a file.

        Raises:
            ValueError: the inbox is closed.
        """
        with self._lock:
            if self._closed:
                raise ValueError("the inbox is closed")
            self._waiting.append(item)
            self._ring()

    def close(self) -> None:
        """Say that nothing more will come; saying it again does no harm."""
        with self._lock:
            self._closed = True
            self._ring()

    def release(self) -> None:
        """Close it and drop the files that nobody has begun with; doing it again does no harm."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._ring()
            if not self._read_by_one:
                self._dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Read it in this block; at its end it is released, so that whoever still hands over learns of it."""
        with self._lock:
            self._read_by_one = True
        try:
            yield
        finally:
            with self._lock:
                self._read_by_one = False
            self.release()

    def fileno(self) -> int:
        """Return what can be read from when something has changed since `quiet`."""
        return self._read_end

    def quiet(self) -> None:
        """Note that what has changed was seen."""
        with self._lock, contextlib.suppress(BlockingIOError):
            while not self._disposed and os.read(self._read_end, 2**12):
                pass

    def pop(self) -> ApkInput | None:
        """Return the file that waits longest, or None."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    @property
    def ended(self) -> bool:
        """Whether nothing waits and nothing will come."""
        with self._lock:
            return self._closed and not self._waiting

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError):
            if not self._disposed:
                os.write(self._write_end, b"\0")

    def _dispose(self) -> None:
        if not self._disposed:
            self._disposed = True
            os.close(self._read_end)
            os.close(self._write_end)
