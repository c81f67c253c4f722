"""A second thread for what the first one need not wait for: inflating large entries ahead, hashing what was read.

isal and hashlib let go of the interpreter while they work, so with a second core this takes no time from the first
thread. Bytes that wait to be asked for are limited.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from phone_audit.apk.zip.directory import Buffer, Entry
from phone_audit.errors import PhoneAuditError

LARGE: Final = 2**16
"""Bytes from which on it is worth handing work to another thread."""
MOST_AHEAD: Final = 32 * 2**20
"""Bytes that may be inflated before anybody asks for them, and bytes that may wait to be hashed."""

Args = ParamSpec("Args")
Done = TypeVar("Done")


class SecondThread:
    """A thread that starts with the first work it is given. Leaving the context drops what has not begun.

    Where the system gives no further thread, whoever asks does the work at once.
    """

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._refused = False

    def __enter__(self) -> "SecondThread":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self, work: Callable[Args, Done], /, *args: Args.args, **named: Args.kwargs) -> "Future[Done]":
        """Do something after everything that was started before."""
        if not self._refused:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1)
            try:
                return self._pool.submit(work, *args, **named)
            except RuntimeError:  # near the limit of memory there is no room for the stack of a thread
                self._refused = True
        return _done(work, *args, **named)


def _done(work: Callable[Args, Done], /, *args: Args.args, **named: Args.kwargs) -> "Future[Done]":
    """Do something now; what goes wrong is told when the result is asked for."""
    future: Future[Done] = Future()
    try:
        future.set_result(work(*args, **named))
    except (PhoneAuditError, MemoryError) as error:
        future.set_exception(error)
    return future


class InflatedAhead:
    """Large entries that will be read in a known order; small ones are left out.

    Args:
        entries: in that order.
        inflate: gives the content of an entry, or None where it is not as the directory says.
        thread: does it.
        most: bytes that may wait.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        inflate: Callable[[Entry], bytes | None],
        thread: SecondThread,
        most: int = MOST_AHEAD,
    ) -> None:
        self._inflate = inflate
        self._thread = thread
        self._most = most
        self._left = iter([entry for entry in entries if LARGE <= entry.size <= most])
        self._next = next(self._left, None)
        self._waiting: dict[Entry, Future[bytes | None]] = {}
        self._bytes = 0
        self._start()

    def take(self, entry: Entry) -> bytes | None:
        """Return the content of an entry, or raise its `MemoryError`; None where it has to be inflated now."""
        found = self._waiting.pop(entry, None)
        if found is None:
            return None
        self._bytes -= entry.size
        content = None if found.cancel() else found.result()
        self._start()
        return content

    def _start(self) -> None:
        while self._next is not None and self._bytes + self._next.size <= self._most:
            entry, self._next = self._next, next(self._left, None)
            if entry not in self._waiting:
                self._bytes += entry.size
                self._waiting[entry] = self._thread.start(self._inflate, entry)


class ContentHashes:
    """The hashes of entries, by their names in hashlib, taken while somebody reads the entries for another reason."""

    def __init__(self, names: Sequence[str], thread: SecondThread) -> None:
        self._names = names
        self._thread = thread
        self._found: dict[Entry, Future[dict[str, bytes]] | dict[str, bytes]] = {}
        self._sizes: dict[Entry, int] = {}
        self._waiting: deque[tuple[Future[dict[str, bytes]], int]] = deque()

    def note(self, entry: Entry, content: bytes | Buffer) -> None:
        """Take in the whole content of an entry."""
        if not self._names or entry in self._found:
            return
        self._sizes[entry] = len(content)
        if len(content) < LARGE or self._waiting_bytes() + len(content) > MOST_AHEAD:
            self._found[entry] = _hashes(self._names, content)
            return
        future = self._thread.start(_hashes, self._names, content)
        self._found[entry] = future
        self._waiting.append((future, len(content)))

    def _waiting_bytes(self) -> int:
        """Count the bytes that wait to be hashed, which are held until then."""
        while self._waiting and self._waiting[0][0].done():
            self._waiting.popleft()
        return sum(size for _, size in self._waiting)

    def of(self, entry: Entry, names: Sequence[str]) -> tuple[list[bytes], int] | None:
        """Return the hashes of an entry and its size in bytes; None where one was not taken."""
        found = self._found.get(entry)
        if isinstance(found, Future):
            found = self._found[entry] = found.result()
        if found is None or not set(names) <= set(found):
            return None
        return [found[name] for name in names], self._sizes[entry]


def _hashes(names: Sequence[str], content: bytes | Buffer) -> dict[str, bytes]:
    return {name: hashlib.new(name, content, usedforsecurity=False).digest() for name in names}
