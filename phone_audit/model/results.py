"""The published results of `scan`, of several phones, `firmware` and `devices`."""

from typing import Annotated, Literal

from phone_audit.model.apk import Apk, LeftOnPhone
from phone_audit.model.apps import App
from phone_audit.model.base import OPEN, Frozen
from phone_audit.model.device import (
    AcquisitionInfo,
    Build,
    Device,
    DeviceState,
    Module,
    NotUnderstood,
    Package,
    StateItem,
    User,
)
from phone_audit.model.diff import Diff
from phone_audit.model.finding import (
    Answer,
    Evidence,
    Finding,
    Incident,
    KnowledgeInfo,
    Outcome,
    Skipped,
    Source,
    Tool,
    Verdict,
)
from phone_audit.model.stated import Day, Decimal, Number, Sha256, Time
from phone_audit.model.traffic import RecordedTraffic
from phone_audit.model.watch import Observation

BuildMatchKind = Annotated[Literal["exact", "range", "model"], OPEN]
BuildStatus = Annotated[Literal["affected", "fixed", "candidate"], OPEN]


class Coverage(Frozen):
    """What was looked at.

    `bytes_on_device` is null where sizes are not known. `untested` says what of this phone's version was never tried,
    `not_understood` counts the lines of the phone's answers that this version of the program does not know.
    `left_on_phone` are the media that standard depth leaves there (null: nothing), `signatures_unchecked` the packages
    whose digests over whole files could therefore not be compared. `never_asked` are paths that incidents and feeds
    name and that a saved acquisition, which is older than they are, was not asked about; they make nothing incomplete.
    """

    packages_listed: int
    apks_listed: int
    apks_analysed: int
    bytes_on_device: Number | None
    complete: bool
    skipped: tuple[Skipped, ...]
    untested: tuple[str, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    left_on_phone: LeftOnPhone | None = None
    signatures_unchecked: int = 0
    never_asked: tuple[str, ...] = ()


class ScanRun(Frozen):
    """What may differ between two runs. Times are RFC 3339, `seconds` a duration.

    `replayed` tells that a saved acquisition was read.
    """

    started: Time
    finished: Time
    seconds: Decimal
    bytes_transferred: Number
    apks_from_cache: int
    replayed: bool = False


class KnownGood(Frozen):
    """A package that a baseline knows, and the proof: the signer or file (`sha256`) beside the name.

    By `signer` it is its maker's own, by `file` the very file. By `platform` it bears a name of AOSP and was signed by
    whoever signed the phone's system: expected, though no word on what that maker put into it.
    """

    package: str
    baseline: str
    by: Literal["signer", "platform", "file"]
    sha256: Sha256


class KnownImage(Frozen):
    """The system image is one that `publisher` published, says the log `baseline` that was imported.

    `evidence` are the properties of the phone that show it: fingerprint and vbmeta digest, which stand in one entry of
    the log, and the state of the boot. A phone whose system is in other hands can say so too.
    """

    baseline: str
    publisher: str
    evidence: tuple[Evidence, ...]


class Scan(Frozen):
    """The published result of one phone, phone-audit/scan/1."""

    schema_: Literal["phone-audit/scan/1"]
    label: str | None
    device: Device
    build: Build
    users: tuple[User, ...]
    state: tuple[StateItem, ...]
    packages: tuple[Package, ...]
    apks: tuple[Apk, ...]
    apps: tuple[App, ...] = ()
    observations: tuple[Observation, ...]
    traffic: tuple[RecordedTraffic, ...] = ()
    known_good: tuple[KnownGood, ...] = ()
    known_image: KnownImage | None = None
    modules: tuple[Module, ...] = ()
    baseline: Diff | None = None
    """How it differs from a phone that is known to be good, where one was named."""
    findings: tuple[Finding, ...]
    incidents: tuple[Incident, ...]
    verdict: Verdict
    coverage: Coverage
    acquisition: AcquisitionInfo
    knowledge: KnowledgeInfo
    tool: Tool
    run: ScanRun


class ParsedBuild(Frozen):
    """A build identifier taken apart. Null is not said by it."""

    brand: str | None = None
    product: str | None = None
    device: str | None = None
    android_version: str | None = None
    build_id: str | None = None
    incremental: str | None = None
    type: str | None = None
    tags: str | None = None
    vendor_scheme: str | None = None
    vendor_version: str | None = None
    region: str | None = None
    build_date: str | None = None
    model: str | None = None
    variant: str | None = None
    security_patch: str | None = None


class Support(Frozen):
    """Until when its maker promised a model security updates (`until`: a day), and who says so."""

    maker: str
    model: str
    until: Day
    sources: tuple[Source, ...]


class FixCompared(Frozen):
    """Where a build stands to a fixed one that an incident names. Null: they cannot be compared by their numbers."""

    incident: str
    fixed: str
    stands: Annotated[Literal["before", "same", "after"], OPEN] | None


class BuildMatch(Frozen):
    """A published incident that names a build. `field` and `value` are what matched.

    `inferred`: not listed; its number is later than that of every build which is listed as fixed.
    """

    incident: str
    match: BuildMatchKind
    field: str
    value: str
    status: BuildStatus
    sources: tuple[Source, ...]
    inferred: bool = False


class CheckedBuild(Frozen):
    """One identifier with what is known of it. `parsed` is null where it was not understood."""

    input: str
    parsed: ParsedBuild | None
    matches: tuple[BuildMatch, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict
    support: Support | None = None
    fixes: tuple[FixCompared, ...] = ()


class FirmwareRun(Frozen):
    """What may differ between two runs. The ages are those of the patch levels on `as_of`, in the order of `builds`."""

    started: Time
    seconds: Decimal
    as_of: Day | None = None
    patch_age_days: tuple[Number | None, ...] = ()


class Firmware(Frozen):
    """The published result of build identifiers, phone-audit/firmware/1, in the order of the input."""

    schema_: Literal["phone-audit/firmware/1"]
    label: str | None = None
    builds: tuple[CheckedBuild, ...]
    incidents: tuple[Incident, ...]
    knowledge: KnowledgeInfo
    tool: Tool
    run: FirmwareRun


class DevicesRun(Frozen):
    """What may differ between two runs."""

    started: Time


class Devices(Frozen):
    """The phones seen, phone-audit/devices/1."""

    schema_: Literal["phone-audit/devices/1"]
    devices: tuple[DeviceState, ...]
    tool: Tool
    run: DevicesRun


class FleetScan(Frozen):
    """One phone of a fleet.

    `name` tells it apart inside the summary: its number, its model, and the beginning of its pseudonym. `file` is the
    result beside the summary, null where none was written. A phone that could not be read has no `outcome`, and `error`
    and `hint` say why. `serial` is null unless identifiers were asked for. `gating` is the outcome without what was
    accepted, null where that changes nothing. `security_patch` is what the phone says of its patches. `asset` is what
    the list of assets calls it, null where it is not in there; `asset_notes` are further columns of the list, as
    `owner: Ann`. `reason` is the first that the outcome rests on, null where there is none. `watched` answers whether
    somebody can watch the person, as the result does; null where that was not asked.
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
    gating: Outcome | None = None
    security_patch: str | None = None
    asset: str | None = None
    asset_notes: tuple[str, ...] = ()
    reason: str | None = None
    watched: Answer | None = None


class FleetAssets(Frozen):
    """The list of assets that the phones were held against; `missing` are those of which no phone was there."""

    file: str
    missing: tuple[str, ...]


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
    assets: FleetAssets | None = None
    tool: Tool
    run: FleetRun
