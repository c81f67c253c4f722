"""What the matcher is given: a phone or an APK, reduced to what incidents and feeds can list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from phone_audit.model.apk import ApkInfo, Endpoint
from phone_audit.model.device import Package, Snapshot, folders_above

PathKind = Literal["file", "folder"]


@dataclass(frozen=True)
class PackageInput:
    """A package on a phone, or one APK. What is not known is None or empty.

    `signers` and `hashes` are lower-case hexadecimal of any algorithm; `path` is where it was read; `system`: it came
    with the firmware; `has_code`: some file of it may run.
    """

    name: str | None
    version_name: str | None = None
    version_code: int | None = None
    signers: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    endpoints: tuple[Endpoint, ...] = ()
    path: str = ""
    system: bool | None = None
    has_code: bool | None = None


@dataclass(frozen=True)
class MatchInput:
    """Everything that is held against the incidents.

    `properties` are the phone's, or those that a build identifier tells; `paths` maps a path that exists to its kind
    (None: not known). `build_name` is what findings call the build, `properties_from` where the properties were read.
    """

    properties: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[PackageInput, ...] = ()
    paths: Mapping[str, PathKind | None] = field(default_factory=dict)
    build_name: str | None = None
    properties_from: str = "getprop"


def input_of_apk(info: ApkInfo) -> MatchInput:
    """Return what one APK shows, with nothing known of a phone.

    A signer counts only where the signature was not refused: a file can name any certificate. A phone checked that when
    it took the package in, and firmware may strip what the check needs.
    """
    refused = info.signature is not None and info.signature.verified is False
    shown = info.model_copy(update={"signers": ()}) if refused else info
    return MatchInput(packages=(package_of_files(info.package, [shown], info.path),))


def input_of_phone(
    snapshot: Snapshot,
    apks: Sequence[ApkInfo],
    paths: Mapping[str, PathKind],
    digests: Mapping[str, Sequence[str]] = MappingProxyType({}),
    seen: Mapping[str, Sequence[Endpoint]] = MappingProxyType({}),
) -> MatchInput:
    """Return what a phone shows: each package with all that its files hold, and each APK that no package lists.

    `paths` exist on the phone besides; `digests` are hashes that something else took, by path: those of a package's
    file count as the package's; `seen` are hosts that a package was seen to talk to.
    """
    by_path = {info.path: info for info in apks}
    listed: set[str] = set()
    packages = []
    for package in snapshot.packages:
        own = [by_path[file.path] for file in package.files if file.path in by_path]
        listed.update(info.path for info in own)
        packages.append(_of_package(package, own, digests, seen.get(package.name, ())))
    packages += [package_of_files(info.package, [info], info.path) for info in apks if info.path not in listed]
    files = [file.path for package in snapshot.packages for file in package.files]
    others = {path: digests[path] for path in digests.keys() - set(files)}
    packages += [PackageInput(name=None, hashes=frozenset(found), path=path) for path, found in sorted(others.items())]
    return MatchInput(snapshot.properties, tuple(packages), {**_with_folders(files), **paths})


def _of_package(
    package: Package, apks: Sequence[ApkInfo], digests: Mapping[str, Sequence[str]], seen: Sequence[Endpoint]
) -> PackageInput:
    path = package.files[0].path if package.files else "pm list packages"
    read = package_of_files(package.name, apks, path)
    told = {digest for file in package.files for digest in (file.sha256, *digests.get(file.path, ())) if digest}
    return PackageInput(
        name=package.name,
        version_name=package.version_name,
        version_code=package.version_code,
        signers=read.signers | frozenset(package.signers or ()),
        hashes=read.hashes | told,
        endpoints=(*read.endpoints, *seen),
        path=path,
        system=package.system,
        has_code=read.has_code,
    )


def package_of_files(name: str | None, apks: Sequence[ApkInfo], path: str) -> PackageInput:
    signers = [signer for info in apks for signer in info.signers or ()]
    first = apks[0] if apks else None
    return PackageInput(
        name=name,
        version_name=first.version_name if first else None,
        version_code=first.version_code if first else None,
        signers=frozenset(digest for signer in signers for digest in (signer.sha256, signer.sha1)),
        hashes=frozenset(digest for info in apks for digest in _digests(info) if digest),
        endpoints=tuple(endpoint for info in apks for endpoint in info.endpoints or ()),
        path=path,
        has_code=any(info.may_run is not False for info in apks) if apks else None,
    )


def _digests(info: ApkInfo) -> Iterable[str | None]:
    yield info.sha256
    for file in info.files:
        yield from (file.sha256, file.sha1, file.md5)


def _with_folders(files: Iterable[str]) -> dict[str, PathKind]:
    """Return the files and, since a file lies in them, the folders above."""
    found: dict[str, PathKind] = {}
    for file in files:
        found.update((folder, "folder") for folder in folders_above(file))
    return {**found, **dict.fromkeys(files, "file")}
