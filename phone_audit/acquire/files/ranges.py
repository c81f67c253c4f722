"""Ranges of files, given out by one program on the phone that takes many requests ahead; and a file coming in parts.

The program is the phone's own shell: it reads one request a line and answers with the bytes that `dd` reads, followed
by a mark that nothing in a file can know. `dd` counts in blocks, which every Android's does: toolbox's of Android 8
(AOSP system/core/toolbox/upstream-netbsd/bin/dd) knows neither `iflag=skip_bytes` nor `count_bytes`.
"""

import mmap
import re
import secrets
import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from phone_audit.acquire.commands import PLAIN, quoted
from phone_audit.acquire.transport import FileOnPhone, NextWanted, Running
from phone_audit.errors import CommandError, DeviceLostError
from phone_audit.model.command_list import is_path, line, listed
from phone_audit.model.parts import Parts, Range

PIECE = 4 * 2**20
"""Bytes of one request at most: what is lost where a connection is cut, and what one that is given up costs."""

AHEAD = 8 * 2**20
"""Bytes that are asked for ahead of those that arrive."""

REQUESTS_AHEAD = 96
"""Requests asked for ahead: less than 64 KB of text, which waits in the sockets on the way."""

REPLY_TIMEOUT = 10.0
"""Seconds in which the program says that it is ready."""

_SMALL_BLOCK, _LARGE_BLOCK, _LARGE = 2**12, 2**16, 2**20
_PATH_LENGTH = 400
_STATUS = re.compile(rb"(\d{1,9}):(\d{1,3})\n")
_LONGEST_STATUS = 16


class BrokenRangesError(Exception):
    """The program on the phone says something that it cannot say; nothing more of it is believed."""


class ProgramStarter(Protocol):
    """What can start a program on the phone; see `LiveTransport.start`."""

    def start(self, command: str) -> Running: ...


