"""The output of Hubble, the observer of Uraniborg (https://github.com/android/security-certification-resources)."""

import base64
from collections.abc import Sequence

from phone_audit.acquire.importers import documents
from phone_audit.acquire.importers.answers import Said, listed_as, read_files
from phone_audit.acquire.importers.imported import (
    NO_APKS,
    NO_FILES,
    NO_HIDDEN,
    NO_WATCH,
    OWN,
    ImportedAcquisition,
    ImportedFile,
    ImportedPackage,
)
from phone_audit.acquire.questions.identity import GETPROP
from phone_audit.acquire.store.container import FileContainer
from phone_audit.errors import SnapshotError

PACKAGES, PROPERTIES, BUILD, HARDWARE = "packages.txt", "device_properties.txt", "build.txt", "hardware.txt"
ONE_USER = "Such an acquisition holds the packages of one user only."


def recognised(container: FileContainer, names: Sequence[str]) -> tuple[str, ...]:
    """Return the folders in which such output lies, as `androidqf.recognised`."""
    every = set(names)
    found = []
    for name in names:
        folder, _, file = name.rpartition("/")
        prefix = f"{folder}/" if folder else ""
        beside = file == PACKAGES and (prefix + BUILD in every or prefix + HARDWARE in every)
        if beside and container.begins(name, 64).lstrip().startswith(b"{"):
            found.append(prefix)
    return tuple(found)


def read_hubble(container: FileContainer, prefix: str) -> ImportedAcquisition:
    """Read it; a damaged file costs itself alone, but a damaged list of packages is a SnapshotError."""
    packages = documents.read_json(container, prefix + PACKAGES, documents.HubblePackages).packages or ()
    answers, skipped = read_files(container, {prefix + PROPERTIES: _properties})
    if not any(answers.values()):
        answers, more = read_files(container, {prefix + BUILD: _build, prefix + HARDWARE: _hardware})
        skipped += more
    properties = b"".join(one.get(GETPROP.text, b"") for one in answers.values())
    return ImportedAcquisition(
        source="hubble",
        answers={GETPROP.text: properties} if properties else {},
        packages=tuple(_package(package) for package in packages),
        cannot_hold=(NO_APKS, NO_FILES, NO_HIDDEN, ONE_USER, OWN, NO_WATCH),
        skipped=tuple(skipped),
        used=frozenset(prefix + name for name in (PACKAGES, PROPERTIES, BUILD, HARDWARE)),
    )


def _properties(container: FileContainer, name: str) -> Said:
    told = documents.read_json(container, name, documents.HubbleDeviceProperties).properties
    try:
        properties = base64.b64decode(told[0].encoded_dev_props or "", validate=True) if told else b""
    except ValueError as error:
        raise SnapshotError(f"{name} in {container.path} is damaged.", "Copy it again.") from error
    return {GETPROP.text: properties} if properties.strip() else {}, ()


def _build(container: FileContainer, name: str) -> Said:
    return _first_element(documents.read_json(container, name, documents.HubbleBuilds).build_info)


def _hardware(container: FileContainer, name: str) -> Said:
    return _first_element(documents.read_json(container, name, documents.HubbleHardwares).hw_info)


def _first_element(elements: Sequence[documents.HubbleBuild | documents.HubbleHardware] | None) -> Said:
    told = elements[0].model_dump(exclude_none=True) if elements else {}
    return {GETPROP.text: listed_as({name: str(value) for name, value in told.items()})}, ()


def _package(package: documents.HubblePackage) -> ImportedPackage:
    path = package.install_location
    digests = tuple(sorted({digest for one in package.cert_ids or () if (digest := documents.sha256_of(one))}))
    return ImportedPackage(
        name=package.name,
        files=(ImportedFile(path, documents.sha256_of(package.hash), size=package.file_size_in_bytes),) if path else (),
        system=package.is_preinstalled,
        disabled=None if package.is_enabled is None else not package.is_enabled,
        version_name=package.version_name,
        version_code=package.version_code,
        signers=digests or None,
        granted=None if package.permissions_granted is None else frozenset(package.permissions_granted),
    )
