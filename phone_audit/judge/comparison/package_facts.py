"""A package of a result → what of it is compared with the same package of another one."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from phone_audit.model.apk import Apk, Endpoint, Tracker
from phone_audit.model.device import COMPILED_ROLES, SYSTEM_FOLDERS, Package, PackageFile

CODE_STEPS: Final = frozenset({"read", "manifest", "resources", "dex", "native", "record", "transfer"})
"""Steps without which endpoints and trackers are not all known."""

Files = Mapping[str, str | None]
"""A file by the name under which it is compared → its SHA-256, null where it was not hashed."""


class BaseFile(NamedTuple):
    """The first file of a package: where it lies and its SHA-256, null where it was not hashed."""

    path: str
    sha256: str | None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def of_firmware(self) -> bool:
        return self.path.startswith(SYSTEM_FOLDERS)


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """One package of a result. Null is not known.

    Attributes:
        label: what people call it.
        system: whether it came with the firmware.
        version, version_name: of the newest copy.
        signers, lineage: SHA-256 of certificates, and of earlier ones that they state to follow.
        verified: whether the signature was checked and holds, and with it the lineage.
        installed: by user, whether it is installed; a user that is not there was not read, or not on the phone.
        installed_by: by user, the package that installed it; null where none is named.
        permissions: by user, what was granted; under None what its manifest asks for, where there is no phone.
        enabled: by user, whether it is installed and enabled, in a word.
        base: its first file, wherever that lies: the same version has the same bytes.
        firmware_files: those in folders of the firmware, by path; the same firmware has the same ones there.
        firmware_code: compiled code in those folders, by path; which of it was read belongs to the depth.
        own_files: the others, by name; the same version has the same bytes.
        lists_files: whether a file that is not among them was not there.
        endpoints: hosts that count; null where its code was not read.
        idle: hosts that would count, if code that connects to them were seen to be started.
        trackers: the same.
    """

    name: str
    label: str | None = None
    system: bool | None = None
    version: int | None = None
    version_name: str | None = None
    signers: frozenset[str] | None = None
    lineage: frozenset[str] = frozenset()
    verified: bool = False
    installed: Mapping[int, bool | None] = field(default_factory=dict)
    installed_by: Mapping[int, str | None] = field(default_factory=dict)
    permissions: Mapping[int | None, frozenset[str] | None] = field(default_factory=dict)
    enabled: Mapping[int, str] = field(default_factory=dict)
    base: BaseFile | None = None
    firmware_files: Files = field(default_factory=dict)
    firmware_code: Files = field(default_factory=dict)
    own_files: Files = field(default_factory=dict)
    lists_files: bool = False
    endpoints: Mapping[str, Endpoint] | None = None
    idle: frozenset[str] = frozenset()
    trackers: Mapping[str, Tracker] | None = None

    def without_users(self, told: Set[int]) -> "PackageFacts":
        if not told:
            return self
        permissions = {user: names for user, names in self.permissions.items() if user not in told}
        enabled = {user: word for user, word in self.enabled.items() if user not in told}
        return replace(self, permissions=permissions, enabled=enabled)

    @property
    def installers(self) -> list[str]:
        return sorted({name for name in self.installed_by.values() if name})

    @property
    def shown(self) -> str:
        label = (self.label or "").strip()[:_LONGEST_LABEL]
        return f"{label} ({self.name})" if label and label != self.name else self.name

    @property
    def shown_version(self) -> str:
        code = "" if self.version is None else str(self.version)
        return f"{self.version_name} ({code})" if self.version_name and code else self.version_name or code or "unknown"


_LONGEST_LABEL: Final = 60


def of_package(package: Package, records: list[Apk], unread: frozenset[str], unlisted: frozenset[str]) -> PackageFacts:
    """Return what of a package on a phone is compared; `records` are those of its APKs.

    Of the subjects in `unread` something was not read, of those in `unlisted` the list is not whole.
    """
    compiled = [file for file in package.files if file.role in COMPILED_ROLES]
    files = [file for file in package.files if file.role not in COMPILED_ROLES]
    base = min((file for file in files if file.role == "base"), key=_of_firmware, default=None)
    paths = {file.path for file in package.files}
    read = bool(records) and not unread & {package.name, *paths} and all(map(_is_read, records))
    newest = max(records, key=lambda apk: (apk.version_code or 0, apk.path), default=None)
    signers = frozenset(package.signers) if package.signers else _signers(newest)
    return PackageFacts(
        name=package.name,
        label=newest.app_name if newest else None,
        system=package.system,
        version=package.version_code,
        version_name=package.version_name,
        signers=signers,
        lineage=_lineage(newest),
        verified=_verified(newest),
        installed={user.id: user.installed for user in package.users},
        installed_by={user.id: user.installer or None for user in package.users if user.installed is not False},
        permissions={
            user.id: None if user.granted is None else frozenset(user.granted)
            for user in package.users
            if user.installed is not False
        },
        enabled={
            user.id: word for user in package.users if (word := _state(user.installed, user.enabled, user.hidden))
        },
        base=BaseFile(base.path, base.sha256) if base else None,
        firmware_files={file.path: file.sha256 for file in files if _of_firmware(file)},
        firmware_code={file.path: file.sha256 for file in compiled if _of_firmware(file)},
        own_files={
            file.path.rpartition("/")[2]: file.sha256 for file in files if file is not base and not _of_firmware(file)
        },
        lists_files=package.name not in unlisted and any(file.sha256 for file in files),
        endpoints=_endpoints(records) if read else None,
        idle=_idle(records),
        trackers=_trackers(records) if read else None,
    )


def _of_firmware(file: PackageFile) -> bool:
    return file.path.startswith(SYSTEM_FOLDERS)


def _state(installed: bool | None, enabled: bool | None, hidden: bool | None) -> str | None:
    if installed is False:
        return "not installed"
    if hidden:
        return "hidden"
    return {True: "enabled", False: "disabled", None: None}[enabled]


def add_record(packages: dict[str, PackageFacts], apk: Apk) -> None:
    """Take in a record of a folder; of several versions of a package the newest one is compared."""
    if apk.package is None:
        return
    known = packages.get(apk.package)
    if known is not None and (known.version or 0) >= (apk.version_code or 0):
        return
    read = _is_read(apk)
    packages[apk.package] = PackageFacts(
        name=apk.package,
        label=apk.app_name,
        version=apk.version_code,
        version_name=apk.version_name,
        signers=_signers(apk),
        lineage=_lineage(apk),
        verified=_verified(apk),
        permissions={} if apk.permissions is None else {None: frozenset(apk.permissions)},
        base=None if apk.sha256 is None else BaseFile("APK", apk.sha256),
        endpoints=_endpoints([apk]) if read else None,
        idle=_idle([apk]),
        trackers=_trackers([apk]) if read else None,
    )


def _is_read(apk: Apk) -> bool:
    known = apk.endpoints is not None and apk.trackers is not None
    return known and not any(item.step in CODE_STEPS for item in apk.skipped)


def _signers(apk: Apk | None) -> frozenset[str] | None:
    return frozenset(signer.sha256 for signer in apk.signers) if apk is not None and apk.signers else None


def _lineage(apk: Apk | None) -> frozenset[str]:
    signature = apk.signature if apk is not None else None
    return frozenset(signature.lineage) if signature is not None and signature.verified is not False else frozenset()


def _verified(apk: Apk | None) -> bool:
    return apk is not None and apk.signature is not None and apk.signature.verified is True


def _endpoints(records: list[Apk]) -> dict[str, Endpoint]:
    """Return the hosts that count, each once, an unencrypted one before others."""
    ordered = sorted(
        (one for apk in records for one in apk.endpoints or () if one.counts), key=lambda one: one.counts_in_cleartext
    )
    return {one.host: one.model_copy(update={"held_by": (), "urls": (), "use_evidence": ()}) for one in ordered}


def _idle(records: list[Apk]) -> frozenset[str]:
    endpoints = (one for apk in records for one in apk.endpoints or () if one.started is False)
    return frozenset(one.host for one in endpoints if one.model_copy(update={"started": None}).counts)


def _trackers(records: list[Apk]) -> dict[str, Tracker]:
    return {
        one.id: one.model_copy(update={"evidence": (), "endpoints": ()})
        for apk in records
        for one in apk.trackers or ()
        if one.tier != "host-only"
    }
