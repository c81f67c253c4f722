"""What is comparable about one phone: everything that two phones with the same firmware should have alike."""

from collections.abc import Iterator
from dataclasses import dataclass

from phone_audit.model.device import Package, PackageFile
from phone_audit.model.results import Scan

ABSENT = "not there"
"""Value of what a phone does not have."""

UNSET = "not set"
SYSTEM_FOLDERS = ("/system/", "/system_ext/", "/product/", "/vendor/", "/odm/", "/apex/")
"""Folders whose files come with the firmware, so that the same firmware has the same bytes there."""

_OWN = frozenset({"framework_files"})
"""State that stands for its evidence, which is compared by itself."""


@dataclass(frozen=True)
class Traits:
    """One phone, as far as it is compared with others.

    Attributes:
        name: tells the phone apart.
        fingerprint: of its build; null where not known.
        model: maker and model; null where not known.
        build: what belongs to the build: trait → value.
        values: what phones of one build should have alike: trait → value.
        presence: traits of `values` that are `ABSENT` where another phone has none, because all was listed here.
        settings: the same for what is `UNSET`.
    """

    name: str
    fingerprint: str | None
    model: str | None
    build: dict[str, str]
    values: dict[str, str]
    presence: bool
    settings: bool


def traits_of(scan: Scan, name: str) -> Traits:
    """Return the traits of a scanned phone.

    What a phone did not say is left out: it is never told as a difference. Where the reading broke off, nothing counts
    as absent.
    """
    lost = any(item.code in ("device-lost", "interrupted") for item in scan.coverage.skipped)
    steps = {item.step for item in scan.coverage.skipped}
    device = scan.device
    model = " ".join(part for part in (device.manufacturer, device.model) if part)
    values = {what: value for what, value in _values(scan) if value is not None}
    return Traits(
        name=name,
        fingerprint=scan.build.fingerprint,
        model=model or None,
        build={what: value for what, value in _build(scan) if value is not None},
        values=values,
        presence=bool(scan.packages) and not lost and "list" not in steps,
        settings=bool(scan.state) and not lost and "command" not in steps,
    )


def _build(scan: Scan) -> Iterator[tuple[str, str | None]]:
    build = scan.build
    yield "build: fingerprint", build.fingerprint
    yield "build: Android version", build.android_version
    yield "build: security patch", build.security_patch
    yield "build: type", build.type
    yield "build: tags", build.tags


def _values(scan: Scan) -> Iterator[tuple[str, str | None]]:
    yield "outcome", scan.verdict.outcome
    yield "build: verified boot", scan.build.verified_boot_state
    locked = scan.build.bootloader_locked
    yield "build: bootloader", None if locked is None else "locked" if locked else "unlocked"
    for partition, fingerprint in scan.build.partitions.items():
        yield f"build: partition {partition}", fingerprint
    for item in scan.state:
        hashes = [(evidence.where, evidence.value) for evidence in item.evidence if evidence.kind == "hash"]
        for path, digest in hashes:
            yield f"file {path}", digest
        if item.key not in _OWN or not hashes:
            yield f"state {item.key}", item.value or UNSET
    for user in scan.users:
        yield f"user {user.id}", user.type or "there"
    for package in scan.packages:
        yield from _package(package)
    for finding in scan.findings:
        yield f"finding {finding.id} on {finding.subject.name}", "found"


def _package(package: Package) -> Iterator[tuple[str, str | None]]:
    name = package.name
    version = "" if package.version_code is None else f" {package.version_code}"
    yield f"package {name}", "preinstalled" if package.system else "installed"
    yield f"version of {name}", version.strip() or None
    yield f"signer of {name}", ", ".join(package.signers) if package.signers else None
    for file in package.files:
        yield _file_trait(name, version, file), file.sha256
    if package.system:
        for user in package.users:
            yield f"state of {name} for user {user.id}", _state(user.installed, user.enabled, user.hidden)


def _file_trait(name: str, version: str, file: PackageFile) -> str:
    """A path of the firmware stays; one under /data has chance in it, and its bytes belong to a version."""
    if file.path.startswith(SYSTEM_FOLDERS):
        return f"file {file.path}"
    return f"file {file.path.rpartition('/')[2]} of {name}{version}"


def _state(installed: bool | None, enabled: bool | None, hidden: bool | None) -> str | None:
    if installed is None and enabled is None:
        return None
    if installed is False:
        return "not installed"
    return "hidden" if hidden else "disabled" if enabled is False else "enabled"
