"""What another tool's acquisition holds → the snapshot, by the same parsers as a phone's own answers."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from phone_audit.acquire.asking import OnProgress, Reader
from phone_audit.acquire.files.phone_file import PulledApk
from phone_audit.acquire.importers.container import FileContainer
from phone_audit.acquire.importers.imported import ImportedAcquisition, ImportedFile, ImportedPackage, joined
from phone_audit.acquire.importers.missing import lacking
from phone_audit.acquire.importers.package_dump import dump_of
from phone_audit.acquire.importers.transport import HeldTransport
from phone_audit.acquire.packages.listing import Listing
from phone_audit.acquire.packages.merge import (
    block_of,
    listed_by_name,
    names_of,
    not_understood_of,
    package_of,
    users_of,
    with_usage,
)
from phone_audit.acquire.packages.modules import modules_of
from phone_audit.acquire.packages.package_block import DumpedPackage, DumpedUser
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP, PackageDump
from phone_audit.acquire.packages.package_list import ListEntry
from phone_audit.acquire.packages.users import USER_DUMP, USERS, first_users, parse_users
from phone_audit.acquire.questions.condition import Condition, PhoneFacts, read_condition
from phone_audit.acquire.questions.identity import GETPROP, SELINUX, identity_items, parse_build
from phone_audit.acquire.questions.question import OWNER, PER_USER_RANGE
from phone_audit.acquire.questions.settings import GLOBAL_SETTINGS, global_items, parse_settings
from phone_audit.acquire.text import known, shown
from phone_audit.errors import SnapshotError
from phone_audit.files.open_regular import open_regular
from phone_audit.model.device import Depth, Package, PackageFile, PackageFileRole, Snapshot, folders_above
from phone_audit.model.finding import Skipped
from phone_audit.model.text import parse_getprop

APK = ".apk"


@dataclass(frozen=True)
class Collected:
    """What was read.

    Attributes:
        snapshot: the values.
        apks: the APKs that the acquisition holds, by path.
        bytes_read: bytes of answers and APKs.
        paths: folders in which packages lie, as the dump names them.
        digests: path of an APK → its SHA-1 and MD5 as the tool took them.
    """

    snapshot: Snapshot
    apks: tuple[PulledApk, ...]
    bytes_read: int
    paths: Mapping[str, Literal["file", "folder"]] = field(default_factory=dict)
    digests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def collect_held(
    imported: ImportedAcquisition, container: FileContainer, into: Path, on_progress: OnProgress
) -> Collected:
    """Read what is held.

    Args:
        imported: the answers and lists.
        container: the files beside them.
        into: folder of this computer for APKs that are taken out of an archive.
        on_progress: as of `collect`.
    """
    reader = Reader(HeldTransport(imported.source, imported.answers), on_progress)
    imported = _with_joined(reader, imported)
    properties = parse_getprop(reader.ask(GETPROP) or "")
    listing = _listing(reader, imported)
    condition = _condition(reader, listing, properties)
    apks = _take_out(reader, imported, container, into)
    settings = parse_settings(reader.ask(GLOBAL_SETTINGS) or "")
    state = (*identity_items(properties, reader.ask(SELINUX), None), *global_items(settings))
    snapshot = Snapshot(
        serial=known(properties.get("ro.serialno")) or known(properties.get("ro.boot.serialno")),
        properties={shown(name): shown(value) for name, value in sorted(properties.items())},
        build=parse_build(properties),
        users=users_of(listing),
        state=tuple(sorted((*state, *condition.state), key=lambda item: item.key)),
        packages=tuple(
            with_usage(package, condition.appops, condition.traffic)
            for package in _packages(reader, imported, listing, {apk.path: apk for apk in apks})
        ),
        skipped=_sorted((*reader.skipped, *imported.skipped, *lacking(imported, properties, len(apks)))),
        modules=modules_of(listing.modules, listing.apex),
        not_understood=(*not_understood_of(listing), *condition.not_understood),
    )
    size = sum(len(answer) for answer in imported.answers.values()) + sum(apk.size for apk in apks)
    return Collected(snapshot, apks, size, _folders(listing), _digests(imported))


def depth_of(imported: ImportedAcquisition) -> Depth:
    """Return what the acquisition promises: `deep` where it holds APKs, since they are whole, else `quick`."""
    return "deep" if any(file.stored for package in imported.packages for file in package.files) else "quick"


def _with_joined(reader: Reader, imported: ImportedAcquisition) -> ImportedAcquisition:
    packages, twice = joined(imported.packages)
    for name in twice:
        reason = "The list of packages names this one more than once; the files of all entries were read."
        reader.skip(name, "list", "contradiction", reason)
    return replace(imported, packages=packages)


def _folders(listing: Listing) -> Mapping[str, Literal["file", "folder"]]:
    """Return the folders that the dump names. What lies in them it does not say."""
    found: dict[str, Literal["file", "folder"]] = {}
    blocks = (listing.dump.packages, listing.dump.hidden) if listing.dump else ()
    for path in (one.code_path for kind in blocks for its in kind.values() for one in its):
        if path and path.startswith("/") and not path.endswith(APK):
            found.update((shown(folder), "folder") for folder in folders_above(path))
            found[shown(path.rstrip("/") or "/")] = "folder"
    return found


def _digests(imported: ImportedAcquisition) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for file in (file for package in imported.packages for file in package.files):
        if file.others:
            found.setdefault(shown(file.path), set()).update(file.others)
    return {path: tuple(sorted(digests)) for path, digests in sorted(found.items())}


def _condition(reader: Reader, listing: Listing, properties: Mapping[str, str]) -> Condition:
    condition = Condition()
    names: dict[int, list[str]] = {}
    for name, app_id in sorted(listing.app_ids.items()):
        names.setdefault(app_id, []).append(shown(name))
    packages = {app_id: tuple(its) for app_id, its in names.items()}
    read_condition(reader, condition, PhoneFacts(parse_build(properties).sdk, listing.asked, packages, properties))
    return condition


def _listing(reader: Reader, imported: ImportedAcquisition) -> Listing:
    """Fill the listing from the tool's own list and from the dumps, each where it is there."""
    listing = Listing()
    dumped_users = reader.ask(USER_DUMP) or reader.ask(USERS) or ""
    listing.users = first_users(parse_users(dumped_users)) or {OWNER: "system"}
    listing.asked = tuple(sorted(listing.users))
    names = {package.name for package in imported.packages}
    text = reader.ask(PACKAGE_DUMP)
    if text:
        listing.dump = dump_of(reader, text, imported)
        listing.strange[PACKAGE_DUMP.text] = Counter(listing.dump.strange)
    elif imported.packages:
        listing.dump = PackageDump({package.name: (_block(package),) for package in imported.packages}, {}, {}, ())
    if imported.packages:
        listing.names = names | (listing.dump.packages.keys() if listing.dump else set())
        listing.lists = {OWNER: tuple(line for package in imported.packages for line in _lines(package))}
        listing.app_ids = {one.name: one.uid % PER_USER_RANGE for one in imported.packages if one.uid is not None}
        listing.system = {one.name for one in imported.packages if one.system}
        listing.third_party = {one.name for one in imported.packages if one.system is False}
        if any(one.disabled is not None for one in imported.packages):
            listing.disabled = {OWNER: {one.name for one in imported.packages if one.disabled}}
    return listing


