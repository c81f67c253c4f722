"""Looks at a phone's socket tables again and again, by one small program that stays on the phone while it lasts.

The program waits for a line on its standard input, prints the tables, and waits again. So this computer sets the pace,
no process has to sleep on the phone, and the program ends with the connection. Each look starts one process (`cat`).
The shell tells what the program has cost so far (`times`, POSIX), and the pace keeps that within `SHARE` of a core.
"""

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from phone_audit.acquire.live.socket_tables import PATHS, SocketTables, parse_tables
from phone_audit.acquire.text import decode
from phone_audit.acquire.transport import LiveTransport, Running
from phone_audit.model.command_list import line, listed

PATIENCE = 10.0
"""Seconds after which a look counts as failed."""

LONGEST_ANSWER = 8 * 2**20
"""Bytes of one look; a phone with 20,000 sockets prints 3 MB."""

SHARE = 0.03
"""Of one core of the phone, at most."""

QUICK, STEADY, SLOW = 0.1, 0.25, 0.5
"""Seconds from look to look: for `EXCITED` seconds after something new, then, and when nothing was new for `CALM`."""
EXCITED, CALM = 5.0, 120.0

SPENT = re.compile(r"(\d{1,6})m(\d{1,2}(?:[.,]\d+)?)s")


@dataclass(frozen=True)
class Sample:
    """One look.

    Attributes:
        tables: what was read.
        spent: seconds of processor time that the program on the phone took so far; None where its shell does not tell.
        asked: a time of `time.monotonic()`.
    """

    tables: SocketTables
    spent: float | None
    asked: float


class Sampler:
    """The program on a live phone; other streams may run beside."""

    def __init__(self, transport: LiveTransport, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._clock = clock
        self._mark = f"phone-audit:{secrets.token_hex(8)}"
        self._running: Running | None = None
        self._spent_before = 0.0
        self._spent = 0.0

    def take(self, patience: float = PATIENCE) -> Sample | None:
        """Look once; None where the phone did not answer in time, or not in a way that is understood.

        After a failure the program is started anew, so that a late answer is never taken for the next one.

        Raises:
            CommandError: the phone runs no such program.
            DeviceLostError: the phone is gone.
        """
        asked = self._clock()
        program = listed("sockets", own_paths=" ".join(PATHS), mark=self._mark)
        running = self._running = self._running or self._transport.start(program)
        running.write(line("again").encode())
        answer = self._read(running, asked + patience)
        if answer is None:
            self.close()
            return None
        output, _, times = answer.partition(f"{self._mark}\n")
        self._spent = self._spent_before + (spent_of(times) or 0.0)
        tables = parse_tables(output)
        if not tables.read and not tables.refused:
            return None
        return Sample(tables, None if spent_of(times) is None else self._spent, asked)

    def close(self) -> None:
        self._spent_before = self._spent
        if self._running is not None:
            self._running.close()
        self._running = None

    def _read(self, running: Running, deadline: float) -> str | None:
        """Return what stands before the second mark, without it; None where it does not come."""
        end = f"{self._mark}\n".encode()
        answer = bytearray()
        marks = looked = 0
        while marks < 2:
            try:
                piece = running.read(deadline)
            except TimeoutError:
                return None
            if not piece or len(answer) > LONGEST_ANSWER or self._clock() > deadline:
                return None
            answer += piece
            while (found := answer.find(end, looked)) >= 0:
                marks, looked = marks + 1, found + len(end)
            looked = max(looked, len(answer) - len(end) + 1)
        return decode(bytes(answer)).rpartition(f"{self._mark}\n")[0]


def spent_of(times: str) -> float | None:
    r"""Add up what the shell's `times` prints: its own processor time and that of its children, user and system.

    Example:
        >>> spent_of("0m0.01s 0m0.02s\n0m1.00s 1m0.50s\n"), spent_of("times: not found")
        (61.53, None)
    """
    found = SPENT.findall(times)
    if len(found) != 4:
        return None
    return round(sum(int(minutes) * 60 + float(seconds.replace(",", ".")) for minutes, seconds in found), 3)


class Pace:
    """How long to wait from one look to the next: less after something new, more when a look costs the phone much."""

    def __init__(self, share: float = SHARE) -> None:
        self._share = share
        self._started: float | None = None
        self._news: float | None = None
        self._looks = 0
        self._cost = 0.0

    def note(self, now: float, spent: float | None, *, news: bool) -> None:
        """Take note of a look at a time of `time.monotonic()`, and whether it showed anything new.

        `spent` are seconds of processor time on the phone so far.
        """
        self._started = now if self._started is None else self._started
        self._looks += 1
        if spent is not None:
            self._cost = spent / self._looks
        if news:
            self._news = now

    def interval(self, now: float) -> float:
        """Return the seconds from the begin of a look to that of the next."""
        last = self._news if self._news is not None else self._started
        quiet = 0.0 if last is None else now - last
        if quiet < EXCITED:
            wanted = QUICK
        elif quiet < CALM:
            wanted = STEADY
        else:
            wanted = SLOW
        return max(wanted, self._cost / self._share)
