"""Hashes and copies the files of a phone while it is asked other things."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from phone_audit.acquire.asking import OnProgress
from phone_audit.acquire.commands import Command
from phone_audit.acquire.files.deliveries import Deliveries, Keeping
from phone_audit.acquire.files.file_queue import FileOnPhone, Queue
from phone_audit.acquire.files.hash_memory import HashMemory, Identities, Identity, identities
from phone_audit.acquire.files.hashing import Hashing
from phone_audit.acquire.files.oat_files import role_of
from phone_audit.acquire.files.plan import Plan
from phone_audit.acquire.files.range_carrier import RangeCarrier
from phone_audit.acquire.files.whole_carrier import Pulling, WholeCarrier
from phone_audit.acquire.questions.file_facts import CORES, hash_command, parse_hashes
from phone_audit.acquire.text import decode, shown
from phone_audit.acquire.transport import Answer, Transport
from phone_audit.errors import CommandError
from phone_audit.model.device import CompiledFile, HashSource, joint_hash
from phone_audit.model.finding import Skipped

HASHERS = 2
"""Processes that hash on the phone at the same time, where it has so many cores."""

NO_TOOL = (
    "The phone has no tool that computes SHA-256, so a file of which only parts were read has no hash. It is told "
    "apart by its size and by what was read of it, of which the directory of the archive is a part."
)
CHANGED = "It changed while the phone was read, so what was read of it may not be what the phone hashed."
EQUAL_CHANGED = "A file that was equal to it changed while the phone was read, and what was read is of that one."
_TICK = 0.05
_LINGER = 5.0
"""Seconds that threads may take to see that they are to stop, before their connection is closed."""


class Phone(Transport, Pulling, Protocol):
    """A live transport that several threads may use."""


@dataclass
class FileHashes:
    """What is known of the hashes: path → SHA-256 and where it comes from, and what is to be said of the rest."""

    hashes: dict[str, tuple[str, HashSource]] = field(default_factory=dict)
    notes: list[Skipped] = field(default_factory=list)

    def note_no_tool(self) -> None:
        """Note that the phone hashes nothing, so that files of which only parts are read have no hash."""
        self.notes.append(Skipped(subject="phone", step="command", code="no-hash-tool", reason=NO_TOOL))


class Background:
    """The threads that read the files of one phone.

    Args:
        phone: the way to it.
        files: the files that can be read.
        plan: how.
        memory: hashes of earlier scans.
        keeping: writes the files down; None where nothing is kept.
        into: folder for them.
        copies: whether bytes are brought at all; with False files are only hashed.

    Attributes:
        hashed: the hashes so far; changed by the threads until `join` or `stop` has returned.
        deliveries: the files so far.
    """

    def __init__(
        self,
        phone: Phone,
        files: Sequence[tuple[str, int]],
        plan: Plan,
        memory: HashMemory,
        keeping: Keeping | None,
        into: Path,
        *,
        copies: bool,
    ) -> None:
        self.hashed = FileHashes()
        self.deliveries = Deliveries(plan, into, keeping)
        self._phone = phone
        self._files = [FileOnPhone(path, size) for path, size in files]
        self._plan = plan
        self._memory = memory
        self._keeping = keeping is not None
        self._into = into
        self._copies = copies
        self._stop = threading.Event()
        self._ranges, self._whole = Queue(), Queue()
        self._first = self._ranges if plan.next_wanted is not None else self._whole
        self._hashing: Hashing | None = None
        self._known = Identities()
        self._settled = 0
        self._all_hashed = False
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=HASHERS + 2, thread_name_prefix="phone-audit")
        self._threads: list[Future[None]] = []

    @property
    def received(self) -> int:
        """Bytes that came over the cable."""
        return self.deliveries.received + (self._hashing.received if self._hashing else 0)

    def start(self) -> None:
        """Begin. To be followed by `join` or `stop`."""
        self._threads.append(self._pool.submit(self._hash))
        if not self._copies:
            return
        deliveries, into, stop = self.deliveries, self._into, self._stop
        whole = WholeCarrier(self._phone, self._whole, deliveries, into, stop)
        self._threads.append(self._pool.submit(whole.work))
        if self._plan.next_wanted is not None:
            ranges = RangeCarrier(
                self._phone, self._ranges, self._whole, self._plan.next_wanted, deliveries, into, stop
            )
            self._threads.append(self._pool.submit(ranges.work))

    def join(self, on_progress: OnProgress) -> None:
        """Wait until all is done.

        Raises:
            DeviceLostError: the phone is gone; `on_progress` may raise it as well.
            AcquireError: this computer cannot store what comes.
        """
        pending: set[Future[None]] = set(self._threads)
        while pending:
            done, pending = wait(pending, timeout=_TICK, return_when=FIRST_EXCEPTION)
            for thread in done:
                thread.result()
            self._tell(on_progress)
        self._note_changed()
        self._tell(on_progress)
        self._tell(on_progress)
        self._pool.shutdown()

    def stop(self) -> None:
        """End all threads, wherever they are; what is complete stays."""
        self._stop.set()
        wait(self._threads, timeout=_LINGER)
        if any(thread.running() for thread in self._threads):
            self._phone.close()
        self._pool.shutdown()

    def _tell(self, on_progress: OnProgress) -> None:
        count = len(self._files)
        if self._settled < count or not self._all_hashed:
            on_progress("hashes", self._settled, count)
            self._all_hashed = self._settled == count
        elif self._copies:
            on_progress("copies", self.deliveries.settled, sum(file.size for file in self._files))

    def _hash(self) -> None:
        try:
            self._known = identities(self._ask, self._files)
            left = [file for file in self._files if not self._remembered(file, self._known.of)]
            self._hashing = Hashing(self._phone, left, self._on_hash, self._stop)
            self._work(self._hashing, min(HASHERS, self._cores()))
            if self._hashing.no_tool and self._plan.next_wanted is not None:
                self.hashed.note_no_tool()
        finally:
            self._remember()
            self._first.close()

    def _work(self, hashing: Hashing, threads: int) -> None:
        others = [self._pool.submit(hashing.work) for _ in range(threads - 1)]
        hashing.work()
        for other in others:
            other.result()

    def _ask(self, command: Command) -> Answer | None:
        try:
            return self._phone.shell(command.text, timeout=command.timeout, limit=command.limit)
        except CommandError:
            return None

    def _cores(self) -> int:
        answer = self._ask(CORES)
        text = answer.output.strip() if answer and answer.exit == 0 else b""
        return int(text) if text.isdigit() and int(text) else 1

    def _remembered(self, file: FileOnPhone, known: Mapping[str, Identity]) -> bool:
        if self._plan.rehash or file.path not in known:
            return False
        digest = self._memory.hash_of(file.path, known[file.path])
        if digest is not None:
            self._take(FileOnPhone(file.path, file.size, digest), "cached")
        return digest is not None

    def _on_hash(self, file: FileOnPhone) -> None:
        self._take(file, "device")

    def _take(self, file: FileOnPhone, source: HashSource) -> None:
        with self._lock:
            self._settled += 1
            if file.sha256 is not None:
                self.hashed.hashes[file.path] = file.sha256, source
        if not self._copies:
            return
        beside = self._known_code(file)
        if beside:
            self.deliveries.known_with_code(file, beside)
            return
        if self.deliveries.is_needed(file) and not self.deliveries.took_earlier(file):
            self._first.put(file)
        while wanted := self.deliveries.next_wanted():
            self._first.put(wanted)

    def _known_code(self, file: FileOnPhone) -> tuple[CompiledFile, ...]:
        """Return what lies beside a stripped APK, where the record that both lead to is known; the phone hashes it."""
        candidates = self._plan.waiting.candidates(file.path)
        if self._keeping or not candidates or file.sha256 is None or not self._plan.is_stripped(file.sha256):
            return ()
        answer = self._ask(hash_command([(one.path, one.size) for one in candidates]))
        hashes = parse_hashes(decode(answer.output)) if answer else {}
        beside = tuple(
            CompiledFile(shown(one.path), None, one.size, hashes.get(number), role_of(one.path))
            for number, one in enumerate(candidates)
        )
        joint = joint_hash(file.sha256, beside)
        return beside if joint is not None and self._plan.is_known(joint) else ()

    def _note_changed(self) -> None:
        """Note the files that are not what they were when their hash was taken: of parts, the hash cannot tell.

        Equal files share the bytes of one of them, so where one has changed, none keeps the hash.
        """
        done = self.deliveries.done
        parts = [file for file in self._files if (copy := done.get(file.path)) and copy.parts]
        now = identities(self._ask, parts).of if parts else {}
        changed = [path for path in (file.path for file in parts) if self._known.of.get(path) != now.get(path)]
        for path in changed:
            self._note(path, CHANGED)
        bad = {done[path].sha256 for path in changed} - {None}
        unsure = {done[file.path].sha256 for file in parts if file.path not in now} | bad
        for path in (file.path for file in parts):
            copy = done[path]
            if copy.sha256 in bad or path in changed:
                if path not in changed:
                    self._note(path, EQUAL_CHANGED)
                done[path] = replace(copy, sha256=None)
                self.hashed.hashes.pop(path, None)
            else:
                done[path] = replace(copy, same=copy.sha256 not in unsure)

    def _note(self, path: str, reason: str) -> None:
        self.hashed.notes.append(Skipped(subject=shown(path), step="transfer", code="changed", reason=reason))

    def _remember(self) -> None:
        """Remember what is hashed by now, also where the phone has gone: the next scan goes on from there."""
        if self._known.of:
            with self._lock:
                hashes = {path: digest for path, (digest, _) in self.hashed.hashes.items()}
            self._memory.save(self._known.settled, hashes)
