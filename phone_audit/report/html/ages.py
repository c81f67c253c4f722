"""Times of a phone, and how long before its reading they were."""

from datetime import datetime
from typing import Final

from phone_audit.model.results import Scan
from phone_audit.model.wording import counted

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
_UNITS: Final = ((365 * DAY, "year"), (30 * DAY, "month"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


def time_of_reading(scan: Scan) -> str:
    """Return when a phone was read, by its own clock where that is known: what it notes of its apps goes by that."""
    return scan.acquisition.device_time or scan.run.started


def seconds_before(then: str | None, reading: str) -> float | None:
    """Return how long before the reading a time was; None where there is none.

    Example:
        >>> seconds_before("2026-01-01T00:00:00Z", "2026-01-01T00:10:00Z")
        600.0
    """
    try:
        return (datetime.fromisoformat(reading) - datetime.fromisoformat(then or "")).total_seconds()
    except ValueError:
        return None


def in_words(seconds: float) -> str:
    """Return a length of time as people say it, rounded down.

    Example:
        >>> in_words(630), in_words(3 * DAY), in_words(5)
        ('10 minutes', '3 days', 'less than a minute')
    """
    for length, name in _UNITS:
        if seconds >= length:
            return counted(int(seconds // length), name)
    return "less than a minute"


def minute_of(then: str | None) -> str:
    """Return a time without its seconds, as `2026-01-01 00:10`; empty where there is none."""
    return (then or "")[:16].replace("T", " ")
