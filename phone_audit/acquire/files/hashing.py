"""SHA-256 of the phone's files, computed there: many files a process, several at once, hashes as they come."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from phone_audit.acquire.commands import COMMAND_LENGTH, PLAIN, quoted
from phone_audit.acquire.files.apk_files import STUCK_AT_MOST
from phone_audit.acquire.files.ranges import ProgramStarter
from phone_audit.acquire.questions.file_facts import HASH_BYTES_A_SECOND, NO_HASH_TOOL
from phone_audit.acquire.text import decode
from phone_audit.acquire.transport import FileOnPhone, Running
from phone_audit.errors import CommandError, DeviceLostError
from phone_audit.model.command_list import listed

PATIENCE = 30.0
"""Seconds beyond the time for its size after which a file stops the hashing."""

CUT_AT_MOST = 3
"""How often in a row the connection may be cut with no hash in between, before the file is left without one."""

_BATCH_FILES, _BATCH_BYTES = 48, 64 * 2**20
_FIRST_FILES = 16
_PROCESS_FILES, _PROCESS_BYTES = 16, 16 * 2**20
_POLL = 0.25
_LONGEST_LINE = 8192
_MOST_NOISE = 2**20
"""Bytes without a hash in them after which a program that hashes is ended."""
_LINE = re.compile(r"\\?([0-9a-f]{64}) [ *](.+)", re.DOTALL)
_END = "@end"

OnHash = Callable[[FileOnPhone], None]
"""Gets each file once, with its hash where the phone could compute it."""


class PhoneHasher:
    """The hashing of a list of files, by as many threads as call `work`; `on_hash` is called in these.

    A few small files come first, so that copying begins at once, then the largest ones, so that what follows the last
    hash is short.

    Attributes:
        no_tool: whether the phone has nothing that hashes.
        received: bytes of answers.
    """

    def __init__(
        self,
        transport: ProgramStarter,
        files: Sequence[FileOnPhone],
        on_hash: OnHash,
        stop: threading.Event,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self.no_tool = False
        self.received = 0
        self._transport = transport
        self._pending = _in_order(files)
        self._on_hash = on_hash
        self._stop = stop
        self._patience = patience
        self._lock = threading.Lock()
        self._stuck = 0
        self._cut = 0

    def work(self) -> None:
        """Hash until nothing is left. Raises DeviceLostError where the phone is gone."""
        while not self._stop.is_set() and (batch := self._next()):
            if self.no_tool or self._stuck >= STUCK_AT_MOST:
                self._tell_unhashed(batch)
                continue
            try:
                running = self._transport.start(_command(batch))
            except CommandError:
                self._tell_unhashed(batch)
                continue
            try:
                self._hash(running, batch)
            except DeviceLostError:
                self._go_on_after_cut(batch)

    def _next(self) -> list[FileOnPhone]:
        batch: list[FileOnPhone] = []
        size = length = 0
        with self._lock:
            while self._pending and len(batch) < _BATCH_FILES:
                file = self._pending[0]
                size += file.size
                length += len(quoted(file.path)) + 16
                if batch and (size > _BATCH_BYTES or length > COMMAND_LENGTH):
                    break
                batch.append(self._pending.popleft())
        return batch

    def _return(self, batch: list[FileOnPhone]) -> None:
        with self._lock:
            self._pending.extendleft(reversed(batch))

    def _tell_unhashed(self, batch: list[FileOnPhone]) -> None:
        for file in batch:
            self._on_hash(file)

    def _go_on_after_cut(self, batch: list[FileOnPhone]) -> None:
        """Try the rest again; a file at which the connection is cut again and again is left without a hash."""
        self._cut += 1
        if self._cut > CUT_AT_MOST:
            self._cut = 0
            self._stuck += 1
            self._tell_unhashed(batch[:1])
            del batch[:1]
        self._return(batch)

    def _hash(self, running: Running, batch: list[FileOnPhone]) -> None:
        """Read the answer of one command; files that got their hash are taken out of `batch`."""
        try:
            for line in self._lines(running, batch):
                if line == NO_HASH_TOOL:
                    self.no_tool = True
                if line in (NO_HASH_TOOL, _END):
                    self._tell_unhashed(batch)
                    return
                self._take(line, batch)
        except TimeoutError:
            self._stuck += 1
            self._tell_unhashed(batch[:1])
            del batch[:1]
        finally:
            running.close()
        if not self._stop.is_set():  # it ended before its end: the rest is tried again, unless that happens too often
            self._stuck += 1
            self._return(batch)

    def _take(self, line: str, batch: list[FileOnPhone]) -> None:
        found = _LINE.fullmatch(line)
        if found is None:
            return
        digest, name = found[1], found[2]
        file = next((file for file in batch if _name(file) == name), None)
        if file is not None:
            batch.remove(file)
            self._cut = 0
            self._on_hash(FileOnPhone(file.path, file.size, digest))

    def _lines(self, running: Running, batch: list[FileOnPhone]) -> Iterator[str]:
        rest = b""
        last = time.monotonic()
        left, idle = len(batch), 0
        while not self._stop.is_set():
            if len(batch) < left:
                last, left, idle = time.monotonic(), len(batch), 0
            ahead = sum(file.size for file in batch[:_PROCESS_FILES])
            deadline = last + self._patience + ahead / HASH_BYTES_A_SECOND
            if time.monotonic() >= deadline:
                raise TimeoutError
            try:
                piece = running.read(min(deadline, time.monotonic() + _POLL))
            except TimeoutError:
                continue
            if not piece:
                return
            self.received += len(piece)
            idle += len(piece)
            *lines, rest = (rest + piece).split(b"\n")
            yield from (decode(line) for line in lines)
            if len(rest) > _LONGEST_LINE or idle > _MOST_NOISE:
                return


def _in_order(files: Sequence[FileOnPhone]) -> deque[FileOnPhone]:
    by_size = sorted(files, key=lambda file: (-file.size, file.path))
    middle = len(by_size) // 2
    first = by_size[middle : middle + _FIRST_FILES]
    return deque((*first, *by_size[:middle], *by_size[middle + _FIRST_FILES :]))


def _command(batch: Sequence[FileOnPhone]) -> str:
    """Ask for the hashes of files. Odd names are kept out of the answer, so that nothing in them must be undone."""
    words: list[str] = []
    group: list[str] = []
    size = 0

    def end_group() -> None:
        if group:
            words.append(f"$H {' '.join(group)};")
            group.clear()

    for file in batch:
        if not PLAIN.fullmatch(file.path):
            end_group()
            words.append(f'$H <{quoted(file.path)}|while read -r d n;do echo "$d  {_name(file)}";done;')
            continue
        if len(group) == _PROCESS_FILES or size + file.size > _PROCESS_BYTES:
            end_group()
        size = file.size + (size if group else 0)
        group.append(quoted(file.path))
    end_group()
    return listed("hashes", hashed_groups="".join(words))


def _name(file: FileOnPhone) -> str:
    return file.path if PLAIN.fullmatch(file.path) else "@" + file.path.encode("utf-8", "surrogateescape").hex()
