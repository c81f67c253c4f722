"""A phone in miniature: brings of a file what is asked for, and lays it down as a file with holes."""

from pathlib import Path
from typing import NamedTuple

from phone_audit.apk.range_planner import next_ranges
from phone_audit.model.parts import Parts, Range

MAX_ROUNDS = 6


class Brought(NamedTuple):
    """What was brought of a file; `parts` is None where it was taken as a whole."""

    parts: Parts | None
    rounds: tuple[tuple[Range, ...], ...]
    size: int

    @property
    def bytes_read(self) -> int:
        return self.size if self.parts is None else self.parts.size


def bring(data: bytes) -> Brought:
    """Ask until enough is held. What is not held is filled with rubbish, so that a look at it shows."""
    held = Parts()
    here = bytearray(b"\xa5" * len(data))
    rounds: list[tuple[Range, ...]] = []
    while len(rounds) <= MAX_ROUNDS:
        wanted = next_ranges(memoryview(here), len(data), held)
        if wanted is None:
            return Brought(None, tuple(rounds), len(data))
        if not wanted:
            return Brought(held, tuple(rounds), len(data))
        for start, end in wanted:
            assert 0 <= start < end <= len(data)
            assert list(held.missing(start, end)) == [(start, end)]
            here[start:end] = data[start:end]
        assert Parts.of(wanted).size == sum(end - start for start, end in wanted)
        held = held.plus(wanted)
        rounds.append(wanted)
    raise AssertionError(f"{MAX_ROUNDS} rounds were not enough")


def lay_down(path: Path, data: bytes, parts: Parts) -> None:
    """Write a file of the full size that holds only some parts."""
    with path.open("wb") as file:
        file.truncate(len(data))
        for start, end in parts.ranges:
            file.seek(start)
            file.write(data[start:end])
