"""One watch of one phone: looks at its sockets, and has the code of what is connected read meanwhile."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from phone_audit.acquire.live.poller import Poller, PollLog
from phone_audit.acquire.live.sampler import Pace, Sampler
from phone_audit.acquire.packages.owners import Owners
from phone_audit.acquire.transport import LiveTransport, OnWait
from phone_audit.detect.watch.connection_join import EndpointIndex, with_join
from phone_audit.detect.watch.watch_findings import WatchedPackage
from phone_audit.errors import CommandError, DeviceLostError
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Device
from phone_audit.model.finding import Skipped
from phone_audit.model.watch import Moved, Observation, ObservationLine
from phone_audit.pipeline.connection_log import ConnectionLog, Place, unread
from phone_audit.pipeline.options import Budget, Clock, Via, never, utc_now
from phone_audit.pipeline.watched_code import WatchedCode

IDLE = 60.0
"""Seconds without anything new, after which `until_idle` ends a watch."""

LINE_PATIENCE = 20.0
"""Seconds that a line of the stream waits for the code of its packages."""
GRACE = 20.0
"""Seconds that the code of packages may still take once an end was asked for."""

_TURN = 0.05
"""Seconds after which a wait asks again whether to stop."""


@dataclass(frozen=True)
class WatchOptions:
    """How a phone is watched.

    Attributes:
        seconds: how long; until it is stopped where None.
        until_idle: whether to end when nothing new was seen for `IDLE` seconds.
        save: the folder that is to keep the result (`saved_watch.save_watch`); looked at before anything is watched.
        label: the case or asset name kept in the result.
        with_identifiers: whether the serial number stands in the result.
        cache: whether files that were analysed before are neither copied nor analysed again.
        on_wait: told when the person must look at the phone.
        on_look: told after each look; the session says what is known so far.
        on_line: gets each observation once its code was read, or will not be for a while.
        stopped: asked again and again; once true, what was seen so far is the result.
    """

    via: Via = "auto"
    seconds: float | None = None
    until_idle: bool = False
    save: Path | None = None
    label: str | None = None
    with_identifiers: bool = False
    budget: Budget = field(default_factory=Budget)
    cache: bool = True
    on_wait: OnWait | None = None
    on_look: Callable[["WatchSession"], None] = lambda _: None
    on_line: Callable[[ObservationLine], None] = lambda _: None
    stopped: Callable[[], bool] = never
    clock: Clock = utc_now
    monotonic: Callable[[], float] = time.monotonic


@dataclass
class WatchSession:
    _transport: LiveTransport
    device: Device
    owners: Owners
    _code: WatchedCode
    knowledge: Knowledge
    options: WatchOptions

    def __post_init__(self) -> None:
        self.log = ConnectionLog(self.owners)
        self._sampler = Sampler(self._transport, self.options.monotonic)
        self._bystander = Poller(self._transport, self.options.monotonic)
        self._pace = Pace()
        self._waiting: dict[Place, float] = {}
        self._names: dict[tuple[int, str], set[str]] = {}
        self._queries = 0
        self._code_of: dict[tuple[str, ...], tuple[int, EndpointIndex]] = {}
        self._lost: DeviceLostError | None = None
        self._started = self._news = self.options.monotonic()

    @property
    def poll_log(self) -> PollLog:
        """What was asked beside the looks."""
        return self._bystander.log

    @property
    def elapsed(self) -> float:
        return self.options.monotonic() - self._started

    def run(self) -> None:
        """Look until the time is over, nothing new comes, or an end is asked for."""
        self._bystander.start()
        self._code.start()
        try:
            while not self._over():
                begun = self.options.monotonic()
                self._look()
                self._tell_lines()
                self.options.on_look(self)
                self._rest(begun)
        except DeviceLostError as error:
            self._lost = error
        finally:
            self._sampler.close()
            self._bystander.stop()
            self._code.finish(self._give_up())
        self._tell_lines(everything=True)

    def _give_up(self) -> Callable[[], bool]:
        """Return what ends the reading of code: its grace where an end was asked for, else whoever asks for one now."""
        until = self.options.monotonic() + GRACE
        return (lambda: self.options.monotonic() > until) if self.options.stopped() else self.options.stopped

    def _over(self) -> bool:
        options = self.options
        if options.stopped() or (options.seconds is not None and self.elapsed >= options.seconds):
            return True
        return options.until_idle and options.monotonic() - self._news >= IDLE

    def _look(self) -> None:
        try:
            sample = self._sampler.take()
        except DeviceLostError:  # the look is lost, and the phone as well where it does not come back
            self._sampler.close()
            self._transport.reconnect()
            sample = None
        except CommandError:
            sample = None
        now = self.options.monotonic()
        if sample is None:
            self.log.failed += 1
            return
        moment = self.poll_log.moment_at(sample.asked)
        new = self.log.note(sample, self.options.clock(), moment)
        self._pace.note(now, sample.spent, news=bool(new))
        if new:
            self._news = now
        for place in new:
            self._waiting[place] = now
            self._code.want(self.owners.of(place[0]))

    def _rest(self, begun: float) -> None:
        """Wait until the next look; an end is noticed at once."""
        until = begun + self._pace.interval(self.options.monotonic())
        while not self._over() and (left := until - self.options.monotonic()) > 0:
            time.sleep(min(left, _TURN))

    def _tell_lines(self, *, everything: bool = False) -> None:
        now = self.options.monotonic()
        for place, since in list(self._waiting.items()):
            if everything or now - since >= LINE_PATIENCE or self._code.settled(self.owners.of(place[0])):
                del self._waiting[place]
                one, phone = dict(self.observation(place)), self.device.pseudonym
                self.options.on_line(ObservationLine(**one, phone=phone, schema_="phone-audit/observation/1"))

    def observation(self, place: Place) -> Observation:
        """Return what was seen of one place, joined with the code that was read."""
        one = self.log.observation(place)
        names = sorted(self._names_of().get((one.uid, one.remote.address), ()))
        return with_join(one, self._held(one.packages), names, self.knowledge)

    def _names_of(self) -> Mapping[tuple[int, str], set[str]]:
        """Return the names that the phone told: uid and address → names. Made anew when there are more."""
        queries = tuple(self.poll_log.queries)
        if len(queries) != self._queries:
            self._names, self._queries = {}, len(queries)
            for query in queries:
                for address in query.addresses:
                    self._names.setdefault((query.uid, address), set()).add(query.host)
        return self._names

    def _held(self, packages: tuple[str, ...]) -> EndpointIndex | None:
        """Return what the code of some packages holds, as far as it was read; made anew when more of it was."""
        read = {name: infos for name in packages if (infos := self._code.read(name)) is not None}
        if not read:
            return None
        known = self._code_of.get(packages)
        if known is None or known[0] != len(read):
            held = {name: [one for info in infos for one in info.endpoints or ()] for name, infos in read.items()}
            known = self._code_of[packages] = len(read), EndpointIndex(held)
        return known[1]

    def observations(self) -> tuple[Observation, ...]:
        """Return everything that was seen, by uid and place, with the bytes of a uid that had one place only."""
        found = [self.observation(place) for place in sorted(self.log.places)]
        places: dict[int, int] = {}
        for one in found:
            places[one.uid] = places.get(one.uid, 0) + 1
        return tuple(self._with_bytes(one) if places[one.uid] == 1 else one for one in found)

    def _with_bytes(self, one: Observation) -> Observation:
        moved = self.poll_log.moved(one.uid)
        if moved is None:
            return one
        return one.model_copy(update={"received": moved.received, "sent": moved.sent})

    def traffic(self) -> tuple[Moved, ...]:
        """Return what each uid moved, most first."""
        found = []
        for uid in self.poll_log.last or ():
            moved = self.poll_log.moved(uid)
            if moved and (moved.received or moved.sent):
                user, packages = uid // 100_000, self.owners.of(uid)
                found.append(Moved(uid=uid, user=user, packages=packages, received=moved.received, sent=moved.sent))
        return tuple(sorted(found, key=lambda one: (-one.received - one.sent, one.uid)))

    def packages(self, observations: Sequence[Observation]) -> dict[str, WatchedPackage]:
        """Return the packages that were connected, with what was read of them."""
        names = sorted({name for one in observations for name in one.packages})
        system = self.owners.system
        return {
            name: WatchedPackage(name, self._code.read(name) or (), None if system is None else name in system)
            for name in names
        }

    def skipped(self) -> tuple[Skipped, ...]:
        return (*unread(self.log, self.poll_log, self._lost), *self._code.skipped)
