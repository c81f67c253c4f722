"""Which phone of a group differs from the others, and in what."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from phone_audit.model.device import SYSTEM_FOLDERS, Package, PackageFile
from phone_audit.model.results import Difference, FleetGroup, FleetModel, OddOne, Scan

ABSENT = "not there"
"""Value of what a phone does not have."""

UNSET = "not set"
_LOCKED = {True: "locked", False: "unlocked", None: None}
_OWN = frozenset({"framework_files"})
"""State that stands for its evidence, which is compared by itself."""


@dataclass(frozen=True)
class Traits:
    """One phone, as far as it is compared with others; null is not known.

    `build` belongs to the build, and `values` are what phones of one build should have alike: trait → value. With
    `presence` what is lacking is `ABSENT`, because all was listed here; with `settings` an item that is lacking is
    `UNSET`.
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
    yield "build: bootloader", _LOCKED[scan.build.bootloader_locked]
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
    if hidden:
        return "hidden"
    return "disabled" if enabled is False else "enabled"


ORDER = ("outcome", "finding", "build", "state", "file", "package", "signer", "version", "user")
"""Differences, by the first word of what differs; the weightiest first."""

_PRESENCE = ("package", "finding", "user")


def groups_of(phones: Sequence[Traits]) -> tuple[FleetGroup, ...]:
    """Return the groups of phones with one fingerprint, by fingerprint; a phone alone is a group of one."""
    groups = []
    for fingerprint, members in _grouped(phones, lambda phone: phone.fingerprint):
        differs = _differences(members, lambda phone: phone.values)
        groups.append(FleetGroup(fingerprint=fingerprint, members=_names(members), differs=differs))
    return tuple(groups)


def models_of(phones: Sequence[Traits]) -> tuple[FleetModel, ...]:
    """Return the models of which there are phones with different firmware, by model."""
    models = []
    for model, members in _grouped(phones, lambda phone: phone.model):
        if len({phone.fingerprint for phone in members if phone.fingerprint}) > 1:
            differs = _differences(members, lambda phone: phone.build)
            models.append(FleetModel(model=model, members=_names(members), differs=differs))
    return tuple(models)


def _grouped(phones: Sequence[Traits], key: Callable[[Traits], str | None]) -> list[tuple[str, list[Traits]]]:
    found: dict[str, list[Traits]] = defaultdict(list)
    for phone in phones:
        name = key(phone)
        if name:
            found[name].append(phone)
    return sorted(found.items())


def _names(members: Sequence[Traits]) -> tuple[str, ...]:
    return tuple(sorted(phone.name for phone in members))


def _differences(members: Sequence[Traits], values_of: Callable[[Traits], Mapping[str, str]]) -> tuple[Difference, ...]:
    ordered = sorted(members, key=lambda phone: phone.name)
    traits = {what for phone in ordered for what in values_of(phone)}
    found = (_difference(what, _known(what, ordered, values_of)) for what in traits)
    return tuple(sorted((difference for difference in found if difference), key=_weight))


def _known(
    what: str, members: Iterable[Traits], values_of: Callable[[Traits], Mapping[str, str]]
) -> list[tuple[str, str]]:
    kind = what.partition(" ")[0]
    known = []
    for phone in members:
        value = values_of(phone).get(what)
        if value is None and kind in _PRESENCE and phone.presence:
            value = ABSENT
        if value is None and kind == "state" and " for user " not in what and phone.settings:
            value = UNSET
        if value is not None:
            known.append((phone.name, value))
    return known


def _difference(what: str, known: Sequence[tuple[str, str]]) -> Difference | None:
    counts = Counter(value for _, value in known)
    if len(counts) < 2:
        return None
    value, times = max(counts.items(), key=lambda item: (item[1], item[0]))
    majority = value if times * 2 > len(known) else None
    odd = tuple(OddOne(member=name, value=its) for name, its in known if its != majority)
    return Difference(what=what, majority=majority, odd=odd)


def _weight(difference: Difference) -> tuple[int, str]:
    word = difference.what.partition(" ")[0].rstrip(":")
    return (ORDER.index(word) if word in ORDER else len(ORDER), difference.what)
