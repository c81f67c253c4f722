"""What a phone, or what pretends to be one, sends over a connection."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from phone_audit.acquire.adb.multiplex import Session
from phone_audit.acquire.adb.pulling import Puller
from phone_audit.acquire.adb.stream import ServiceRefusedError
from phone_audit.acquire.adb.stream_transport import without_exit_status
from phone_audit.acquire.adb.wire import MAX_PAYLOAD, NotAdbError, Wire
from phone_audit.acquire.files.ranges import BrokenRangesError, RangeReader, RangeRequest
from phone_audit.acquire.transport import FileRequest, Running
from phone_audit.errors import AcquireError, CommandError, DeviceLostError
from tests.fuzz.expansion import SEPARATOR
from tests.fuzz.target import Target, empty_folder, promise

_LATER: Final = 2.0**40
_FILES: Final = 4
_LIMIT: Final = 2**18
_MOST_STEPS: Final = 10_000
_MARK_LETTERS: Final = b"@MARK@"
"""Stands in an input for the word that the answer of a phone has to repeat."""


class _Link:
    """A connection from which an input comes in pieces, and then nothing more."""

    name = "phone"

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._piece = 1 + (data[0] if data else 0) * 64
        self.sent = 0

    def read(self, want: int, deadline: float) -> bytes:
        piece = self._data[self._at : self._at + min(want, self._piece)]
        if not piece:
            raise DeviceLostError("The phone is gone.")
        self._at += len(piece)
        return piece

    def write(self, data: bytes) -> None:
        self.sent += len(data)

    def close(self) -> None:
        """Nothing is open."""


class _Stream:
    """A service of a phone that says an input, in pieces."""

    def __init__(self, data: bytes, piece: int, first: bytes = b"") -> None:
        said = [data[at : at + piece] for at in range(0, len(data), piece)]
        self._pieces = iter([first, *said] if first else said)

    def read(self, deadline: float) -> bytes:
        return next(self._pieces, b"")

    def write(self, data: bytes) -> None:
        """What we send is not looked at."""

    def close(self) -> None:
        """Nothing is open."""

    def confirm(self) -> None:
        """The phone lives."""


class _Phone:
    """A phone whose services all go on in one input."""

    def __init__(self, data: bytes) -> None:
        self._piece = 1 + (data[0] if data else 0) * 64
        self._rest = data[1:].split(SEPARATOR)

    def _service(self) -> _Stream | None:
        return _Stream(self._rest.pop(0), self._piece) if self._rest else None

    def open_sync(self) -> _Stream | None:
        return self._service()

    def read_on(self, path: str, block: int) -> _Stream | None:
        return self._service()

    def follow_link(self, path: str) -> int | None:
        return 0o100644

    def reconnect(self) -> None:
        raise DeviceLostError("The phone is gone.")


def adb_messages(data: bytes) -> None:
    """Read messages from a wire, and the streams of a connection."""
    wire = Wire(_Link(data))
    with suppress(NotAdbError, DeviceLostError):
        while True:
            promise(len(wire.receive(_LATER).data) <= MAX_PAYLOAD, "a message is longer than was announced")
    link = _Link(data)
    session = Session(Wire(link), 4096, delayed=bool(data[:1] > b"\x7f"))
    with suppress(AcquireError, ServiceRefusedError):
        for service in (b"exec:getprop", b"sync:"):
            stream = session.open(service)
            for _ in range(_MOST_STEPS):
                if not stream.read(_LATER):
                    break
            stream.close()
    without_exit_status(data, "phone-audit:mark:")


def adb_files(data: bytes) -> None:
    """Pull files over the service for files; every one ends, stored or with a sentence."""
    into = empty_folder("pulled")
    requests = [FileRequest(f"/system/app/{n}.apk", into / f"{n}.part", 5.0, _LIMIT) for n in range(_FILES)]
    waiting = list(requests)
    done: list[FileRequest] = []

    def ended(request: FileRequest, error: CommandError | None) -> None:
        done.append(request)
        promise(error is None or bool(error.message), "a file failed without a sentence")
        promise(error is None or not request.into.exists(), "a file that failed stayed")
        promise(_size(request.into) <= _LIMIT, "a file is larger than was allowed")

    with suppress(DeviceLostError):
        Puller(_Phone(data), lambda _: waiting.pop() if waiting else None, ended).run()
        promise(len(done) == _FILES, "a file was forgotten")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class _Program:
    """A phone on which the program that gives out ranges is started; it says an input, which may name the mark."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def start(self, command: str) -> Running:
        mark = b"phone-audit:" + command.partition("phone-audit:")[2][:32].encode() + b":"
        piece = 1 + (self._data[0] if self._data else 0) * 64
        return _Stream(self._data[1:].replace(_MARK_LETTERS, mark), piece, mark + b"0:0\n")


def adb_ranges(data: bytes) -> None:
    """Take ranges of files from the program on the phone that gives them out."""
    taken: list[tuple[int, int]] = []

    def take(at: int, piece: memoryview) -> None:
        taken.append((at, at + len(piece)))

    with suppress(AcquireError, BrokenRangesError):
        reader = RangeReader(_Program(data))
        for number in range(_FILES):
            reader.ask(RangeRequest("/system/app/a.apk", number * 4096, number * 4096 + 4000, take))
        reader.send()
        for _ in range(_MOST_STEPS):
            reader.receive(_LATER)
    promise(all(0 <= at < end <= _FILES * 4096 for at, end in taken), "bytes were taken that nobody asked for")


def _files() -> Iterator[bytes]:
    yield from (b"STAT", b"DATA", b"DONE", b"FAIL", b"\xa4\x81\0\0", b"\xed\x41\0\0", SEPARATOR)


TARGETS: Final = {
    "adb_messages": Target(
        adb_messages,
        (
            "phone_audit.acquire.adb.wire",
            "phone_audit.acquire.adb.multiplex",
            "phone_audit.acquire.adb.stream_transport",
        ),
        (b"CNXN", b"OKAY", b"WRTE", b"CLSE", b"OPEN", b"AUTH", b"STLS", b"\xb0\xb4\xbe\xa6", b"\xa8\xad\xab\xba"),
        largest=2**18,
    ),
    "adb_files": Target(
        adb_files,
        ("phone_audit.acquire.adb.pulling", "phone_audit.acquire.adb.stream"),
        tuple(_files()),
        largest=2**18,
    ),
    "adb_ranges": Target(
        adb_ranges, ("phone_audit.acquire.files.ranges",), (_MARK_LETTERS, b"1:0\n", b"2:0\n", b"3:1\n"), largest=2**18
    ),
}
