"""The schema of firmware rules: what a build says of itself that is a bad sign, or that contradicts itself.

A field is a property, `NAME#PART` for a part of a fingerprint (`brand name device release id incremental type tags`),
`state:KEY` for something the phone was asked (`state:selinux`), or `signer:PACKAGE` for the id of the public or leaked
key that signed a package (`signer:android` is the platform).
"""

from typing import Annotated, Literal

from pydantic import Field

from phone_audit.knowledge.schema.facts import FactSource
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Confidence, Severity


class Says(Frozen):
    """A field that holds one of some texts; with `words` its text is a list with commas of which one word is enough."""

    field: str
    is_one_of: tuple[str, ...]
    words: bool = False


class SaysCheck(Frozen):
    """True where every line of one of the alternatives holds. Case and blanks at the ends do not count."""

    kind: Literal["says"]
    any_of: tuple[tuple[Says, ...], ...]


class DifferCheck(Frozen):
    """True where two of the fields are set to different texts; case does not count.

    `alike` are groups of texts that are the same thing, `generic` texts that say nothing.
    """

    kind: Literal["differ"]
    fields: tuple[str, ...]
    alike: tuple[tuple[str, ...], ...] = ()
    generic: tuple[str, ...] = ()


class DenyCheck(Frozen):
    """True where, in one of the lines, the first field is set, others are too, and none of them says the same.

    Case does not count. Every line that holds is shown.
    """

    kind: Literal["deny"]
    lines: tuple[tuple[str, ...], ...]


class AboveCheck(Frozen):
    """True where the number in `low` is above the one in `high`."""

    kind: Literal["above"]
    low: str
    high: str


class LaterCheck(Frozen):
    """True where the date in `late` is more than `days` after the one in `early`: YYYY-MM-DD, or seconds since 1970."""

    kind: Literal["later"]
    early: str
    late: str
    days: int


class TableCheck(Frozen):
    """True where `key` stands in the table, up to its first label that does, and `value` is none that stand there."""

    kind: Literal["table"]
    key: str
    value: str
    rows: dict[str, tuple[str, ...]]


Check = Annotated[
    SaysCheck | DifferCheck | DenyCheck | AboveCheck | LaterCheck | TableCheck, Field(discriminator="kind")
]


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
    cases: tuple[FirmwareCase, ...]
    remedy: FirmwareRemedy
    sources: tuple[FactSource, ...]
    matches: tuple[Dump, ...]
    ignores: tuple[Dump, ...]
