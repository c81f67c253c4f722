"""Text from the Settings screen: what a person copies or types from About phone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TypeVar

from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import LabelFile, MonthNames

Value = TypeVar("Value")

PATCH = "ro.build.version.security_patch"
_RELEASE = "ro.build.version.release"
_BETWEEN = " \t:：=-–|"  # noqa: RUF001 — a fullwidth colon and a dash stand between label and value too
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_ISO = re.compile(r"(20[0-9]{2})-([01][0-9])-([0-3][0-9])")
_MOST_LINES = 400


def read_settings(text: str, knowledge: Knowledge) -> dict[str, str]:
    """Read lines of label and value, which may also stand on the line after; empty where no label is known.

    Args:
        text: what a person pasted; hostile input. Case and language of the labels tell nothing.
        knowledge: the labels.

    Returns:
        Property → value; dates as ISO, an Android version without its name. Of a label that stands twice the first
        value counts.
    """
    found: dict[str, str] = {}
    for item in labelled_lines(text.splitlines()[:_MOST_LINES], knowledge):
        found.setdefault(item.name, item.value)
    return found


@dataclass(frozen=True)
class Labelled:
    """One label and its value: the number of the label's line, the label in lower case, the property, the value."""

    at: int
    label: str
    name: str
    value: str


def labelled_lines(lines: Sequence[str], knowledge: Knowledge) -> Iterator[Labelled]:
    """Yield each label that has a value, in the order of the lines; hostile input."""
    labels, months = _words(knowledge)
    waiting: tuple[int, str] | None = None
    for at, line in enumerate(lines):
        said = line.strip()
        if not said:
            continue
        label, value = _label_of(said, labels)
        place = (at, label) if label is not None else None
        if place is None and waiting:
            place, value = waiting, said
        waiting = place if place and not value else None
        plain = _plain(labels[place[1]], value, months) if place and value else None
        if place and plain:
            yield Labelled(*place, labels[place[1]], plain)


def _label_of(line: str, labels: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the longest label that the line begins with, and what follows."""
    folded = line.casefold()
    for label in labels:
        if not folded.startswith(label):
            continue
        rest = line[len(label) :]
        if not rest or rest[0] in _BETWEEN:
            return label, rest.strip(_BETWEEN)
    return None, ""


def _plain(name: str, value: str, months: Sequence[tuple[str, int]]) -> str | None:
    if name == PATCH:
        return read_date(value, months)
    if name == _RELEASE:
        version = _VERSION.search(value)
        return version[0] if version else None
    return value


def read_date(text: str, months: Sequence[tuple[str, int]]) -> str | None:
    """Read a day as a phone writes it: `2019-03-01`, `1 March 2019`, `March 1, 2019`, `1. März 2019`.

    Args:
        text: the date; hostile input.
        months: names of months in lower case, the longest first, each with its number.
    """
    iso = _ISO.fullmatch(text.strip())
    if iso:
        return _day(*iso.groups())
    numbers = re.findall(r"[0-9]+", text)
    year = next((number for number in numbers if len(number) == 4), None)
    day = next((number for number in numbers if len(number) <= 2), "1")
    folded = text.casefold()
    month = next((number for name, number in months if name in folded), None)
    return _day(year, str(month), day) if year and month else None


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


@lru_cache(maxsize=4)
def _words(knowledge: Knowledge) -> tuple[Mapping[str, str], Sequence[tuple[str, int]]]:
    labels = {label: name for file in knowledge.label_files for label, name in _labels(file)}
    months = {name: number for file in knowledge.label_files for name, number in _months(file.months)}
    return _longest_first(labels), tuple(_longest_first(months).items())


def _labels(file: LabelFile) -> Iterator[tuple[str, str]]:
    for entry in file.entries:
        for label in entry.labels:
            yield label.casefold(), entry.id


def _months(months: Sequence[MonthNames]) -> Iterator[tuple[str, int]]:
    """The whole name, and its first three letters where an English or other screen shortens it."""
    for language in months:
        for number, name in enumerate(language.names, 1):
            yield name.casefold(), number
    for number, name in enumerate(months[0].names if months else (), 1):
        yield name.casefold()[:3], number


def _longest_first(words: Mapping[str, Value]) -> dict[str, Value]:
    return {word: words[word] for word in sorted(words, key=lambda word: (-len(word), word))}
