"""An acquisition of androidqf: a folder, or a ZIP archive of one (https://github.com/mvt-project/androidqf)."""

import contextlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from phone_audit.acquire.importers import answers, imported
from phone_audit.acquire.importers.bugreport import report_answers
from phone_audit.acquire.importers.documents import QfFile, QfPackage, hashes_of, read_list, sha256_of
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP
from phone_audit.acquire.questions.identity import GETPROP, SELINUX
from phone_audit.acquire.store.container import FileContainer, ZipContainer
from phone_audit.errors import SnapshotError

PACKAGES = "packages.json"
DUMPS = "dumpsys.txt"
REPORT = "bugreport.zip"
MOUNTS = "mounts.json"
SIGNS = ("acquisition.json", "command.log", "files.json", "root_binaries.json", "backup.ab", "processes.txt")
"""Files beside `packages.json` or `getprop.txt` by which it is known; which of them are there differs by version.

`dumpsys.txt` tells it too, though only beside `packages.json`: people give their own texts that name.
"""
TEXTS = {
    "getprop.txt": GETPROP.text,
    "selinux.txt": SELINUX.text,
    **{f"settings_{namespace}.txt": answers.settings_command(namespace) for namespace in answers.NAMESPACES},
}
"""File → our command that asks the same."""


def recognised(names: Sequence[str]) -> tuple[str, ...]:
    """Return the folders inside the container in which such acquisitions lie, each empty or with `/` at its end."""
    every = set(names)
    found: dict[str, None] = {}
    for name in names:
        folder, _, file = name.rpartition("/")
        prefix = f"{folder}/" if folder else ""
        if file in (PACKAGES, "getprop.txt"):
            signs = (*SIGNS, DUMPS) if file == PACKAGES else SIGNS
            if any(prefix + sign in every for sign in signs):
                found[prefix] = None
    return tuple(found)


def read_androidqf(container: FileContainer, prefix: str, scratch: Path) -> imported.ImportedAcquisition:
    """Read it; a damaged file costs itself alone, except the list of packages.

    Raises a SnapshotError where that list is damaged, two phones are in it, or nothing of use is there.
    """
    names = set(container.names())

    def report(container: FileContainer, name: str) -> answers.Said:
        with contextlib.closing(ZipContainer(container.take_out(name, scratch / "bugreport.zip"))) as inner:
            return report_answers(inner)

    readers = {**dict.fromkeys(TEXTS, _text), MOUNTS: _mounts, DUMPS: _dumps, REPORT: report}
    said, skipped = answers.read_files(container, {prefix + file: read for file, read in readers.items()})
    listed: list[QfPackage] = []
    if prefix + PACKAGES in names:
        listed = read_list(container, prefix + PACKAGES, QfPackage)
    first = answers.first_answers(said)
    if not first and not listed:
        raise SnapshotError(f"{container.path} looks like an acquisition of androidqf, and holds nothing that is read.")
    answers.one_phone(container.path, {name: one[GETPROP.text] for name, one in said.items() if GETPROP.text in one})
    return imported.ImportedAcquisition(
        source="androidqf",
        answers=first,
        packages=tuple(_package(package, prefix, names) for package in listed),
        cannot_hold=(imported.NO_FILES, imported.NO_HIDDEN, imported.NO_WATCH),
        skipped=tuple(skipped),
        used=frozenset(prefix + file for file in (*readers, PACKAGES)),
        whole=True,
        further=tuple(one[PACKAGE_DUMP.text] for one in said.values() if PACKAGE_DUMP.text in one)[1:],
    )


def _text(container: FileContainer, name: str) -> answers.Said:
    text, long_lines = answers.bounded_text(container.read(name), name)
    return {TEXTS[name.rpartition("/")[2]]: text}, long_lines


def _mounts(container: FileContainer, name: str) -> answers.Said:
    lines = read_list(container, name, str)
    return {"mount": "".join(f"{line}\n" for line in lines).encode()}, ()


def _dumps(container: FileContainer, name: str) -> answers.Said:
    said, notes = answers.read_dumps(container, name)
    if not said:
        notes = (*notes, answers.note(name, "read", "unknown-text", "It holds no dump of a service."))
    return said, notes


def _package(package: QfPackage, prefix: str, names: set[str]) -> imported.ImportedPackage:
    files = package.files or ()
    proven = {sha256_of(file.certificate.sha256) for file in files if file.certificate and file.verified_certificate}
    signers = tuple(sorted(digest for digest in proven if digest))
    return imported.ImportedPackage(
        name=package.name,
        files=tuple(imported_file(file, prefix, names) for file in files),
        installer=None if package.installer in (None, "", "null") else package.installer,
        uid=package.uid,
        system=package.system if package.system or package.third_party else None,
        disabled=package.disabled,
        signers=signers or None,
    )


def imported_file(file: QfFile, prefix: str, names: set[str]) -> imported.ImportedFile:
    """Return a file; its copy is found by the last part of the name that the tool gave it."""
    local = (file.local_name or file.local_path or "").replace("\\", "/")
    stored = f"{prefix}apks/{PurePosixPath(local).name}" if local else ""
    return imported.ImportedFile(
        path=file.path,
        sha256=sha256_of(file.sha256),
        others=hashes_of(file.md5, file.sha1),
        stored=stored if stored in names else None,
    )
