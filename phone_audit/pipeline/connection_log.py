"""Looks at the sockets, put together: who was connected to whom, how well was looked, and what was not seen."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from phone_audit.acquire.live.poller import Moment, PollLog
from phone_audit.acquire.live.sampler import Sample
from phone_audit.acquire.live.socket_tables import Connection, Protocol
from phone_audit.acquire.packages.owners import Owners
from phone_audit.acquire.questions.netstats import app_of
from phone_audit.errors import DeviceLostError
from phone_audit.model.finding import Skipped
from phone_audit.model.watch import Observation, Remote, Samples
from phone_audit.pipeline.options import rfc3339

MOST_PLACES = 20_000
"""Places that are kept apart. No phone shows so many; one that pretends to must not fill this computer's memory."""

MOST_ENDS = 200_000
"""Connections that are told apart, for the same reason."""

Place = tuple[int, Protocol, str, int]
"""A uid, and the protocol, address and port that it was connected to."""

End = tuple[Protocol, int, str, int]
"""A connection: protocol, local port, remote address and port."""


@dataclass
class _PlaceRecord:
    first: datetime
    last: datetime
    times: int = 0
    connections: set[tuple[int, int]] = field(default_factory=set)
    foreground: bool | None = None
    screen_off: bool | None = None


class ConnectionLog:
    """Takes looks, and gives what they show.

    Attributes:
        failed: looks that were not answered; counted by whoever looks.
        refused: tables that the phone did not hand out, and what it said.
        unconnected: uids with UDP sockets that name no remote end.
        unknown_lines: lines of tables that were not understood.
        too_many: whether places were left out, for there were more than are kept apart.
    """

    def __init__(self, owners: Owners) -> None:
        self.failed = 0
        self.refused: dict[str, str] = {}
        self.unconnected: set[int] = set()
        self.unknown_lines = 0
        self.too_many = False
        self._owners = owners
        self._places: dict[Place, _PlaceRecord] = {}
        self._ends: set[End] = set()
        self._missed: set[End] = set()
        self._taken = 0
        self._first_asked = self._last_asked = 0.0
        self._longest_gap = 0.0
        self._spent: float | None = None

    def note(self, sample: Sample, when: datetime, moment: Moment) -> list[Place]:
        """Take what a look showed, and what the phone was doing; return the places that were not seen before."""
        before = len(self._places)
        if self._taken:
            self._longest_gap = max(self._longest_gap, sample.asked - self._last_asked)
        else:
            self._first_asked = sample.asked
        self._taken, self._last_asked = self._taken + 1, sample.asked
        self._spent = sample.spent if sample.spent is not None else self._spent
        tables = sample.tables
        self.refused.update(tables.refused)
        self.unconnected |= tables.unconnected
        self.unknown_lines += tables.unknown
        looked: set[Place] = set()
        for one in tables.connections:
            if one.uid is None:
                self._note_ended(one)
            else:
                self._note_open((one.uid, one.protocol, one.address, one.port), one, when, moment, looked)
        return list(self._places)[before:]

    def _note_ended(self, one: Connection) -> None:
        """A closed connection is nobody's; what ended before the first look says nothing of how well was looked."""
        end = (one.protocol, one.local_port, one.address, one.port)
        if end not in self._ends and len(self._ends) < MOST_ENDS:
            self._ends.add(end)
            if self._taken > 1:
                self._missed.add(end)

    def _note_open(self, place: Place, one: Connection, when: datetime, moment: Moment, looked: set[Place]) -> None:
        if len(self._ends) < MOST_ENDS:
            self._ends.add((one.protocol, one.local_port, one.address, one.port))
        record = self._places.get(place)
        if record is None:
            if len(self._places) >= MOST_PLACES:
                self.too_many = True
                return
            record = self._places[place] = _PlaceRecord(when, when)
        record.last = when
        if len(record.connections) < MOST_PLACES:
            record.connections.add((one.local_port, one.inode))
        if place in looked:
            return
        looked.add(place)
        record.times += 1
        user, names = place[0] // 100_000, self._owners.of(place[0])
        if moment.in_front is not None:
            record.foreground = bool(record.foreground) or any((user, name) in moment.in_front for name in names)
        if moment.screen_on is not None:
            record.screen_off = bool(record.screen_off) or not moment.screen_on

    @property
    def places(self) -> tuple[Place, ...]:
        """All that were seen, in the order in which they were first."""
        return tuple(self._places)

    def observation(self, place: Place) -> Observation:
        """Return what was seen of one place, joined with nothing yet."""
        uid, protocol, address, port = place
        record = self._places[place]
        return Observation(
            uid=uid,
            user=app_of(uid)[0],
            packages=self._owners.of(uid),
            protocol=protocol,
            remote=Remote(address=address, port=port),
            host=None,
            joined_by="app-only",
            endpoints=None,
            times_seen=record.times,
            first_seen=rfc3339(record.first),
            last_seen=rfc3339(record.last),
            foreground=record.foreground,
            sent=None,
            received=None,
            owner=None,
            cleartext=None,
            connections=len(record.connections),
            screen_off=record.screen_off,
        )

    def samples(self) -> Samples:
        span = self._last_asked - self._first_asked
        return Samples(
            taken=self._taken,
            failed=self.failed,
            interval_ms=round(1000 * span / (self._taken - 1)) if self._taken > 1 else 0,
            longest_gap_ms=round(1000 * self._longest_gap),
            missed_connections=len(self._missed),
            core_share=None if self._spent is None or span <= 0 else round(self._spent / span, 4),
        )


