"""One file on its way in parts."""

import mmap
from collections import deque
from pathlib import Path
from typing import BinaryIO

from phone_audit.acquire.files.file_queue import FileOnPhone
from phone_audit.acquire.files.growing_parts import GrowingParts
from phone_audit.acquire.files.plan import NextWanted


class RangeJob:
    """A file whose parts are being brought. What writes raises `OSError` where there is no room.

    Args:
        file: which one.
        part: where its bytes are put.

    Attributes:
        held: what is there of it.
        todo: ranges that are to be asked for.
        waiting: requests that are not answered.
        rounds: how often it was decided what comes next.
        cut: how often the connection broke at it.
        stalled: whether it stood still once.
        short: whether it gave less than was asked for.
    """

    def __init__(self, file: FileOnPhone, part: Path) -> None:
        self.file = file
        self.part = part
        self.held = GrowingParts()
        self.todo: deque[tuple[int, int]] = deque()
        self.waiting = 0
        self.rounds = 0
        self.cut = 0
        self.stalled = False
        self.short = False
        self._opened: BinaryIO = part.open("w+b", buffering=0)
        self._opened.truncate(file.size)

    def write(self, offset: int, data: memoryview) -> None:
        """Put bytes at their place."""
        self._opened.seek(offset)
        while data:
            data = data[self._opened.write(data) or 0 :]

    def hold(self, start: int, end: int) -> None:
        """Note that a range is there."""
        self.held.add(start, min(end, self.file.size))

    def wanted_by(self, next_wanted: NextWanted) -> tuple[tuple[int, int], ...] | None:
        """Ask what is wanted next; see `NextWanted`."""
        with mmap.mmap(self._opened.fileno(), self.file.size, access=mmap.ACCESS_READ) as data:
            return next_wanted(data, self.file.size, self.held.parts())

    def close(self) -> None:
        """Write no more."""
        self._opened.close()

    def drop(self) -> None:
        """Remove what is there."""
        self.close()
        self.part.unlink(missing_ok=True)
