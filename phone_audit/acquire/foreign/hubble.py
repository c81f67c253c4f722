"""The output of Hubble, the observer of Uraniborg (https://github.com/android/security-certification-resources)."""

import base64
import binascii
from collections.abc import Sequence

from phone_audit.acquire import commands
from phone_audit.acquire.foreign.documents import (
    HubbleBuilds,
    HubbleDeviceProperties,
    HubbleHardwares,
    HubblePackage,
    HubblePackages,
    read_json,
    sha256_of,
)
from phone_audit.acquire.foreign.held import NO_APKS, NO_FILES, NO_HIDDEN, NO_WATCH, Held, HeldFile, HeldPackage
from phone_audit.acquire.foreign.holding import Holding
from phone_audit.acquire.foreign.said import listed_as
from phone_audit.errors import SnapshotError

PACKAGES, PROPERTIES, BUILD, HARDWARE = "packages.txt", "device_properties.txt", "build.txt", "hardware.txt"
OWN = "Such an acquisition does not hold the settings of the phone: Hubble is an ordinary package and cannot ask."
ONE_USER = "Such an acquisition holds the packages of one user only."


def recognised(names: Sequence[str]) -> str | None:
    """Give the folder in which the output lies, as `androidqf.recognised`; None for none."""
    for name in sorted(names, key=lambda name: name.count("/")):
        folder, _, file = name.rpartition("/")
        prefix = f"{folder}/" if folder else ""
        if file == PACKAGES and (prefix + BUILD in names or prefix + HARDWARE in names):
            return prefix
    return None


def read_hubble(holding: Holding, prefix: str) -> Held:
    """Read it.

    Raises:
        SnapshotError: a file of it is damaged.
    """
    names = holding.names()
    packages = read_json(holding, prefix + PACKAGES, HubblePackages).packages
    properties = _from_device(holding, prefix) if prefix + PROPERTIES in names else b""
    if not properties.strip():
        properties = listed_as(_from_build(holding, prefix, names))
    return Held(
        source="hubble",
        answers={commands.GETPROP.text: properties},
        packages=tuple(_package(package) for package in packages),
        cannot_hold=(NO_APKS, NO_FILES, NO_HIDDEN, ONE_USER, OWN, NO_WATCH),
    )


def _from_device(holding: Holding, prefix: str) -> bytes:
    told = read_json(holding, prefix + PROPERTIES, HubbleDeviceProperties).properties
    try:
        return base64.b64decode(told[0].encoded_dev_props or "", validate=True) if told else b""
    except (binascii.Error, ValueError) as error:
        raise SnapshotError(f"{prefix}{PROPERTIES} in {holding.path} is damaged.", "Copy it again.") from error


def _from_build(holding: Holding, prefix: str, names: Sequence[str]) -> dict[str, str]:
    """Gather the properties that Android's own classes give, under the names that they come from (AOSP Build.java)."""
    told: dict[str, str | int | None] = {}
    if prefix + BUILD in names:
        for build in read_json(holding, prefix + BUILD, HubbleBuilds).build_info[:1]:
            told |= {
                "ro.build.fingerprint": build.fingerprint,
                "ro.build.version.security_patch": build.security_patch_level,
                "ro.build.version.sdk": build.api_level,
            }
    if prefix + HARDWARE in names:
        for hardware in read_json(holding, prefix + HARDWARE, HubbleHardwares).hw_info[:1]:
            told |= {
                "ro.product.brand": hardware.brand,
                "ro.product.device": hardware.device_name,
                "ro.product.manufacturer": hardware.oem,
                "ro.product.model": hardware.model_name,
                "ro.product.name": hardware.product_name,
            }
    return {name: str(value) for name, value in told.items() if value is not None}


def _package(package: HubblePackage) -> HeldPackage:
    path = package.install_location
    digests = tuple(sorted({digest for one in package.cert_ids or () if (digest := sha256_of(one))}))
    return HeldPackage(
        name=package.name,
        files=(HeldFile(path, sha256_of(package.hash), size=package.file_size_in_bytes),) if path else (),
        system=package.is_preinstalled,
        disabled=None if package.is_enabled is None else not package.is_enabled,
        version_name=package.version_name,
        version_code=package.version_code,
        signers=digests or None,
        granted=None if package.permissions_granted is None else frozenset(package.permissions_granted),
    )