def _lines(package: ImportedPackage) -> list[ListEntry]:
    """Return the package as `pm list packages` has it, with its base APK."""
    base = next((file.path for file in package.files if _role(file.path) == "base"), None)
    uids = () if package.uid is None else (package.uid,)
    return [ListEntry(package.name, base, package.version_code, package.installer, uids)]


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


def _packages(
    reader: Reader, imported: ImportedAcquisition, listing: Listing, apks: Mapping[str, PulledApk]
) -> list[Package]:
    files = {package.name: package.files for package in imported.packages}
    signers = {package.name: package.signers for package in imported.packages}
    lines = listed_by_name(listing)
    packages = []
    for name in names_of(listing, reader):
        blocks = listing.dump.packages.get(name, ()) if listing.dump else ()
        if listing.dump and not blocks:
            reader.skip(name, "list", "not-in-dump", "dumpsys package does not mention this package.")
        block = block_of(name, blocks, lines.get(name, ()), reader)
        its_files = [_file(file, apks) for file in files.get(name, ())] or _dumped_files(block)
        package = package_of(name, block, lines.get(name, ()), listing, its_files, 0)
        if package.signers is None and signers.get(name):
            package = package.model_copy(update={"signers": signers[name]})
        packages.append(package)
    return packages


def _file(file: ImportedFile, apks: Mapping[str, PulledApk]) -> PackageFile:
    copy = apks.get(shown(file.path))
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


def _take_out(
    reader: Reader, imported: ImportedAcquisition, container: FileContainer, into: Path
) -> tuple[PulledApk, ...]:
    wanted = [file for package in imported.packages for file in package.files if file.stored]
    done: dict[str, PulledApk] = {}
    for number, file in enumerate(wanted):
        reader.on_progress("copies", number, len(wanted))
        copy = _one(reader, file, container, into / f"{number:05d}{APK}")
        if copy is not None:
            done[copy.path] = copy
    return tuple(done[path] for path in sorted(done))


def _one(reader: Reader, file: ImportedFile, container: FileContainer, part: Path) -> PulledApk | None:
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


def _sorted(notes: Iterable[Skipped]) -> tuple[Skipped, ...]:
    return tuple(sorted(notes, key=lambda note: (note.subject, note.step)))
