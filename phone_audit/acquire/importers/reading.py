"""What another tool's acquisition holds → the snapshot, read as a phone is but for packages and files.

The tool's own list of packages says more than `pm list packages` (hashes, signers, grants), and about its dump nobody
can ask the phone again: written in our own layout and replayed, it would lose the one and miss answers for the other.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from phone_audit.acquire.asking import OnProgress, Reader
from phone_audit.acquire.collect import PhoneReading
from phone_audit.acquire.files.apk_files import PathsOnPhone
from phone_audit.acquire.files.deliveries import Plan
from phone_audit.acquire.importers.answers import SAME, note
from phone_audit.acquire.importers.imported import (
    OWN,
    ImportedAcquisition,
    ImportedFile,
    ImportedPackage,
    ImportedTransport,
    joined,
)
from phone_audit.acquire.packages.listing import Listing
from phone_audit.acquire.packages.package_block import DumpedPackage, DumpedUser
from phone_audit.acquire.packages.package_dump import LONG_VERSION, PACKAGE_DUMP, PackageDump, parse_package_dump
from phone_audit.acquire.packages.package_list import ListEntry
from phone_audit.acquire.packages.users import USER_DUMP, USERS, first_users, parse_users
from phone_audit.acquire.questions.accessibility import ACCESSIBILITY
from phone_audit.acquire.questions.appops import APPOPS
from phone_audit.acquire.questions.connectivity import CONNECTIVITY
from phone_audit.acquire.questions.device_policy import DEVICE_POLICY
from phone_audit.acquire.questions.netstats import NETSTATS
from phone_audit.acquire.questions.question import OWNER, PER_USER_RANGE
from phone_audit.acquire.questions.settings import GLOBAL_SETTINGS, secure_settings_command
from phone_audit.acquire.store.container import FileContainer
from phone_audit.acquire.text import decode, shown
from phone_audit.acquire.transport import PulledApk
from phone_audit.errors import SnapshotError
from phone_audit.files.open_regular import open_regular
from phone_audit.model.device import Depth, Package, PackageFile, PackageFileRole, folders_above
from phone_audit.model.finding import Skipped, Step

APK = ".apk"


class ImportedReading(PhoneReading):
    """The reading of such an acquisition; see `PhoneReading`."""

    def __init__(
        self,
        imported: ImportedAcquisition,
        container: FileContainer,
        transport: ImportedTransport,
        on_progress: OnProgress,
    ) -> None:
        super().__init__(transport, on_progress)
        self._imported = imported
        self._container = container
        self._listed: dict[str, ImportedPackage] = {}

    @contextmanager
    def _until_lost(self) -> Iterator[None]:
        """There is no phone to be lost: whoever ends the reading can begin it again."""
        yield

    def _dump_was_cut(self) -> bool:
        """Of every package that is listed and not in the dump it is said: a text may only pretend that it was cut."""
        return False

    def _read_packages(self, users: str) -> None:
        del users  # those that it holds
        packages, twice = joined(self._imported.packages)
        for name in twice:
            reason = "The list of packages names this one more than once; the files of all entries were read."
            self._reader.skip(name, "list", "contradiction", reason)
        self._imported = replace(self._imported, packages=packages)
        self._listed = {package.name: package for package in packages}
        dumped_users = self._reader.ask(USER_DUMP) or self._reader.ask(USERS) or ""
        self._listing.users = first_users(parse_users(dumped_users)) or {OWNER: "system"}
        self._listing.asked = tuple(sorted(self._listing.users))
        text = self._reader.ask(PACKAGE_DUMP)
        if text:
            self._listing.dump = dump_of(self._reader, text, self._imported)
            self._listing.strange[PACKAGE_DUMP.text] = Counter(self._listing.dump.strange)
        elif packages:
            self._listing.dump = PackageDump({package.name: (_block(package),) for package in packages}, {}, {}, ())
        if packages:
            _take_list(self._listing, packages)

    def _read_rest(self, depth: Depth, into: Path, paths: Sequence[str], plan: Plan, hashed: Collection[str]) -> None:
        del depth, paths, hashed  # it cannot be asked for more
        self._read_condition()
        wanted = [file for package in self._listed.values() for file in package.files if file.stored]
        total, done = sum(file.size or 0 for file in wanted), 0
        for number, file in enumerate(wanted):
            self._reader.on_progress("copies", done, total)
            done += file.size or 0
            copy = _copy(self._reader, file, self._container, into / f"{number:05d}{APK}")
            if copy is not None:
                self._files.copies[copy.path] = copy
        copies = [self._files.copies[path] for path in sorted(self._files.copies)]
        answers = self._imported.answers.values()
        self._reader.transferred = sum(len(answer) for answer in answers) + sum(copy.size for copy in copies)
        self._paths = PathsOnPhone(_folders(self._listing))
        self._digests = _digests(self._listed.values())
        for copy in copies:
            plan.receiver.take(copy)

    def _package(self, name: str, block: DumpedPackage, lines: tuple[ListEntry, ...]) -> Package:
        package = super()._package(name, block, lines)
        listed = self._listed.get(name)
        if package.signers is None and listed is not None and listed.signers:
            return package.model_copy(update={"signers": listed.signers})
        return package

    def _files_of(self, name: str, block: DumpedPackage) -> list[PackageFile]:
        listed = self._listed.get(name)
        return [_file(file, self._files.copies) for file in (listed.files if listed else ())] or _dumped_files(block)

    def _notes(self) -> Iterable[Skipped]:
        missing = lacking(self._imported, self._properties, len(self._files.copies))
        return (*self._reader.skipped, *self._imported.skipped, *missing)


def _take_list(listing: Listing, packages: Sequence[ImportedPackage]) -> None:
    """Fill the listing from the tool's own list."""
    listing.names = {one.name for one in packages} | (listing.dump.packages.keys() if listing.dump else set())
    listing.lists = {OWNER: tuple(_line(package) for package in packages)}
    listing.app_ids = {one.name: one.uid % PER_USER_RANGE for one in packages if one.uid is not None}
    listing.system = {one.name for one in packages if one.system}
    listing.third_party = {one.name for one in packages if one.system is False}
    if any(one.disabled is not None for one in packages):
        listing.disabled = {OWNER: {one.name for one in packages if one.disabled}}


