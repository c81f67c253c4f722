"""Several phones at once → a result each, and the summary of all."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from phone_audit.errors import DeviceLostError, DeviceOfflineError, PhoneAuditError
from phone_audit.judge.fleet_differences import Traits, groups_of, models_of, traits_of
from phone_audit.judge.gate import gating_outcome_of_scan
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Depth
from phone_audit.model.results import Fleet, FleetRun, FleetScan, Scan
from phone_audit.pipeline.arrivals import Arrival, Arrivals
from phone_audit.pipeline.asset_list import Asset, AssetList
from phone_audit.pipeline.options import TOOL, TURN, Budget, Progress, ScanOptions, rfc3339
from phone_audit.pipeline.phone_names import phone_name, without_target
from phone_audit.pipeline.saved_phones import SavedPhones
from phone_audit.pipeline.scan import scan_device

PAUSE = 0.2
"""Seconds between two looks at what has changed."""


class Turns:
    """Who is read at the same time. One that gave its turn back, because it waits for its person, gets another."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._having: set[int] = set()
        self._wanting: set[int] = set()
        self._changed = threading.Condition()

    def has(self, number: int) -> bool:
        return number in self._having

    def take_free(self, number: int) -> bool:
        """Give a phone a turn where one is free that nobody waits for who has begun; tell whether it got it."""
        with self._changed:
            if len(self._having) + len(self._wanting) >= self._at_once:
                return False
            self._having.add(number)
            return True

    def wait_for(self, number: int, stopped: Callable[[], bool]) -> None:
        """Return once a phone has a turn, or a stop is asked for."""
        with self._changed:
            self._wanting.add(number)
            while number not in self._having and len(self._having) >= self._at_once and not stopped():
                self._changed.wait(PAUSE)
            self._wanting.discard(number)
            self._having.add(number)

    def give_back(self, number: int) -> None:
        with self._changed:
            self._having.discard(number)
            self._changed.notify_all()


LOST = ("device-lost", "interrupted")


class Listener(Protocol):
    """Is told what becomes of each phone, in the thread that runs the fleet; progress and waits come from others."""

    def coming(self, count: int) -> None:
        """So many phones wait for their turn now."""

    def began(self, arrival: Arrival) -> Progress:
        """A phone is begun; give who is told of its progress."""

    def waits(self, arrival: Arrival, sentence: str, seconds: float) -> None:
        """A phone waits for its person, so long at most."""

    def read(self, arrival: Arrival, name: str, scan: Scan) -> str | None:
        """A phone was read; write its result, and give the name of the file, or None where there is none."""

    def failed(self, arrival: Arrival, name: str, error: PhoneAuditError) -> None:
        """A phone could not be read."""


@dataclass(frozen=True)
class FleetOptions:
    """How a fleet is read.

    Attributes:
        scan: as for one phone; `save` is the folder in which each phone has its own.
        at_once: phones that are read at the same time; one that waits for its person is none of them.
        no_more: asked again and again; once true, no further phone is begun.
        assets: which asset each phone is, where that is known.
    """

    scan: ScanOptions = field(default_factory=ScanOptions)
    at_once: int = 4
    no_more: Callable[[], bool] = lambda: False
    assets: AssetList | None = None


def scan_fleet(
    arrivals: Arrivals, listener: Listener, *, depth: Depth, users: str, knowledge: Knowledge, options: FleetOptions
) -> Fleet:
    """Read phones side by side, until no more come.

    A phone that fails, or is pulled out, costs itself alone. With `save`, a phone whose folder is there already is not
    read again; one that was interrupted is read anew, and what its folder holds is not copied again.

    Raises:
        SnapshotError: the folder to save in cannot be made.
        UsageError: a result cannot be written.
    """
    started = options.scan.clock()
    run = _FleetRun(arrivals, listener, depth, users, knowledge, options)
    run.read_all()
    finished = options.scan.clock()
    traits = list(run.traits.values())
    return Fleet(
        schema_="phone-audit/fleet/1",
        scans=tuple(run.rows[number] for number in sorted(run.rows)),
        groups=groups_of(traits),
        models=models_of(traits),
        assets=options.assets.summary(run.assets) if options.assets else None,
        tool=TOOL,
        run=FleetRun(
            started=rfc3339(started), finished=rfc3339(finished), seconds=(finished - started).total_seconds()
        ),
    )


