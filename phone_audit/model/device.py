"""A phone as it was read: identity, build, users, packages, and the snapshot that holds them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from phone_audit.model.base import OPEN, Frozen
from phone_audit.model.finding import Evidence, Skipped, Tool
from phone_audit.model.stated import Decimal, Number, Sha256, Time

HashSource = Annotated[Literal["device", "host", "cached", "none"], OPEN]
PackageFileRole = Annotated[Literal["base", "split", "hidden-system", "odex", "vdex"], OPEN]
AcquisitionSource = Annotated[
    Literal["live", "replay", "androidqf", "bugreport", "hubble", "mvt", "folder", "image"], OPEN
]
Depth = Annotated[Literal["quick", "standard", "deep"], OPEN]
DEPTHS: tuple[Depth, ...] = ("quick", "standard", "deep")
SYSTEM_FOLDERS = ("/system/", "/system_ext/", "/product/", "/vendor/", "/odm/", "/apex/")
"""Folders whose files come with the firmware, so that the same firmware has the same bytes there."""


class Device(Frozen):
    """Which phone. `serial` is null unless identifiers were asked for."""

    serial: str | None
    pseudonym: str | None
    manufacturer: str | None
    brand: str | None
    model: str | None
    product: str | None
    device: str | None


class Build(Frozen):
    """The firmware, from the phone's properties. `partitions` maps a partition to its fingerprint."""

    fingerprint: str | None
    id: str | None
    display_id: str | None
    incremental: str | None
    type: str | None
    tags: str | None
    android_version: str | None
    sdk: int | None
    security_patch: str | None
    date_utc: int | None
    verified_boot_state: str | None
    bootloader_locked: bool | None
    partitions: dict[str, str]


class User(Frozen):
    """A user or profile of the phone. `readable` is false where the shell may not look."""

    id: int
    type: str | None
    readable: bool


class StateItem(Frozen):
    """One setting of the phone that decides where data goes."""

    key: str
    value: str | None
    expected: str | None
    evidence: tuple[Evidence, ...]


class PackageFile(Frozen):
    """A file of a package on the phone. `sha256` is null where `hash_source` is `none`."""

    path: str
    sha256: Sha256 | None
    hash_source: HashSource
    size: Number | None
    role: PackageFileRole


class AppOp(Frozen):
    """One app-op and when it was last used."""

    op: str
    mode: str
    last_access: str | None
    last_background: str | None


class Traffic(Frozen):
    """Bytes since `since`. Null is unknown: what an older result does not say."""

    since: str | None
    received: Number
    sent: Number
    sent_background: Number
    received_background: Number | None = None
    mobile_received: Number | None = None
    mobile_sent: Number | None = None


class PackageUser(Frozen):
    """A package as one user has it. Null is unknown."""

    id: int
    installed: bool | None
    enabled: bool | None
    hidden: bool | None
    suspended: bool | None
    installer: str | None
    first_install: str | None
    last_update: str | None
    granted: tuple[str, ...] | None
    appops: tuple[AppOp, ...] | None
    traffic: Traffic | None


class Package(Frozen):
    """An installed package. `signers` are what the phone itself reports, where it reports whole hashes."""

    name: str
    app_id: int | None
    system: bool | None
    version_code: int | None
    version_name: str | None
    signers: tuple[Sha256, ...] | None
    files: tuple[PackageFile, ...]
    users: tuple[PackageUser, ...]


class Module(Frozen):
    """An APEX module: a part of the system that is updated on its own.

    `version_code` and `path` are those of the active version, `updated` tells whether it is another one than the
    firmware's own (`factory_version_code`, `factory_path`). Null is unknown.
    """

    name: str
    version_code: int | None
    path: str | None
    updated: bool | None
    factory_version_code: int | None
    factory_path: str | None


class NotUnderstood(Frozen):
    """Lines of an answer that the reader does not know: how many, and the forms of the most frequent ones."""

    command: str
    lines: int
    forms: tuple[str, ...]


