"""Ranges of files on the phone, given out by one program there that takes many requests ahead.

The program is the phone's own shell: it reads one request a line and answers with the bytes that `dd` reads, followed
by a mark that nothing in a file can know. `dd` counts in blocks, which every Android's does: toolbox's of Android 8
(AOSP system/core/toolbox/upstream-netbsd/bin/dd) knows neither `iflag=skip_bytes` nor `count_bytes`.
"""

import re
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from phone_audit.acquire.commands import PLAIN, quoted
from phone_audit.acquire.transport import Running
from phone_audit.errors import CommandError, DeviceLostError
from phone_audit.model.command_list import is_path, line, listed

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
    """What can start a program on the phone; see `Transport.start`."""

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

    Args:
        transport: a way to the phone.

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
        """Tell whether so many bytes may be asked for now."""
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
        """Send the requests that were put.

        Raises:
            DeviceLostError: the phone is gone.
        """
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
        """End the program. Never raises."""
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
