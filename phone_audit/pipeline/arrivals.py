"""Which phones a fleet consists of: those that were named, those in sight, and those that are plugged in later."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from phone_audit.acquire.adb import states
from phone_audit.acquire.adb.connect import Via, survey
from phone_audit.errors import AcquireError

LOOK_EVERY = 1.0
"""Seconds between two looks at what is plugged in."""
MOST_TIMES = 3
"""How often a phone that keeps going away is begun in all."""


@dataclass(frozen=True)
class Arrival:
    """A phone to be read. `number` is its place in the fleet, from 1; `again` tells that it came back."""

    number: int
    target: str
    again: bool = False


def everyone(via: Via, *, needed: bool) -> tuple[tuple[str, ...], str]:
    """Return the serials of all phones in sight, and sentences on what was seen that is no usable phone.

    Raises:
        NoDeviceError: none is, and one is needed.
    """
    seen = survey(via)
    if needed and not seen.serials:
        raise states.no_phone(seen.unusable)
    return seen.serials, seen.unusable


def in_sight(via: Via) -> tuple[tuple[str, ...], str]:
    """Return the serials of the phones that can be talked to, and sentences on what was seen that is none."""
    seen = survey(via)
    return seen.settled_serials, seen.unusable


class Arrivals(Protocol):
    """Where phones come from."""

    def take(self) -> list[Arrival]:
        """Return those that are to be read now and were not given before."""

    @property
    def over(self) -> bool:
        """Whether no more will come."""

    def lost(self, arrival: Arrival) -> None:
        """Say that this one went away before it was read to the end."""

    def failed(self, arrival: Arrival) -> None:
        """Say that this one could not be read at all, in the state in which it is."""


class NamedTargets:
    """The targets that were named, each once."""

    def __init__(self, targets: Sequence[str]) -> None:
        self._left = [Arrival(number, target) for number, target in enumerate(dict.fromkeys(targets), 1)]

    def take(self) -> list[Arrival]:
        given, self._left = self._left, []
        return given

    @property
    def over(self) -> bool:
        return not self._left

    def lost(self, arrival: Arrival) -> None:
        """A target that was named is read once; the transport itself has tried to reach it again."""

    def failed(self, arrival: Arrival) -> None:
        """See `lost`."""


class ConnectedPhones:
    """The targets that were named, and every phone as it appears; one that was lost is read again when it is back."""

    def __init__(
        self,
        targets: Sequence[str] = (),
        *,
        via: Via = "auto",
        on_trouble: Callable[[str], None] = lambda _: None,
        look: Callable[[Via], Sequence[str]] = lambda via: survey(via).settled_serials,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._via: Via = via
        self._on_trouble = on_trouble
        self._look = look
        self._clock = clock
        self._numbers = {target: number for number, target in enumerate(dict.fromkeys(targets), 1)}
        self._begun = dict.fromkeys(self._numbers, 1)
        self._waiting = deque(Arrival(number, target) for target, number in self._numbers.items())
        self._present: set[str] = set()
        self._unfinished: set[str] = set()
        self._next_look = clock()
        self._trouble = ""

    def take(self) -> list[Arrival]:
        given = list(self._waiting)
        self._waiting.clear()
        if self._clock() >= self._next_look:
            self._next_look = self._clock() + LOOK_EVERY
            seen = self._seen()
            given += [self._arrival(serial) for serial in sorted(seen - self._present) if self._wanted(serial)]
            self._present = seen
        return given

    @property
    def over(self) -> bool:
        return False

    def lost(self, arrival: Arrival) -> None:
        self._unfinished.add(arrival.target)
        self._present.discard(arrival.target)  # back so soon that no look missed it

    def failed(self, arrival: Arrival) -> None:
        """See `Arrivals.failed`: it is tried again when it was unplugged and is back, however often."""
        self._unfinished.add(arrival.target)
        self._begun[arrival.target] -= 1

    def _seen(self) -> set[str]:
        try:
            seen = set(self._look(self._via))
        except AcquireError as error:
            if error.message != self._trouble:
                self._on_trouble(error.message)
            self._trouble = error.message
            return set()
        self._trouble = ""
        return seen

    def _wanted(self, serial: str) -> bool:
        if serial not in self._numbers:
            return True
        return serial in self._unfinished and self._begun[serial] < MOST_TIMES

    def _arrival(self, serial: str) -> Arrival:
        number = self._numbers.setdefault(serial, len(self._numbers) + 1)
        self._begun[serial] = self._begun.get(serial, 0) + 1
        self._unfinished.discard(serial)
        return Arrival(number, serial, again=self._begun[serial] > 1)
