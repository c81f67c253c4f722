"""Build numbers → what they tell by the vendors' schemes, and which of two is older."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from phone_audit.knowledge.schema.scheme import DateType, KeyType, OrderKey, SchemeDate, SchemeEntry, SchemeForm

Relation = Literal["before", "same", "after"]
WHOLE = "*"
"""In `stands_for`: the whole text."""

_FIRST_YEAR = 2001
_FIRST_QUARTER = 2009
_LONGEST = 200
"""Characters; no build number is longer."""

Key = tuple[int | str, ...]


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


class SchemeIndex:
    """Reads and compares build numbers.

    Of a text that two schemes accept the first one's reading counts; a test holds that no real one is accepted twice.
    """

    def __init__(self, entries: Iterable[SchemeEntry]) -> None:
        self._forms = [_Form(entry, form) for entry in entries for form in entry.forms]

    def every(self, text: str) -> Iterator[BuildNumber]:
        """Yield what each form that accepts the text reads from it; hostile input."""
        if 0 < len(text) <= _LONGEST:
            for form in self._forms:
                found = form.read(text)
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
        for form in self._forms:
            first, second = form.read(one), form.read(other)
            if first and second:
                return form.compare(first, second)
        return None


class _Form:
    """One form of one scheme."""

    def __init__(self, scheme: SchemeEntry, form: SchemeForm) -> None:
        self._scheme, self._generic, self._form = scheme.id, scheme.generic, form
        self._match = re.compile(form.pattern, re.ASCII).fullmatch

    def read(self, text: str) -> BuildNumber | None:
        found = self._match(text)
        if found is None:
            return None
        groups = found.groupdict()
        day = _day(self._form.date, groups) if self._form.date else None
        if self._form.date and day is None and all(groups[name] for name in self._form.date.groups):
            return None
        says: dict[str, str] = {name: value for name, group in self._form.says.items() if (value := groups[group])}
        version = says.pop("android_version", None)
        android = self._form.android.get(version) if version and self._form.android else version
        if android:
            says["android_version"] = android
        stands_for = {
            name: value for name, group in self._form.stands_for.items() if (value := _part(group, text, groups))
        }
        return BuildNumber(self._scheme, self._generic, self._form.name, text, says, day, stands_for, groups)

    def compare(self, one: BuildNumber, other: BuildNumber) -> Relation | None:
        if not self._form.order or any(one.groups[name] != other.groups[name] for name in self._form.same):
            return None
        for key in self._form.order:
            written = one.groups[key.group] or other.groups[key.group]
            if written and any(one.groups[name] != other.groups[name] for name in key.needs):
                return None
        for key in self._form.order:
            first, second = (_ordered(key, build.groups[key.group]) for build in (one, other))
            if first is None or second is None:
                return None
            if first != second:
                if key.type == "fix" and first and second and first[0] != second[0]:
                    return None
                return "before" if first < second else "after"
        return "same"


def _part(group: str, text: str, groups: Mapping[str, str | None]) -> str | None:
    return text if group == WHOLE else groups[group]


def _ordered(key: OrderKey, text: str | None) -> Key | None:
    value = key.absent if text is None else text
    if value is None:
        return None
    try:
        return _KEYS[key.type](value)
    except ValueError:
        return None


def _numbers(text: str) -> Key:
    return tuple(int(part) for part in re.findall(r"[0-9]+", text))


_KEYS: Mapping[KeyType, Callable[[str], Key]] = {
    "int": lambda text: (int(text),) if text else (),
    "letter": lambda text: (text,),
    "base36": lambda text: (int(text, 36),) if text else (),
    "numbers": _numbers,
    "text": lambda text: (text,),
    "fix": lambda text: (text[0], int(text[1:])) if text else (),
}


def _day(form: SchemeDate, groups: Mapping[str, str | None]) -> str | None:
    parts = [groups[name] or "" for name in form.groups]
    try:
        return _DAYS[form.type](*parts)
    except (ValueError, OverflowError):
        return None


def _digits(century: str, digits: str) -> str:
    whole = century + digits
    return date(int(whole[:4]), int(whole[4:6]), int(whole[6:])).isoformat()


def _month(digits: str) -> str:
    return date(2000 + int(digits[:2]), int(digits[2:]), 1).isoformat()[:7]


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
    "letters": _letters,
    "quarter": _quarter,
    "quarter-2015": lambda letter, days: _quarter(letter, days, passed=26),
}
