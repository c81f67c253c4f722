"""Asks between the looks at the sockets: who has the screen, how many bytes each uid moved, which names were looked up.

These questions take the phone's services, some of them long, so they run in a thread of their own and hold up no look.

`dumpsys power` prints `mWakefulness=` and a word of AOSP's `PowerManagerInternal.wakefulnessToString`. `dumpsys
activity activities` names the resumed activity of each display as `mResumedActivity: ActivityRecord{…}` (Android 8 to
11), `topResumedActivity=ActivityRecord{…}` (10 and later) or `ResumedActivity: ActivityRecord{…}` (12 and later), and
an `ActivityRecord` as `ActivityRecord{HASH uUSER PACKAGE/CLASS tTASK}` (`ActivityRecord.toString`).

AOSP's `DnsQueryLog::dump` (packages/modules/DnsResolver, Android 11 and later) prints a line for each query of the last
minutes, but with all of the name but its first letter, and of the addresses, replaced by `***`. A phone whose maker
left that out tells who asked for which name; a masked line tells nothing that could be held against an address.
"""

import contextlib
import re
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address

from phone_audit.acquire.commands import MEGABYTE, Command, listed_command
from phone_audit.acquire.questions.netstats import ByteCounter, parse_netstats, parse_qtaguid
from phone_audit.acquire.text import decode
from phone_audit.acquire.transport import Transport
from phone_audit.errors import CommandError, DeviceLostError
from phone_audit.model.stated import parsed_address

MOMENT = listed_command("moment", timeout=10.0, limit=MEGABYTE)
TRAFFIC = listed_command("traffic", timeout=30.0, limit=32 * MEGABYTE)
"""The kernel's own counters where the shell may read them (Android 8 and 9), else what the service has counted."""
NAMES = listed_command("looked up names", timeout=10.0, limit=8 * MEGABYTE)

WAKEFULNESS = re.compile(r"^[ \t\r]*mWakefulness=(\w+)[ \t\r]*$", re.MULTILINE)
RESUMED = re.compile(r"ResumedActivity[:=]\s*ActivityRecord\{[^\s{}]{1,64} u(\d{1,9}) ([A-Za-z0-9_.]+)/")

SCREEN_ON = {"Awake": True, "Dreaming": True, "Dozing": False, "Asleep": False}

ENTRY = re.compile(
    r"\s*time=\S+ netId=\d+ uid=(\d{1,10}) pid=-?\d+ hostname=(\S+) answer=\[([0-9A-Fa-f:., *]*)\] \(\d+ms\)\s*"
)
NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})+\.?")
MASK = "***"

Totals = Mapping[int, ByteCounter]


@dataclass(frozen=True)
class Moment:
    """What was so at one moment; None is not known.

    Attributes:
        screen_on: whether somebody could be looking; a dozing phone that shows the time counts as off.
        in_front: user and package of each activity that has a screen.
    """

    screen_on: bool | None
    in_front: frozenset[tuple[int, str]] | None


def parse_moment(text: str) -> Moment:
    r"""Read the two dumps, one after the other, or the lines of them that matter.

    Example:
        >>> parse_moment("  mWakefulness=Asleep\n").screen_on
        False
    """
    words = WAKEFULNESS.findall(text)
    on = SCREEN_ON.get(words[0]) if words else None
    resumed = frozenset((int(user), package) for user, package in RESUMED.findall(text))
    return Moment(on, frozenset() if on is False else resumed or None)


@dataclass(frozen=True)
class DnsQuery:
    """One look-up: whose, of which name, with which addresses as the answer."""

    uid: int
    host: str
    addresses: tuple[str, ...]


def parse_dns_log(text: str) -> tuple[DnsQuery, ...]:
    """Read the lines that are not masked, in order.

    Example:
        >>> parse_dns_log("  time=10:00:00.123 netId=100 uid=10123 pid=7 hostname=a.example answer=[192.0.2.1] (9ms)")
        (DnsQuery(uid=10123, host='a.example', addresses=('192.0.2.1',)),)
    """
    queries = []
    for line in text.split("\n"):
        match = ENTRY.fullmatch(line)
        if match is None or MASK in line or not NAME.fullmatch(match[2]):
            continue
        addresses = tuple(
            address for word in match[3].split(",") if word.strip() and (address := _address(word.strip())) is not None
        )
        queries.append(DnsQuery(int(match[1]), match[2].lower().rstrip("."), addresses))
    return tuple(queries)


def _address(text: str) -> str | None:
    address = parsed_address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address) if address else None


def totals_of(text: str) -> Totals:
    """Read what `TRAFFIC` prints: bytes by uid, as late as the phone tells them."""
    if text.startswith("idx "):
        return parse_qtaguid(text)
    stats = parse_netstats(text)
    if stats.counters:
        return stats.counters
    sums: dict[int, ByteCounter] = {}
    for usage in stats.usages:
        if usage.uid >= 0 and usage.network != "vpn":
            sums[usage.uid] = sums.get(usage.uid, ByteCounter(0, 0)).plus(usage.received, usage.sent)
    return sums


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
    """Asks a live phone, which takes several streams at once, in a thread of its own."""

    def __init__(self, transport: Transport, clock: Callable[[], float] = time.monotonic) -> None:
        self.log = PollLog()
        self._transport = transport
        self._clock = clock
        self._ended = threading.Event()
        self._asks_names = True
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    def start(self) -> None:
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
