"""The output of MVT up to 2.6 (`mvt-android check-adb -o`, `download-apks -o`), which could still read a phone."""

from collections.abc import Sequence

from phone_audit.acquire import commands
from phone_audit.acquire.foreign.androidqf import held_file
from phone_audit.acquire.foreign.documents import MvtPackage, MvtProperty, read_json
from phone_audit.acquire.foreign.held import NO_FILES, NO_HIDDEN, NO_WATCH, Held, HeldPackage
from phone_audit.acquire.foreign.holding import Holding
from phone_audit.acquire.foreign.said import from_dumps, listed_as, settings_command
from phone_audit.acquire.parse.text import number
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Skipped

LISTS = ("packages.json", "apks.json")
PROPERTIES, SETTINGS, SELINUX, DUMPS = "getprop.json", "settings.json", "selinux_status.json", "dumpsys.txt"
ROOT = ""


def recognised(holding: Holding, names: Sequence[str]) -> bool:
    """Tell whether the files of a holding are MVT's, by the words that its lists of packages begin with."""
    if PROPERTIES in names:
        return True
    return any(name in names and b'"package_name"' in holding.begins(name, 4096) for name in LISTS)


def read_mvt(holding: Holding) -> Held:
    """Read it.

    Raises:
        SnapshotError: a file of it is damaged.
    """
    names = set(holding.names())
    answers: dict[str, bytes] = {}
    skipped: tuple[Skipped, ...] = ()
    if DUMPS in names:
        answers, skipped = from_dumps(holding.read(DUMPS))
    if PROPERTIES in names:
        lines = read_json(holding, PROPERTIES, list[MvtProperty])
        answers[commands.GETPROP.text] = listed_as({line.name: line.value for line in lines})
    if SETTINGS in names:
        answers |= _settings(holding)
    if SELINUX in names:
        answers[commands.SELINUX.text] = read_json(holding, SELINUX, dict[str, str]).get("status", "").encode()
    listed = next((read_json(holding, name, list[MvtPackage]) for name in reversed(LISTS) if name in names), [])
    if not answers and not listed:
        raise SnapshotError(f"{holding.path} looks like MVT's output, and holds nothing that is read.")
    packages = tuple(_package(package, names) for package in listed)
    return Held(
        source="mvt",
        answers=answers,
        packages=packages,
        cannot_hold=(NO_FILES, NO_HIDDEN, NO_WATCH),
        skipped=skipped,
    )


def _settings(holding: Holding) -> dict[str, bytes]:
    tables = read_json(holding, SETTINGS, dict[str, dict[str, str]])
    return {
        settings_command(namespace): "".join(f"{key}={value}\n" for key, value in sorted(table.items())).encode()
        for namespace, table in tables.items()
    }


def _package(package: MvtPackage, names: set[str]) -> HeldPackage:
    code = number(str(package.version_code or "").partition(" ")[0])
    granted = frozenset(one.name for one in package.permissions if one.granted)
    return HeldPackage(
        name=package.package_name,
        files=tuple(held_file(file, ROOT, names) for file in package.files),
        installer=None if package.installer in (None, "", "null") else package.installer,
        uid=number(str(package.uid or "")),
        system=package.system if package.system or package.third_party else None,
        disabled=package.disabled,
        version_name=package.version_name or None,
        version_code=code,
        granted=granted if package.permissions else None,
    )
