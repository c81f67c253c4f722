"""Which file a finding is about, so that its evidence can be checked by hand."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from phone_audit.model.apk import Apk
from phone_audit.model.base import Frozen
from phone_audit.model.finding import Finding
from phone_audit.model.results import Scan

_MOST_FILES: Final = 2
"""Files named of one finding: the same bytes may lie in many places."""


@dataclass(frozen=True, order=True)
class CheckedFile:
    """An APK: where it lies, and the digest of all of it; empty where it was not read as a whole."""

    path: str
    sha256: str


class ApkFiles:
    """The files of findings, by the record that holds a finding, else by the package that it names."""

    def __init__(self) -> None:
        self._by_key: dict[str, list[CheckedFile]] = {}
        self._by_package: dict[str, list[CheckedFile]] = {}

    @classmethod
    def on_phone(cls, scan: Scan) -> Self:
        """Return the files of a phone: what was analysed, and of other packages what the phone lists."""
        files = cls()
        for apk in scan.apks:
            files.add(apk, apk.findings)
        for package in scan.packages:
            for file in package.files:
                if file.role == "base" and package.name not in files._by_package:
                    files._by_package[package.name] = [CheckedFile(file.path, file.sha256 or "")]
        return files

    def add(self, apk: Apk, findings: Iterable[Finding]) -> None:
        file = CheckedFile(apk.path, apk.sha256 or "")
        for finding in findings:
            _note(self._by_key, finding.key, file)
        if apk.package:
            _note(self._by_package, apk.package, file)

    def of(self, finding: Finding) -> Sequence[CheckedFile]:
        """Return the files of a finding; none where it is about no package."""
        return self._by_key.get(finding.key) or self._by_package.get(finding.subject.name) or ()


def _note(files: dict[str, list[CheckedFile]], name: str, file: CheckedFile) -> None:
    noted = files.setdefault(name, [])
    if file not in noted and len(noted) < _MOST_FILES:
        noted.append(file)


def files_of(document: Frozen, apks: Iterable[Apk]) -> ApkFiles:
    """Return the files of a part of a document, with the records of its code."""
    if isinstance(document, Scan):
        return ApkFiles.on_phone(document)
    files = ApkFiles()
    for apk in apks:
        files.add(apk, apk.findings)
    return files


NO_FILES: Final = ApkFiles()
NO_FILE: Final = CheckedFile("", "")
