"""Ranges of a file as they arrive, many thousands of them: each costs a search, not a walk over all."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from phone_audit.model.parts import Parts, Range


class GrowingParts:
    """Which bytes of a file are here; see `Parts`."""

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
