"""Vendors' build numbers: how they are written, what they tell, and in which order they follow."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Final, Literal

from pydantic import Field, field_validator

from phone_audit.model.base import Frozen

KeyType = Literal["int", "letter", "base36", "numbers", "text", "fix"]
"""How a part is compared: a whole number, one letter (A first), digits before letters (0-9, A-Z), a run of whole
numbers parted by dots or hyphens (part by part, a shorter one first), a text (dates written year first), or a letter
and a number, where another letter is another line that has no order with this one."""

DateType = Literal["yymmdd", "yyyymmdd", "yymm", "yyddd", "unix", "letters", "quarter", "quarter-2015"]
"""How a date is written: digits (`ddd` counts the days of a year); `unix` seconds since 1970; `letters` a year letter
(A is 2001) and a month letter (A is January); `quarter` a letter (A is the first quarter of 2009) and two digits that
count its days; `quarter-2015` the same after Z, when A was the third quarter of 2015."""

GroupMeaning = Literal[
    "region", "device", "version", "build_id", "incremental", "variant", "revision", "android_version"
]
"""What a group may tell."""

Relation = Literal["before", "same", "after"]
Key = tuple[int | str, ...]
WHOLE: Final = "*"
"""In `stands_for`: the whole text."""
_FIRST_YEAR: Final = 2001
_FIRST_QUARTER: Final = 2009
_LONGEST: Final = 200
"""Characters; no build number is longer."""


_KEYS: Mapping[KeyType, Callable[[str], Key]] = {
    "int": lambda text: (int(text),) if text else (),
    "letter": lambda text: (text,),
    "base36": lambda text: (int(text, 36),) if text else (),
    "numbers": lambda text: tuple(map(int, re.findall(r"[0-9]+", text))),
    "text": lambda text: (text,),
    "fix": lambda text: (text[0], int(text[1:])) if text else (),
}


def _digits(century: str, digits: str) -> str:
    whole = century + digits
    return date(int(whole[:4]), int(whole[4:6]), int(whole[6:])).isoformat()


def _month(digits: str) -> str:
    return date(2000 + int(digits[:2]), int(digits[2:]), 1).isoformat()[:7]


def _day_of_year(digits: str) -> str:
    year = 2000 + int(digits[:2])
    day = date(year, 1, 1) + timedelta(days=int(digits[2:]) - 1)
    if day.year != year:
        raise ValueError(f"{digits} is no day of its year")
    return day.isoformat()


def _letters(year: str, month: str) -> str:
    return date(ord(year) - ord("A") + _FIRST_YEAR, ord(month) - ord("A") + 1, 1).isoformat()[:7]


def _quarter(letter: str, days: str, passed: int = 0) -> str:
    """AOSP before Android 8: the letter counts quarters from 2009, the digits count days inside it, 01 the first."""
    quarter = ord(letter) - ord("A") + passed
    start = date(_FIRST_QUARTER + quarter // 4, quarter % 4 * 3 + 1, 1)
    return (start + timedelta(days=int(days) - 1)).isoformat()


_DAYS: Mapping[DateType, Callable[..., str]] = {
    "yymmdd": lambda digits: _digits("20", digits),
    "yyyymmdd": lambda digits: _digits("", digits),
    "yymm": _month,
    "yyddd": _day_of_year,
    "unix": lambda seconds: datetime.fromtimestamp(int(seconds), UTC).date().isoformat(),
    "letters": _letters,
    "quarter": _quarter,
    "quarter-2015": lambda letter, days: _quarter(letter, days, passed=26),
}


class OrderKey(Frozen):
    """One part of the order. `absent` is what counts where the part is not written; None: such strings have no order.

    Where the part is written in one of two strings, the groups of `needs` have to be equal in both: a service pack
    says nothing about another release.
    """

    group: str
    type: KeyType
    absent: str | None = None
    needs: tuple[str, ...] = ()

    def of(self, text: str | None) -> Key | None:
        """Return what is compared; None where the part has no place in the order."""
        value = self.absent if text is None else text
        try:
            return None if value is None else _KEYS[self.type](value)
        except ValueError:
            return None


class SchemeDate(Frozen):
    """A date inside a build number. Where the digits are no date, the text is not of this form."""

    type: DateType
    groups: tuple[str, ...]

    def day(self, groups: Mapping[str, str | None]) -> str | None:
        """Return the ISO date or month, or None."""
        try:
            return _DAYS[self.type](*(groups[name] or "" for name in self.groups))
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True)
class BuildNumber:
    """A build number as a scheme reads it. `says` holds what its fields tell, `day` an ISO date or month."""

    scheme: str
    generic: bool
    form: str
    text: str
    says: Mapping[str, str]
    day: str | None
    stands_for: Mapping[str, str]
    groups: Mapping[str, str | None] = field(repr=False)

    @property
    def told(self) -> dict[str, str]:
        """All that it tells, under the names that self-tests use."""
        return {**self.says, **({"date": self.day} if self.day else {})}


class SchemeForm(Frozen):
    """One way in which a vendor writes its build numbers.

    `pattern` is matched against the whole text. `says` names the group of each field. `android` maps what the group
    `android_version` holds (a letter of a name) to a version; empty where the group holds the version itself.
    `stands_for` names the property that each group is the value of; `*` is the whole text. Two texts are comparable
    where they are of the same form and the groups of `same` are equal; `order` then tells which one is older.
    """

    name: str
    pattern: str
    says: dict[GroupMeaning, str]
    stands_for: dict[str, str]
    same: tuple[str, ...]
    order: tuple[OrderKey, ...]
    android: dict[str, str] = Field(default_factory=dict)
    date: SchemeDate | None = None

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from error
        return pattern

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.ASCII)

    def read(self, text: str, scheme: "SchemeEntry") -> BuildNumber | None:
        """Read a build number; None where it is not of this form."""
        found = self._whole.fullmatch(text)
        if found is None:
            return None
        groups = found.groupdict()
        day = self.date.day(groups) if self.date else None
        if self.date and day is None and all(groups[name] for name in self.date.groups):
            return None
        says: dict[str, str] = {name: value for name, group in self.says.items() if (value := groups[group])}
        version = says.pop("android_version", None)
        android = self.android.get(version) if version and self.android else version
        if android:
            says["android_version"] = android
        parts = {name: text if group == WHOLE else groups[group] for name, group in self.stands_for.items()}
        stands_for = {name: value for name, value in parts.items() if value}
        return BuildNumber(scheme.id, scheme.generic, self.name, text, says, day, stands_for, groups)

    def compare(self, one: BuildNumber, other: BuildNumber) -> Relation | None:
        """Tell where `one` stands in the order; both are of this form."""
        if not self.order or any(one.groups[name] != other.groups[name] for name in self.same):
            return None
        for key in self.order:
            written = one.groups[key.group] or other.groups[key.group]
            if written and any(one.groups[name] != other.groups[name] for name in key.needs):
                return None
        for key in self.order:
            first, second = key.of(one.groups[key.group]), key.of(other.groups[key.group])
            if first is None or second is None:
                return None
            if first != second:
                if key.type == "fix" and first and second and first[0] != second[0]:
                    return None
                return "before" if first < second else "after"
        return "same"


class SchemeExample(Frozen):
    """A real build number and where it was found, with some of what it tells (`region`, `date` …)."""

    text: str
    found: str
    form: str
    says: dict[str, str]


class SchemeEntry(Frozen):
    """How one vendor numbers its builds. Self-tests: `examples`, pairs (older, newer), and texts that are none.

    `generic`: phones of any vendor carry such a number beside the vendor's own.
    """

    id: str
    vendor: str
    generic: bool
    brands: tuple[str, ...]
    forms: tuple[SchemeForm, ...]
    sources: tuple[str, ...]
    examples: tuple[SchemeExample, ...]
    pairs: tuple[tuple[str, str], ...]
    ignores: tuple[str, ...]


class SchemeIndex:
    """Reads and compares build numbers.

    Of a text that two schemes accept the first one's reading counts; a test holds that no real one is accepted twice.
    """

    def __init__(self, entries: Iterable[SchemeEntry]) -> None:
        self._forms = [(form, entry) for entry in entries for form in entry.forms]

    def every(self, text: str) -> Iterator[BuildNumber]:
        """Yield what each form that accepts the text reads from it; hostile input."""
        if 0 < len(text) <= _LONGEST:
            for form, scheme in self._forms:
                found = form.read(text, scheme)
                if found:
                    yield found

    def read(self, text: str) -> BuildNumber | None:
        """Read a build number, or give None where no scheme knows its form."""
        return next(self.every(text), None)

    def compare(self, one: str, other: str) -> Relation | None:
        """Tell where `one` stands in the order: before `other`, the same, or after it.

        None where they cannot be compared: unknown, of different forms, or of another region, device or branch. Few
        vendors write the device into the number, so both have to be builds for the same device.
        """
        for form, scheme in self._forms:
            first, second = form.read(one, scheme), form.read(other, scheme)
            if first and second:
                return form.compare(first, second)
        return None
