"""Which bytes of a file are here, where only parts of it were brought."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Range = tuple[int, int]
"""Offset of the first byte, and of the first one behind the last."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Ranges of a file that are held, in bytes: sorted, none empty, none touching another; else a ValueError.

    Example:
        >>> Parts.of([(10, 20), (0, 10), (30, 40)])
        Parts(ranges=((0, 20), (30, 40)))
    """

    ranges: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        last = -1
        for start, end in self.ranges:
            if not last < start < end:
                raise ValueError(f"the range {start}-{end} is empty, negative, or not behind the one before it")
            last = end

    @classmethod
    def of(cls, ranges: Iterable[Range]) -> "Parts":
        """Return the union of ranges in any order; empty ones say nothing."""
        return cls(tuple(_merged(sorted((start, end) for start, end in ranges if start < end))))

    @property
    def size(self) -> int:
        return sum(end - start for start, end in self.ranges)

    def holds(self, start: int, end: int) -> bool:
        """Tell whether all bytes of a range are held; an empty one is."""
        if start >= end:
            return True
        at = self._at(start)
        return at >= 0 and end <= self.ranges[at][1]

    def missing(self, start: int, end: int) -> Iterator[Range]:
        """Yield what a range lacks, in order."""
        at = max(self._at(start), 0)
        while start < end:
            first, last = self.ranges[at] if at < len(self.ranges) else (end, end)
            if start < first:
                yield start, min(first, end)
            start = max(start, last)
            at += 1

    def plus(self, ranges: Iterable[Range]) -> "Parts":
        return Parts.of((*self.ranges, *ranges))

    def _at(self, start: int) -> int:
        """The number of the last range that begins at or before an offset; -1 where none does."""
        return bisect_right(self.ranges, start, key=lambda one: one[0]) - 1


def _merged(ranges: list[Range]) -> Iterator[Range]:
    if not ranges:
        return
    first, last = ranges[0]
    for start, end in ranges[1:]:
        if start > last:
            yield first, last
            first, last = start, end
        last = max(last, end)
    yield first, last
