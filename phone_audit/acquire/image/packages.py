"""Analysed APKs of a firmware → the packages that a phone would list, each as it was built in."""

from collections.abc import Iterable, Sequence

from phone_audit.acquire.questions.question import OWNER
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import COMPILED_ROLES, Package, PackageFile, PackageFileRole, PackageUser


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
