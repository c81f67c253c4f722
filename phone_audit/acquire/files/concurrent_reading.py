"""Hashes and copies the files of a phone that is there, in threads of their own, while it is asked other things."""

import contextlib
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.commands import Command
from phone_audit.acquire.files.apk_files import ApkFiles
from phone_audit.acquire.files.deliveries import Deliveries, Plan, Queue
from phone_audit.acquire.files.hash_cache import FileState, FileStates, file_states
from phone_audit.acquire.files.hashing import PhoneHasher
from phone_audit.acquire.files.oat_files import role_of
from phone_audit.acquire.files.range_carrier import RangeCarrier
from phone_audit.acquire.questions.file_facts import CORES, hash_command, parse_hashes
from phone_audit.acquire.store.saved_files import NO_TOOL, FileHashes, hashes_saved
from phone_audit.acquire.text import decode, shown
from phone_audit.acquire.transport import Answer, FileOnPhone, FileRequest, LiveTransport
from phone_audit.errors import CommandError
from phone_audit.model.device import CompiledFile, HashSource, joint_hash
from phone_audit.model.finding import Skipped

_POLL = 0.1


class WholeCarrier:
    """Copies whole files, many requests ahead on one stream; see `LiveTransport.pull_many`.

    What has arrived is checked in a thread of its own, so that the cable does not wait for it.
    """

    def __init__(self, transport: LiveTransport, queue: Queue, deliveries: Deliveries, stop: threading.Event) -> None:
        self._transport = transport
        self._queue = queue
        self._deliveries = deliveries
        self._stop = stop
        self._under_way: dict[Path, FileOnPhone] = {}
        self._checks: deque[Future[None]] = deque()
        self._checker = ThreadPoolExecutor(1, thread_name_prefix="phone-audit-check")

    def work(self) -> None:
        """Copy files until the queue is finished.

        Raises:
            DeviceLostError: the phone is gone.
            AcquireError: this computer cannot store them.
        """
        try:
            self._transport.pull_many(self._next, self._done)
        finally:
            self._checker.shutdown()
            for part in self._under_way:
                with contextlib.suppress(OSError):
                    part.unlink(missing_ok=True)
        self._settle()

    def _next(self, wait: bool) -> FileRequest | None:
        while not self._stop.is_set():
            self._settle()
            file = self._queue.get(_POLL if wait else 0.0)
            if file is not None:
                return self._request(file)
            if not wait or (self._queue.finished and not self._checks):
                return None
        return None

    def _settle(self) -> None:
        """Let an error of a check end the work."""
        while self._checks and self._checks[0].done():
            self._checks.popleft().result()

    def _request(self, file: FileOnPhone) -> FileRequest:
        part = self._deliveries.new_part()
        self._under_way[part] = file
        return FileRequest(file.path, part)

    def _done(self, request: FileRequest, error: CommandError | None) -> None:
        file = self._under_way.pop(request.into)
        if error is None:
            self._checks.append(self._checker.submit(self._check, file, request.into))
        else:
            self._again(self._deliveries.failed(file, "not-copied", error.message))

    def _check(self, file: FileOnPhone, part: Path) -> None:
        self._deliveries.count(part.stat().st_size)
        self._again(self._deliveries.brought(file, part, None))

    def _again(self, file: FileOnPhone | None) -> None:
        if file is not None:
            self._queue.put(file)


HASHERS = 2
"""Processes that hash on the phone at the same time, where it has so many cores."""

CHANGED = "It changed while the phone was read, so what was read of it may not be what the phone hashed."
EQUAL_CHANGED = "A file that was equal to it changed while the phone was read, and what was read is of that one."
_TICK = 0.05
_LINGER = 5.0
"""Seconds that threads may take to see that they are to stop, before their connection is closed."""


