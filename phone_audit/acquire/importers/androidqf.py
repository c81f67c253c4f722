"""An acquisition of androidqf: a folder, or a ZIP archive of one (https://github.com/mvt-project/androidqf)."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from phone_audit.acquire.importers.answers import (
    NAMESPACES,
    bounded_text,
    damaged,
    from_dumps,
    note,
    one_phone,
    settings_command,
)
from phone_audit.acquire.importers.bugreport import report_answers
from phone_audit.acquire.importers.documents import QfFile, QfPackage, hashes_of, read_list, sha256_of
from phone_audit.acquire.importers.imported import (
    NO_FILES,
    NO_HIDDEN,
    NO_WATCH,
    ImportedAcquisition,
    ImportedFile,
    ImportedPackage,
)
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP
from phone_audit.acquire.questions.identity import GETPROP, SELINUX
from phone_audit.acquire.store.container import FileContainer, ZipContainer
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Skipped

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
    **{f"settings_{namespace}.txt": settings_command(namespace) for namespace in NAMESPACES},
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


def read_androidqf(container: FileContainer, prefix: str, scratch: Path) -> ImportedAcquisition:
    """Read it; a damaged file costs itself alone, except the list of packages.

    Raises:
        SnapshotError: the list of packages is damaged, two phones are in it, or nothing of use is there.
    """
    names = set(container.names())
    reading = _AnswerReader(container, prefix, scratch)
    for file in (*TEXTS, MOUNTS, DUMPS, REPORT):
        if prefix + file in names:
            reading.read(file)
    listed: list[QfPackage] = []
    if prefix + PACKAGES in names:
        listed = read_list(container, prefix + PACKAGES, QfPackage)
    if not reading.answers and not listed:
        raise SnapshotError(f"{container.path} looks like an acquisition of androidqf, and holds nothing that is read.")
    one_phone(container.path, reading.properties)
    return ImportedAcquisition(
        source="androidqf",
        answers=reading.answers,
        packages=tuple(_package(package, prefix, names) for package in listed),
        cannot_hold=(NO_FILES, NO_HIDDEN, NO_WATCH),
        skipped=tuple(reading.skipped),
        used=frozenset(prefix + file for file in (*TEXTS, MOUNTS, DUMPS, REPORT, PACKAGES)),
        whole=True,
        further=tuple(reading.further),
    )


class _AnswerReader:
    """Reads one file after another; the first answer to a question counts.

    Attributes:
        answers: our command → what the phone said to it.
        properties: name of a file → the properties that it holds.
        further: dumps of the package service after the first.
        skipped: what was not read.
    """

    def __init__(self, container: FileContainer, prefix: str, scratch: Path) -> None:
        self.answers: dict[str, bytes] = {}
        self.properties: dict[str, bytes] = {}
        self.further: list[bytes] = []
        self.skipped: list[Skipped] = []
        self._container = container
        self._prefix = prefix
        self._scratch = scratch

    def read(self, file: str) -> None:
        """Read one file; a damaged one is noted."""
        name = self._prefix + file
        try:
            said, notes = self._said(file, name)
        except SnapshotError as error:
            self.skipped.append(damaged(name, error))
            return
        self.skipped += notes
        if GETPROP.text in said:
            self.properties[name] = said[GETPROP.text]
        if PACKAGE_DUMP.text in said and PACKAGE_DUMP.text in self.answers:
            self.further.append(said[PACKAGE_DUMP.text])
        self.answers = {**said, **self.answers}

    def _said(self, file: str, name: str) -> tuple[dict[str, bytes], tuple[Skipped, ...]]:
        if file == MOUNTS:
            lines = read_list(self._container, name, str)
            return {"mount": "".join(f"{line}\n" for line in lines).encode()}, ()
        if file == DUMPS:
            text, long_lines = bounded_text(self._container.read(name), name)
            said, notes = from_dumps(text)
            if not said:
                notes = (note(name, "read", "unknown-text", "It holds no dump of a service."),)
            return said, (*long_lines, *notes)
        if file == REPORT:
            return self._report(name)
        text, long_lines = bounded_text(self._container.read(name), name)
        return {TEXTS[file]: text}, long_lines

    def _report(self, name: str) -> tuple[dict[str, bytes], tuple[Skipped, ...]]:
        inner = ZipContainer(self._container.take_out(name, self._scratch / "bugreport.zip"))
        try:
            return report_answers(inner)
        finally:
            inner.close()


def _package(package: QfPackage, prefix: str, names: set[str]) -> ImportedPackage:
    files = package.files or ()
    proven = {sha256_of(file.certificate.sha256) for file in files if file.certificate and file.verified_certificate}
    signers = tuple(sorted(digest for digest in proven if digest))
    return ImportedPackage(
        name=package.name,
        files=tuple(imported_file(file, prefix, names) for file in files),
        installer=None if package.installer in (None, "", "null") else package.installer,
        uid=package.uid,
        system=package.system if package.system or package.third_party else None,
        disabled=package.disabled,
        signers=signers or None,
    )


def imported_file(file: QfFile, prefix: str, names: set[str]) -> ImportedFile:
    """Return a file; its copy is found by the last part of the name that the tool gave it."""
    local = (file.local_name or file.local_path or "").replace("\\", "/")
    stored = f"{prefix}apks/{PurePosixPath(local).name}" if local else ""
    return ImportedFile(
        path=file.path,
        sha256=sha256_of(file.sha256),
        others=hashes_of(file.md5, file.sha1),
        stored=stored if stored in names else None,
    )
