"""The schema of firmware rules: what a build says of itself that is a bad sign, or that contradicts itself.

A field is a property, `NAME#PART` for a part of a fingerprint (`brand name device release id incremental type tags`),
`state:KEY` for something the phone was asked (`state:selinux`), or `signer:PACKAGE` for the id of the public or leaked
key that signed a package (`signer:android` is the platform).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from phone_audit.knowledge.schema.facts import FactSource
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Confidence, Severity

FINGERPRINT_FORM: Final = re.compile(r"([^/:]+)/([^/:]*)/([^/:]*)(?:/[^/:]*)?:([^/]+)/([^/]+)/([^/:]*):([^/]+)/([^/]+)")
"""A whole fingerprint, BRAND/NAME/DEVICE:RELEASE/ID/INCREMENTAL:TYPE/TAGS: one group for each of its parts.

Up to Android 2.2 the board stood behind the device (`google/passion/passion/mahimahi:2.2/FRF91/43546:…`). Some makers
left name, device or incremental empty.
"""
PARTS: Final = ("brand", "name", "device", "release", "id", "incremental", "type", "tags")
"""The parts of a fingerprint, in order."""
Fields = Mapping[str, str]
"""Properties, and what else a rule may ask for; one that is empty counts as not set."""


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


def day_of(text: str) -> date | None:
    """Read a day: YYYY-MM-DD, or seconds since 1970 in UTC; None where it is neither."""
    try:
        if (seconds := _number(text)) is not None:
            return datetime.fromtimestamp(seconds, UTC).date()
        return date.fromisoformat(text) if len(text) == 10 else None
    except (ValueError, OverflowError, OSError):
        return None


def _number(text: str) -> int | None:
    """Read a number of at most ten digits; longer ones are no level and no time."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 10 else None


class Says(Frozen):
    """A field that holds one of some texts; with `words` its text is a list with commas of which one word is enough."""

    field: str
    is_one_of: tuple[str, ...]
    words: bool = False

    def holds(self, fields: Fields) -> bool:
        text = text_of(fields, self.field).lower()
        words = text.split(",") if self.words else [text]
        return bool(text) and any(word in words for word in self.is_one_of)


class SaysCheck(Frozen):
    """True where every line of one of the alternatives holds. Case and blanks at the ends do not count."""

    kind: Literal["says"]
    any_of: tuple[tuple[Says, ...], ...]

    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(says.field for lines in self.any_of for says in lines))

    def shown_by(self, fields: Fields) -> tuple[str, ...]:
        held = [lines for lines in self.any_of if all(says.holds(fields) for says in lines)]
        return tuple(dict.fromkeys(says.field for lines in held for says in lines))


class DifferCheck(Frozen):
    """True where two of the fields are set to different texts; case does not count.

    `alike` are groups of texts that are the same thing, `generic` texts that say nothing.
    """

    kind: Literal["differ"]
    fields: tuple[str, ...]
    alike: tuple[tuple[str, ...], ...] = ()
    generic: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        return self.fields

    def shown_by(self, fields: Fields) -> tuple[str, ...]:
        """Return the first field that is set and the first one that says something else."""
        generic = {text.lower() for text in self.generic}
        meanings = {text.lower(): group[0].lower() for group in self.alike for text in group}
        first: tuple[str, str] | None = None
        for field in self.fields:
            text = text_of(fields, field).lower()
            if not text or text in generic:
                continue
            meaning = meanings.get(text, text)
            if first is None:
                first = field, meaning
            elif meaning != first[1]:
                return first[0], field
        return ()


class DenyCheck(Frozen):
    """True where, in one of the lines, the first field is set, others are too, and none of them says the same.

    Case does not count. Every line that holds is shown.
    """

    kind: Literal["deny"]
    lines: tuple[tuple[str, ...], ...]

    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for line in self.lines for name in line))

    def shown_by(self, fields: Fields) -> tuple[str, ...]:
        shown: list[str] = []
        for claim, *witnesses in self.lines:
            said = text_of(fields, claim).lower()
            heard = {name: text for name in witnesses if (text := text_of(fields, name).lower())}
            if said and heard and said not in heard.values():
                shown += [claim, *heard]
        return tuple(dict.fromkeys(shown))


class AboveCheck(Frozen):
    """True where the number in `low` is above the one in `high`."""

    kind: Literal["above"]
    low: str
    high: str

    def names(self) -> tuple[str, ...]:
        return self.low, self.high

    def shown_by(self, fields: Fields) -> tuple[str, ...]:
        low, high = _number(text_of(fields, self.low)), _number(text_of(fields, self.high))
        return self.names() if low is not None and high is not None and low > high else ()


class LaterCheck(Frozen):
    """True where the date in `late` is more than `days` after the one in `early`: YYYY-MM-DD, or seconds since 1970."""

    kind: Literal["later"]
    early: str
    late: str
    days: int

    def names(self) -> tuple[str, ...]:
        return self.early, self.late

    def shown_by(self, fields: Fields) -> tuple[str, ...]:
        early, late = day_of(text_of(fields, self.early)), day_of(text_of(fields, self.late))
        return self.names() if early and late and (late - early).days > self.days else ()


class TableCheck(Frozen):
    """True where `key` stands in the table, up to its first label that does, and `value` is none that stand there."""

    kind: Literal["table"]
    key: str
    value: str
    rows: dict[str, tuple[str, ...]]

    def names(self) -> tuple[str, ...]:
        return self.key, self.value

    def shown_by(self, fields: Fields) -> tuple[str, ...]:
        key, value = text_of(fields, self.key), text_of(fields, self.value)
        while key and key not in self.rows:
            key = key.rpartition(".")[0]
        return self.names() if key and value and value not in self.rows[key] else ()


Check = Annotated[
    SaysCheck | DifferCheck | DenyCheck | AboveCheck | LaterCheck | TableCheck, Field(discriminator="kind")
]
"""Each names the fields that it asks for, and returns those that show that it holds; none where it does not."""


class FirmwareCase(Frozen):
    """One thing that a rule sees. `subject` is what the finding is about, `message` one sentence."""

    subject: str
    message: str
    check: Check


class FirmwareRemedy(Frozen):
    """What the person can do."""

    text: str
    risk: str | None = None


class Dump(Frozen):
    """Properties of a real phone, as far as the rule asks for them; identifiers are left out.

    `source` tells where the whole dump was found, `derived` that a value was changed to try a boundary, and how.
    """

    fields: dict[str, str]
    source: str
    derived: str | None = None


class FirmwareRule(Frozen):
    """A file of the folder `firmware/`. Its id is that of its findings."""

    id: str
    category: str
    title: str
    severity: Severity
    confidence: Confidence
    sign: Literal["grave", "unclear", "none"] = "none"
    cases: tuple[FirmwareCase, ...]
    remedy: FirmwareRemedy
    sources: tuple[FactSource, ...]
    matches: tuple[Dump, ...]
    ignores: tuple[Dump, ...]

    def met_cases(self, fields: Fields) -> Iterator[tuple[FirmwareCase, tuple[str, ...]]]:
        """Yield the cases that hold, each with the fields that show it."""
        for case in self.cases:
            if shown := case.check.shown_by(fields):
                yield case, shown