@dataclass(eq=False)
class RangeRequest:
    """One request.

    Attributes:
        path: the file on the phone; see `is_plain`.
        start, end: the range in bytes, as `aligned` gives it.
        sink: gets an offset in the file and the bytes that lie there.
        got: bytes that have arrived.
    """

    path: str
    start: int
    end: int
    sink: Callable[[int, memoryview], None]
    got: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether all of it, and no more, has arrived."""
        return self.got == self.end - self.start


def is_plain(path: str) -> bool:
    """Tell whether a path can be asked for; others mean something to a shell, and are copied in another way."""
    return PLAIN.fullmatch(path) is not None and is_path(path) and len(path) <= _PATH_LENGTH


def aligned(start: int, end: int, size: int) -> tuple[int, int]:
    """Widen a range to whole blocks, within a file of `size` bytes.

    Example:
        >>> aligned(5000, 9000, 10_000)
        (4096, 10000)
    """
    block = _block(end - start)
    return start // block * block, min(size, -(-end // block) * block)


def pieces(start: int, end: int, size: int) -> list[tuple[int, int]]:
    """Split a range into aligned ones of at most `PIECE` bytes."""
    first, last = aligned(start, end, size)
    return [(at, min(at + PIECE, last)) for at in range(first, last, PIECE)]


class RangeReader:
    """The program on the phone, and the requests that it has not answered yet. For one thread.

    Raises:
        CommandError: the phone does not run it.
        BrokenRangesError: the connection broke before it said anything.
        DeviceLostError: the phone is gone.
    """

    def __init__(self, transport: ProgramStarter) -> None:
        mark = f"phone-audit:{secrets.token_hex(16)}"
        self._mark = f"{mark}:".encode()
        self._asked: deque[RangeRequest] = deque()
        self._ahead = 0
        self._unsent: list[str] = []
        self._number = 0
        self._kept = b""
        self._answered_ones: list[RangeRequest] = []
        self._running = transport.start(listed("ranges", mark=mark))
        try:
            self._shake_hands()
        except DeviceLostError as error:
            self._running.close()
            raise BrokenRangesError from error
        except BaseException:
            self._running.close()
            raise

    @property
    def waiting(self) -> tuple[RangeRequest, ...]:
        """What was asked for and is not complete, in order."""
        return tuple(self._asked)

    def has_room(self, size: int) -> bool:
        return not self._asked or (len(self._asked) < REQUESTS_AHEAD and self._ahead + size <= AHEAD)

    def ask(self, asked: RangeRequest) -> None:
        """Put a request at the end; `send` sends it."""
        block = _block(asked.end - asked.start)
        self._number += 1
        skip, count = asked.start // block, -(-(asked.end - asked.start) // block)
        path = quoted(asked.path)
        self._unsent.append(line("range", number=self._number, plain_path=path, block=block, skip=skip, count=count))
        self._asked.append(asked)
        self._ahead += asked.end - asked.start

    def send(self) -> None:
        """Send the requests that were put. Raises DeviceLostError where the phone is gone."""
        if self._unsent:
            text, self._unsent = "".join(self._unsent), []
            self._running.write(text.encode("ascii"))

    def receive(self, deadline: float) -> None:
        """Take what has arrived; `take_answered` gives the requests that are answered by it, also after an error.

        Raises:
            TimeoutError: nothing came until `deadline`, a time of `time.monotonic()`.
            BrokenRangesError: the program has ended, or says what it cannot say.
            DeviceLostError: the phone is gone.
            OSError: what takes the bytes of the first request could not.
        """
        data = self._running.read(deadline)
        if not data:
            raise BrokenRangesError
        self._take(data)

    def take_answered(self) -> list[RangeRequest]:
        """Return the requests that were answered since the last call, in order."""
        answered, self._answered_ones = self._answered_ones, []
        return answered

    def close(self) -> None:
        self._running.close()

    def _take(self, data: bytes) -> None:
        buffer = self._kept + data if self._kept else data
        view = memoryview(buffer)
        at = 0
        while (found := buffer.find(self._mark, at)) >= 0:
            self._give(view[at:found])
            at = found
            status = _STATUS.match(buffer, found + len(self._mark))
            if status is None:
                if len(buffer) - found > len(self._mark) + _LONGEST_STATUS:
                    raise BrokenRangesError
                break
            self._answered_ones.append(self._answered(int(status[1])))
            at = status.end()
        else:
            cut = max(at, len(buffer) - len(self._mark) + 1)
            self._give(view[at:cut])
            at = cut
        self._kept = buffer[at:]

    def _give(self, data: memoryview) -> None:
        if not data:
            return
        if not self._asked:
            raise BrokenRangesError
        asked = self._asked[0]
        inside = data[: max(0, asked.end - asked.start - asked.got)]
        if inside:
            asked.sink(asked.start + asked.got, inside)
        asked.got += len(data)
        if asked.got > asked.end - asked.start + _LARGE_BLOCK:  # dd reads whole blocks, and no more than were asked for
            raise BrokenRangesError

    def _answered(self, number: int) -> RangeRequest:
        if not self._asked or number != self._number - len(self._asked) + 1:
            raise BrokenRangesError
        asked = self._asked.popleft()
        self._ahead -= asked.end - asked.start
        return asked

    def _shake_hands(self) -> None:
        expected = self._mark + b"0:0\n"
        said = b""
        deadline = time.monotonic() + REPLY_TIMEOUT
        while len(said) < len(expected):
            try:
                piece = self._running.read(deadline)
            except TimeoutError:
                piece = b""
            if not piece:
                break
            said += piece
        if said != expected:
            raise CommandError("The phone's shell does not give out parts of files.")


def _block(length: int) -> int:
    return _LARGE_BLOCK if length >= _LARGE else _SMALL_BLOCK


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
        return next(self.missing(start, end), None) is None

    def parts(self) -> Parts:
        return Parts(tuple(zip(self._starts, self._ends, strict=True)))


class RangeJob:
    """A file whose parts are being brought. What writes raises `OSError` where there is no room.

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
        self._opened.seek(offset)
        while data:
            data = data[self._opened.write(data) or 0 :]

    def hold(self, start: int, end: int) -> None:
        self.held.add(start, min(end, self.file.size))

    def wanted_by(self, next_wanted: NextWanted) -> tuple[tuple[int, int], ...] | None:
        """Ask what is wanted next; see `NextWanted`."""
        with mmap.mmap(self._opened.fileno(), self.file.size, access=mmap.ACCESS_READ) as data:
            return next_wanted(data, self.file.size, self.held.parts())

    def close(self) -> None:
        self._opened.close()

    def drop(self) -> None:
        self.close()
        self.part.unlink(missing_ok=True)
