"""Durations as people write them: `90s`, `10m`, `1h30m`, `45`."""

import re

import typer

PARTS = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m(?:in)?)?(?:(\d{1,8}(?:\.\d{1,6})?)s?)?")


def duration(text: str | None) -> float | None:
    """Return the seconds that a text stands for; None for none.

    Raises:
        typer.BadParameter: it is no duration, or an empty one.

    Example:
        >>> duration("1h30m"), duration("45"), duration("10m")
        (5400.0, 45.0, 600.0)
    """
    if text is None:
        return None
    match = PARTS.fullmatch(text.strip().lower())
    seconds = 0.0
    if match:
        days, hours, minutes, rest = (float(part or 0) for part in match.groups())
        seconds = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    if seconds <= 0:
        raise typer.BadParameter("a duration such as 90s, 10m or 1h30m")
    return seconds
