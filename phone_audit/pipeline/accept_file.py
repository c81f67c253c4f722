"""The file that `--accept` names → the findings that somebody answers for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from phone_audit.errors import AcceptanceError
from phone_audit.files.bounds import ACCEPTED_SIZE
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.text import FeedError
from phone_audit.knowledge.feeds.yaml_text import read_yaml
from phone_audit.model.acceptance import AcceptedEntry
from phone_audit.model.stated import is_day
from phone_audit.pipeline.list_file import read_list

_EXAMPLE: Final = "accept: [{finding: KEY, by: WHO, at: 2026-01-31, reason: WHY, severity: high, until: 2026-12-31}]"
_HINT: Final = f"It is YAML or JSON of this form: {_EXAMPLE}"


def read_accepted(path: Path) -> tuple[AcceptedEntry, ...]:
    """Read a file of accepted findings.

    Raises:
        AcceptanceError: it cannot be read, or says something else; the message names the entry and the field.
    """
    values = _parsed(path)
    if not isinstance(values, dict) or not isinstance(values.get("accept"), list):
        raise AcceptanceError(f"{path} holds no list called accept.", _HINT)
    if len(values) > 1:
        other = next(name for name in values if name != "accept")
        raise AcceptanceError(f"{path} has a part {short_repr(other)}, which has no place there.", _HINT)
    entries = tuple(_entry(path, number, item) for number, item in enumerate(values["accept"], 1))
    _check_once(path, entries)
    return entries


def _parsed(path: Path) -> Any:
    data = read_list(path, ACCEPTED_SIZE, AcceptanceError, _HINT)
    try:
        return read_yaml(data, once=True)
    except FeedError as error:
        raise AcceptanceError(f"{path} was not understood: {error}.", _HINT) from error


def _entry(path: Path, number: int, values: Any) -> AcceptedEntry:
    place = f"Entry {number} of {path}"
    if not isinstance(values, dict):
        raise AcceptanceError(f"{place} is no set of fields.", _HINT)
    try:
        entry = AcceptedEntry.model_validate(values)
    except ValidationError as error:
        raise AcceptanceError(f"{place} {_fault(values, error)}.", _HINT) from error
    for name, words in (("by", entry.by), ("reason", entry.reason)):
        if not any(map(str.isalnum, words)):
            raise AcceptanceError(f"{place} has a blank {name}.", _HINT)
    for name, day in (("at", entry.at), ("until", entry.until)):
        if day is not None and not is_day(day):
            raise AcceptanceError(f"{place}: {name} is {day}, and there is no such day.", _HINT)
    if entry.until is not None and entry.until < entry.at:
        raise AcceptanceError(f"{place} ends before it begins: until is {entry.until}, at is {entry.at}.", _HINT)
    return entry


def _fault(values: Mapping[Any, Any], error: ValidationError) -> str:
    """Say what is wrong with an entry, and what has to stand there."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = str(fault["loc"][0]) if fault["loc"] else ""
    field = AcceptedEntry.model_fields.get(name)
    if field is None:
        return f"has a field {short_repr(name)}; fields are {', '.join(AcceptedEntry.model_fields)}"
    if name not in values:
        return f"lacks {name}: {field.description}"
    return f"has a wrong {name}: it has to be {field.description}"


def _check_once(path: Path, entries: Sequence[AcceptedEntry]) -> None:
    places: dict[tuple[str, str | None], int] = {}
    for number, entry in enumerate(entries, 1):
        first = places.setdefault((entry.finding, entry.seen), number)
        if first != number:
            raise AcceptanceError(
                f"Entries {first} and {number} of {path} name the same finding, {entry.finding}.", "Leave one of them."
            )
