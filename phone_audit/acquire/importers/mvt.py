"""The output of MVT up to 2.6 (`mvt-android check-adb -o`, `download-apks -o`), which could still read a phone."""

from collections.abc import Sequence

from phone_audit.acquire.importers import answers
from phone_audit.acquire.importers.androidqf import imported_file
from phone_audit.acquire.importers.documents import MvtPackage, MvtProperty, read_json, read_list
from phone_audit.acquire.importers.imported import NO_FILES, NO_HIDDEN, NO_WATCH, ImportedAcquisition, ImportedPackage
from phone_audit.acquire.questions import identity
from phone_audit.acquire.store.container import FileContainer
from phone_audit.acquire.text import number
from phone_audit.errors import SnapshotError

LISTS = ("packages.json", "apks.json")
PROPERTIES, SETTINGS, SELINUX, DUMPS = "getprop.json", "settings.json", "selinux_status.json", "dumpsys.txt"
ROOT = ""


def recognised(container: FileContainer, names: Sequence[str]) -> bool:
    """Tell whether the files of a container are MVT's, by the words that its lists of packages begin with."""
    if PROPERTIES in names:
        return True
    return any(name in names and b'"package_name"' in container.begins(name, 4096) for name in LISTS)


def read_mvt(container: FileContainer) -> ImportedAcquisition:
    """Read it; a SnapshotError where its list of packages is damaged, or nothing of use is there."""
    names = set(container.names())
    said, skipped = answers.read_files(
        container, {DUMPS: answers.read_dumps, PROPERTIES: _properties, SETTINGS: _settings, SELINUX: _selinux}
    )
    first = answers.first_answers(dict(reversed(said.items())))
    lists = [name for name in reversed(LISTS) if name in names]
    listed: dict[str, list[MvtPackage]] = {}
    for name in lists:
        known = set(listed)
        for package in read_list(container, name, MvtPackage):
            if package.package_name not in known:
                listed.setdefault(package.package_name, []).append(package)
    if not first and not listed:
        raise SnapshotError(f"{container.path} looks like MVT's output, and holds nothing that is read.")
    return ImportedAcquisition(
        source="mvt",
        answers=first,
        packages=tuple(_package(package, names) for same in listed.values() for package in same),
        cannot_hold=(NO_FILES, NO_HIDDEN, NO_WATCH),
        skipped=tuple(skipped),
        used=frozenset({DUMPS, *LISTS, PROPERTIES, SETTINGS, SELINUX}),
    )


def _properties(container: FileContainer, name: str) -> answers.Said:
    lines = read_list(container, name, MvtProperty)
    return {identity.GETPROP.text: answers.listed_as({line.name: line.value for line in lines})}, ()


def _selinux(container: FileContainer, name: str) -> answers.Said:
    return {identity.SELINUX.text: read_json(container, name, dict[str, str]).get("status", "").encode()}, ()


def _settings(container: FileContainer, name: str) -> answers.Said:
    tables = read_json(container, name, dict[str, dict[str, str]])
    said = {}
    for namespace, table in tables.items():
        lines = (f"{key}={value}\n" for key, value in sorted(table.items()))
        said[answers.settings_command(namespace)] = "".join(lines).encode()
    return said, ()


def _package(package: MvtPackage, names: set[str]) -> ImportedPackage:
    code = number(str(package.version_code or "").partition(" ")[0])
    granted = frozenset(one.name for one in package.permissions or () if one.granted)
    return ImportedPackage(
        name=package.package_name,
        files=tuple(imported_file(file, ROOT, names) for file in package.files or ()),
        installer=None if package.installer in (None, "", "null") else package.installer,
        uid=number(str(package.uid or "")),
        system=package.system if package.system or package.third_party else None,
        disabled=package.disabled,
        version_name=package.version_name or None,
        version_code=code,
        granted=granted if package.permissions else None,
    )
