"""Files that are new, gone or have other bytes: of the firmware under one build, of an app under one version."""

from collections.abc import Iterator
from typing import Final

from phone_audit.judge.comparison.change_list import ChangeList
from phone_audit.judge.comparison.facts import ResultFacts
from phone_audit.judge.comparison.package_facts import BaseFile, Files, PackageFacts
from phone_audit.model.finding import Severity

_MODULES: Final = "/apex/"
"""Modules are updated on their own."""
_THERE: Final = "not hashed"

Known = tuple[bool, bool]
"""Whether a file that the older result, and the newer one, does not have was not there."""


def compare_firmware(old: ResultFacts, new: ResultFacts, found: ChangeList) -> None:
    """Compare the files of two firmwares with one fingerprint: they have the same ones, and the same bytes."""
    read = (bool(old.framework) and old.reads_state, bool(new.framework) and new.reads_state)
    _compare_all(old.framework, new.framework, read, "the framework", found)
    for name in sorted(old.packages.keys() & new.packages.keys()):
        before, after = old.packages[name], new.packages[name]
        known = (_lists_firmware(before), _lists_firmware(after))
        _compare_all(before.firmware_files, after.firmware_files, known, after.shown, found)
        for path in sorted(before.firmware_code.keys() & after.firmware_code.keys()):
            _compare_bytes(path, before.firmware_code[path], after.firmware_code[path], after.shown, found)


def _lists_firmware(package: PackageFacts) -> bool:
    """Tell whether all its files of the firmware are known; one that was updated may hide them."""
    return package.lists_files and (bool(package.firmware_files) or package.system is False)


def _compare_all(old: Files, new: Files, known: Known, owner: str, found: ChangeList) -> None:
    for path in sorted(old.keys() & new.keys()):
        _compare_bytes(path, old[path], new[path], owner, found)
    said = "Although the build is the same, the firmware has the file"
    for path in _only(new, old, known[0], found, old=False):
        found.gained("file", path, f"{said} {path} ({owner})", _severity(path), new[path] or _THERE)
    for path in _only(old, new, known[1], found, old=True):
        found.lost("file", path, f"{said} {path} ({owner})", old[path] or _THERE, _severity(path))


def _only(these: Files, others: Files, known: bool, found: ChangeList, *, old: bool, of: str = "") -> Iterator[str]:
    """Yield the files that one result alone has; where the other one may have them too, note that instead."""
    for path in sorted(these.keys() - others.keys()):
        if known:
            yield path
        else:
            found.unread("file", f"{path}{of}", old=old, new=not old)


def _compare_bytes(path: str, before: str | None, after: str | None, owner: str, found: ChangeList) -> None:
    if before is None or after is None:
        found.unread("file", path, old=before is not None, new=after is not None)
    elif before != after:
        text = f"The firmware's file {path} ({owner}) has other bytes, although the build is the same."
        found.add("file", "changed", path, text, _severity(path), old=before, new=after)


def _severity(path: str) -> Severity:
    return "low" if path.startswith(_MODULES) else "high"


def compare_own_files(old: PackageFacts, new: PackageFacts, found: ChangeList) -> None:
    """Compare the files of an app: one version of it has one base file, wherever that lies."""
    if old.version is not None and new.version is not None and old.version != new.version:
        return
    if old.base is not None and new.base is not None:
        _compare_base(old, new, (old.base, new.base), found)
    if old.version is None or new.version is None:
        return
    for name in sorted(old.own_files.keys() & new.own_files.keys()):
        _compare_own(name, (old.own_files[name], new.own_files[name]), new, found)
    _compare_splits(old, new, found)


def _compare_base(old: PackageFacts, new: PackageFacts, bases: tuple[BaseFile, BaseFile], found: ChangeList) -> None:
    before, after = bases
    if before.of_firmware and after.of_firmware:
        return  # compared as files of the firmware
    subject = f"{after.name} of {new.name}"
    versions = old.version is not None and new.version is not None
    if not versions and None not in (before.sha256, after.sha256) and before.sha256 != after.sha256:
        text = f"{new.shown} has other bytes ({after.name}); which version it is was not read in both."
        found.add("file", "changed", subject, text, "low", old=before.sha256, new=after.sha256)
    elif not versions or before.of_firmware == after.of_firmware or None in (before.sha256, after.sha256):
        _compare_own(after.name, (before.sha256, after.sha256), new, found)
    elif before.sha256 != after.sha256:
        where = "in the firmware" if after.of_firmware else "outside of the firmware"
        said = found.relation.gained(f"{new.shown} lies {where}").removesuffix(".")
        text = f"{said}, with the same version and other bytes ({after.name})."
        severity: Severity = "high" if found.relation.same_firmware else "medium"
        found.add("file", "changed", subject, text, severity, old=before.sha256, new=after.sha256)


def _compare_own(name: str, digests: tuple[str | None, str | None], new: PackageFacts, found: ChangeList) -> None:
    before, after = digests
    if before is None or after is None:
        found.unread("file", f"{name} of {new.name}", old=before is not None, new=after is not None)
    elif before != after:
        text = f"{new.shown} has the same version and other bytes ({name})."
        found.add("file", "changed", f"{name} of {new.name}", text, "medium", old=before, new=after)


def _compare_splits(old: PackageFacts, new: PackageFacts, found: ChangeList) -> None:
    """Compare which further files an app has; between two phones that follows from their languages and screens."""
    of, said = f" of {new.name}", f"{new.shown} has the same version and the file"
    for name in _only(new.own_files, old.own_files, old.lists_files, found, old=False, of=of):
        severity: Severity = "low" if found.relation.in_time else "info"
        found.gained("file", f"{name}{of}", f"{said} {name}", severity, new.own_files[name] or _THERE)
    for name in _only(old.own_files, new.own_files, new.lists_files, found, old=True, of=of):
        found.lost("file", f"{name}{of}", f"{said} {name}", old.own_files[name] or _THERE)