def unread(log: ConnectionLog, polled: PollLog, lost: DeviceLostError | None) -> Iterator[Skipped]:
    """Yield what was promised and not read; `lost` says why the phone went away, where it did."""
    for name, said in sorted(log.refused.items()):
        reason = f"The phone does not hand out its list of sockets ({said}); what stands in it was not seen."
        yield Skipped(subject=f"/proc/net/{name}", step="read", code="refused", reason=reason)
    samples = log.samples()
    if not samples.taken:
        reason = "The phone answered no look at its sockets."
        yield Skipped(subject="/proc/net", step="read", code="no-sample", reason=reason)
    elif log.failed:
        reason = f"{log.failed} of {log.failed + samples.taken} looks at the sockets were not answered."
        yield Skipped(subject="/proc/net", step="read", code="samples-failed", reason=reason)
    if log.too_many:
        reason = "There were more places than are kept apart; further ones were left out."
        yield Skipped(subject="/proc/net", step="read", code="too-many", reason=reason)
    if polled.last is None:
        reason = "The phone does not tell how many bytes each uid moved."
        yield Skipped(subject="dumpsys netstats", step="command", code="no-traffic", reason=reason)
    if lost is not None:
        yield Skipped(subject="phone", step="transfer", code="device-lost", reason=lost.message)


def cannot_see(samples: Samples, log: ConnectionLog, polled: PollLog) -> tuple[str, ...]:
    """Say what this watch does not show, in sentences."""
    said = [
        f"{samples.taken} looks at the sockets were taken, one every {samples.interval_ms} ms on average; the longest "
        f"time without one was {samples.longest_gap_ms} ms. A connection that lives shorter than that can be missed.",
    ]
    if samples.missed_connections:
        said.append(
            f"{samples.missed_connections} connections had ended before a look saw whose they were; a closed socket "
            "belongs to nobody, so they are in no line of this result."
        )
    if log.unconnected:
        uids = ", ".join(str(uid) for uid in sorted(log.unconnected)[:10])
        said.append(
            f"UDP sockets that name no remote end show nothing of whom they talk to; uids that had one: {uids}."
        )
    said.append(
        "Names are never resolved: a socket shows an address, and what its package's code holds is named beside it, "
        "without a claim that they are the same. Behind a proxy the address is that of the proxy."
    )
    said.append("The phone looks names up for all packages in one process; whose question it was is not seen there.")
    said.append("Bytes are counted for each uid, not for each connection.")
    if not any(moment.screen_on is not None for _, moment in polled.moments):
        said.append("The phone does not tell whether its screen was on.")
    if not any(moment.in_front is not None for _, moment in polled.moments):
        said.append("The phone does not tell which package had the screen.")
    if log.unknown_lines:
        said.append(f"{log.unknown_lines} lines of the socket tables were not understood.")
    return tuple(said)
