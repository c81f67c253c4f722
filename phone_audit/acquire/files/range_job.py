"""One file on its way in parts, and which of them are here."""

import mmap
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from phone_audit.acquire.phone_file import FileOnPhone, NextWanted
from phone_audit.model.parts import Parts, Range


class GrowingParts:
    """Which bytes of a file are here, as they arrive: each of many thousands costs a search, not a walk over all."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Take a range in; what it overlaps or touches becomes one with it."""
        if start >= end:
            return
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def missing(self, start: int, end: int) -> Iterator[Range]:
        """Yield what a range lacks, in order."""
        for at in range(bisect_right(self._ends, start), len(self._ends)):
            if start >= end or self._starts[at] >= end:
                break
            if start < self._starts[at]:
                yield start, self._starts[at]
            start = max(start, self._ends[at])
        if start < end:
            yield start, end

    def holds(self, start: int, end: int) -> bool:
        """Tell whether all bytes of a range are held."""
        return next(self.missing(start, end), None) is None

    def parts(self) -> Parts:
        """Return them all."""
        return Parts(tuple(zip(self._starts, self._ends, strict=True)))


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
