"""The published summary of several phones, phone-audit/fleet/1."""

from typing import Literal

from phone_audit.model.base import Frozen
from phone_audit.model.finding import Outcome, Tool
from phone_audit.model.stated import Decimal, Time


class FleetScan(Frozen):
    """One phone of a fleet.

    `name` tells it apart inside the summary: its number, its model, and the beginning of its pseudonym. `file` is the
    result beside the summary, null where none was written. A phone that could not be read has no `outcome`, and `error`
    and `hint` say why. `serial` is null unless identifiers were asked for.
    """

    name: str
    file: str | None
    pseudonym: str | None
    label: str | None
    model: str | None
    outcome: Outcome | None
    complete: bool
    error: str | None = None
    hint: str | None = None
    serial: str | None = None


class OddOne(Frozen):
    """A phone, and the value that it has instead."""

    member: str
    value: str


class Difference(Frozen):
    """Something in which phones differ. `majority` is what more than half of them have, null where nothing is."""

    what: str
    majority: str | None
    odd: tuple[OddOne, ...]


class FleetGroup(Frozen):
    """Phones with the same firmware (`fingerprint`), and what differs among them. Members are names."""

    fingerprint: str
    members: tuple[str, ...]
    differs: tuple[Difference, ...]


class FleetModel(Frozen):
    """Phones of one model whose firmware differs."""

    model: str
    members: tuple[str, ...]
    differs: tuple[Difference, ...]


class FleetRun(Frozen):
    """What may differ between two runs. Times are RFC 3339, `seconds` a duration."""

    started: Time
    finished: Time
    seconds: Decimal


class Fleet(Frozen):
    """What was found on several phones, in the order in which they were named or appeared."""

    schema_: Literal["phone-audit/fleet/1"]
    scans: tuple[FleetScan, ...]
    groups: tuple[FleetGroup, ...]
    models: tuple[FleetModel, ...] = ()
    tool: Tool
    run: FleetRun
