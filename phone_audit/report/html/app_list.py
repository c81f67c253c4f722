"""Who can watch: the apps that may do more than every app may, where they came from, and when they last did it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from phone_audit.model.apps import App, CameFrom, Power
from phone_audit.model.results import Scan
from phone_audit.model.wording import amount
from phone_audit.report.html.ages import WEEK, in_words, minute_of, seconds_before, time_of_reading
from phone_audit.report.html.findings import anchor_of
from phone_audit.report.safe import shortened

_LONGEST_NAME: Final = 80
_LONGEST_TITLE: Final = 120
_MOST_ROWS: Final = 1_000
_MOST_POWERS: Final = 24
_MOST_FINDINGS: Final = 4
_ORIGINS: Final = {
    "hand": "installed by hand",
    "other": "installed by another app",
    "unknown": "not known",
    "store": "from a store",
    "firmware": "came with the phone",
}
"""How an app came onto the phone, and what that is called; those that somebody chose stand first."""
_FILTERS: Final = (
    ("origin", "hand", "installed by hand"),
    ("origin", "added", "did not come with the phone"),
    ("use", "recent", "used in the last 7 days"),
    ("use", "background", "used in the background"),
    ("power", "accessibility", "accessibility"),
    ("power", "notifications", "notifications"),
    ("power", "device-admin", "device administrator"),
    ("power", "microphone", "microphone"),
    ("power", "camera", "camera"),
    ("power", "location", "location"),
)


@dataclass(frozen=True)
class PowerLabel:
    """What an app may do, and `used`, when it last did; `lost`: it may not any more."""

    title: str
    watches: bool
    used: str
    lost: bool


@dataclass(frozen=True)
class AppRow:
    name: str
    package: str
    user: int
    origin: str
    installed: str
    powers: tuple[PowerLabel, ...]
    sent: str
    findings: tuple[tuple[str, str], ...]
    tags: str
    by_hand: bool


@dataclass(frozen=True)
class AppFilter:
    """A box that narrows the list. Boxes of one `group` widen each other."""

    group: str
    tag: str
    label: str
    count: int


@dataclass(frozen=True)
class AppList:
    """The apps that can watch or that findings speak of: those that were added, and those of the phone itself.

    `others` is how many there are beside them, `left` how many are not shown for want of room.
    """

    added: tuple[AppRow, ...]
    shipped: tuple[AppRow, ...]
    filters: tuple[AppFilter, ...]
    others: int
    left: int


def app_list(scan: Scan, titles: Mapping[str, str]) -> AppList:
    """Return the apps of a phone. `titles` are those of the findings that have an address on the page, by key."""
    reading = time_of_reading(scan)
    listed = [app for app in scan.apps if _is_listed(app)]
    listed.sort(key=lambda app: _order(app, reading))
    rows = [(app, _row(app, reading, titles)) for app in listed[:_MOST_ROWS]]
    tags = [set(row.tags.split()) for _, row in rows]
    filters = (AppFilter(*one, sum(one[1] in its for its in tags)) for one in _FILTERS)
    return AppList(
        added=tuple(row for app, row in rows if app.came_from.kind != "firmware"),
        shipped=tuple(row for app, row in rows if app.came_from.kind == "firmware"),
        filters=tuple(one for one in filters if one.count),
        others=len(scan.apps) - len(listed),
        left=len(listed) - len(rows),
    )


def watches(power: Power) -> bool:
    return power.watching in ("all", "part")


def _is_listed(app: App) -> bool:
    return (
        any(watches(power) for power in app.powers)
        or bool(app.findings)
        or app.came_from.kind in ("hand", "other", "unknown")
    )


def _order(app: App, reading: str) -> tuple[int, float, int, str, int]:
    origins = list(_ORIGINS)
    rank = origins.index(app.came_from.kind) if app.came_from.kind in origins else 2
    ages = [seconds_before(power.last_used, reading) for power in app.powers if watches(power)]
    latest = min((age for age in ages if age is not None), default=float("inf"))
    return rank, latest, -sum(watches(power) for power in app.powers), app.package, app.user


def _row(app: App, reading: str, titles: Mapping[str, str]) -> AppRow:
    return AppRow(
        name=shortened(app.name, _LONGEST_NAME),
        package=shortened(app.package, _LONGEST_NAME),
        user=app.user,
        origin=_origin(app.came_from),
        installed=minute_of(app.came_from.installed)[:10],
        powers=tuple(_label(power, reading) for power in app.powers[:_MOST_POWERS]),
        sent=_sent(app),
        findings=tuple(
            (anchor_of(key), shortened(titles[key], _LONGEST_TITLE)) for key in app.findings if key in titles
        )[:_MOST_FINDINGS],
        tags=" ".join(dict.fromkeys(_tags(app, reading))),
        by_hand=app.came_from.kind == "hand",
    )


def _origin(came: CameFrom) -> str:
    words = _ORIGINS.get(came.kind, _ORIGINS["unknown"])
    by = came.installer_name or came.installer
    return f"{words} ({shortened(by, _LONGEST_NAME)})" if by and came.kind != "firmware" else words


def _label(power: Power, reading: str) -> PowerLabel:
    title = shortened(power.can or power.title or power.what, _LONGEST_NAME)
    return PowerLabel(title, watches(power), _used(power, reading), power.granted is False)


def _used(power: Power, reading: str) -> str:
    if power.last_used is None:
        return ""
    age = seconds_before(power.last_used, reading)
    when = f", {in_words(age)} before" if age is not None and age >= 0 else f" at {minute_of(power.last_used)}"
    did = shortened(power.did or f"used {power.title or power.what}", _LONGEST_NAME)
    return f"{did}{when}{', in the background' if power.background else ''}"


def _sent(app: App) -> str:
    if app.sent is None:
        return ""
    parts = [amount(app.sent)]
    if app.sent_background:
        parts.append(f"{amount(app.sent_background)} of it in the background")
    if app.sent_shared:
        parts.append("together with other packages")
    return ", ".join(parts)


def _tags(app: App, reading: str) -> Iterator[str]:
    yield app.came_from.kind if app.came_from.kind in _ORIGINS else "unknown"
    if app.came_from.kind != "firmware":
        yield "added"
    for power in app.powers:
        age = seconds_before(power.last_used, reading)
        if power.granted is not False:
            yield power.what
        if watches(power) and age is not None and age <= WEEK:
            yield "recent"
        if watches(power) and power.background and power.last_used:
            yield "background"
