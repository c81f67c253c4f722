"""What a person copies of phones: getprop, a build.prop file or the Settings screen; of one phone, or several."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TypeVar

from phone_audit.detect.build_properties import BUILD_ID, DISPLAY_ID, INCREMENTAL, MODEL, PATCH
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import MonthNames
from phone_audit.model.text import ENTRY, parse_getprop

_BUILD_PROP = re.compile(r"^[ \t]*(?P<name>[A-Za-z][\w.\-]*)[ \t]*=[ \t]*(?P<value>[^\r\n]*)", re.MULTILINE)
_EXCERPT = 12
"""Entries; below this chance alone could bring most of them in order, and no phone has so few."""
_ONE_LINE = re.compile(r"(ro|persist|gsm|sys|vendor)\.[\w.\-]+=.*")


def read_properties(text: str) -> dict[str, str]:
    """Read properties from the output of `getprop` or from a `build.prop` file; empty where the text is neither.

    A value of getprop may go over several lines, and none of them starts another property. Of a name that stands twice
    in a `build.prop` the last value counts, as in Android's init since version 10.
    """
    found = parse_getprop(text.replace("\r\n", "\n"), fewest_sorted=_EXCERPT)
    return found or {match["name"]: match["value"].strip() for match in _BUILD_PROP.finditer(text)}


def is_properties_text(text: str) -> bool:
    """Tell whether a text is to be read as properties: it has several lines, or is one line of such a text."""
    return "\n" in text or ENTRY.match(text) is not None or _ONE_LINE.fullmatch(text) is not None


def property_names(lines: Sequence[str]) -> list[str]:
    """Return the names of the properties that the lines set, in either form; other lines are left out."""
    found = (ENTRY.match(line) or _BUILD_PROP.match(line) for line in lines)
    return [match[1] for match in found if match]


def property_of(line: str) -> tuple[str, str] | None:
    """Return name and value that a line sets, in either form; a value that goes on in the next line is cut there."""
    entry = ENTRY.match(line)
    if entry:
        return entry[1], line[entry.end() :].strip().removesuffix("]")
    match = _BUILD_PROP.match(line)
    return (match["name"], match["value"].strip()) if match else None


Value = TypeVar("Value")

_RELEASE = "ro.build.version.release"
_BETWEEN = " \t:：=-–|"  # noqa: RUF001 — a fullwidth colon and a dash stand between label and value too
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_ISO = re.compile(r"(20[0-9]{2})-([01][0-9])-([0-3][0-9])")
_MOST_LINES = 400


def read_settings(text: str, knowledge: Knowledge) -> dict[str, str]:
    """Read lines of label and value, which may also stand on the line after; empty where no label is known.

    The text is what a person pasted, hostile input; case and language of the labels tell nothing. Dates are returned as
    ISO, an Android version without its name. Of a label that stands twice the first value counts.
    """
    found: dict[str, str] = {}
    for item in labelled_lines(text.splitlines()[:_MOST_LINES], knowledge):
        found.setdefault(item.name, item.value)
    return found


@dataclass(frozen=True)
class LabelledValue:
    """One label and its value: the number of the label's line, the label in lower case, the property, the value."""

    at: int
    label: str
    name: str
    value: str


def labelled_lines(lines: Sequence[str], knowledge: Knowledge) -> Iterator[LabelledValue]:
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
            yield LabelledValue(*place, labels[place[1]], plain)


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
    """Read a day as a phone writes it: `2019-03-01`, `1 March 2019`, `March 1, 2019`, `1. März 2019`; hostile input.

    `months` are names in lower case, the longest first, each with its number.
    """
    iso = _ISO.fullmatch(text.strip())
    if iso:
        return iso_day(*iso.groups())
    numbers = re.findall(r"[0-9]+", text)
    year = next((number for number in numbers if len(number) == 4), None)
    day = next((number for number in numbers if len(number) <= 2), "1")
    folded = text.casefold()
    month = next((number for name, number in months if name in folded), None)
    return iso_day(year, str(month), day) if year and month else None


def iso_day(year: str, month: str, day: str) -> str | None:
    """Return a day as ISO; None where the digits are none."""
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


@lru_cache(maxsize=4)
def _words(knowledge: Knowledge) -> tuple[Mapping[str, str], Sequence[tuple[str, int]]]:
    entries = [entry for file in knowledge.label_files for entry in file.entries]
    labels = {label.casefold(): entry.id for entry in entries for label in entry.labels}
    months = {name: number for file in knowledge.label_files for name, number in _months(file.months)}
    return _longest_first(labels), tuple(_longest_first(months).items())


def _months(months: Sequence[MonthNames]) -> Iterator[tuple[str, int]]:
    """The whole name, and its first three letters where an English or other screen shortens it."""
    for language in months:
        for number, name in enumerate(language.names, 1):
            yield name.casefold(), number
    for number, name in enumerate(months[0].names if months else (), 1):
        yield name.casefold()[:3], number


def _longest_first(words: Mapping[str, Value]) -> dict[str, Value]:
    return {word: words[word] for word in sorted(words, key=lambda word: (-len(word), word))}


_OF_ONE_BUILD = frozenset({
    DISPLAY_ID, BUILD_ID, "ro.build.fingerprint", INCREMENTAL, MODEL, "ro.build.tags", "ro.build.type", "ro.serialno",
    "ro.boot.serialno",
})  # fmt: skip
"""A phone has one value of each of these; others may stand twice in its own files."""

Item = tuple[int, str, str]
"""Number of the line, what it names, its value."""


@dataclass
class _Record:
    start: int
    values: dict[str, str] = field(default_factory=dict)


def split_properties(text: str) -> list[str]:
    """Return a text for each phone of outputs of getprop or build.prop files, one after the other; hostile input.

    Another phone begins where a property of the build stands again with another value. Takes time in the length.
    """
    lines = text.split("\n")
    named = ((at, found) for at, line in enumerate(lines) if (found := property_of(line)))
    return _cut(text, lines, ((at, *found) for at, found in named), _OF_ONE_BUILD)


def split_settings(text: str, knowledge: Knowledge) -> list[str]:
    """Split text of the Settings screen where a label stands again with another value; as `split_properties`."""
    lines = text.splitlines()
    items = [
        (item.at, item.name if item.name == DISPLAY_ID else item.label, item.value)
        for item in labelled_lines(lines, knowledge)
    ]
    return _cut(text, lines, items, {key for _, key, _ in items})


def _cut(text: str, lines: Sequence[str], items: Iterable[Item], telling: Container[str]) -> list[str]:
    """Begin a record where a name stands again or getprop's order starts anew; join those that agree on `telling`."""
    records = [_Record(0)]
    last = ""
    for at, key, value in items:
        unsorted = lines[at].startswith("[") and key < last  # getprop sorts by name
        if key in records[-1].values or unsorted:
            records.append(_Record(at))
        records[-1].values[key] = value
        last = key
    kept = records[:1]
    for record in records[1:]:
        before = kept[-1].values
        if any(key in telling and before.get(key, value) != value for key, value in record.values.items()):
            kept.append(record)
        else:
            before.update(record.values)
    if len(kept) == 1:
        return [text]
    ends = [record.start for record in kept[1:]] + [len(lines)]
    return ["\n".join(lines[record.start : end]) for record, end in zip(kept, ends, strict=True)]
