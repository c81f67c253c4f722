"""Whole files at the speed of the line: many requests queued ahead on one `sync:` service (AOSP adb/SYNC.TXT).

A file costs no round trip: while one arrives, the phone holds the requests for the next. Each file's kind is asked
first, since the phone would wait for ever at a pipe. A request that fails can end the service (AOSP adb
daemon/file_sync_service.cpp, `handle_sync_command`): then another is opened, and the rest is asked again. A connection
that breaks is made again, and a file goes on where it stood.
"""

import contextlib
import stat
import struct
from collections import deque
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from phone_audit.acquire.adb.stream import EndedError, Stream, StreamReader
from phone_audit.acquire.transport import FileRequest, OnDone, Source
from phone_audit.errors import CommandError, DeviceLostError

MAX_RECEIVES = 32
"""Files whose content is asked for ahead; with `MAX_FILES` of the longest paths, the phone has room to store them."""

MAX_FILES = 64
"""Files under way, those counted of which only the kind is asked."""

MAX_BREAKS = 3
"""Times that a connection may break in one file before the file is given up."""

RESUME_BLOCK = 2**16
"""Bytes in which a file that goes on is counted."""

PATH_LIMIT = 1024
"""Bytes of a path that a phone takes; a longer one ends the service."""

CHUNK_LIMIT = 64 * 2**10
"""Bytes of one DATA block (SYNC_DATA_MAX)."""

_HEADER = struct.Struct("<4sI")
_STAT = struct.Struct("<4sIII")
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFLNK: "a link to nothing",
}


class _SyncPhone(Protocol):
    def open_sync(self) -> Stream | None:
        """Open the service for files; None where the phone does not offer it."""

    def read_on(self, path: str, block: int) -> Stream | None:
        """Start a program that gives out a file from a block on; None where the phone would garble it."""

    def follow_link(self, path: str) -> int | None:
        """The mode of the file behind a symbolic link, or None where the phone does not tell."""

    def reconnect(self) -> None:
        """Make the connection again, or raise `DeviceLostError`."""


@dataclass(eq=False)
class _PulledFile:
    """A file under way, of which `got` bytes are stored.

    `facts` are mode, size (its low 32 bits) and time, as the phone told at first; `breaks` counts how often the service
    or the connection ended in it; `restart`: it is not to be gone on with, but read from its beginning.
    """

    request: FileRequest
    path: bytes
    facts: tuple[int, int, int] | None = None
    got: int = 0
    out: BinaryIO | None = None
    breaks: int = 0
    restart: bool = False

    def begin(self, at: int) -> BinaryIO:
        """Make ready to store what follows the first `at` bytes; gives what `store` takes."""
        if self.out is None:
            self.out = self.request.into.open("wb", buffering=0)
        self.out.truncate(at)
        self.out.seek(at)
        self.got = at
        return self.out

    def store(self, out: BinaryIO, data: memoryview) -> None:
        self.got += len(data)
        if self.got > self.request.limit:
            raise self.request.failure(f"it has more than {self.request.limit} bytes")
        while data:
            data = data[out.write(data) :]

    def close(self, *, keep: bool) -> None:
        if self.out is not None:
            self.out.close()
            self.out = None
            if not keep:
                with contextlib.suppress(OSError):
                    self.request.into.unlink()


