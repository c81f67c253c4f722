"""Hashes and copies of a phone's files: beside the questions where the phone is there, one by one elsewhere."""

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from phone_audit.acquire.adb.stream_transport import ReconnectingTransport
from phone_audit.acquire.asking import Reader
from phone_audit.acquire.files.apk_files import ApkFiles, hash_files
from phone_audit.acquire.files.background import Background, FileHashes
from phone_audit.acquire.files.copying import Copies, copy_files
from phone_audit.acquire.files.hash_memory import HashMemory
from phone_audit.acquire.files.plan import Plan
from phone_audit.acquire.store.file_hashes import copy_saved, hashes_saved, read_hashes
from phone_audit.acquire.store.record import RecordingTransport
from phone_audit.acquire.store.replay import ReplayTransport


class FileReading(Protocol):
    """The reading of the files that were found."""

    def begin(self) -> None:
        """Begin; what can go on beside other questions does.

        Raises:
            DeviceLostError: the phone is gone.
        """
        ...

    def finish(self) -> None:
        """Wait until all is read.

        Raises:
            DeviceLostError: the phone is gone.
            AcquireError: this computer cannot store the files.
        """
        ...

    def end(self) -> None:
        """Take over what was read, whether or not it is all; to be called once, in any case."""
        ...


def reading_of(
    reader: Reader, files: ApkFiles, copies: Copies, into: Path, plan: Plan, memory: HashMemory, *, copied: bool
) -> FileReading:
    """Choose how the files are read.

    Args:
        reader: the phone, or a saved acquisition.
        files: the files that were found; gets their hashes.
        copies: gets the copies.
        into: folder for the copies.
        plan: which bytes are wanted, and who gets the files.
        memory: hashes of an earlier scan.
        copied: whether bytes are read at all.
    """
    transport = reader.transport
    recording = transport if isinstance(transport, RecordingTransport) else None
    phone = recording.inner if recording else transport
    if isinstance(phone, ReconnectingTransport):
        keeping = recording if recording and recording.keep_files else None
        background = Background(phone, files.readable(), plan, memory, keeping, into, copies=copied)
        return _Beside(reader, files, copies, background, recording)
    if isinstance(phone, ReplayTransport):
        saved = phone.hashes()
        if saved is not None:
            return _Saved(reader, phone, read_hashes(saved), files, copies, into, plan, copied=copied)
    return _OneByOne(reader, files, copies, into, plan, copied=copied)


class _Beside:
    """Threads of their own read the files."""

    def __init__(
        self,
        reader: Reader,
        files: ApkFiles,
        copies: Copies,
        background: Background,
        recording: RecordingTransport | None,
    ) -> None:
        self._reader = reader
        self._files = files
        self._copies = copies
        self._background = background
        self._recording = recording

    def begin(self) -> None:
        self._background.start()

    def finish(self) -> None:
        self._background.join(self._reader.on_progress)

    def end(self) -> None:
        background = self._background
        background.stop()
        background.deliveries.end()
        _take_hashes(self._reader, self._files, background.hashed)
        for note in background.deliveries.notes:
            self._reader.skip(note.subject, note.step, note.code, note.reason)
        self._copies.done.update(background.deliveries.done)
        self._reader.transferred += background.received
        if self._recording is not None:
            self._recording.keep_hashes(hashes_saved(background.hashed))


class _Saved:
    """A saved acquisition of a phone whose files were read beside the questions."""

    def __init__(
        self,
        reader: Reader,
        replay: ReplayTransport,
        hashed: FileHashes,
        files: ApkFiles,
        copies: Copies,
        into: Path,
        plan: Plan,
        *,
        copied: bool,
    ) -> None:
        self._reader = reader
        self._replay = replay
        self._hashed = hashed
        self._files = files
        self._copies = copies
        self._into = into
        self._plan = plan
        self._copied = copied
        self._missing: list[tuple[str, int]] = []

    def begin(self) -> None:
        _take_hashes(self._reader, self._files, self._hashed)
        if self._copied:
            self._missing = copy_saved(
                self._reader,
                self._replay,
                self._copies,
                self._files.readable(),
                self._files.hashes,
                self._into,
                self._plan,
            )
            self._take_hashes_from_changed()

    def _take_hashes_from_changed(self) -> None:
        """What had changed when the phone was left has no hash, as it had none then."""
        changed = {note.subject for note in self._hashed.notes if note.code == "changed"}
        for path, copy in self._copies.done.items():
            if copy.parts is not None and copy.path in changed:
                self._copies.done[path] = replace(copy, sha256=None)

    def finish(self) -> None:
        self._replay.raise_if_gone()
        copy_files(self._reader, self._copies, self._missing, self._files.hashes, self._into, self._plan)

    def end(self) -> None:
        """Everything is there since `begin`."""


class _OneByOne:
    """Questions and copies one after the other: a phone that does only one thing at a time, or an older acquisition."""

    def __init__(
        self, reader: Reader, files: ApkFiles, copies: Copies, into: Path, plan: Plan, *, copied: bool
    ) -> None:
        self._reader = reader
        self._files = files
        self._copies = copies
        self._into = into
        self._plan = plan
        self._copied = copied

    def begin(self) -> None:
        hash_files(self._reader, self._files)

    def finish(self) -> None:
        if self._copied:
            files = self._files
            copy_files(self._reader, self._copies, files.readable(), files.hashes, self._into, self._plan)

    def end(self) -> None:
        """Everything was taken over at once."""


def _take_hashes(reader: Reader, files: ApkFiles, hashed: FileHashes) -> None:
    for path, (digest, source) in hashed.hashes.items():
        files.hashes[path] = digest
        files.sources[path] = source
    for note in hashed.notes:
        reader.skip(note.subject, note.step, note.code, note.reason)
