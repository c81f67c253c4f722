"""What is known of an app in plain English: one sentence part for each link, never stronger than the link."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from phone_audit.model.apps import App, CameFrom, Destination, Power
from phone_audit.model.stated import is_time
from phone_audit.model.wording import amount, counted, kinds_of_data, listed

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_STEPS: Final = ((120 * _MINUTE, _MINUTE, "minute"), (48 * _HOUR, _HOUR, "hour"), (60 * _DAY, _DAY, "day"))
"""Up to how many seconds a time is told in which unit."""
_CLOCKS_DIFFER: Final = 5 * _MINUTE
"""Seconds by which one answer of a phone is later than another, so that a use lies behind its own present."""
_MOST_POWERS: Final = 3
_MOST_DATA: Final = 4
_LONGEST_LABEL: Final = 40
_LONGEST_PACKAGE: Final = 60
_QUOTES: Final = re.compile('["\u201c-\u201f\u00ab\u00bb\u2039\u203a\u301d-\u301f\uff02\u300c-\u300f]')
"""Marks that would end a name before its end."""


def called(app: App) -> str:
    """Name an app by its name on the screen, with its package.

    The name is its maker's word: it stands in quotation marks that it cannot close, and one without a letter is none.

    Example:
        >>> came_from = CameFrom(kind="hand", installer=None, installed=None, updated=None)
        >>> called(App(package="com.a", label="Cleaner", user=0, system=False, came_from=came_from))
        '“Cleaner” (com.a)'
    """
    package = _cut(app.package, _LONGEST_PACKAGE)
    label = " ".join(_QUOTES.sub("", app.label or "").split())
    return f"“{_cut(label, _LONGEST_LABEL)}” ({package})" if any(map(str.isalnum, label)) else package


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def seconds_between(then: str | None, now: str | None) -> float | None:
    """Return the seconds from one time to another; None where one of them is none."""
    if then is None or now is None or not (is_time(then) and is_time(now)):
        return None
    return (datetime.fromisoformat(now) - datetime.fromisoformat(then)).total_seconds()


def ago(then: str, now: str | None) -> str:
    """Say how long before the scan something was; the day where that is long, or the time of the scan is not known.

    What is read later has to be true then, too, so the time itself stands beside it.

    Example:
        >>> ago("2026-01-01T11:50:00Z", "2026-01-01T12:00:30Z"), ago("2025-01-01T00:00:00Z", None)
        ('10 minutes before the scan (2026-01-01 11:50)', 'on 2025-01-01')
    """
    seconds = seconds_between(then, now)
    if seconds is None or seconds < -_CLOCKS_DIFFER:
        return f"on {then[:10]}"
    moment = f" ({then[:10]} {then[11:16]})"
    if seconds < _MINUTE:
        return f"less than a minute before the scan{moment}"
    for most, unit, name in _STEPS:
        if seconds < most:
            return f"{counted(int(seconds // unit), name)} before the scan{moment}"
    return f"on {then[:10]}"


def origin_words(came_from: CameFrom) -> str:
    """Say how an app came onto the phone, in words that follow its name and a comma."""
    who = came_from.installer_name or came_from.installer
    match came_from.kind:
        case "firmware":
            return "which came with the phone"
        case "store":
            return f"installed from {who or 'a store'}, as the phone notes"
        case "hand":
            return f"installed by hand with {who}" if who else "installed by hand"
        case "other":
            return f"installed by {who}, as the phone notes" if who else "installed by another app"
        case _:
            return "of which it is not known who put it there"


def use_words(power: Power, now: str | None) -> str:
    """Say that a power was used, and when; in the background where the phone says that.

    Example:
        >>> use_words(Power(what="camera", granted=True, last_used="2026-01-01T00:00:00Z", did="used the camera"), None)
        'used the camera on 2026-01-01'
    """
    when = ago(power.last_used, now) if power.last_used else "at a time that is not known"
    return (
        f"{power.did or f'used {power.title or power.what}'} {when}{' in the background' if power.background else ''}"
    )


def can_words(powers: Sequence[Power]) -> str:
    """Say what an app with these powers may do; of many the first ones."""
    said = [power.can or f"use {power.what}" for power in powers]
    if len(said) > _MOST_POWERS:
        return f"may {', '.join(said[:_MOST_POWERS])} and {counted(len(said) - _MOST_POWERS, 'more thing')}"
    return f"may {listed(said)}"


def sent_words(app: App) -> str:
    """Say how much an app sent; with packages that share its counters, that they did. Empty where that is not known."""
    if app.sent is None:
        return ""
    behind = f", {amount(app.sent_background)} of it in the background" if app.sent_background else ""
    if app.sent_shared:
        return f"shares a counter with {counted(app.sent_shared, 'other app')}: together they sent " + (
            f"{amount(app.sent)}{behind}"
        )
    return f"sent {amount(app.sent)}{behind}"


def data_words(kinds: Iterable[str]) -> str:
    """Name kinds of private data as a sentence does."""
    return listed(kinds_of_data(kinds), _MOST_DATA)


def place_words(place: Destination) -> str:
    """Say what ties an app to a place, in words that follow its name."""
    host = place.host or "a place that is not known"
    plain = " without encryption" if place.cleartext else ""
    data = data_words(place.data)
    match place.by:
        case "capture":
            return f"sent {data} to {host}{plain}" if data else f"was recorded talking to {host}{plain}"
        case "seen":
            return f"was seen connected to {host}{plain}"
        case "flow":
            over = " over an unencrypted connection" if place.cleartext else ""
            return f"holds code that sends {data or 'private data'} to {host}{over}"
        case "fetched":
            return f"holds code that connects to {host}{plain}"
        case _:
            return f"holds the address {host}"
