"""An acquisition of androidqf: a folder, or a ZIP archive of one (https://github.com/mvt-project/androidqf)."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from phone_audit.acquire import commands
from phone_audit.acquire.foreign.bugreport import report_answers
from phone_audit.acquire.foreign.documents import QfFile, QfPackage, hashes_of, read_json, sha256_of
from phone_audit.acquire.foreign.held import NO_FILES, NO_HIDDEN, NO_WATCH, Held, HeldFile, HeldPackage
from phone_audit.acquire.foreign.holding import Archive, Holding
from phone_audit.acquire.foreign.said import NAMESPACES, from_dumps, settings_command
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Skipped

PACKAGES = "packages.json"
DUMPS = "dumpsys.txt"
REPORT = "bugreport.zip"
MOUNTS = "mounts.json"
SIGNS = ("acquisition.json", "command.log", "files.json", "root_binaries.json", "backup.ab", "processes.txt", DUMPS)
"""Files beside `packages.json` or `getprop.txt` by which it is known; which of them are there differs by version."""
TEXTS = {
    "getprop.txt": commands.GETPROP.text,
    "selinux.txt": commands.SELINUX.text,
    **{f"settings_{namespace}.txt": settings_command(namespace) for namespace in NAMESPACES},
}
"""File → our command that asks the same."""


def recognised(names: Sequence[str]) -> str | None:
    """Give the folder inside the holding in which the acquisition lies, empty or with `/` at its end; None for none."""
    for name in sorted(names, key=lambda name: name.count("/")):
        folder, _, file = name.rpartition("/")
        prefix = f"{folder}/" if folder else ""
        if file in (PACKAGES, "getprop.txt") and any(prefix + sign in names for sign in SIGNS):
            return prefix
    return None


def read_androidqf(holding: Holding, prefix: str, scratch: Path) -> Held:
    """Read it; a damaged file costs itself alone, except the list of packages.

    Raises:
        SnapshotError: the list of packages is damaged, or nothing of use is there.
    """
    names = set(holding.names())
    answers: dict[str, bytes] = {}
    skipped: list[Skipped] = []
    for file, command in TEXTS.items():
        if prefix + file in names:
            answers[command] = holding.read(prefix + file)
    if prefix + MOUNTS in names:
        answers["mount"] = "".join(f"{line}\n" for line in read_json(holding, prefix + MOUNTS, list[str])).encode()
    if prefix + DUMPS in names:
        said, contradictions = from_dumps(holding.read(prefix + DUMPS))
        answers = {**said, **answers}
        skipped += contradictions
    if prefix + REPORT in names:
        answers = {**_from_report(holding, prefix + REPORT, scratch, skipped), **answers}
    listed: list[QfPackage] = []
    if prefix + PACKAGES in names:
        listed = read_json(holding, prefix + PACKAGES, list[QfPackage])
    if not answers and not listed:
        raise SnapshotError(f"{holding.path} looks like an acquisition of androidqf, and holds nothing that is read.")
    return Held(
        source="androidqf",
        answers=answers,
        packages=tuple(_package(package, prefix, names) for package in listed),
        cannot_hold=(NO_FILES, NO_HIDDEN, NO_WATCH),
        skipped=tuple(skipped),
    )


def _from_report(holding: Holding, name: str, scratch: Path, skipped: list[Skipped]) -> dict[str, bytes]:
    """Read the bug report inside; a damaged one is noted, since the rest says much the same."""
    try:
        inner = Archive(holding.take_out(name, scratch / "bugreport.zip"))
    except SnapshotError as error:
        skipped.append(Skipped(subject=name, step="read", code="damaged", reason=error.message))
        return {}
    try:
        said, contradictions = report_answers(inner)
    except SnapshotError as error:
        skipped.append(Skipped(subject=name, step="read", code="damaged", reason=error.message))
        return {}
    finally:
        inner.close()
    skipped += contradictions
    return said


def _package(package: QfPackage, prefix: str, names: set[str]) -> HeldPackage:
    files = package.files or ()
    proven = {sha256_of(file.certificate.sha256) for file in files if file.certificate and file.verified_certificate}
    signers = tuple(sorted(digest for digest in proven if digest))
    return HeldPackage(
        name=package.name,
        files=tuple(held_file(file, prefix, names) for file in files),
        installer=None if package.installer in (None, "", "null") else package.installer,
        uid=package.uid,
        system=package.system if package.system or package.third_party else None,
        disabled=package.disabled,
        signers=signers or None,
    )


def held_file(file: QfFile, prefix: str, names: set[str]) -> HeldFile:
    """Give a file; its copy is found by the last part of the name that the tool gave it."""
    local = (file.local_name or file.local_path or "").replace("\\", "/")
    stored = f"{prefix}apks/{PurePosixPath(local).name}" if local else ""
    return HeldFile(
        path=file.path,
        sha256=sha256_of(file.sha256),
        others=hashes_of(file.md5, file.sha1),
        stored=stored if stored in names else None,
    )
