"""The JSON that other tools write, as far as it is read here.

Sources: androidqf `adb/packages.go` (structs Package, PackageFile); MVT 2.6.1 `android/modules/adb/packages.py`,
`getprop.py`, `settings.py`, `selinux_status.py`; Uraniborg `PackageMetadata.java`, `BuildInfo.java`,
`HardwareInfo.java`, `DevicePropertiesInfo.java`.
"""

import re
from typing import Generic, TypeVar

from pydantic import ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from phone_audit.acquire.store.container import FileContainer
from phone_audit.acquire.text import shown
from phone_audit.errors import SnapshotError
from phone_audit.files.bounded_json import JsonError, checked, parse
from phone_audit.files.bounds import FOREIGN, BoundsError
from phone_audit.model.base import Frozen, first_fault

SHA256 = re.compile(r"[0-9a-fA-F]{64}")
HEX = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{40}")
HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""The escape of half a character; the other half may be missing."""
Document = TypeVar("Document")


class _Document(Frozen):
    model_config = ConfigDict(extra="ignore")


class _Hubble(_Document):
    model_config = ConfigDict(alias_generator=to_camel)


class QfCertificate(_Document):
    """A certificate as androidqf found it in an APK that it copied."""

    sha256: str | None = Field(default=None, alias="Sha256")


class QfFile(_Document):
    """An APK as androidqf, or MVT, has it; hashes may be an error text. `local_path` is MVT's name of the copy."""

    path: str
    local_name: str | None = None
    local_path: str | None = None
    md5: str | None = None
    sha1: str | None = None
    sha256: str | None = None
    certificate: QfCertificate | None = None
    verified_certificate: bool = False


class QfPackage(_Document):
    """A package of androidqf's `packages.json`."""

    name: str
    files: tuple[QfFile, ...] | None = ()
    installer: str | None = None
    uid: int | None = None
    disabled: bool = False
    system: bool = False
    third_party: bool = False


class MvtPermission(_Document):
    """A permission of a package; `granted` is null where it is only declared."""

    name: str
    granted: bool | None = None


class MvtPackage(_Document):
    """A package of MVT's `packages.json` or `apks.json`."""

    package_name: str
    installer: str | None = None
    disabled: bool = False
    system: bool = False
    third_party: bool = False
    files: tuple[QfFile, ...] | None = ()
    uid: str | int | None = None
    version_name: str | None = None
    version_code: str | int | None = None
    permissions: tuple[MvtPermission, ...] | None = ()


class MvtProperty(_Document):
    """A line of MVT's `getprop.json`."""

    name: str
    value: str


class HubblePackage(_Hubble):
    """A package of Hubble's `packages.txt`."""

    name: str
    hash: str | None = None
    version_code: int | None = None
    version_name: str | None = None
    cert_ids: tuple[str, ...] | None = None
    is_enabled: bool | None = None
    is_preinstalled: bool | None = None
    install_location: str | None = None
    permissions_granted: tuple[str, ...] | None = None
    file_size_in_bytes: int | None = None


class HubblePackages(_Hubble):
    """`packages.txt`."""

    packages: tuple[HubblePackage, ...] | None


class HubbleProperties(_Hubble):
    """The one element of `device_properties.txt`: the whole getprop in Base64."""

    encoded_dev_props: str | None = None


class HubbleDeviceProperties(_Hubble):
    """`device_properties.txt`."""

    properties: tuple[HubbleProperties, ...] | None = Field(alias="b64EncodedDeviceProps")


class HubbleBuild(_Hubble):
    """The one element of `build.txt`; it is written as the properties that Android's own class `Build` reads."""

    fingerprint: str | None = Field(default=None, serialization_alias="ro.build.fingerprint")
    security_patch_level: str | None = Field(default=None, serialization_alias="ro.build.version.security_patch")
    api_level: int | None = Field(default=None, serialization_alias="ro.build.version.sdk")


class HubbleBuilds(_Hubble):
    """`build.txt`."""

    build_info: tuple[HubbleBuild, ...] | None


class HubbleHardware(_Hubble):
    """The one element of `hardware.txt`, as `HubbleBuild`."""

    brand: str | None = Field(default=None, serialization_alias="ro.product.brand")
    oem: str | None = Field(default=None, serialization_alias="ro.product.manufacturer")
    model_name: str | None = Field(default=None, serialization_alias="ro.product.model")
    product_name: str | None = Field(default=None, serialization_alias="ro.product.name")
    device_name: str | None = Field(default=None, serialization_alias="ro.product.device")


class HubbleHardwares(_Hubble):
    """`hardware.txt`."""

    hw_info: tuple[HubbleHardware, ...] | None


class _Whole(_Document, Generic[Document]):
    """A whole text, as the one value of a model, so that its lists stop at their first fault."""

    value: Document


def read_json(container: FileContainer, name: str, kind: type[Document]) -> Document:
    """Read one JSON file of an acquisition.

    Half of a character that stands alone is replaced by a visible escape, since it cannot be published. Raises a
    SnapshotError where it is no such document, or holds more than one ever does; the message names file and place.
    """
    where = f"{shown(name)} in {container.path}"
    try:
        text = checked(container.read(name, FOREIGN.size), FOREIGN)
        document = parse(text)
        if HALF.search(text):
            document = _published(document)
        return _Whole[kind].model_validate({"value": document}).value  # type: ignore[valid-type]
    except BoundsError as error:
        raise SnapshotError(f"{where} was not read: {error}, which no such file does.") from error
    except ValidationError as error:
        place = first_fault(error)[0].removeprefix("value").removeprefix(".")
        what = f"{where} is not as its tool writes it ({shown(place) or 'at the top'})."
        raise SnapshotError(what, "Make the acquisition again, or leave the file out.") from error
    except JsonError as error:
        raise SnapshotError(f"{where} is not JSON; it may be cut off.", "Copy it again.") from error


def read_list(container: FileContainer, name: str, kind: type[Document]) -> list[Document]:
    """Read a JSON file that is a list; `null`, as Go writes an empty one, is empty."""
    return read_json(container, name, list[kind] | None) or []  # type: ignore[valid-type, arg-type]


def _published(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace")
    if isinstance(value, list):
        return [_published(one) for one in value]
    if isinstance(value, dict):
        return {_published(key): _published(one) for key, one in value.items()}
    return value


def sha256_of(text: str | None) -> str | None:
    """Return a SHA-256 in lower case; None for an error text that stands in its place."""
    return text.lower() if text and SHA256.fullmatch(text) else None


def hashes_of(*texts: str | None) -> tuple[str, ...]:
    """Return what is an MD5 or a SHA-1, in lower case, sorted."""
    return tuple(sorted(text.lower() for text in texts if text and HEX.fullmatch(text)))
