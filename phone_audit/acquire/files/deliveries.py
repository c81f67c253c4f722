"""Which files of a phone are wanted and who gets them; each content once, checked, kept, and handed on at once."""

import errno
import hashlib
import itertools
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Protocol

from phone_audit.acquire.files.hash_cache import HashCache
from phone_audit.acquire.files.oat_files import StrippedApks
from phone_audit.acquire.store.interrupted import InterruptedFiles
from phone_audit.acquire.text import shown
from phone_audit.acquire.transport import FileKeeper, FileOnPhone, NextWanted, PulledApk
from phone_audit.errors import AcquireError
from phone_audit.model.device import CompiledFile
from phone_audit.model.finding import Skipped
from phone_audit.model.parts import Parts


class FileReceiver(Protocol):
    """Gets the files of a phone, from the threads that read them, one at a time."""

    def is_known(self, sha256: str) -> bool:
        """Tell whether the file with this SHA-256 was analysed before, so that its bytes are not needed."""

    def is_stripped(self, sha256: str) -> bool:
        """Tell whether the file with this SHA-256 was found to have its code elsewhere.

        Then only its hash together with those of that code tells whether it is known; see `joint_hash`.
        """

    def take(self, apk: PulledApk) -> None:
        """Take a file that is complete."""

    def wait_for_room(self) -> None:
        """Wait while more files lie in the scratch folder, not yet read, than may lie there at the same time."""


@dataclass(frozen=True)
class Plan:
    """How the files of a phone are read.

    Attributes:
        next_wanted: which parts are wanted; None where whole files are.
        receiver: gets the files.
        lacks_code: whether a file, of which so much is here, has its code elsewhere, so that what lies beside it on the
            phone is wanted.
        hash_cache: hashes of this phone's files, as far as they are remembered.
        rehash: whether nothing that is remembered of the phone is used.
        earlier: files of an earlier reading that was interrupted; None where there was none.
        stripped: holds files back until the code that they lack is there.
    """

    next_wanted: NextWanted | None
    receiver: FileReceiver
    lacks_code: Callable[[Path, Parts | None], bool]
    hash_cache: HashCache = field(default_factory=HashCache)
    rehash: bool = False
    earlier: InterruptedFiles | None = None
    stripped: StrippedApks = field(default_factory=StrippedApks)


class Queue:
    """Takes files, and gives them in the same order to one thread."""

    def __init__(self) -> None:
        self._files: SimpleQueue[FileOnPhone | None] = SimpleQueue()
        self._closed = False

    def put(self, file: FileOnPhone) -> None:
        self._files.put(file)

    def close(self) -> None:
        """Say that no file follows."""
        self._closed = True
        self._files.put(None)  # wakes who waits

    def get(self, seconds: float = 0.0) -> FileOnPhone | None:
        """Take the next file; None where there is none within so many seconds, or where none follows."""
        try:
            return self._files.get(seconds > 0, seconds)
        except Empty:
            return None

    @property
    def finished(self) -> bool:
        """Whether all files were taken and none follows."""
        return self._closed and self._files.empty()