@dataclass
class _FleetRun:
    """The phones that are being read, each in a thread of its own, and those that wait for their turn.

    Attributes:
        rows: the last word on each phone, by its place in the fleet.
        traits: of those that were read, by the same.
        assets: those of which a phone was there.
    """

    _arrivals: Arrivals
    _listener: Listener
    _depth: Depth
    _users: str
    _knowledge: Knowledge
    _options: FleetOptions

    def __post_init__(self) -> None:
        self.rows: dict[int, FleetScan] = {}
        self.traits: dict[int, Traits] = {}
        self.assets: set[Asset] = set()
        self._waiting: list[Arrival] = []
        self._ends: queue.SimpleQueue[tuple[Arrival, Scan | BaseException]] = queue.SimpleQueue()
        self._busy: dict[int, Arrival] = {}
        self._speaking: set[int] = set()
        self._turns = Turns(self._options.at_once)
        self._saves = SavedPhones(self._options.scan)
        self._over = threading.Event()

    def read_all(self) -> None:
        """Read phones until no more come, or a stop is asked for."""
        stopped = self._options.scan.stopped
        try:
            while True:
                ending = self._options.no_more() or stopped()
                if ending:
                    self._note_not_begun()
                else:
                    self._waiting += self._arrivals.take()
                self._begin()
                if stopped():
                    self._give_up_silent()
                if not self._busy and not self._waiting and (self._arrivals.over or ending):
                    break
                self._take_end()
        finally:
            self._over.set()  # those that still run come to an end by themselves

    def _begin(self) -> None:
        """Start those for which there is room; a phone that came back waits until its first reading has ended."""
        for arrival in list(self._waiting):
            if arrival.number not in self._busy and self._turns.take_free(arrival.number):
                self._waiting.remove(arrival)
                self._busy[arrival.number] = arrival
                progress = self._heard(arrival, self._listener.began(arrival))
                # a daemon, so that a second Ctrl-C need not wait for a phone
                threading.Thread(
                    target=self._read, args=(arrival, progress), name=f"phone-{arrival.number}", daemon=True
                ).start()
        self._listener.coming(len(self._waiting))

    def _heard(self, arrival: Arrival, progress: Progress) -> Progress:
        def report(what: str, done: int, total: int) -> None:
            if not self._turns.has(arrival.number):
                progress(TURN, 0, 0)
                self._turns.wait_for(arrival.number, self._asked_to_stop)
            self._speaking.add(arrival.number)
            progress(what, done, total)

        return report

    def _waits(self, arrival: Arrival, sentence: str, seconds: float) -> None:
        """Let others have the turn of a phone that waits for its person."""
        self._turns.give_back(arrival.number)
        self._listener.waits(arrival, sentence, seconds)

    def _give_up_silent(self) -> None:
        """Give up those that have not said a word, such as one that waits for somebody to look at its screen."""
        for number, arrival in list(self._busy.items()):
            if number not in self._speaking:
                del self._busy[number]
                self._turns.give_back(number)
                reason = "The scan was interrupted before the phone had said anything."
                self._note_failed(arrival, DeviceOfflineError(reason))

    def _take_end(self) -> None:
        """Wait a moment for one to end, and note what came of it."""
        try:
            arrival, outcome = self._ends.get(timeout=PAUSE)
        except queue.Empty:
            return
        if arrival.number not in self._busy:
            return  # it was given up
        self._speaking.discard(arrival.number)
        del self._busy[arrival.number]
        self._turns.give_back(arrival.number)
        if isinstance(outcome, Scan):
            self._note_read(arrival, outcome)
        elif isinstance(outcome, PhoneAuditError):
            self._note_failed(arrival, outcome)
        else:
            raise outcome

    def _note_read(self, arrival: Arrival, scan: Scan) -> None:
        name = phone_name(arrival.number, scan)
        self._saves.rename(arrival.target, name)
        self.traits[arrival.number] = traits_of(scan, name)
        gating = gating_outcome_of_scan(scan)
        self.rows[arrival.number] = FleetScan(
            name=name,
            file=self._listener.read(arrival, name, scan),
            pseudonym=scan.device.pseudonym,
            label=scan.label,
            model=scan.device.model,
            outcome=scan.verdict.outcome,
            complete=scan.coverage.complete,
            serial=scan.device.serial,
            gating=gating if gating != scan.verdict.outcome else None,
            security_patch=scan.build.security_patch,
            reason=next((reason.claim for reason in scan.verdict.reasons if reason.kind != "unread"), None),
            watched=next((one.answer for one in scan.verdict.questions if one.id == "watched"), None),
            **self._asset(arrival, scan.device.pseudonym),
        )
        if any(item.code in LOST for item in scan.coverage.skipped):
            self._arrivals.lost(arrival)

    def _note_failed(self, arrival: Arrival, error: PhoneAuditError) -> None:
        name = self._note_unread(arrival, error)
        self._listener.failed(arrival, name, error)
        if isinstance(error, DeviceLostError):
            self._arrivals.lost(arrival)
        else:
            self._arrivals.failed(arrival)

    def _note_unread(self, arrival: Arrival, error: PhoneAuditError) -> str:
        """Say in the summary why a phone was not read; what was read of it before it went away stays."""
        name = phone_name(arrival.number, None)
        show = arrival.target if self._options.scan.with_identifiers else None
        if arrival.number not in self.traits:
            self.rows[arrival.number] = FleetScan(
                name=name,
                file=None,
                pseudonym=None,
                label=None,
                model=None,
                outcome=None,
                complete=False,
                error=error.message if show else without_target(error.message, arrival.target),
                hint=error.hint if show else without_target(error.hint, arrival.target),
                serial=show,
                **self._asset(arrival, None),
            )
        return name

    def _note_not_begun(self) -> None:
        """Say in the summary which phones were there and had no turn before the end was asked for."""
        for arrival in self._waiting:
            self._note_unread(arrival, DeviceOfflineError("The scan was ended before it was this phone's turn."))
        self._waiting.clear()

    def _asset(self, arrival: Arrival, name: str | None) -> dict[str, Any]:
        asset = self._options.assets.find(arrival.target, name) if self._options.assets else None
        if asset is None:
            return {}
        self.assets.add(asset)
        return {"asset": asset.name, "asset_notes": asset.notes}

    def _read(self, arrival: Arrival, progress: Progress) -> None:
        try:
            outcome: Scan | BaseException = self._scan(arrival, progress)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that runs the fleet
            outcome = error
        self._ends.put((arrival, outcome))

    def _scan(self, arrival: Arrival, progress: Progress) -> Scan:
        options = self._options.scan
        own = replace(
            options,
            save=None,
            budget=self._share(options.budget),
            stopped=self._asked_to_stop,
            on_wait=partial(self._waits, arrival),
        )
        target, depth, users = arrival.target, self._depth, self._users
        if Path(target).exists():
            own = replace(own, via="auto")
        elif options.save is not None:
            kept = self._saves.kept(target)
            if kept is not None:  # by an earlier run of the same fleet
                target, depth, users = str(kept), "standard", "all"
                own = replace(own, via="auto", encrypt_to=())
            else:
                own = replace(own, save=self._saves.begin(target))
        return scan_device(
            target, depth=depth, users=users, knowledge=self._knowledge, on_progress=progress, options=own
        )

    def _share(self, budget: Budget) -> Budget:
        """Return one phone's share of the processes; a phone always has one."""
        return replace(budget, jobs=max(1, budget.jobs // max(1, len(self._busy) + len(self._waiting))))

    def _asked_to_stop(self) -> bool:
        return self._over.is_set() or self._options.scan.stopped()
