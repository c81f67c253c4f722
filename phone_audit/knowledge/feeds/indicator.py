"""What every feed becomes: typed indicators, and rows that were left out with the reason."""

import ipaddress
from dataclasses import dataclass
from typing import Final, Literal, get_args

from pydantic import ValidationInfo, field_validator

from phone_audit.files.short_repr import short_repr
from phone_audit.model.base import Frozen

Kind = Literal[
    "host", "address", "network", "url", "hash", "certificate", "package", "path", "file", "property", "process",
    "code", "name",
]  # fmt: skip
"""What is named. `code`: a prefix of class names; `name`: what something is called, not looked up on a phone."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ThreatClass = Literal[
    "stalkerware", "spyware", "malware", "watchware", "adware", "vulnerable", "tracker", "preinstalled",
    "anti-feature", "owner", "public-key", "listed", "commonplace",
]  # fmt: skip
"""What the feed says of it. `commonplace` is the opposite of a sign: it is everywhere, so it proves nothing."""
CLASSES: Final[tuple[ThreatClass, ...]] = get_args(ThreatClass)
MALICIOUS: Final[frozenset[ThreatClass]] = frozenset({"stalkerware", "spyware", "malware"})
"""Classes of which a file or a signer is enough."""
Weight = Literal["strong", "weak"]
"""`weak`: the publisher himself says that it is shared, or it is only one part of a pattern of several."""
THIS_ONLY: Final = "this very value only"
"""Note of a warning list that speaks of whole values and not of what lies below a host."""


@dataclass(frozen=True, slots=True)
class About:
    """What a row of a feed says of its values: what they belong to, its class, how much a value proves.

    `by_file`: no row says the name, it is that of the file; two values of it need not belong together.
    """

    name: str
    class_: ThreatClass
    weight: Weight = "strong"
    note: str = ""
    by_file: bool = False


@dataclass(frozen=True, slots=True)
class Indicator:
    """One value as it is looked up: lower case where case means nothing, no scheme, no port."""

    kind: Kind
    value: str
    about: About


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row or value that was left out. `row` is a line, an id or the value, cut to what a person can read."""

    row: str
    why: str


Row = Indicator | Rejected
"""What a reader of a format yields."""


class FeedHead(Frozen):
    """Where the indicators of a feed come from, under which licence, and what was taken. First line of its file.

    `date` is that of the feed's content, `imported` when it was read here; `input_sha256` is the hash of what was read.
    `counts` by kind; `left_out` by reason. `revision` may be empty.
    """

    feed: str
    format: str
    title: str
    publisher: str
    url: str
    revision: str = ""
    date: str
    licence: str
    imported: str
    input_sha256: str
    counts: dict[Kind, int]
    left_out: dict[str, int]


class FeedRow(Frozen):
    """Values of one kind that a feed says the same of. Every line of its file but the first."""

    kind: Kind
    name: str
    class_: ThreatClass
    weight: Weight = "strong"
    note: str = ""
    by_file: bool = False
    values: tuple[str, ...]

    @field_validator("values")
    @classmethod
    def _as_imported(cls, values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        kind = info.data.get("kind")
        for value in values:
            if not _is_written(kind, value):
                raise ValueError(f"{short_repr(value[:80])} is no {kind} as an import writes it")
        return values


def _is_written(kind: object, value: str) -> bool:
    if kind == "network":
        try:
            return str(ipaddress.ip_network(value)) == value
        except ValueError:
            return False
    return value != "" and "\n" not in value and (kind != "path" or value.startswith("/"))


@dataclass(frozen=True, slots=True)
class ListedIndicator:
    """An indicator and the feed that lists it."""

    indicator: Indicator
    feed: FeedHead