def _line(package: ImportedPackage) -> ListEntry:
    """Return the package as `pm list packages` has it, with its base APK."""
    base = next((file.path for file in package.files if _role(file.path) == "base"), None)
    uids = () if package.uid is None else (package.uid,)
    return ListEntry(package.name, base, package.version_code, package.installer, uids)


def _block(package: ImportedPackage) -> DumpedPackage:
    """Return the package as the dump would have it, where there is none."""
    return DumpedPackage(
        name=package.name,
        app_id=None if package.uid is None else package.uid % PER_USER_RANGE,
        version_code=package.version_code,
        version_name=package.version_name,
        flags=frozenset({"SYSTEM"}) if package.system else frozenset(),
        signers=package.signers,
        granted=package.granted or frozenset(),
        users={OWNER: DumpedUser(installed=True)} if package.granted is not None else {},
    )


def _folders(listing: Listing) -> Mapping[str, Literal["file", "folder"]]:
    """Return the folders that the dump names. What lies in them it does not say."""
    found: dict[str, Literal["file", "folder"]] = {}
    blocks = (listing.dump.packages, listing.dump.hidden) if listing.dump else ()
    for path in (one.code_path for kind in blocks for its in kind.values() for one in its):
        if path and path.startswith("/") and not path.endswith(APK):
            found.update((shown(folder), "folder") for folder in folders_above(path))
            found[shown(path.rstrip("/") or "/")] = "folder"
    return found


