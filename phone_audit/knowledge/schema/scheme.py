"""The schema of vendors' build numbers: how they are written, what they tell, and in which order they follow."""

import re
from typing import Literal

from pydantic import Field, field_validator

from phone_audit.model.base import Frozen

KeyType = Literal["int", "letter", "base36", "numbers", "text", "fix"]
"""How a part is compared: a whole number, one letter (A first), digits before letters (0-9, A-Z), a run of whole
numbers parted by dots or hyphens (part by part, a shorter one first), a text (dates written year first), or a letter
and a number, where another letter is another line that has no order with this one."""

DateType = Literal["yymmdd", "yyyymmdd", "yymm", "letters", "quarter", "quarter-2015"]
"""How a date is written: digits; `letters` a year letter (A is 2001) and a month letter (A is January); `quarter` a
letter (A is the first quarter of 2009) and two digits that count its days; `quarter-2015` the same after Z, when A was
the third quarter of 2015."""

GroupMeaning = Literal[
    "region", "device", "version", "build_id", "incremental", "variant", "revision", "android_version"
]
"""What a group may tell."""


class OrderKey(Frozen):
    """One part of the order. `absent` is what counts where the part is not written; None: such strings have no order.

    Where the part is written in one of two strings, the groups of `needs` have to be equal in both: a service pack
    says nothing about another release.
    """

    group: str
    type: KeyType
    absent: str | None = None
    needs: tuple[str, ...] = ()


class SchemeDate(Frozen):
    """A date inside a build number. Where the digits are no date, the text is not of this form."""

    type: DateType
    groups: tuple[str, ...]


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
