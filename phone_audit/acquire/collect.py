"""Asks a transport everything once and gives the snapshot; the same code for a phone and for a saved acquisition."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from phone_audit.acquire.adb.stream_transport import ReconnectingTransport
from phone_audit.acquire.asking import OnProgress, Reader
from phone_audit.acquire.files.apk_files import (
    ApkFiles,
    digests_of,
    digests_there,
    find_files,
    paths_there,
    places_of,
)
from phone_audit.acquire.files.copying import Copies, PulledApk
from phone_audit.acquire.files.file_reading import FileReading, reading_of
from phone_audit.acquire.files.hash_memory import HashMemory
from phone_audit.acquire.files.oat_files import StrippedApks, find_oat_files, may_be_stripped
from phone_audit.acquire.files.phone_identity import identity_of
from phone_audit.acquire.files.plan import Plan
from phone_audit.acquire.packages.listing import Listing, read_packages, read_users
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
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP
from phone_audit.acquire.questions.clock import DATE, parse_date
from phone_audit.acquire.questions.condition import Condition, PhoneFacts, read_condition
from phone_audit.acquire.questions.identity import GETPROP, SELINUX, SHELL_ID, identity_items, parse_build
from phone_audit.acquire.questions.settings import GLOBAL_SETTINGS, global_items, parse_settings
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.text import known, shown
from phone_audit.acquire.transport import Handshake, Transport
from phone_audit.errors import DeviceLostError
from phone_audit.model.device import Depth, Package, PackageFile, Snapshot, StateItem
from phone_audit.model.text import parse_getprop

__all__ = ["Acquired", "PulledApk", "collect"]

_WHOLE = Plan()


@dataclass(frozen=True)
class Acquired:
    """Everything that was read from one phone.

    Attributes:
        snapshot: the values.
        apks: the copied APKs, by path; empty at depth `quick`.
        bytes_transferred: bytes of answers and copies.
        paths: which of the asked paths are on the phone.
        digests: SHA-256, SHA-1 and MD5 of those that are files, in hexadecimal.
        phone_clock_offset: seconds by which the phone's clock was ahead of this computer's; None where not known.
    """

    snapshot: Snapshot
    apks: tuple[PulledApk, ...]
    bytes_transferred: int
    paths: Mapping[str, Literal["file", "folder"]]
    digests: Mapping[str, tuple[str, ...]]
    phone_clock_offset: float | None


@dataclass
class _Read:
    """What was learned so far, in the phone's own words."""

    properties: dict[str, str] = field(default_factory=dict)
    state: tuple[StateItem, ...] = ()
    clock_offset: float | None = None
    zone: int = 0
    listing: Listing = field(default_factory=Listing)
    files: ApkFiles = field(default_factory=ApkFiles)
    copies: Copies = field(default_factory=Copies)
    paths: Mapping[str, Literal["file", "folder"]] = field(default_factory=dict)
    digests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    beside: FileReading | None = None
    condition: Condition = field(default_factory=Condition)


def collect(
    transport: Transport,
    *,
    depth: Depth,
    users: str,
    into: Path,
    on_progress: OnProgress,
    paths: Sequence[str] = (),
    clock: Callable[[], float] = time.time,
    plan: Plan = _WHOLE,
    hashed: Collection[str] = (),
) -> Acquired:
    """Read a phone.

    What cannot be read is noted in `snapshot.skipped` and the rest goes on. When the phone goes away, what was read
    is kept.

    Args:
        transport: the way to the phone.
        depth: `quick` copies no APK; at `deep` every file is hashed anew.
        users: `all`, `current`, or the id of one user.
        into: folder on this computer for the copies.
        on_progress: gets what is being done (`questions`, `hashes`, `copies`), how much, and of how much (0: unknown).
        paths: paths to look for on the phone; nothing at them is opened or run.
        clock: seconds since 1970 on this computer.
        plan: which bytes of the files are wanted, and who gets each file as soon as it is there.
        hashed: packages whose files are hashed in all kinds, since incidents publish MD5 or SHA-1 of them.

    Raises:
        UsageError: the phone has no such user.
        DeviceLostError: the phone went away before it said anything.
        AcquireError: the copies cannot be written.
        SnapshotError: the saved acquisition is damaged, or the one being made cannot be written.
    """
    reader = Reader(transport, on_progress)
    read = _Read()
    try:
        _read_identity(reader, read, clock)
        read_users(reader, read.listing, users)
        read_packages(reader, read.listing)
        _find_files(reader, read)
        read.beside = _files_beside(reader, read, depth, into, plan)
        if depth != "quick":
            plan.room(sum(size for _, size in read.files.readable()))
        read.beside.begin()
        _read_condition(reader, read)
        read.paths = paths_there(reader, paths)
        read.digests = {**digests_of(reader, read.files, hashed), **digests_there(reader, read.paths)}
        read.beside.finish()
    except DeviceLostError as error:
        if not reader.transferred:
            raise
        reader.skip("phone", "transfer", "device-lost", error.message)
        if isinstance(transport, RecordingTransport):
            transport.broke_off(error)
    finally:
        if read.beside is not None:
            read.beside.end()
    packages = _packages(reader, read)
    return Acquired(
        snapshot=_snapshot(reader, read, packages),
        apks=tuple(sorted(read.copies.done.values(), key=lambda apk: apk.path)),
        bytes_transferred=reader.transferred,
        paths=read.paths,
        digests=read.digests,
        phone_clock_offset=read.clock_offset,
    )


