"""The output of Hubble, the observer of Uraniborg (https://github.com/android/security-certification-resources)."""

import base64
import binascii
from collections.abc import Container, Sequence

from phone_audit.acquire.importers.answers import damaged, listed_as
from phone_audit.acquire.importers.documents import (
    HubbleBuilds,
    HubbleDeviceProperties,
    HubbleHardwares,
    HubblePackage,
    HubblePackages,
    read_json,
    sha256_of,
)
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
from phone_audit.model.finding import Skipped

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
    """Read it; a damaged file costs itself alone, except the list of packages.

    Raises:
        SnapshotError: the list of packages is damaged.
    """
    names = set(container.names())
    packages = read_json(container, prefix + PACKAGES, HubblePackages).packages or ()
    skipped: list[Skipped] = []
    properties = b""
    if prefix + PROPERTIES in names:
        try:
            properties = _from_device(container, prefix)
        except SnapshotError as error:
            skipped.append(damaged(prefix + PROPERTIES, error))
    if not properties.strip():
        properties = listed_as(_from_build(container, prefix, names, skipped))
    return ImportedAcquisition(
        source="hubble",
        answers={GETPROP.text: properties} if properties else {},
        packages=tuple(_package(package) for package in packages),
        cannot_hold=(NO_APKS, NO_FILES, NO_HIDDEN, ONE_USER, OWN, NO_WATCH),
        skipped=tuple(skipped),
        used=frozenset(prefix + name for name in (PACKAGES, PROPERTIES, BUILD, HARDWARE)),
    )


def _from_device(container: FileContainer, prefix: str) -> bytes:
    told = read_json(container, prefix + PROPERTIES, HubbleDeviceProperties).properties
    try:
        return base64.b64decode(told[0].encoded_dev_props or "", validate=True) if told else b""
    except (binascii.Error, ValueError) as error:
        raise SnapshotError(f"{prefix}{PROPERTIES} in {container.path} is damaged.", "Copy it again.") from error


def _from_build(container: FileContainer, prefix: str, names: Container[str], skipped: list[Skipped]) -> dict[str, str]:
    """Gather the properties that Android's own classes give, under the names that they come from (AOSP Build.java)."""
    told: dict[str, str | int | None] = {}
    for name, gather in ((prefix + BUILD, _of_build), (prefix + HARDWARE, _of_hardware)):
        if name in names:
            try:
                told |= gather(container, name)
            except SnapshotError as error:
                skipped.append(damaged(name, error))
    return {name: str(value) for name, value in told.items() if value is not None}


def _of_build(container: FileContainer, name: str) -> dict[str, str | int | None]:
    told: dict[str, str | int | None] = {}
    for build in (read_json(container, name, HubbleBuilds).build_info or ())[:1]:
        told = {
            "ro.build.fingerprint": build.fingerprint,
            "ro.build.version.security_patch": build.security_patch_level,
            "ro.build.version.sdk": build.api_level,
        }
    return told


def _of_hardware(container: FileContainer, name: str) -> dict[str, str | int | None]:
    told: dict[str, str | int | None] = {}
    for hardware in (read_json(container, name, HubbleHardwares).hw_info or ())[:1]:
        told = {
            "ro.product.brand": hardware.brand,
            "ro.product.device": hardware.device_name,
            "ro.product.manufacturer": hardware.oem,
            "ro.product.model": hardware.model_name,
            "ro.product.name": hardware.product_name,
        }
    return told


def _package(package: HubblePackage) -> ImportedPackage:
    path = package.install_location
    digests = tuple(sorted({digest for one in package.cert_ids or () if (digest := sha256_of(one))}))
    return ImportedPackage(
        name=package.name,
        files=(ImportedFile(path, sha256_of(package.hash), size=package.file_size_in_bytes),) if path else (),
        system=package.is_preinstalled,
        disabled=None if package.is_enabled is None else not package.is_enabled,
        version_name=package.version_name,
        version_code=package.version_code,
        signers=digests or None,
        granted=None if package.permissions_granted is None else frozenset(package.permissions_granted),
    )
