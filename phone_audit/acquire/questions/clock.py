"""`date` and the local times in other answers → UTC."""

import re
from datetime import UTC, datetime, timedelta

from phone_audit.acquire.commands import MEGABYTE, listed_command

DATE = listed_command("date", timeout=10.0, limit=MEGABYTE)
SECONDS = re.compile(r"\s*(\d{9,11})(?:\s+([+-])(\d{2}):?(\d{2}))?")
LOCAL = re.compile(r"(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.\d+)?")
FIRST_YEAR = 1971
"""Earlier times are Android's zero (a package that the user does not have), in whatever zone."""


def parse_date(text: str) -> tuple[int, int] | None:
    """Read `date '+%s %z'`: seconds since 1970, and the phone's offset from UTC in seconds; None where it is none.

    Example:
        >>> parse_date("1795611574 +0200")
        (1795611574, 7200)
    """
    match = SECONDS.match(text)
    if match is None:
        return None
    east = (int(match[3]) * 3600 + int(match[4]) * 60) if match[2] else 0
    return int(match[1]), -east if match[2] == "-" else east


def utc(local: str | None, offset: int) -> str | None:
    """Return a time that the phone prints without a zone in RFC 3339, UTC; None where it is none, or Android's zero.

    The offset is the one in force now, so a time on the other side of a daylight-saving change is an hour off. Digits
    may be those of the phone's language: Android prints Persian and Arabic ones.

    Args:
        local: `2019-06-28 10:18:15`.
        offset: the phone's offset from UTC in seconds.

    Example:
        >>> utc("2019-06-28 10:18:15", 7200)
        '2019-06-28T08:18:15Z'
    """
    match = LOCAL.fullmatch((local or "").strip())
    if match is None or int(match[1]) < FIRST_YEAR:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    try:
        time = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - timedelta(seconds=offset)
    except (ValueError, OverflowError):
        return None
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
