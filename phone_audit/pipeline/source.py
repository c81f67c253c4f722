"""Where a scan reads from: an attached phone, or a saved acquisition, which may be one file, encrypted or not."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from phone_audit.acquire.adb.connect import open_transport
from phone_audit.acquire.adb.stream_transport import ReconnectingTransport
from phone_audit.acquire.collect import Acquired, PhoneReading
from phone_audit.acquire.files.deliveries import Plan
from phone_audit.acquire.image.open import is_firmware, open_firmware
from phone_audit.acquire.image.reading import ImageReading
from phone_audit.acquire.image.reading import cannot_hold as image_cannot_hold
from phone_audit.acquire.image.transport import ImageTransport
from phone_audit.acquire.importers.imported import ImportedTransport
from phone_audit.acquire.importers.open import open_imported
from phone_audit.acquire.importers.reading import ImportedReading, cannot_hold
from phone_audit.acquire.lost_time import MOST_LOST
from phone_audit.acquire.store.age import decrypt, is_age, read_identity, read_recipients
from phone_audit.acquire.store.archive import seal, sealed_name, unpack_ours
from phone_audit.acquire.store.container import is_archive
from phone_audit.acquire.store.interrupted import begun_before
from phone_audit.acquire.store.layout import is_saved, looks_saved
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport
from phone_audit.acquire.transport import Transport
from phone_audit.errors import SnapshotError, UsageError
from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import AcquisitionInfo, AcquisitionSource, Depth
from phone_audit.pipeline.options import Progress, ScanOptions

_SHA256_LENGTH = 64
"""Digits of the hash that a phone is always asked for."""


@dataclass(frozen=True)
class Source:
    """A phone, an acquisition of our own, or one of another tool, ready to be read.

    Attributes:
        kind: what it is; a replay judges the live phone's answers, so it is `live` as well.
        folder: where its raw answers lie.
        scratch: folder for files on their way.
        depth: what it promises.
        users: whose packages it holds.
        replayed: whether it is an acquisition of our own.
        earlier: saved beginnings of the same phone's.
        cannot_hold: sentences on what such a source never contains.
    """

    kind: AcquisitionSource
    transport: Transport
    reading: PhoneReading
    folder: Path
    scratch: Path
    depth: Depth
    users: str
    label: str | None
    replayed: bool = False
    earlier: tuple[Path, ...] = ()
    cannot_hold: tuple[str, ...] = ()

    def collect(self, knowledge: Knowledge, plan: Plan) -> Acquired:
        named = {fact.value for entry in knowledge.incidents for fact in entry.paths if fact.kind is None}
        paths = sorted(named.union(knowledge.indicators.paths))
        return self.reading.collect(
            depth=self.depth,
            users=self.users,
            into=self.scratch,
            paths=paths,
            plan=plan,
            hashed=_named_by_other_hashes(knowledge),
        )

    def finish(self, acquired: Acquired) -> AcquisitionInfo:
        """Say how it was read, once it was."""
        return AcquisitionInfo(
            source=self.kind,
            depth=self.depth,
            via=self.transport.via,
            manifest_sha256=self.transport.finish(),
            phone_clock_offset=acquired.phone_clock_offset,
            cannot_hold=self.cannot_hold,
            device_time=acquired.snapshot.device_time,
        )


def _named_by_other_hashes(knowledge: Knowledge) -> frozenset[str]:
    """Return the packages of incidents that publish hashes of another kind than the one a phone is always asked for."""
    return frozenset(
        package.value
        for entry in knowledge.incidents
        if any(len(fact.value) != _SHA256_LENGTH for fact in entry.hashes)
        for package in entry.packages
    )


@contextmanager
def open_source(
    target: str | None, depth: Depth, users: str, options: ScanOptions, on_progress: Progress
) -> Iterator[Source]:
    """Open the phone or the saved acquisition that `target` names; see `scan_device`."""
    saved = _saved(target)
    with tempfile.TemporaryDirectory(prefix="phone-audit-") as temporary:
        scratch = Path(temporary) / "files"
        scratch.mkdir()
        if saved is not None:
            path = opened(saved, options.identity, Path(temporary))
            if is_saved(path) or looks_saved(path):  # without its manifest the replay says so
                yield _replayed(path, depth, users, options, scratch, on_progress)
                return
            _refuse_options(saved, depth, users, options)
            if is_firmware(path):
                with as_named(path, saved), open_firmware(path) as firmware:
                    image = ImageTransport(firmware, saved)
                    lacks = image_cannot_hold(firmware)
                    reading = ImageReading(firmware, image, on_progress)
                    yield Source(
                        "image", image, reading, path, scratch, "deep", users, options.label, cannot_hold=lacks
                    )
                return
            with as_named(path, saved), open_imported(path, Path(temporary)) as (imported, container):
                transport = ImportedTransport(imported.answers, saved)
                taken = ImportedReading(imported, container, transport, on_progress)
                kind, promised, lacks = imported.source, imported.depth, cannot_hold(imported)
                yield Source(kind, transport, taken, path, scratch, promised, users, options.label, cannot_hold=lacks)
            return
        with saved_sealed(options.save, options.encrypt_to, Path(temporary)) as save:
            yield from _live(target, depth, users, replace(options, save=save), Path(temporary), on_progress)


def _live(
    target: str | None, depth: Depth, users: str, options: ScanOptions, temporary: Path, on_progress: Progress
) -> Iterator[Source]:
    """Open a phone, and write down what it says."""
    phone = open_transport(target, via=options.via, on_wait=options.on_wait, patience=options.patience)
    inner = ReconnectingTransport(phone, most_lost=MOST_LOST)
    with contextlib.ExitStack() as resources:
        resources.callback(inner.close)
        earlier = begun_before(options.save, inner.serial)
        recording = RecordingTransport(
            inner,
            options.save or temporary / "acquisition",
            depth=depth,
            users=users,
            label=options.label,
            clock=options.clock,
            keep_files=options.save is not None,
            space=options.room if options.save is not None else None,
        )
        resources.callback(recording.close)
        reading = PhoneReading(recording, on_progress)
        scratch = temporary / "files"
        yield Source(
            "live", recording, reading, recording.folder, scratch, depth, users, options.label, earlier=earlier
        )


def _saved(target: str | None) -> Path | None:
    """Return the saved acquisition that the target names; None where it names a phone.

    Raises:
        SnapshotError: it is a path, and nothing lies there.
    """
    if target is None:
        return None
    path = Path(target)
    if path.is_dir() or path.is_file():
        return path
    if "/" in target or path.exists():
        what = "is neither a folder nor a file" if path.exists() else "does not exist"
        raise SnapshotError(f"{target} {what}, so it is not a saved acquisition.", "Name the folder that --save made.")
    return None


def _replayed(
    folder: Path, depth: Depth, users: str, options: ScanOptions, scratch: Path, on_progress: Progress
) -> Source:
    """Open a saved acquisition, which holds what was asked for when it was made, and nothing else.

    Raises:
        UsageError: something else is asked for now.
    """
    replay = ReplayTransport(folder)
    hint = "Leave the option out, or scan the phone again."
    if options.save is not None:
        raise UsageError(f"{folder} is a saved acquisition already; leave --save out.", "Copy the folder instead.")
    if options.via != "auto":
        raise UsageError(f"{folder} is a saved acquisition; leave --via out.", hint)
    if users not in ("all", replay.users):
        raise UsageError(
            f"{folder} was made for the users {short_repr(replay.users)}, not for {short_repr(users)}.", hint
        )
    if depth not in ("standard", replay.depth):
        raise UsageError(f"{folder} was made with the depth {short_repr(replay.depth)}, not {short_repr(depth)}.", hint)
    label = options.label or replay.label
    reading = PhoneReading(replay, on_progress)
    return Source("live", replay, reading, folder, scratch, replay.depth, replay.users, label, replayed=True)


def _refuse_options(named: Path, depth: Depth, users: str, options: ScanOptions) -> None:
    """Refuse what only a phone can give. Raises a UsageError where something of it is asked for."""
    hint = "Leave the option out, or scan the phone itself."
    if options.save is not None or options.via != "auto" or users != "all" or depth != "standard":
        raise UsageError(f"{named} is an acquisition: it holds what it holds, and there is no phone to ask.", hint)


_FALLBACK = "acquisition"


def check_keys(encrypt_to: Sequence[str], identity: Path | None) -> None:
    """Refuse what is no key, before a phone is asked anything.

    Raises:
        UsageError: a recipient is none, or the file holds no secret key.
    """
    read_recipients(encrypt_to)
    if identity is not None:
        read_identity(identity)


def opened(path: Path, identity: Path | None, scratch: Path) -> Path:
    """Return what is to be read: the path itself, what age decrypts of it, or the folder that an archive of ours holds.

    Args:
        path: what the person named; it is there.
        identity: the file with the secret key, where one was named.
        scratch: a folder for what is taken out; it is emptied by whoever made it.

    Raises:
        UsageError: it is encrypted and no key was named, or the key cannot be used.
        SnapshotError: the key does not open it, or it is damaged.
    """
    if path.is_dir():
        return path
    named, name = path, path.name
    if is_age(path):
        if identity is None:
            hint = "Add --identity FILE with the secret key it was encrypted to."
            raise UsageError(f"{path} is encrypted.", hint)
        name = name.removesuffix(".age") or _FALLBACK
        path = decrypt(path, read_identity(identity), scratch / f"decrypted-{name}")
    if is_archive(path):
        folder = scratch / f"unpacked-{name}"
        with as_named(path, named):
            if unpack_ours(path, folder):
                return folder
    return path


@contextmanager
def as_named(path: Path, named: Path) -> Iterator[None]:
    """Let errors speak of what the person named, not of the file that it was decrypted to."""
    try:
        yield
    except SnapshotError as error:
        if path == named:
            raise
        raise SnapshotError(error.message.replace(str(path), str(named)), error.hint) from error


@contextmanager
def saved_sealed(save: Path | None, encrypt_to: tuple[str, ...], scratch: Path) -> Iterator[Path | None]:
    """Yield the folder in which a phone's answers are to be kept, and turn it into an encrypted file at the end.

    Where nothing is to be encrypted that is `save` itself. Where the block fails, no file is made.

    Raises:
        UsageError: a recipient is none.
        SnapshotError: the file is there already, or cannot be written.
    """
    if save is None or not encrypt_to:
        yield save
        return
    recipients = read_recipients(encrypt_to)
    path = sealed_name(save)
    if path.exists():
        raise SnapshotError(f"{path} is there already.", "Name another file; a saved one is never changed.")
    folder = scratch / _FALLBACK
    yield folder
    seal(folder, path, recipients)
