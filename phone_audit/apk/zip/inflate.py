"""Inflating within budgets: entries of archives, and files that are compressed by themselves.

A second thread inflates large entries ahead and hashes what was read: isal and hashlib let go of the interpreter while
they work, so with a second core this takes no time from the first thread. Bytes that wait to be asked for are limited.
"""

import bz2
import hashlib
import lzma
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeAlias, TypeVar

from isal import isal_zlib  # noqa: TID251

from phone_audit.apk.zip.directory import Buffer, Entry, damaged
from phone_audit.errors import ApkError, PhoneAuditError

MAX_STREAMS: Final = 10_000
"""Streams that are joined; only a forged file has more."""
_RAW_DEFLATE, _GZIP = -15, 31
_INFLATE_ERROR: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # its stub says an instance
_XZ_MEMORY: Final = 128 * 2**20
_PIECE, _FIRST_PIECE = 2**20, 2**12


def first_bytes(raw: Buffer, count: int) -> bytes | None:
    """Inflate the beginning of deflated bytes, up to `count` bytes; None where they are damaged."""
    try:
        return bytes(isal_zlib.decompressobj(wbits=_RAW_DEFLATE).decompress(raw, count))
    except _INFLATE_ERROR:
        return None


def whole(raw: Buffer, limit: int) -> bytes | None:
    """Inflate bytes that give up to `limit`; one byte more where they give more, None where they are damaged."""
    stream = isal_zlib.decompressobj(wbits=_RAW_DEFLATE)
    try:
        content = bytes(stream.decompress(raw, limit + 1))
    except _INFLATE_ERROR:
        return None
    return content if stream.eof or len(content) > limit else None


def inflated(entry: Entry, raw: Buffer, *, to_the_end: bool = True) -> Iterator[bytes]:
    """Inflate bytes piece by piece; what follows the end of their stream is left out.

    `entry` is whose bytes they are, for the message; `to_the_end` refuses a stream that is cut off. Raises an ApkError
    (`damaged-entry`), perhaps after some pieces.
    """
    stream = isal_zlib.decompressobj(wbits=_RAW_DEFLATE)
    try:
        for at in range(0, len(raw), _PIECE):
            waiting: bytes | Buffer = raw[at : at + _PIECE]
            while waiting and not stream.eof:
                yield stream.decompress(waiting, _PIECE)
                waiting = stream.unconsumed_tail
        while not stream.eof and (rest := stream.decompress(b"", _PIECE)):
            yield rest
    except _INFLATE_ERROR as error:
        raise damaged(entry) from error
    if to_the_end and not stream.eof:
        raise damaged(entry)


_Stream: TypeAlias = "bz2.BZ2Decompressor | lzma.LZMADecompressor | isal_zlib.Decompress"


def gunzip(data: Buffer, limit: int) -> tuple[bytes, int]:
    """Return the content of a gzip file with all of its members, and where the last one ends in the file, in bytes.

    The file is hostile, and may unpack to `limit` bytes. Raises an ApkError (`damaged-entry` where the first stream is
    damaged, `size-limit`, or `too-many-entries`).
    """
    return _joined(data, limit, partial(isal_zlib.decompressobj, wbits=_GZIP), (_INFLATE_ERROR,))


def bunzip2(data: Buffer, limit: int) -> tuple[bytes, int]:
    """Unpack a bzip2 file; as `gunzip`."""
    return _joined(data, limit, bz2.BZ2Decompressor, (OSError, EOFError))


def unxz(data: Buffer, limit: int) -> tuple[bytes, int]:
    """Unpack an xz file; as `gunzip`."""
    return _joined(data, limit, partial(lzma.LZMADecompressor, memlimit=_XZ_MEMORY), (lzma.LZMAError, EOFError))


def _joined(
    data: Buffer, limit: int, new: Callable[[], _Stream], faults: tuple[type[Exception], ...]
) -> tuple[bytes, int]:
    """Unpack streams one after the other, which all common readers join; `faults` are what they raise on damage."""
    parts: list[bytes] = []
    at, left = 0, limit
    for _ in range(MAX_STREAMS):
        try:
            content, at = _one_stream(data, at, left, new(), faults)
        except ApkError as error:
            if not parts or error.code == "size-limit":
                raise
            return b"".join(parts), at
        parts.append(content)
        left -= len(content)
        if at == len(data):
            return b"".join(parts), at
    raise ApkError(f"It holds more than {MAX_STREAMS} compressed streams.", code="too-many-entries")


def _one_stream(
    data: Buffer, at: int, left: int, stream: _Stream, faults: tuple[type[Exception], ...]
) -> tuple[bytes, int]:
    """Unpack the stream that begins here; it is given pieces that grow, since what is unused is copied."""
    parts: list[bytes] = []
    size = _FIRST_PIECE
    while not stream.eof:
        if at == len(data):
            raise ApkError("It is compressed and cut off.", code="damaged-entry")
        try:
            part = stream.decompress(data[at : at + size], left + 1)
        except faults as error:
            raise ApkError("It is compressed and damaged.", code="damaged-entry") from error
        left -= len(part)
        if left < 0:
            raise ApkError("It is larger than the limit when unpacked.", code="size-limit")
        parts.append(part)
        at = min(at + size, len(data))
        size *= 2
    return b"".join(parts), at - len(stream.unused_data)


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
    """Large entries that will be read in this order, inflated by a thread; small ones are left out.

    `inflate` gives the content of an entry, or None where it is not as the directory says; at most `most` bytes wait.
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
