"""Asks a transport everything once and gives the snapshot; the same code for a phone and for a saved acquisition."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import Literal

from phone_audit.acquire.asking import OnProgress, Reader
from phone_audit.acquire.condition import Condition, PhoneFacts, read_condition
from phone_audit.acquire.files import apk_files
from phone_audit.acquire.files.concurrent_reading import ConcurrentReading
from phone_audit.acquire.files.deliveries import Plan
from phone_audit.acquire.files.hash_cache import NOBODY, PhoneIdentity, identity_of
from phone_audit.acquire.files.oat_files import StrippedApks, find_oat_files, may_be_stripped
from phone_audit.acquire.files.sequential_reading import SequentialReading
from phone_audit.acquire.packages import merge
from phone_audit.acquire.packages.listing import Listing, read_packages
from phone_audit.acquire.packages.package_block import DumpedPackage
from phone_audit.acquire.packages.package_dump import PACKAGE_DUMP, PackageDump
from phone_audit.acquire.packages.package_list import ListEntry
from phone_audit.acquire.packages.users import read_users
from phone_audit.acquire.questions import identity
from phone_audit.acquire.questions.identifiers import distinct, property_identifiers
from phone_audit.acquire.questions.settings import GLOBAL_SETTINGS, global_items, parse_settings
from phone_audit.acquire.text import known, shown
from phone_audit.acquire.transport import PulledApk, Transport
from phone_audit.errors import DeviceLostError
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import Depth, Package, PackageFile, PhoneIdentifier, Snapshot, StateItem
from phone_audit.model.finding import Skipped
from phone_audit.model.text import parse_getprop


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


class PhoneReading:
    """One reading of one phone: `identify`, then `collect`.

    What cannot be read is noted in `snapshot.skipped` and the rest goes on. When the phone goes away, what was read is
    kept. `on_progress` is told as `OnProgress` says; `clock` gives seconds since 1970 on this computer.
    """

    def __init__(self, transport: Transport, on_progress: OnProgress, clock: Callable[[], float] = time.time) -> None:
        self._transport = transport
        self._reader = Reader(transport, on_progress)
        self._clock = clock
        self._lost = False
        self._phone = NOBODY
        self._properties: dict[str, str] = {}
        self._state: tuple[StateItem, ...] = ()
        self._clock_offset: float | None = None
        self._device_time: str | None = None
        self._zone = 0
        self._listing = Listing()
        self._files = apk_files.ApkFiles()
        self._paths = apk_files.PathsOnPhone()
        self._digests: Mapping[str, tuple[str, ...]] = {}
        self._condition = Condition()

    def identify(self) -> PhoneIdentity:
        """Ask which phone it is; to be called before `collect`.

        Raises:
            DeviceLostError: the phone went away before it said anything.
            SnapshotError: the saved acquisition is damaged, or the one being made cannot be written.
        """
        with self._until_lost():
            self._read_identity()
            live = self._transport.live
            build = self._properties.get("ro.build.fingerprint")
            self._phone = identity_of(self._serial(), live.handshake if live else None, build)
        return self._phone

    def collect(
        self,
        *,
        depth: Depth,
        users: str,
        into: Path,
        paths: Sequence[str] = (),
        plan: Plan,
        hashed: Collection[str] = (),
    ) -> Acquired:
        """Read the rest of the phone.

        Args:
            depth: `quick` copies no APK; at `deep` every file is hashed anew.
            users: `all`, `current`, or the id of one user.
            into: folder on this computer for the copies.
            paths: paths to look for on the phone; nothing at them is opened or run.
            plan: which bytes of the files are wanted, and who gets each file as soon as it is there.
            hashed: packages whose files are hashed in all kinds, since incidents publish MD5 or SHA-1 of them.

        Raises:
            UsageError: the phone has no such user.
            AcquireError: the copies cannot be written.
            SnapshotError: the saved acquisition is damaged, or the one being made cannot be written.
        """
        if not self._lost:
            with self._until_lost():
                self._read_packages(users)
                self._read_rest(depth, into, paths, plan, hashed)
        packages = self._packages()
        return Acquired(
            snapshot=self._snapshot(packages),
            apks=tuple(sorted(self._files.copies.values(), key=lambda apk: apk.path)),
            bytes_transferred=self._reader.transferred,
            paths=self._paths.there,
            digests=self._digests,
            phone_clock_offset=self._clock_offset,
        )

    @contextmanager
    def _until_lost(self) -> Iterator[None]:
        try:
            yield
        except DeviceLostError as error:
            if not self._reader.transferred:
                raise
            self._reader.skip("phone", "transfer", "device-lost", error.message)
            self._transport.note_lost(error)
            self._lost = True

    def with_packages(self, snapshot: Snapshot, apks: Sequence[ApkInfo]) -> Snapshot:
        """Return the snapshot with the packages that only the analysed APKs name; of a phone it stays as it is."""
        return snapshot

    def _read_packages(self, users: str) -> None:
        read_users(self._reader, self._listing, users)
        read_packages(self._reader, self._listing)
        self._find_files()

    def _read_rest(self, depth: Depth, into: Path, paths: Sequence[str], plan: Plan, hashed: Collection[str]) -> None:
        reader, files = self._reader, self._files
        reading = self._file_reading(depth, into, plan)
        try:
            if depth != "quick":
                self._transport.reserve(sum(size for _, size in files.readable()))
            reading.begin()
            self._read_condition()
            self._paths = apk_files.paths_there(reader, paths)
            self._digests = {
                **apk_files.digests_of(reader, files, hashed),
                **apk_files.digests_there(reader, self._paths.there),
            }
            reading.finish()
        finally:
            reading.end()

    def _read_identity(self) -> None:
        reader = self._reader
        self._properties = parse_getprop(reader.ask(identity.GETPROP) or "")
        before = self._clock()
        date = identity.parse_date(reader.ask(identity.DATE, optional=True) or "")
        after = self._clock()
        measured = None
        if date is not None:
            # The phone prints whole seconds, so on average its clock is half a second further.
            measured = round(date[0] + 0.5 - (before + after) / 2, 1)
            self._zone = date[1]
            self._device_time = identity.utc_of(date[0])
        self._clock_offset = self._transport.clock_offset(measured)
        shell_id = reader.ask(identity.SHELL_ID, optional=True)
        selinux = reader.ask(identity.SELINUX, optional=True)
        settings = parse_settings(reader.ask(GLOBAL_SETTINGS) or "")
        self._state = (*identity.identity_items(self._properties, selinux, shell_id), *global_items(settings))

    def _find_files(self) -> None:
        dump = self._listing.dump or PackageDump({}, {}, {}, ())
        lines = merge.listed_by_name(self._listing)
        locations = [
            apk_files.PackageLocation(name, lines.get(name, ()), dump.packages.get(name, ()), dump.hidden.get(name, ()))
            for name in merge.names_of(self._listing, self._reader)
        ]
        apk_files.find_files(self._reader, self._files, locations)

    def _file_reading(self, depth: Depth, into: Path, plan: Plan) -> ConcurrentReading | SequentialReading:
        copied = depth != "quick"
        plan = replace(plan, rehash=plan.rehash or depth == "deep" or not self._phone.knew_us)
        if copied and may_be_stripped(identity.parse_build(self._properties).sdk):
            plan = replace(
                plan, stripped=StrippedApks(find_oat_files(self._reader, self._files.roles), plan.lacks_code)
            )
        live = self._transport.live
        if live is None:
            return SequentialReading(self._reader, self._files, into, plan, copied=copied)
        return ConcurrentReading(self._reader, live, self._files, into, plan, copied=copied)

    def _serial(self) -> str | None:
        serial = known(self._properties.get("ro.serialno")) or known(self._properties.get("ro.boot.serialno"))
        return serial or known(self._reader.transport.serial)

    def _read_condition(self) -> None:
        names: dict[int, list[str]] = {}
        for name, app_id in sorted(self._listing.app_ids.items()):
            names.setdefault(app_id, []).append(shown(name))
        phone = PhoneFacts(
            sdk=identity.parse_build(self._properties).sdk,
            users=[user for user in self._listing.asked if user not in self._listing.locked],
            packages={app_id: tuple(of_uid) for app_id, of_uid in names.items()},
            properties=self._properties,
            clock_offset=self._clock_offset,
        )
        read_condition(self._reader, self._condition, phone)

    def _packages(self) -> tuple[Package, ...]:
        lines = merge.listed_by_name(self._listing)
        packages = []
        dump_cut = self._dump_was_cut()
        for name in merge.names_of(self._listing, self._reader):
            its_lines = lines.get(name, ())
            blocks = self._listing.dump.packages.get(name, ()) if self._listing.dump else ()
            if self._listing.dump and not blocks and not dump_cut:
                self._reader.skip(name, "list", "not-in-dump", "dumpsys package does not mention this package.")
            block = merge.block_of(name, blocks, its_lines, self._reader)
            packages.append(self._package(name, block, its_lines))
        return tuple(packages)

    def _dump_was_cut(self) -> bool:
        """Tell whether it was said once that the dump was cut off, so that no package has to be named for it."""
        return any(note.code == "cut-off" and note.subject == PACKAGE_DUMP.text for note in self._reader.skipped)

    def _package(self, name: str, block: DumpedPackage, lines: tuple[ListEntry, ...]) -> Package:
        package = merge.package_of(name, block, lines, self._listing, self._files_of(name, block), self._zone)
        return merge.with_usage(package, self._condition.appops, self._condition.traffic)

    def _files_of(self, name: str, block: DumpedPackage) -> list[PackageFile]:
        del block  # where the files lie was asked for
        files = []
        for path in self._paths_of.get(name, ()):
            files.append(self._file(path).model_copy(update={"role": self._files.roles[path][name]}))
            files.extend(self._code_of(path))
        return files

    @cached_property
    def _paths_of(self) -> Mapping[str, Sequence[str]]:
        """Package → the paths of its files; to be used once all are found."""
        paths: dict[str, list[str]] = {}
        for path, roles in self._files.roles.items():
            for name in roles:
                paths.setdefault(name, []).append(path)
        return paths

    def _file(self, path: str) -> PackageFile:
        found = self._files.found.get(path)
        copy = self._files.copies.get(path)
        on_phone = self._files.hashes.get(path)
        source = self._files.sources.get(path, "device")
        size = found.size if found else None
        return PackageFile(
            path=shown(path),
            sha256=on_phone or (copy.sha256 if copy else None),
            hash_source=source if on_phone else "host" if copy and copy.sha256 else "none",
            size=size if size is not None or copy is None else copy.size,
            role="base",
        )

    def _code_of(self, path: str) -> list[PackageFile]:
        """Return the files beside an APK that were read in place of code that it lacks."""
        copy = self._files.copies.get(path)
        return [
            PackageFile(
                path=file.path,
                sha256=file.sha256,
                hash_source="none" if file.sha256 is None else "host" if file.local else "device",
                size=file.size,
                role=file.role,
            )
            for file in (copy.compiled if copy else ())
        ]

    def _notes(self) -> Iterable[Skipped]:
        return self._reader.skipped

    def _snapshot(self, packages: tuple[Package, ...]) -> Snapshot:
        properties = {shown(name): shown(value) for name, value in sorted(self._properties.items())}
        return Snapshot(
            serial=self._serial(),
            properties=properties,
            build=identity.parse_build(self._properties),
            users=merge.users_of(self._listing),
            state=tuple(sorted((*self._state, *self._condition.state), key=lambda item: item.key)),
            packages=packages,
            skipped=tuple(sorted(self._notes(), key=attrgetter("subject", "step", "code", "reason"))),
            modules=merge.modules_of(self._listing.modules, self._listing.apex),
            not_understood=(*merge.not_understood_of(self._listing), *self._condition.not_understood),
            device_time=self._device_time,
            identifiers=self._identifiers(),
            never_asked=self._paths.never_asked,
        )

    def _identifiers(self) -> tuple[PhoneIdentifier, ...]:
        serial = self._serial()
        named = {"ro.serialno": serial} if serial else {}
        return distinct((*property_identifiers({**named, **self._properties}), *self._condition.identifiers))
