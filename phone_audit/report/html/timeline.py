"""A timeline: when apps came onto the phone, and when they last used what can watch a person."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.model.apps import App
from phone_audit.model.results import Scan
from phone_audit.report.html.ages import DAY, HOUR, MINUTE, WEEK, in_words, minute_of, seconds_before, time_of_reading
from phone_audit.report.html.app_list import watches
from phone_audit.report.safe import shortened

_MOST_LANES: Final = 20
_LONGEST_NAME: Final = 26
_LANE: Final = 26
_TOP: Final = 34
_LEFT, _RIGHT = 210, 880
_OLDEST: Final = 10 * 365 * DAY
_TICKS: Final = (
    (5 * 365 * DAY, "5 years"), (365 * DAY, "1 year"), (30 * DAY, "1 month"), (WEEK, "1 week"), (DAY, "1 day"),
    (HOUR, "1 hour"), (MINUTE, "reading"),
)  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """Something that happened, and where it stands in the picture. `kind` is `installed`, `used` or `background`."""

    x: float
    y: int
    kind: str
    app: str
    what: str
    when: str
    ago: str


@dataclass(frozen=True)
class Lane:
    """An app with its line in the picture."""

    y: int
    name: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Timeline:
    """The picture, and how many apps with something to show are not in it."""

    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]
    height: int
    left: int

    @property
    def marks(self) -> Iterator[Mark]:
        """Yield all marks, the apps in their order."""
        for lane in self.lanes:
            yield from lane.marks


def timeline_of(scan: Scan) -> Timeline:
    """Return the timeline of the apps that did not come with the phone, and of those that used what can watch."""
    reading = time_of_reading(scan)
    events = [(app, [event for event in _events(app, reading) if event[0] >= 0]) for app in scan.apps]
    shown = [(app, its) for app, its in events if its and (app.came_from.kind != "firmware" or _used(its))]
    shown.sort(key=lambda one: (one[0].came_from.kind != "hand", min(event[0] for event in one[1]), one[0].package))
    lanes = tuple(_lane(at, app, its) for at, (app, its) in enumerate(shown[:_MOST_LANES]))
    return Timeline(
        lanes=lanes,
        ticks=tuple((_place(age), name) for age, name in _TICKS),
        height=_TOP + _LANE * len(lanes) + 8,
        left=len(shown) - len(lanes),
    )


_Event = tuple[float, str, str, str]
"""Age in seconds, kind, what happened, and when."""


def _events(app: App, reading: str) -> Iterator[_Event]:
    came = app.came_from
    installed = seconds_before(came.installed, reading)
    if installed is not None and came.kind != "firmware":
        yield installed, "installed", "installed", came.installed or ""
    for power in app.powers:
        age = seconds_before(power.last_used, reading)
        if age is not None and watches(power):
            kind = "background" if power.background else "used"
            yield age, kind, power.did or f"used {power.title or power.what}", power.last_used or ""


def _used(events: Sequence[_Event]) -> bool:
    return any(event[1] != "installed" and event[0] <= WEEK for event in events)


def _lane(at: int, app: App, events: Sequence[_Event]) -> Lane:
    y = _TOP + _LANE * at + _LANE // 2
    name = shortened(app.name, _LONGEST_NAME)
    marks = (
        Mark(_place(age), y, kind, name, _what(kind, what), minute_of(when), in_words(age))
        for age, kind, what, when in events
    )
    return Lane(y, name, tuple(marks))


def _what(kind: str, what: str) -> str:
    return f"{shortened(what, 60)} in the background" if kind == "background" else shortened(what, 60)


def _place(age: float) -> float:
    """Return where an age stands: the last minute at the right, each step to the left many times longer."""
    bounded = min(max(age, MINUTE), _OLDEST)
    share = math.log(_OLDEST / bounded) / math.log(_OLDEST / MINUTE)
    return round(_LEFT + 20 + share * (_RIGHT - _LEFT - 40), 1)