class AcquisitionInfo(Frozen):
    """How the phone was read. `cannot_hold` are sentences on what such an input never contains.

    `device_time` is what the phone's own clock said at the beginning: what it notes of its apps counts from there.
    """

    source: AcquisitionSource
    depth: Depth
    via: str
    manifest_sha256: Sha256 | None
    phone_clock_offset: Decimal | None
    cannot_hold: tuple[str, ...]
    device_time: Time | None = None


IdentifierKind = Literal["imei", "imsi", "iccid", "serial", "mac", "android-id"]


class PhoneIdentifier(Frozen):
    """A number by which this phone, or its SIM card, can be told from all others. Never published as it stands."""

    kind: IdentifierKind
    value: str = Field(repr=False)


class Snapshot(Frozen):
    """Everything read from one phone, before any judgement.

    `properties` is the whole getprop, `device_time` what the phone's clock said, as RFC 3339; `identifiers` are what
    recorded traffic is searched for, `never_asked` paths that are looked for today and were not when it was saved.
    """

    serial: str | None
    properties: dict[str, str]
    build: Build
    users: tuple[User, ...]
    state: tuple[StateItem, ...]
    packages: tuple[Package, ...]
    skipped: tuple[Skipped, ...]
    modules: tuple[Module, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    device_time: str | None = None
    identifiers: tuple[PhoneIdentifier, ...] = ()
    never_asked: tuple[str, ...] = ()


class Artifact(Frozen):
    """One raw answer of the phone, as it lies in a saved acquisition. `at` is RFC 3339, `exit` null where not known."""

    command: str
    file: str
    sha256: str
    exit: int | None
    at: str
    truncated: bool


class Acquisition(Frozen):
    """The manifest of a saved acquisition, phone-audit/acquisition/1."""

    schema_: Literal["phone-audit/acquisition/1"]
    artifacts: tuple[Artifact, ...]
    format: int
    serial: str | None
    depth: Depth
    users: str
    via: str
    tool: Tool
    phone_clock_offset: float | None
    label: str | None = None


class DeviceState(Frozen):
    """A phone that was seen, and what to do about a state that blocks. `usable` phones can be scanned."""

    serial: str
    state: str
    usable: bool
    via: str
    model: str | None
    message: str
    hint: str


MOST_DEEP = 32
"""Folders above a file that are given; on a phone there are six."""


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders in which an absolute path lies, from `/` on. Nothing is looked up on any disk.

    Example:
        >>> list(folders_above("/data//app/./x/base.apk"))
        ['/', '/data', '/data/app', '/data/app/x']
    """
    if not path.startswith("/"):
        return
    yield "/"
    parts = path.split("/", MOST_DEEP + 1)[1:-1]
    yield from accumulate((f"/{part}" for part in parts if part not in ("", ".")), lambda above, part: above + part)


CompiledRole = Literal["vdex", "odex"]
ARCHITECTURES = ("arm64", "x86_64", "riscv64", "arm", "x86")
"""The one whose files are read comes first. All hold the same DEX files, compiled for another processor."""
COMPILED_ROLES: tuple[CompiledRole, ...] = ("vdex", "odex")


@dataclass(frozen=True, slots=True)
class CompiledFile:
    """A VDEX or OAT file, which Android writes when it compiles a package.

    Attributes:
        path: where it lies on the phone, such as `/system/app/Dialer/oat/arm64/Dialer.vdex`.
        local: where its bytes lie here; None where the record is known that they lead to.
        size: bytes.
        sha256: its hash, in lower-case hexadecimal; None where nothing has hashed it.
        role: what it is by its name.
    """

    path: str
    local: Path | None
    size: int
    sha256: str | None
    role: CompiledRole


def joint_hash(sha256: str | None, beside: Sequence[CompiledFile]) -> str | None:
    """Return what names an APK together with the files that hold its code: its own hash where there are none.

    None where one of the hashes is not known.
    """
    hashes = [sha256, *(file.sha256 for file in beside)]
    if not beside or None in hashes:
        return None if beside else sha256
    return hashlib.sha256(" ".join(str(one) for one in hashes).encode()).hexdigest()