class ConcurrentReading:
    """Reads the files of one phone in threads of their own; without `copied` they are only hashed."""

    def __init__(
        self, reader: Reader, phone: LiveTransport, files: ApkFiles, into: Path, plan: Plan, *, copied: bool
    ) -> None:
        self._reader = reader
        self._keeper = reader.transport.keeper
        self._hashed = FileHashes()
        self._deliveries = Deliveries(plan, into, self._keeper)
        self._phone = phone
        self._apk_files = files
        self._files = [FileOnPhone(path, size) for path, size in files.readable()]
        self._plan = plan
        self._copied = copied
        self._stop = threading.Event()
        self._ranges, self._whole = Queue(), Queue()
        self._first = self._ranges if plan.next_wanted is not None else self._whole
        self._hashing: PhoneHasher | None = None
        self._known = FileStates()
        self._settled = 0
        self._all_hashed = False
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=HASHERS + 2, thread_name_prefix="phone-audit")
        self._threads: list[Future[None]] = []

    def begin(self) -> None:
        """Begin, and return while the threads go on. Raises DeviceLostError where the phone is gone."""
        self._threads.append(self._pool.submit(self._hash))
        if not self._copied:
            return
        phone, deliveries, stop = self._phone, self._deliveries, self._stop
        whole = WholeCarrier(phone, self._whole, deliveries, stop)
        self._threads.append(self._pool.submit(whole.work))
        if self._plan.next_wanted is not None:
            ranges = RangeCarrier(phone, self._ranges, self._whole, self._plan.next_wanted, deliveries, stop)
            self._threads.append(self._pool.submit(ranges.work))

    def finish(self) -> None:
        """Wait until all is read.

        Raises:
            DeviceLostError: the phone is gone; who is told of progress may raise it as well.
            AcquireError: this computer cannot store the files.
        """
        pending: set[Future[None]] = set(self._threads)
        while pending:
            done, pending = wait(pending, timeout=_TICK, return_when=FIRST_EXCEPTION)
            for thread in done:
                thread.result()
            self._tell()
        self._note_changed()
        self._tell()
        self._tell()
        self._pool.shutdown()

    def end(self) -> None:
        """Take over what was read, whether or not it is all; to be called once, in any case.

        Threads are ended wherever they are, and what is complete stays.
        """
        self._stop.set()
        wait(self._threads, timeout=_LINGER)
        if any(thread.running() for thread in self._threads):
            self._phone.close()
        self._pool.shutdown()
        self._deliveries.end()
        self._apk_files.take_hashes(self._hashed, self._reader)
        self._reader.keep(self._deliveries.notes)
        self._apk_files.copies.update(self._deliveries.done)
        self._reader.transferred += self._deliveries.received + (self._hashing.received if self._hashing else 0)
        self._reader.transport.keep_hashes(hashes_saved(self._hashed))

    def _tell(self) -> None:
        on_progress = self._reader.on_progress
        count = len(self._files)
        if self._settled < count or not self._all_hashed:
            on_progress("hashes", self._settled, count)
            self._all_hashed = self._settled == count
        elif self._copied:
            on_progress("copies", self._deliveries.settled, sum(file.size for file in self._files))

    def _hash(self) -> None:
        try:
            self._known = file_states(self._ask, self._files)
            left = [file for file in self._files if not self._remembered(file, self._known.of)]
            self._hashing = PhoneHasher(self._phone, left, self._take, self._stop)
            others = [self._pool.submit(self._hashing.work) for _ in range(min(HASHERS, self._cores()) - 1)]
            self._hashing.work()
            for other in others:
                other.result()
            if self._hashing.no_tool and self._plan.next_wanted is not None:
                self._hashed.notes.append(NO_TOOL)
        finally:
            self._remember()
            self._first.close()

    def _ask(self, command: Command) -> Answer | None:
        try:
            return self._phone.shell(command.text, timeout=command.timeout, limit=command.limit)
        except CommandError:
            return None

    def _cores(self) -> int:
        answer = self._ask(CORES)
        text = answer.output.strip() if answer and answer.exit == 0 else b""
        return int(text) if text.isdigit() and int(text) else 1

    def _remembered(self, file: FileOnPhone, known: Mapping[str, FileState]) -> bool:
        if self._plan.rehash or file.path not in known:
            return False
        digest = self._plan.hash_cache.hash_of(file.path, known[file.path])
        if digest is not None:
            self._take(FileOnPhone(file.path, file.size, digest), "cached")
        return digest is not None

    def _take(self, file: FileOnPhone, source: HashSource = "device") -> None:
        with self._lock:
            self._settled += 1
            if file.sha256 is not None:
                self._hashed.hashes[file.path] = file.sha256, source
        if not self._copied:
            return
        compiled = self._known_code(file)
        if compiled:
            self._deliveries.known_with_code(file, compiled)
            return
        if self._deliveries.is_needed(file) and not self._deliveries.took_earlier(file):
            self._first.put(file)
        while wanted := self._deliveries.next_wanted():
            self._first.put(wanted)

    def _known_code(self, file: FileOnPhone) -> tuple[CompiledFile, ...]:
        """Return what lies beside a stripped APK, where the record that both lead to is known; the phone hashes it."""
        candidates = self._plan.stripped.candidates(file.path)
        if (
            self._keeper is not None
            or not candidates
            or file.sha256 is None
            or not self._plan.receiver.is_stripped(file.sha256)
        ):
            return ()
        answer = self._ask(hash_command([(one.path, one.size) for one in candidates]))
        hashes = parse_hashes(decode(answer.output)) if answer else {}
        compiled = tuple(
            CompiledFile(shown(one.path), None, one.size, hashes.get(number), role_of(one.path))
            for number, one in enumerate(candidates)
        )
        joint = joint_hash(file.sha256, compiled)
        return compiled if joint is not None and self._plan.receiver.is_known(joint) else ()

    def _note_changed(self) -> None:
        """Note the files that are not what they were when their hash was taken: of parts, the hash cannot tell.

        Equal files share the bytes of one of them, so where one has changed, none keeps the hash.
        """
        done = self._deliveries.done
        parts = [file for file in self._files if (copy := done.get(file.path)) and copy.parts]
        now = file_states(self._ask, parts).of if parts else {}
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
                self._hashed.hashes.pop(path, None)
            else:
                done[path] = replace(copy, same=copy.sha256 not in unsure)

    def _note(self, path: str, reason: str) -> None:
        self._hashed.notes.append(Skipped(subject=shown(path), step="transfer", code="changed", reason=reason))

    def _remember(self) -> None:
        """Remember what is hashed by now, also where the phone has gone: the next scan goes on from there."""
        if self._known.of:
            with self._lock:
                hashes = {path: digest for path, (digest, _) in self._hashed.hashes.items()}
            self._plan.hash_cache.save(self._known.settled, hashes)