class Puller:
    """Brings the files that a source names, one after the other."""

    def __init__(self, phone: _SyncPhone, source: Source, on_done: OnDone, *, breaks: int = MAX_BREAKS) -> None:
        """See `LiveTransport.pull_many`; with `breaks` 0 a lost phone ends it at once."""
        self._phone = phone
        self._source = source
        self._on_done = on_done
        self._breaks = breaks
        self._files: deque[_PulledFile] = deque()
        self._unreceived: deque[_PulledFile] = deque()  # only their content is missing, and it is not asked for
        self._expected: deque[tuple[bytes, _PulledFile]] = deque()  # what the phone will say, in order
        self._service: StreamReader | None = None
        self._failed = False  # the service may have ended after a failure

    def run(self) -> None:
        """Bring them all; a DeviceLostError where the phone is gone and does not come back."""
        try:
            while self._take_more():
                try:
                    self._step()
                except DeviceLostError as error:
                    self._come_back(error)
        finally:
            self._drop()
            for file in self._files:
                file.close(keep=False)

    def _take_more(self) -> bool:
        """Take requests from the source while there is room; say whether a file is under way."""
        while len(self._files) < MAX_FILES:
            request = self._source(not self._files)
            if request is None:
                break
            path = request.path.encode("utf-8", "surrogateescape")
            if 0 < len(path) <= PATH_LIMIT and b"\0" not in path:
                self._files.append(_PulledFile(request, path))
            else:
                self._on_done(request, request.failure("no phone accepts such a path"))
        return bool(self._files)

    def _step(self) -> None:
        file = self._files[0]
        try:
            service = self._ask()
            if service is None:
                why = f"The phone does not let files be copied, so {file.request.path} was not read."
                self._done(file, CommandError(why))
                return
            word, file = self._expected[0]
            service.begin(file.request.timeout)
            if word == b"STAT":
                self._take_facts(file, service)
            else:
                self._take_content(file, service)
        except CommandError as error:
            self._drop()
            self._done(file, error)
        except TimeoutError as error:
            self._drop(confirm=True)
            self._done(file, file.request.failure(f"it stood still for {file.request.timeout:.0f} seconds", error))
        except OSError as error:
            self._drop()
            self._done(file, file.request.failure(f"it cannot be stored on this computer ({error.strerror})", error))
        except EndedError:
            self._reopen(file)

    def _ask(self) -> StreamReader | None:
        """Send the requests for which there is room; gives the service, None where the phone has none."""
        if self._service is None:
            stream = self._phone.open_sync()
            if stream is None:
                return None
            self._service = StreamReader(stream)
            self._failed = False
        asked = {id(file) for _, file in self._expected} | {id(file) for file in self._unreceived}
        requests = [(b"STAT", file) for file in self._files if id(file) not in asked]
        receiving = sum(word == b"RECV" for word, _ in self._expected)
        while self._unreceived and receiving < MAX_RECEIVES:
            requests.append((b"RECV", self._unreceived.popleft()))
            receiving += 1
        if requests:
            self._expected.extend(requests)
            asking = (_HEADER.pack(word, len(file.path)) + file.path for word, file in requests)
            self._service.stream.write(b"".join(asking))
        return self._service

    def _take_facts(self, file: _PulledFile, service: StreamReader) -> None:
        word, *facts = _STAT.unpack(service.take(_STAT.size))
        if word != b"STAT":
            raise file.request.failure("the phone does not speak the protocol for files")
        mode, size, written = facts
        kind = (self._phone.follow_link(file.request.path) or mode) if stat.S_ISLNK(mode) else mode
        trouble = _refusal(kind)
        if trouble is None and size > file.request.limit:  # of one over 4 GB these are the low 32 bits; `store` counts
            trouble = f"it has {size} bytes, more than {file.request.limit}"
        if trouble is not None:
            self._expected.popleft()
            self._done(file, file.request.failure(trouble))
            return
        if file.got and (file.restart or file.facts != (mode, size, written) or not self._go_on(file, size)):
            file.got = 0
        self._expected.popleft()
        file.facts = mode, size, written
        if file.got:
            self._done(file)
        else:
            self._unreceived.append(file)

    def _take_content(self, file: _PulledFile, service: StreamReader) -> None:
        out = file.begin(0)
        while True:
            word, size = _HEADER.unpack(service.take(_HEADER.size))
            if word == b"DONE":
                self._expected.popleft()
                self._done(file)
                return
            if size > CHUNK_LIMIT or word not in (b"DATA", b"FAIL") or (word == b"DATA" and not size):
                raise file.request.failure("the phone does not speak the protocol for files")
            if word == b"FAIL":
                said = service.take(size).decode("utf-8", "replace")
                self._expected.popleft()
                self._failed = True
                self._done(file, file.request.failure(f"the phone says {said!r}"))
                return
            for data in service.pieces(size):
                file.store(out, data)

    def _go_on(self, file: _PulledFile, size: int) -> bool:
        """Read the rest of a file of which the beginning is here; say whether it is whole now."""
        stream = self._phone.read_on(file.request.path, file.got // RESUME_BLOCK)
        if stream is None:
            return False
        file.restart = True
        try:
            out = file.begin(file.got // RESUME_BLOCK * RESUME_BLOCK)
            reader = StreamReader(stream)
            reader.begin(file.request.timeout)
            while data := reader.piece():
                file.store(out, data)
                file.restart = False
            stream.confirm()
        finally:
            stream.close()
        return file.got % 2**32 == size

    def _come_back(self, error: DeviceLostError) -> None:
        file = self._expected[0][1] if self._expected else self._files[0]
        self._drop()
        file.breaks += 1
        if not self._breaks:
            raise error
        if file.breaks > self._breaks:
            self._done(file, file.request.failure(f"the connection broke {file.breaks} times while it was read", error))
        self._phone.reconnect()

    def _reopen(self, file: _PulledFile) -> None:
        """Go on after the end of the service; one that ends again and again in a file costs the file."""
        failed = self._failed
        self._drop()
        file.breaks += not failed
        if not failed and file.breaks > self._breaks:
            self._done(file, file.request.failure("the phone broke off"))

    def _done(self, file: _PulledFile, error: CommandError | None = None) -> None:
        file.close(keep=error is None)
        self._files.remove(file)
        self._on_done(file.request, error)

    def _drop(self, *, confirm: bool = False) -> None:
        """Forget the service and what it owes; with `confirm` make sure that the phone lives."""
        service, self._service = self._service, None
        self._expected.clear()
        self._unreceived.clear()
        if service is not None:
            service.stream.close()
            if confirm:
                service.stream.confirm()


def _refusal(mode: int) -> str | None:
    """Why a file of this mode is not read, or None where it is."""
    if mode == 0:
        return "it is not there, or the shell may not see it"
    if not stat.S_ISREG(mode):
        return f"it is {_KINDS.get(stat.S_IFMT(mode), 'no regular file')}"
    return None
