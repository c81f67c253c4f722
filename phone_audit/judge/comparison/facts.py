"""A result → what of it is compared with another one: small, so that the result itself need not be held."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from phone_audit.judge.fleet_differences import SYSTEM_FOLDERS
from phone_audit.model.apk import Apk, Apks, Endpoint, Tracker
from phone_audit.model.base import Frozen
from phone_audit.model.device import COMPILED_ROLES, Package, StateItem
from phone_audit.model.diff import DiffSide
from phone_audit.model.finding import Finding, Reason
from phone_audit.model.results import Scan

CODE_STEPS: Final = frozenset({"read", "manifest", "resources", "dex", "native", "record", "transfer"})
"""Steps without which endpoints and trackers are not all known."""
_ENDS: Final = ("device-lost", "interrupted")
_NOT_COMPARED: Final = MappingProxyType({"evidence": (), "remedy": (), "sources": ()})

Files = Mapping[str, str | None]
"""A file by the name under which it is compared → its SHA-256, null where it was not hashed."""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """One package of a result. Null is not known.

    Attributes:
        name: of the package.
        label: what people call it.
        system: whether it came with the firmware.
        version, version_name: of the newest copy.
        signers, lineage: SHA-256 of certificates, and of earlier ones that they followed.
        installers: the packages that installed it.
        permissions: by user, what was granted; under None what its manifest asks for, where there is no phone.
        enabled: by user, whether it is installed and enabled, in a word.
        firmware_files: those in folders of the firmware, by path; the same firmware has the same bytes there.
        own_files: the others, by name; the same version has the same bytes.
        endpoints: hosts that count; null where its code was not read.
        trackers: the same.
    """

    name: str
    label: str | None = None
    system: bool | None = None
    version: int | None = None
    version_name: str | None = None
    signers: frozenset[str] | None = None
    lineage: frozenset[str] = frozenset()
    installers: tuple[str, ...] = ()
    permissions: Mapping[int | None, frozenset[str] | None] = field(default_factory=dict)
    enabled: Mapping[int, str] = field(default_factory=dict)
    firmware_files: Files = field(default_factory=dict)
    own_files: Files = field(default_factory=dict)
    endpoints: Mapping[str, Endpoint] | None = None
    trackers: Mapping[str, Tracker] | None = None

    @property
    def shown(self) -> str:
        """How a sentence calls it."""
        label = (self.label or "").strip()[:_LONGEST_LABEL]
        return f"{label} ({self.name})" if label and label != self.name else self.name

    @property
    def shown_version(self) -> str:
        """Its version as people write it."""
        code = "" if self.version is None else str(self.version)
        return f"{self.version_name} ({code})" if self.version_name and code else self.version_name or code or "unknown"


_LONGEST_LABEL: Final = 60


@dataclass(frozen=True)
class ResultFacts:
    """One result, as far as it is compared.

    Attributes:
        side: what the comparison says of it.
        packages: by name.
        lists_all: whether a package that is not among them was not there.
        state: of a phone, by key; empty for APKs.
        reads_state: whether an item that is not among them is not set.
        framework: hashes of files of the framework, by path.
        special_access: by package and user, whether it may do what the records of apps tell, by the id of the power;
            null where the result has no such records.
        users: of the phone, with their types.
        findings: by key.
        reasons: of the verdict.
        unread: what was not read, by its subject.
        knowledge, tool, depth: with what and how deeply it was judged.
    """

    side: DiffSide
    packages: Mapping[str, PackageFacts]
    lists_all: bool
    state: Mapping[str, StateItem]
    reads_state: bool
    framework: Files
    special_access: Mapping[tuple[str, int], Mapping[str, bool | None]] | None
    users: Mapping[int, str | None]
    findings: Mapping[str, Finding]
    reasons: tuple[Reason, ...]
    unread: frozenset[str]
    knowledge: str
    tool: str
    depth: str | None

    @property
    def is_phone(self) -> bool:
        return self.side.device is not None


def facts_of(document: Frozen, *, file: str | None = None, digest: str | None = None) -> ResultFacts | None:
    """Return what of a result is compared; None for a document that has no packages.

    Args:
        document: the result.
        file: its name, as given.
        digest: SHA-256 of that file.
    """
    match document:
        case Scan():
            return _of_scan(document, file, digest)
        case Apks():
            return _of_apks(document, file, digest)
        case Apk():
            return _of_apk(document, file, digest)
        case _:
            return None


def _of_scan(scan: Scan, file: str | None, digest: str | None) -> ResultFacts:
    skipped = scan.coverage.skipped
    lost = any(item.code in _ENDS for item in skipped)
    steps = {item.step for item in skipped}
    unread = frozenset(item.subject for item in skipped)
    records: dict[str, list[Apk]] = {}
    owners = {file.path: package.name for package in scan.packages for file in package.files}
    for apk in scan.apks:
        name = owners.get(apk.path) or apk.package
        if name is not None:
            records.setdefault(name, []).append(apk)
    names = {package.name for package in scan.packages}
    return ResultFacts(
        side=DiffSide(
            file=file,
            digest=digest,
            document=scan.schema_,
            label=scan.label,
            device=scan.device,
            build=scan.build,
            outcome=scan.verdict.outcome,
            complete=scan.coverage.complete,
        ),
        packages={one.name: _of_package(one, records.get(one.name, []), unread) for one in scan.packages},
        lists_all=bool(scan.packages) and not lost and "list" not in steps,
        state={item.key: item for item in scan.state},
        reads_state=bool(scan.state) and not lost and "command" not in steps,
        framework=dict(_framework(scan.state)),
        special_access={
            (app.package, app.user): {power.what: power.granted for power in app.powers}
            for app in scan.apps
            if app.package in names
        }
        or None,
        users={user.id: user.type for user in scan.users},
        findings=_findings(scan.findings),
        reasons=scan.verdict.reasons,
        unread=unread,
        knowledge=scan.knowledge.digest,
        tool=scan.tool.version,
        depth=scan.acquisition.depth,
    )


def _framework(state: Iterable[StateItem]) -> Iterator[tuple[str, str]]:
    for item in state:
        for piece in item.evidence:
            if piece.kind == "hash" and piece.where.startswith("/"):
                yield piece.where, piece.value


def _of_package(package: Package, records: list[Apk], unread: frozenset[str]) -> PackageFacts:
    firmware: dict[str, str | None] = {}
    own: dict[str, str | None] = {}
    for file in package.files:
        if file.path.startswith(SYSTEM_FOLDERS):
            firmware[file.path] = file.sha256
        elif file.role not in COMPILED_ROLES:  # compiled on this phone
            own[file.path.rpartition("/")[2]] = file.sha256
    paths = {file.path for file in package.files}
    read = bool(records) and not unread & {package.name, *paths} and all(map(_is_read, records))
    newest = _newest(records)
    signers = frozenset(package.signers) if package.signers else _signers(newest)
    return PackageFacts(
        name=package.name,
        label=newest.app_name if newest else None,
        system=package.system,
        version=package.version_code,
        version_name=package.version_name,
        signers=signers,
        lineage=_lineage(newest),
        installers=tuple(sorted({user.installer for user in package.users if user.installer})),
        permissions={
            user.id: None if user.granted is None else frozenset(user.granted)
            for user in package.users
            if user.installed is not False
        },
        enabled={
            user.id: word for user in package.users if (word := _state(user.installed, user.enabled, user.hidden))
        },
        firmware_files=firmware,
        own_files=own,
        endpoints=_endpoints(records) if read else None,
        trackers=_trackers(records) if read else None,
    )


def _state(installed: bool | None, enabled: bool | None, hidden: bool | None) -> str | None:
    if installed is False:
        return "not installed"
    if hidden:
        return "hidden"
    return {True: "enabled", False: "disabled", None: None}[enabled]


def _of_apks(result: Apks, file: str | None, digest: str | None) -> ResultFacts:
    packages: dict[str, PackageFacts] = {}
    findings: dict[str, Finding] = {}
    unread = {item.subject for item in result.skipped}
    complete = not result.skipped
    for apk in result.apks:
        _add_record(packages, apk)
        findings |= _findings(apk.findings)
        unread |= {subject for subject, _ in _unread_of(apk)}
        complete = complete and not apk.skipped
    return ResultFacts(
        side=DiffSide(
            file=file,
            digest=digest,
            document=result.schema_,
            label=result.label,
            device=None,
            build=None,
            outcome=result.verdict.outcome,
            complete=complete,
        ),
        packages=packages,
        lists_all=not result.skipped and all(apk.package is not None for apk in result.apks),
        state={},
        reads_state=False,
        framework={},
        special_access=None,
        users={},
        findings=findings,
        reasons=result.verdict.reasons,
        unread=frozenset(unread),
        knowledge=result.knowledge.digest,
        tool=result.tool.version,
        depth=None,
    )


def _of_apk(apk: Apk, file: str | None, digest: str | None) -> ResultFacts:
    packages: dict[str, PackageFacts] = {}
    _add_record(packages, apk)
    return ResultFacts(
        side=DiffSide(
            file=file,
            digest=digest,
            document=apk.schema_,
            label=None,
            device=None,
            build=None,
            outcome=apk.outcome,
            complete=not apk.skipped,
        ),
        packages=packages,
        lists_all=apk.package is not None,
        state={},
        reads_state=False,
        framework={},
        special_access=None,
        users={},
        findings=_findings(apk.findings),
        reasons=tuple(Reason(finding=one.key, text=one.message, kind="detector") for one in apk.findings),
        unread=frozenset(subject for subject, _ in _unread_of(apk)),
        knowledge=apk.knowledge_digest,
        tool=apk.tool.version,
        depth=None,
    )


def _add_record(packages: dict[str, PackageFacts], apk: Apk) -> None:
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
        permissions={} if apk.permissions is None else {None: frozenset(apk.permissions)},
        own_files={} if apk.sha256 is None else {"APK": apk.sha256},
        endpoints=_endpoints([apk]) if read else None,
        trackers=_trackers([apk]) if read else None,
    )


def _is_read(apk: Apk) -> bool:
    """Tell whether all of its code was read."""
    known = apk.endpoints is not None and apk.trackers is not None
    return known and not any(step in CODE_STEPS for _, step in _unread_of(apk))


def _unread_of(apk: Apk) -> Iterator[tuple[str, str]]:
    return ((item.subject, item.step) for item in apk.skipped)


def _newest(records: list[Apk]) -> Apk | None:
    return max(records, key=lambda apk: (apk.version_code or 0, apk.path), default=None)


def _signers(apk: Apk | None) -> frozenset[str] | None:
    return frozenset(signer.sha256 for signer in apk.signers) if apk is not None and apk.signers else None


def _lineage(apk: Apk | None) -> frozenset[str]:
    signature = apk.signature if apk is not None else None
    return frozenset(signature.lineage) if signature is not None and signature.verified is not False else frozenset()


def _endpoints(records: list[Apk]) -> dict[str, Endpoint]:
    """Return the hosts that count, each once, an unencrypted one before others."""
    ordered = sorted(
        (one for apk in records for one in apk.endpoints or () if one.counts), key=lambda one: one.counts_in_cleartext
    )
    return {one.host: one.model_copy(update={"held_by": (), "urls": (), "use_evidence": ()}) for one in ordered}


def _trackers(records: list[Apk]) -> dict[str, Tracker]:
    return {
        one.id: one.model_copy(update={"evidence": (), "endpoints": ()})
        for apk in records
        for one in apk.trackers or ()
        if one.tier != "host-only"
    }


def _findings(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {one.key: one.model_copy(update=_NOT_COMPARED) for one in findings}