def _digests(packages: Iterable[ImportedPackage]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for file in (file for package in packages for file in package.files):
        if file.others:
            found.setdefault(shown(file.path), set()).update(file.others)
    return {path: tuple(sorted(digests)) for path, digests in sorted(found.items())}


def _file(file: ImportedFile, copies: Mapping[str, PulledApk]) -> PackageFile:
    copy = copies.get(shown(file.path))
    digest = file.sha256 or (copy.sha256 if copy else None)
    return PackageFile(
        path=shown(file.path),
        sha256=digest,
        hash_source="device" if file.sha256 else "host" if copy else "none",
        size=copy.size if copy else file.size,
        role=_role(file.path),
    )


def _dumped_files(block: DumpedPackage) -> list[PackageFile]:
    """Return the file that the dump names, as old firmware has it; mostly it names the folder alone."""
    path = block.code_path
    if not path or not path.startswith("/") or not path.endswith(APK):
        return []
    return [PackageFile(path=shown(path), sha256=None, hash_source="none", size=None, role="base")]


def _role(path: str) -> PackageFileRole:
    return "split" if PurePosixPath(path).name.startswith("split_") else "base"


def _copy(reader: Reader, file: ImportedFile, container: FileContainer, part: Path) -> PulledApk | None:
    try:
        local = container.take_out(file.stored or "", part)
        with open_regular(local) as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except SnapshotError as error:
        reader.skip(file.path, "transfer", "damaged", error.message)
        return None
    except OSError as error:
        reader.skip(file.path, "transfer", "not-copied", f"{file.stored} cannot be read: {error.strerror}.")
        return None
    if file.sha256 and digest != file.sha256:
        reason = f"The copy (SHA-256 {digest}) is not what the phone had ({file.sha256})."
        reader.skip(file.path, "transfer", "changed", reason)  # and it is analysed: what it is may be known
    return PulledApk(shown(file.path), local, digest, local.stat().st_size)


FURTHER = {
    USER_DUMP.text: "the users",
    secure_settings_command(OWNER).text: "secure settings",
    ACCESSIBILITY.text: "accessibility services",
    DEVICE_POLICY.text: "device administrators",
    APPOPS.text: "what packages used",
    NETSTATS.text: "traffic",
    CONNECTIVITY.text: "networks",
}
"""Question → what an acquisition without an answer to it does not show."""


def cannot_hold(imported: ImportedAcquisition) -> tuple[str, ...]:
    """Return sentences on what the acquisition does not contain: what its kind never does, and what this one lacks."""
    answers = imported.answers
    missing = [what for command, what in FURTHER.items() if command not in answers and SAME.get(command) not in answers]
    if not missing:
        return imported.cannot_hold
    return (*imported.cannot_hold, f"This acquisition does not show: {', '.join(missing)}.")


def lacking(imported: ImportedAcquisition, properties: Mapping[str, str], copies: int) -> Iterator[Skipped]:
    """Note what is missing on which a verdict rests."""
    for subject, step, what in _missing(imported, properties):
        yield note(subject, step, "not-held", f"The acquisition does not hold {what}.")
    listed = sum(len(package.files) for package in imported.packages)
    if 0 < copies < listed:
        reason = f"The acquisition holds {copies} of {listed} APK files; the code of the others was not read."
        yield note("APK files", "transfer", "not-held", reason)


def _missing(imported: ImportedAcquisition, properties: Mapping[str, str]) -> Iterator[tuple[str, Step, str]]:
    """Name what such an acquisition normally holds, on which a verdict rests, and this one lacks."""
    dumped = PACKAGE_DUMP.text in imported.answers
    if not properties:
        yield "getprop", "command", "the phone's properties, so its firmware is not known"
    if not imported.packages and not dumped:
        yield "packages", "list", "a list of the packages"
    elif not dumped and any(package.granted is None for package in imported.packages):
        yield PACKAGE_DUMP.text, "command", "the dump of the package service, so permissions are not known"
    if GLOBAL_SETTINGS.text not in imported.answers and OWN not in imported.cannot_hold:
        yield GLOBAL_SETTINGS.text, "command", "the phone's settings"


HEADER = re.compile(r"^ +Package \[(.+)\] \([0-9a-f]+\):$(?:\n +compat name=(.+)$)?", re.MULTILINE)
MOST_NOTES = 100
PRETENDED = "Text written by a package stands where the dump has its own lines: it may invent packages or hide them."
OUTSIDE = (
    "The dump names this package where none is expected; text of another package may have invented "
    "it. It was judged all the same."
)
UNLISTED = "dumpsys names this package but the list of packages does not. It was judged by what the dump says."
DOUBTED = "dumpsys names this package but the list of packages does not: text of another package may have invented it."


def dump_of(reader: Reader, text: str, imported: ImportedAcquisition) -> PackageDump:
    """Read the dump. A package that it names anywhere is judged, unless a whole list lacks it and text can pretend it.

    The reader gets a note of every package that is not beyond doubt; `imported` has the tool's own list, and further
    dumps.
    """
    headers = list(dict.fromkeys(name for one in (text, *map(decode, imported.further)) for name in headers_of(one)))
    listed = {package.name for package in imported.packages} if imported.whole else set()
    dump = parse_package_dump(text, listed or None)
    doubted = bool(dump.strange.get(LONG_VERSION) or dump.pretended or _broken(dump))
    if listed:
        unlisted = [name for name in headers if name not in listed]
        _note(reader, unlisted, DOUBTED if doubted else UNLISTED)
        dump = dump if doubted or not unlisted else _with(parse_package_dump(text, listed | set(unlisted)), unlisted)
    else:
        elsewhere = [name for name in headers if name not in dump.packages and name not in dump.hidden]
        _note(reader, elsewhere, OUTSIDE)
        dump = _with(dump, elsewhere)
        if doubted:
            reader.skip(PACKAGE_DUMP.text, "list", "contradiction", PRETENDED)
    if not dump.packages:
        reader.skip(PACKAGE_DUMP.text, "list", "no-package-dump", "The package service named no package.")
    return dump


def _broken(dump: PackageDump) -> bool:
    """Tell whether a package lacks what stands below the version name of others: another may begin inside that name."""
    blocks = [block for its in dump.packages.values() for block in its if block.version_name is not None]
    return len({bool(block.splits) for block in blocks}) > 1


def headers_of(text: str) -> Iterable[str]:
    """Return the names in all headers of packages, wherever they stand; of a static library the one it is known by."""
    return (match[2] or match[1] for match in HEADER.finditer(text))


def _note(reader: Reader, names: list[str], reason: str) -> None:
    for name in names[:MOST_NOTES]:
        reader.skip(name, "list", "unconfirmed-package", reason)
    if len(names) > MOST_NOTES:
        more = f"dumpsys names {len(names) - MOST_NOTES} more packages that may not exist."
        reader.skip(PACKAGE_DUMP.text, "list", "unconfirmed-package", more)


def _with(dump: PackageDump, names: list[str]) -> PackageDump:
    """Add packages of which nothing but the name is known, where the dump has no block of them."""
    bare = {name: (DumpedPackage(name),) for name in names if name not in dump.packages and name not in dump.hidden}
    return replace(dump, packages={**dump.packages, **bare})
