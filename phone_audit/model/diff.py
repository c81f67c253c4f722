"""What changed between two results, and the published document of it."""

from typing import Annotated, Literal

from phone_audit.model.base import OPEN, Frozen
from phone_audit.model.device import Build, Device
from phone_audit.model.finding import Outcome, Severity, Tool
from phone_audit.model.stated import Decimal, Sha256, Time

DiffKind = Annotated[Literal["same-phone", "same-build", "other-build", "app"], OPEN]
"""What two results are to each other: one phone at two times, two phones with one firmware, with different firmware, or
two versions of apps."""

ChangedPart = Annotated[
    Literal[
        "package", "installer", "signer", "permission", "power", "endpoint", "tracker", "file", "state", "finding",
        "verdict",
    ],
    OPEN,
]  # fmt: skip
ChangeKind = Annotated[Literal["new", "gone", "changed"], OPEN]
Side = Annotated[Literal["old", "new", "both"], OPEN]


class DiffSide(Frozen):
    """One of the two results. `file` and `digest` are null for one that was just made, `device` for a folder of APKs.

    `complete` tells whether it holds all that its scan promised to read.
    """

    file: str | None
    digest: Sha256 | None
    document: str
    label: str | None
    device: Device | None
    build: Build | None
    outcome: Outcome
    complete: bool


class Change(Frozen):
    """One change, with one sentence on it. `old` and `new` are the values, null where there is none."""

    what: ChangedPart
    change: ChangeKind
    subject: str
    old: str | None
    new: str | None
    severity: Severity
    text: str


class NotCompared(Frozen):
    """What could not be compared, since one of the results (`side`) or both did not read it.

    `what` is the kind of change that could therefore not be seen, `subjects` are those concerned.
    """

    what: ChangedPart
    side: Side
    subjects: tuple[str, ...]
    text: str


class DiffRun(Frozen):
    """What may differ between two runs. Times are RFC 3339, `seconds` a duration."""

    started: Time
    seconds: Decimal


class Diff(Frozen):
    """What changed between two results, phone-audit/diff/1: most harmful first.

    `remarks` are sentences on what makes the two hard to compare, such as other facts by which they were judged.
    """

    schema_: Literal["phone-audit/diff/1"]
    old: DiffSide
    new: DiffSide
    kind: DiffKind
    changes: tuple[Change, ...]
    not_compared: tuple[NotCompared, ...] = ()
    remarks: tuple[str, ...] = ()
    tool: Tool
    run: DiffRun

    @property
    def even(self) -> bool:
        """Whether each of the two read all that the other read."""
        return all(item.side == "both" for item in self.not_compared)
