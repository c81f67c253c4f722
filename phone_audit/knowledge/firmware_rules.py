"""Whether a firmware rule holds for what a build says of itself."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from phone_audit.knowledge.schema.firmware import (
    AboveCheck,
    Check,
    DenyCheck,
    DifferCheck,
    FirmwareCase,
    FirmwareRule,
    LaterCheck,
    Says,
    SaysCheck,
    TableCheck,
)

FINGERPRINT_FORM = re.compile(r"([^/:]+)/([^/:]+)/([^/:]+):([^/]+)/([^/]+)/([^/:]+):([^/]+)/([^/]+)")
"""A whole fingerprint, one group for each of its parts."""


PARTS = ("brand", "name", "device", "release", "id", "incremental", "type", "tags")
"""The parts of a fingerprint, in order."""

Fields = Mapping[str, str]


def firmware_cases(rule: FirmwareRule, fields: Fields) -> Iterator[tuple[FirmwareCase, tuple[str, ...]]]:
    """Yield the cases of a rule that hold, each with the fields that show it.

    Args:
        rule: the rule.
        fields: properties, and what else a rule may ask for; one that is empty counts as not set.
    """
    for case in rule.cases:
        if shown := _shown(case.check, fields):
            yield case, shown


def text_of(fields: Fields, field: str) -> str:
    """Return the text of a field without blanks at its ends; empty where it is not set.

    Example:
        >>> text_of({"ro.build.fingerprint": "a/b/c:9/X/1:user/release-keys"}, "ro.build.fingerprint#release")
        '9'
    """
    name, _, part = field.partition("#")
    text = fields.get(name, "").strip()
    if not part:
        return text
    found = FINGERPRINT_FORM.fullmatch(text)
    return found.group(PARTS.index(part) + 1) if found else ""


def _shown(check: Check, fields: Fields) -> tuple[str, ...]:
    if isinstance(check, SaysCheck):
        held = [says.field for lines in check.any_of if all(_says(one, fields) for one in lines) for says in lines]
        return tuple(dict.fromkeys(held))
    if isinstance(check, DifferCheck):
        return _differing(check, fields)
    if isinstance(check, DenyCheck):
        return _denied(check, fields)
    if isinstance(check, AboveCheck):
        return _above(check, fields)
    if isinstance(check, LaterCheck):
        return _later(check, fields)
    return _not_in_table(check, fields)


def _says(says: Says, fields: Fields) -> bool:
    text = text_of(fields, says.field).lower()
    words = text.split(",") if says.words else [text]
    return bool(text) and any(word in words for word in says.is_one_of)


def _differing(check: DifferCheck, fields: Fields) -> tuple[str, ...]:
    """Return the first field that is set and the first one that says something else."""
    generic = {text.lower() for text in check.generic}
    named = {text.lower(): group[0].lower() for group in check.alike for text in group}
    first: tuple[str, str] | None = None
    for field in check.fields:
        text = text_of(fields, field).lower()
        if not text or text in generic:
            continue
        meaning = named.get(text, text)
        if first is None:
            first = field, meaning
        elif meaning != first[1]:
            return first[0], field
    return ()


def _denied(check: DenyCheck, fields: Fields) -> tuple[str, ...]:
    shown: list[str] = []
    for claim, *witnesses in check.lines:
        said = text_of(fields, claim).lower()
        heard = {name: text for name in witnesses if (text := text_of(fields, name).lower())}
        if said and heard and said not in heard.values():
            shown += [claim, *heard]
    return tuple(dict.fromkeys(shown))


def _above(check: AboveCheck, fields: Fields) -> tuple[str, ...]:
    low, high = (_number(text_of(fields, name)) for name in (check.low, check.high))
    return (check.low, check.high) if low is not None and high is not None and low > high else ()


def _number(text: str) -> int | None:
    """Read a number of at most ten digits; longer ones are no level and no time."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else None


def _later(check: LaterCheck, fields: Fields) -> tuple[str, ...]:
    early, late = day_of(text_of(fields, check.early)), day_of(text_of(fields, check.late))
    if early and late and (late - early).days > check.days:
        return check.early, check.late
    return ()


def day_of(text: str) -> date | None:
    """Read a day: YYYY-MM-DD, or seconds since 1970 in UTC; None where it is neither."""
    try:
        if (seconds := _number(text)) is not None:
            return datetime.fromtimestamp(seconds, UTC).date()
        return date.fromisoformat(text) if len(text) == 10 else None
    except (ValueError, OverflowError, OSError):
        return None


def _not_in_table(check: TableCheck, fields: Fields) -> tuple[str, ...]:
    key, value = text_of(fields, check.key), text_of(fields, check.value)
    while key and key not in check.rows:
        key = key.rpartition(".")[0]
    if key and value and value not in check.rows[key]:
        return check.key, check.value
    return ()
