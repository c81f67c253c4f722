"""A firmware → the snapshot, read as a phone is; its packages are named once their APKs were analysed."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from phone_audit.acquire.asking import OnProgress
from phone_audit.acquire.collect import PhoneReading
from phone_audit.acquire.files.deliveries import Plan
from phone_audit.acquire.image.byte_source import ImageError
from phone_audit.acquire.image.firmware import APKS, SYSTEM, Firmware
from phone_audit.acquire.image.properties import properties_of
from phone_audit.acquire.image.state import firmware_items, framework_hashes, small_files
from phone_audit.acquire.image.transport import ImageTransport
from phone_audit.acquire.questions.file_facts import PathStatus
from phone_audit.acquire.questions.framework import framework_items
from phone_audit.acquire.questions.identity import identity_items
from phone_audit.acquire.questions.question import OWNER
from phone_audit.acquire.questions.small_files import file_items
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import COMPILED_ROLES, Depth, Package, PackageFile, PackageFileRole, PackageUser, Snapshot
from phone_audit.model.finding import Skipped

CODE = (".vdex", ".odex")
MOST_APKS = 20_000

_CANNOT_HOLD: Final = (
    "A firmware image does not hold what was installed or updated on a phone, or switched off there.",
    "A firmware image does not show what packages were granted, used, sent or received: nobody has used it yet. "
    "What an app may do is what it asks for.",
    "A firmware image has no settings, administrators, accounts, networks, or certificates that somebody added.",
    "A firmware image does not show whether a phone runs it unchanged: whether its bootloader is locked, whether its "
    "start was verified, or what is mounted over it.",
    "A firmware image does not tell on which day it is used, and so not how old its security patches are.",
    "Of a firmware image the file systems of Android are read: no kernel, start-up disk, modem or bootloader.",
)


def cannot_hold(firmware: Firmware) -> tuple[str, ...]:
    """Return sentences on what a firmware does not contain, and what of this one is none of Android's files."""
    others = ", ".join(firmware.others)
    return (*_CANNOT_HOLD, f"This one also holds what was not read: {others}.") if others else _CANNOT_HOLD


class ImageReading(PhoneReading):
    """The reading of a firmware; see `PhoneReading`."""

    def __init__(self, firmware: Firmware, transport: ImageTransport, on_progress: OnProgress) -> None:
        super().__init__(transport, on_progress)
        self._firmware = firmware
        self._image = transport

    def with_packages(self, snapshot: Snapshot, apks: Sequence[ApkInfo]) -> Snapshot:
        modules = tuple(sorted(self._firmware.modules, key=lambda module: module.name))
        return snapshot.model_copy(update={"packages": packages_of(apks), "modules": modules})

    def _read_identity(self) -> None:
        self._properties = properties_of(self._firmware)
        if not self._properties:
            reason = "No partition of the image has a build.prop, so its firmware is not known."
            self._reader.skip("build.prop", "read", "not-held", reason)
        if SYSTEM not in self._firmware.names:
            reason = "The image has no system partition that can be read: most of what a phone runs was not looked at."
            self._reader.skip(SYSTEM, "read", "not-held", reason)
        self._state = tuple(identity_items(self._properties, None, None))

    def _serial(self) -> None:
        """A firmware is none of a single phone."""

    def _read_packages(self, users: str) -> None:
        del users  # nobody has used it
        self._listing.users = {OWNER: "system"}
        self._listing.asked = (OWNER,)
        looked: dict[str, PathStatus] = {}
        for path in sorted(path for path in self._firmware.files if path.endswith((*APKS, *CODE))):
            try:
                looked[path] = PathStatus("file", self._firmware.open_apk(path).size)
            except ImageError as error:
                self._reader.skip(path, "read", "damaged", f"The file was not read: {error}.")
        apks = [path for path in looked if path.endswith(APKS)]
        if not apks:
            self._reader.skip("packages", "list", "not-held", "No partition of the image holds a package.")
        if len(apks) > MOST_APKS:
            reason = f"The image holds {len(apks):,} APK files; the first {MOST_APKS:,} were looked at."
            self._reader.skip("packages", "list", "too-many", reason)
        self._reader.looked = looked
        self._files.found = looked
        self._files.roles = {path: {} for path in apks[:MOST_APKS]}

    def _read_rest(self, depth: Depth, into: Path, paths: Sequence[str], plan: Plan, hashed: Collection[str]) -> None:
        looked = self._reader.looked
        if looked is not None:
            looked.update((path, self._image.look(path)) for path in paths if path not in looked)
        super()._read_rest(depth, into, paths, plan, hashed)

    def _read_condition(self) -> None:
        firmware = self._firmware
        self._condition.add(file_items(small_files(firmware), (), self._properties))
        self._condition.add(framework_items(framework_hashes(firmware)))
        self._condition.add(firmware_items(firmware))

    def _notes(self) -> Iterable[Skipped]:
        return (*self._reader.skipped, *self._firmware.skipped)


def packages_of(apks: Iterable[ApkInfo]) -> tuple[Package, ...]:
    """Return the packages by name; one that lies there more than once has the files of all, and the latest version."""
    found: dict[str, list[ApkInfo]] = {}
    for apk in apks:
        if apk.package is not None:
            found.setdefault(apk.package, []).append(apk)
    return tuple(_package(name, its) for name, its in sorted(found.items()))


def _package(name: str, apks: Sequence[ApkInfo]) -> Package:
    latest = max(apks, key=lambda apk: (apk.version_code or 0, apk.path))
    files = {file.path: file for apk in apks for file in _files(apk)}
    return Package(
        name=name,
        app_id=None,
        system=True,
        version_code=latest.version_code,
        version_name=latest.version_name,
        signers=None if latest.signers is None else tuple(sorted(signer.sha256 for signer in latest.signers)),
        files=tuple(files[path] for path in sorted(files)),
        users=(_USER,),
    )


_USER = PackageUser(
    id=OWNER,
    installed=True,
    enabled=None,
    hidden=None,
    suspended=None,
    installer=None,
    first_install=None,
    last_update=None,
    granted=None,
    appops=None,
    traffic=None,
)
"""The owner of a phone that nobody has used yet: what the packages were granted and did is not known."""


def _files(apk: ApkInfo) -> Iterable[PackageFile]:
    for file in apk.files:
        role: PackageFileRole = "base" if file.role in ("base", "container") else "split"
        yield PackageFile(
            path=file.path,
            sha256=file.sha256,
            hash_source="host" if file.sha256 else "none",
            size=file.size,
            role=file.role if file.role in COMPILED_ROLES else role,
        )