def _read_identity(reader: Reader, read: _Read, clock: Callable[[], float]) -> None:
    read.properties = parse_getprop(reader.ask(GETPROP) or "")
    before = clock()
    date = parse_date(reader.ask(DATE, optional=True) or "")
    after = clock()
    if date is not None:
        # The phone prints whole seconds, so on average its clock is half a second further.
        read.clock_offset = round(date[0] + 0.5 - (before + after) / 2, 1)
        read.zone = date[1]
    if isinstance(reader.transport, ReplayTransport):
        read.clock_offset = reader.transport.phone_clock_offset
    elif isinstance(reader.transport, RecordingTransport):
        reader.transport.phone_clock_offset = read.clock_offset
    shell_id = reader.ask(SHELL_ID, optional=True)
    selinux = reader.ask(SELINUX, optional=True)
    settings = parse_settings(reader.ask(GLOBAL_SETTINGS) or "")
    read.state = (*identity_items(read.properties, selinux, shell_id), *global_items(settings))


def _find_files(reader: Reader, read: _Read) -> None:
    dump = read.listing.dump
    lines = listed_by_name(read.listing)
    find_files(
        reader,
        read.files,
        [
            places_of(
                name,
                lines.get(name, ()),
                dump.packages.get(name, ()) if dump else (),
                dump.hidden.get(name, ()) if dump else (),
            )
            for name in names_of(read.listing, reader)
        ],
    )


def _files_beside(reader: Reader, read: _Read, depth: Depth, into: Path, plan: Plan) -> FileReading:
    phone = identity_of(_serial(reader, read), _handshake(reader.transport))
    memory = HashMemory(plan.memory(phone), read.properties.get("ro.build.fingerprint"))
    fresh = replace(plan, rehash=plan.rehash or depth == "deep" or not phone.knew_us)
    if depth != "quick" and may_be_stripped(parse_build(read.properties).sdk):
        fresh = replace(fresh, waiting=StrippedApks(find_oat_files(reader, read.files.roles), plan.lacks_code))
    return reading_of(reader, read.files, read.copies, into, fresh, memory, copied=depth != "quick")


def _handshake(transport: Transport) -> Handshake | None:
    """Return what a live phone showed; None of a saved acquisition."""
    phone = transport.inner if isinstance(transport, RecordingTransport) else transport
    return phone.handshake if isinstance(phone, ReconnectingTransport) else None


def _serial(reader: Reader, read: _Read) -> str | None:
    serial = known(read.properties.get("ro.serialno")) or known(read.properties.get("ro.boot.serialno"))
    return serial or known(reader.transport.serial)


def _read_condition(reader: Reader, read: _Read) -> None:
    names: dict[int, list[str]] = {}
    for name, app_id in sorted(read.listing.app_ids.items()):
        names.setdefault(app_id, []).append(shown(name))
    phone = PhoneFacts(
        sdk=parse_build(read.properties).sdk,
        users=[user for user in read.listing.asked if user not in read.listing.locked],
        packages={app_id: tuple(of_uid) for app_id, of_uid in names.items()},
        properties=read.properties,
        clock_offset=read.clock_offset,
    )
    read_condition(reader, read.condition, phone)


def _packages(reader: Reader, read: _Read) -> tuple[Package, ...]:
    files: dict[str, list[PackageFile]] = {}
    for path, roles in read.files.roles.items():
        for name, role in roles.items():
            files.setdefault(name, []).append(_file(read, path).model_copy(update={"role": role}))
            files[name].extend(_code_of(read, path))
    lines = listed_by_name(read.listing)
    packages = []
    # of a dump that was cut off it is said once that it was
    dump_cut = any(note.code == "cut-off" and note.subject == PACKAGE_DUMP.text for note in reader.skipped)
    for name in names_of(read.listing, reader):
        its_lines = lines.get(name, ())
        blocks = read.listing.dump.packages.get(name, ()) if read.listing.dump else ()
        if read.listing.dump and not blocks and not dump_cut:
            reader.skip(name, "list", "not-in-dump", "dumpsys package does not mention this package.")
        block = block_of(name, blocks, its_lines, reader)
        package = package_of(name, block, its_lines, read.listing, files.get(name, ()), read.zone)
        packages.append(with_usage(package, read.condition.appops, read.condition.traffic))
    return tuple(packages)


def _file(read: _Read, path: str) -> PackageFile:
    found = read.files.found.get(path)
    copy = read.copies.done.get(path)
    on_phone = read.files.hashes.get(path)
    size = found.size if found else None
    return PackageFile(
        path=shown(path),
        sha256=on_phone or (copy.sha256 if copy else None),
        hash_source=read.files.sources.get(path, "device") if on_phone else "host" if copy and copy.sha256 else "none",
        size=size if size is not None or copy is None else copy.size,
        role="base",
    )


def _code_of(read: _Read, path: str) -> list[PackageFile]:
    """Return the files beside an APK that were read in place of code that it lacks."""
    copy = read.copies.done.get(path)
    return [
        PackageFile(
            path=file.path,
            sha256=file.sha256,
            hash_source="none" if file.sha256 is None else "host" if file.local else "device",
            size=file.size,
            role=file.role,
        )
        for file in (copy.beside if copy else ())
    ]


def _snapshot(reader: Reader, read: _Read, packages: tuple[Package, ...]) -> Snapshot:
    properties = {shown(name): shown(value) for name, value in sorted(read.properties.items())}
    return Snapshot(
        serial=_serial(reader, read),
        properties=properties,
        build=parse_build(read.properties),
        users=users_of(read.listing),
        state=tuple(sorted((*read.state, *read.condition.state), key=lambda item: item.key)),
        packages=packages,
        skipped=tuple(sorted(reader.skipped, key=lambda note: (note.subject, note.step, note.code, note.reason))),
        modules=modules_of(read.listing.modules, read.listing.apex),
        not_understood=(*not_understood_of(read.listing), *read.condition.not_understood),
    )