class Deliveries:
    """The files of one phone, which lie in a folder, named by their hash, and are written down where there is a keeper.

    Attributes:
        done: path as decoded → file.
        notes: what could not be had.
        settled: bytes of the files that are done with, as they are on the phone.
        received: bytes that came over the cable.
    """

    def __init__(self, plan: Plan, into: Path, keeper: FileKeeper | None) -> None:
        self.done: dict[str, PulledApk] = {}
        self.notes: list[Skipped] = []
        self.settled = 0
        self.received = 0
        self._plan = plan
        self.into = into
        self._keeper = keeper
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._claimed: dict[str, list[FileOnPhone]] = {}
        self._by_hash: dict[str, PulledApk] = {}

    def new_part(self) -> Path:
        """Name a place for a file that is on its way."""
        return self.into / f"{next(self._numbers):05d}.part"

    def is_needed(self, file: FileOnPhone) -> bool:
        """Tell whether the bytes of a file must be brought: they are not known, not here, and not on their way."""
        digest = file.sha256
        if digest is None:
            return True
        with self._lock:
            there = self._by_hash.get(digest)
            if there is None and self._keeper is None and self._plan.receiver.is_known(digest):
                there = self._by_hash[digest] = PulledApk(shown(file.path), None, digest, file.size)
            if there is not None:
                self._hand_on(file, there)
                return False
            self._claimed.setdefault(digest, []).append(file)
            return len(self._claimed[digest]) == 1

    def took_earlier(self, file: FileOnPhone) -> bool:
        """Take a file, of which `is_needed` told that it is, from an earlier reading where that has it.

        Raises an AcquireError where it cannot be stored here.
        """
        try:
            earlier = self._plan.earlier
            saved = earlier.find(file.sha256, self.into) if earlier and file.sha256 else None
            if saved is None or saved.local is None:
                return False
            self._brought(file, saved.local, saved.parts)
        except OSError as error:
            raise no_room(self.into, error) from error
        return True

    def brought(self, file: FileOnPhone, part: Path, parts: Parts | None) -> FileOnPhone | None:
        """Take a file that has arrived. Raises an AcquireError where it cannot be stored here.

        Returns:
            A file of the same hash, to be brought in its place where this one is another by now.
        """
        try:
            again = self._brought(file, part, parts)
        except OSError as error:
            raise no_room(part.parent, error) from error
        return again or self.next_wanted()

    def next_wanted(self) -> FileOnPhone | None:
        """Return a file that was not asked for at first, and that one which has arrived cannot do without."""
        with self._lock:
            return self._plan.stripped.next_wanted()

    def known_with_code(self, file: FileOnPhone, compiled: tuple[CompiledFile, ...]) -> None:
        """Hand on a file whose record, together with the code that lies beside it, is known from an earlier phone."""
        with self._lock:
            self._settle(file)
            self._complete([(file.path, PulledApk(shown(file.path), None, file.sha256, file.size, None, compiled))])

    def end(self) -> None:
        """Hand on what still waits for something that will not come any more."""
        with self._lock:
            self._complete(self._plan.stripped.left())

    def failed(self, file: FileOnPhone, code: str, reason: str) -> FileOnPhone | None:
        """Note that a file could not be had; gives one of the same hash to be brought in its place."""
        with self._lock:
            if self._keeper is not None:
                self._keeper.keep_failure(file.path, reason)
            self._note(file.path, code, reason)
            self._settle(file)
            self._complete(self._plan.stripped.failed(file.path))
            claimed = self._claimed.get(file.sha256 or "", [])
            if file in claimed:
                claimed.remove(file)
            return claimed[0] if claimed else self._plan.stripped.next_wanted()

    def count(self, received: int) -> None:
        with self._lock:
            self.received += received

    def _brought(self, file: FileOnPhone, part: Path, parts: Parts | None) -> FileOnPhone | None:
        actual = file.sha256
        if parts is None:
            with part.open("rb") as opened:
                actual = hashlib.file_digest(opened, "sha256").hexdigest()
        if file.sha256 and actual != file.sha256:
            return self._changed(file, part, actual)
        size = part.stat().st_size
        local = part.replace(self.into / f"{actual or part.stem}.apk")
        copy = PulledApk(shown(file.path), local, actual, size, parts)
        with self._lock:
            if self._keeper is not None:
                copy = self._keeper.keep_copy(file.path, copy)
        with self._lock:
            if actual is not None:
                self._by_hash[actual] = copy
            for same in [file, *(it for it in self._claimed.pop(file.sha256 or "", ()) if it != file)]:
                self._hand_on(same, copy, first=same is file)
        return None

    def _changed(self, file: FileOnPhone, part: Path, actual: str | None) -> FileOnPhone | None:
        reason = changed_meanwhile(actual, file.sha256)
        with self._lock:
            if self._keeper is not None:
                self._keeper.keep_copy(file.path, PulledApk(shown(file.path), part, actual, part.stat().st_size))
            part.unlink(missing_ok=True)
            self._note(file.path, "changed", reason)
            self.settled += file.size
            claimed = self._claimed.get(file.sha256 or "", [])
            if file in claimed:
                claimed.remove(file)
            return claimed[0] if claimed else None

    def _hand_on(self, file: FileOnPhone, copy: PulledApk, *, first: bool = False) -> None:
        """Hand the file to whoever waits for it, under its own path. The lock is held."""
        copy = PulledApk(shown(file.path), copy.local, copy.sha256, copy.size, copy.parts)
        if self._keeper is not None and not first:
            self._keeper.keep_copy(file.path, copy)
        self._settle(file)
        self._complete(self._plan.stripped.arrived(file.path, copy))

    def _settle(self, file: FileOnPhone) -> None:
        if not self._plan.stripped.is_code(file.path):
            self.settled += file.size

    def _complete(self, files: Iterable[tuple[str, PulledApk]]) -> None:
        for path, copy in files:
            self.done[path] = copy
            self._plan.receiver.take(copy)

    def _note(self, path: str, code: str, reason: str) -> None:
        self.notes.append(Skipped(subject=shown(path), step="transfer", code=code, reason=shown(reason)))


def no_room(folder: Path, error: OSError) -> AcquireError:
    """Return the error for a folder that takes no file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return AcquireError(f"The disk that holds {folder} is full.", "Free some space and try again.")
    return AcquireError(f"{folder} cannot be written: {error.strerror or error}.")


def changed_meanwhile(copied: str | None, hashed: str | None) -> str:
    """Say that a file is not the one that the phone hashed."""
    return f"What was copied (SHA-256 {copied}) is not what the phone hashed ({hashed}): it changed meanwhile."
