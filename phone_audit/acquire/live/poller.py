"""Asks between the looks at the sockets: who has the screen, how many bytes each uid moved, which names were looked up.

These questions take the phone's services, some of them long, so they run in a thread of their own and hold up no look.
"""

import contextlib
import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field

from phone_audit.acquire.commands import Command
from phone_audit.acquire.live.answers import (
    MASK,
    MOMENT,
    NAMES,
    TRAFFIC,
    DnsQuery,
    Moment,
    Totals,
    parse_dns_log,
    parse_moment,
    totals_of,
)
from phone_audit.acquire.questions.netstats import ByteCounter
from phone_audit.acquire.text import decode
from phone_audit.acquire.transport import Transport
from phone_audit.errors import CommandError, DeviceLostError

MOMENT_EVERY = 3.0
TRAFFIC_EVERY = 30.0
"""Seconds; a dump of all counters is some hundred kilobytes."""

MOST_QUERIES = 10_000
"""Look-ups that are kept."""

PATIENCE = 8.0
"""Seconds that the last questions may take."""


@dataclass
class PollLog:
    """What was learned so far.

    Attributes:
        moments: when (time of `time.monotonic()`), and what was so from then on.
        first, last: bytes of each uid at the first and at the last count; None where the phone does not tell.
        queries: names that the phone told.
    """

    moments: list[tuple[float, Moment]] = field(default_factory=list)
    first: Totals | None = None
    last: Totals | None = None
    queries: list[DnsQuery] = field(default_factory=list)

    def moment_at(self, when: float) -> Moment:
        """Return what was so at a time of `time.monotonic()`; nothing is known of a time long before or after."""
        index = bisect_right([at for at, _ in self.moments], when) - 1
        if index < 0:
            return Moment(None, None)
        at, moment = self.moments[index]
        return moment if when - at <= 2 * MOMENT_EVERY else Moment(None, None)

    def moved(self, uid: int) -> ByteCounter | None:
        """Return the bytes that a uid moved from the first count to the last; None where that is not known."""
        if self.first is None or self.last is None or self.first is self.last:
            return None
        before, after = self.first.get(uid, ByteCounter(0, 0)), self.last.get(uid, ByteCounter(0, 0))
        return ByteCounter(max(0, after.received - before.received), max(0, after.sent - before.sent))


class Poller:
    """Asks in a thread of its own.

    Args:
        transport: a live phone that takes several streams at once.
        clock: `time.monotonic`.
    """

    def __init__(self, transport: Transport, clock: Callable[[], float] = time.monotonic) -> None:
        self.log = PollLog()
        self._transport = transport
        self._clock = clock
        self._ended = threading.Event()
        self._asks_names = True
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, patience: float = PATIENCE) -> None:
        """Count the bytes once more and end; a question that hangs is left to the end of the connection."""
        self._ended.set()
        self._thread.join(patience)

    def _run(self) -> None:
        counted = -TRAFFIC_EVERY
        started = self._clock()
        while not self._ended.is_set():
            now = self._clock() - started
            if now - counted >= TRAFFIC_EVERY:
                counted = now
                self._guarded(self._ask_traffic)
                self._guarded(self._ask_names)
            self._guarded(self._ask_moment)
            self._ended.wait(MOMENT_EVERY)
        self._guarded(self._ask_traffic)
        self._guarded(self._ask_names)

    def _guarded(self, ask: Callable[[], None]) -> None:
        """Ask; what is not told is not known, and a phone that went away may come back."""
        with contextlib.suppress(CommandError, DeviceLostError):
            ask()

    def _ask(self, command: Command) -> str:
        answer = self._transport.shell(command.text, timeout=command.timeout, limit=command.limit)
        return decode(answer.output)

    def _ask_moment(self) -> None:
        when = self._clock()
        self.log.moments.append((when, parse_moment(self._ask(MOMENT))))

    def _ask_traffic(self) -> None:
        totals = totals_of(self._ask(TRAFFIC))
        if totals:
            self.log.first = self.log.first or totals
            self.log.last = totals

    def _ask_names(self) -> None:
        if not self._asks_names:
            return
        text = self._ask(NAMES)
        self._asks_names = "DNS query log" in text and MASK not in text
        queries = parse_dns_log(text)
        known = set(self.log.queries)
        new = [query for query in dict.fromkeys(queries) if query not in known]
        self.log.queries += new[: max(0, MOST_QUERIES - len(known))]
