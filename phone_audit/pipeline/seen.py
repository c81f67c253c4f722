"""Looks at the sockets, put together: who was connected to whom, how often, and how well was looked."""

from dataclasses import dataclass, field
from datetime import datetime

from phone_audit.acquire.live.answers import Moment
from phone_audit.acquire.live.sampler import Sample
from phone_audit.acquire.live.socket_tables import Connection, Protocol
from phone_audit.acquire.packages.owners import Owners
from phone_audit.acquire.questions.netstats import app_of
from phone_audit.model.watch import Observation, Remote, Samples
from phone_audit.pipeline.provenance import rfc3339

MOST_PLACES = 20_000
"""Places that are kept apart. No phone shows so many; one that pretends to must not fill this computer's memory."""

MOST_ENDS = 200_000
"""Connections that are told apart, for the same reason."""

Place = tuple[int, Protocol, str, int]
"""A uid, and the protocol, address and port that it was connected to."""

End = tuple[Protocol, int, str, int]
"""A connection: protocol, local port, remote address and port."""


@dataclass
class _Record:
    first: datetime
    last: datetime
    times: int = 0
    connections: set[tuple[int, int]] = field(default_factory=set)
    foreground: bool | None = None
    screen_off: bool | None = None


class Seen:
    """Takes looks, and gives what they show.

    Args:
        owners: whose each uid is.

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
        self._places: dict[Place, _Record] = {}
        self._ends: set[End] = set()
        self._missed: set[End] = set()
        self._taken = 0
        self._first_asked = self._last_asked = 0.0
        self._longest_gap = 0.0
        self._spent: float | None = None

    def note(self, sample: Sample, when: datetime, moment: Moment) -> list[Place]:
        """Take a look.

        Args:
            sample: what it showed.
            when: the time on this computer.
            moment: what the phone was doing.

        Returns:
            The places that were not seen before.
        """
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
            record = self._places[place] = _Record(when, when)
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
        """Say how well was looked."""
        span = self._last_asked - self._first_asked
        return Samples(
            taken=self._taken,
            failed=self.failed,
            interval_ms=round(1000 * span / (self._taken - 1)) if self._taken > 1 else 0,
            longest_gap_ms=round(1000 * self._longest_gap),
            missed_connections=len(self._missed),
            core_share=None if self._spent is None or span <= 0 else round(self._spent / span, 4),
        )
