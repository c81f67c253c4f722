"""The one way in which the rest of the program talks to a phone, be it there or saved, and files of the phone."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Protocol

from phone_audit.acquire.lost_time import LostTime
from phone_audit.errors import CommandError, DeviceLostError
from phone_audit.model.device import CompiledFile
from phone_audit.model.parts import Parts, Range


class Bytes(Protocol):
    """The bytes of a file on this computer."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


NextWanted = Callable[[Bytes, int, Parts], tuple[Range, ...] | None]
"""Gets a file as far as it is here, its size in bytes and what of it is held; gives the ranges that are wanted next,
none where enough is held, or None for the whole file."""


OnWait = Callable[[str, float], None]
"""Gets a sentence for the person who must look at the phone's screen, and the seconds for which that is waited for."""


@dataclass(frozen=True)
class FileOnPhone:
    """A regular file: its path as decoded, its size in bytes, and its SHA-256 where the phone could compute it."""

    path: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True)
class PulledApk:
    """A file of the phone whose bytes, or what is known of them, are here.

    Attributes:
        path: the one on the phone, as published.
        local: where its bytes lie; files with equal bytes may share it. None where the bytes are known from an earlier
            phone and were not copied.
        sha256: None where nothing could hash it.
        size: bytes it has on the phone.
        parts: which of the bytes are held, where not all are; `local` has the full size all the same.
        compiled: files that hold its code, where it lacks any.
        same: whether a file of which parts are held was, after they were read, still the one that the phone had hashed.
    """

    path: str
    local: Path | None
    sha256: str | None
    size: int
    parts: Parts | None = None
    compiled: tuple[CompiledFile, ...] = ()
    same: bool = False


SHELL_TIMEOUT = 60.0
"""Seconds one command may take, where the caller names no other time."""

SHELL_LIMIT = 64 * 2**20
"""Bytes kept of one command's output, where the caller names no other limit."""

PULL_TIMEOUT = 120.0
"""Seconds a file may stand still, where nobody names another time."""

PULL_LIMIT = 4 * 2**30
"""Bytes one file may have, where nobody names another limit."""


@dataclass(frozen=True)
class Answer:
    """What a phone said to one command.

    Attributes:
        output: standard output and standard error in the order in which the phone wrote them, raw bytes.
        exit: the command's exit status; None where it could not be learned (time-out, cut output, killed shell).
        truncated: the output was cut by `limit` or `timeout`; what had arrived is kept.
    """

    output: bytes
    exit: int | None
    truncated: bool


class Running(Protocol):
    """A program that runs on the phone and is talked to while it runs."""

    def read(self, deadline: float) -> bytes:
        """Return the next piece of its output, empty at the end.

        Raises:
            TimeoutError: nothing came until `deadline`, a time of `time.monotonic()`.
            DeviceLostError: the phone is gone.
        """

    def write(self, data: bytes) -> None:
        """Put all of `data` on its standard input. Raises DeviceLostError where the phone is gone."""

    def close(self) -> None:
        """End it, also before its end. Never raises."""


class FileKeeper(Protocol):
    """What writes down the files of a phone that are read while it is asked other things."""

    def keep_copy(self, path: str, copy: PulledApk) -> PulledApk:
        """Keep a file, or parts of one, and return it with the place where it lies now; a whole one is moved.

        Bytes that are kept already are not kept twice; `path` is as decoded. Raises a SnapshotError where it cannot be
        written.
        """

    def keep_failure(self, path: str, why: str) -> None:
        """Note that a file could not be had, for a replay to find the same."""


class Transport(Protocol):
    """A connection to one phone, or an acquisition that stands for it.

    The methods after `close` tell the two apart; what stands here is true of a phone that is there and not recorded.

    Attributes:
        serial: as the user would name the phone: its USB serial, or HOST:PORT.
        via: `direct`, `server` or `replay`.
    """

    serial: str
    via: str

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        """Run one command in the phone's shell, with nothing on its standard input.

        A command that overruns `timeout` (seconds) or `limit` (bytes of output) is abandoned: the answer holds what
        had arrived and is marked as truncated, and the transport stays usable.

        Raises:
            CommandError: the command cannot be sent (too long, holds a zero byte, is not in `command_list`).
            DeviceLostError: the phone is gone.
        """

    def pull(self, path: str, into: Path) -> Path:
        """Copy one regular file of the phone to `into`, and return where its bytes lie on this computer.

        `path` is absolute, its bytes that are no UTF-8 as surrogate escapes; `into` is not there when the copy failed.

        Raises:
            CommandError: the file cannot be read, is no regular file, exceeds `PULL_LIMIT`, or stands still or drips.
            DeviceLostError: the phone is gone.
        """

    def close(self) -> None:
        """End the connection, where there is one; a second call does nothing."""
        return

    @property
    def live(self) -> Optional["LiveTransport"]:
        """The phone, where it is there and several threads may read it at the same time."""
        return None

    @property
    def keeper(self) -> FileKeeper | None:
        """What writes down files that are read in threads of their own; None where nothing is recorded."""
        return None

    def recorded(self, prefix: str) -> tuple[str, ...] | None:
        """Return the commands that begin so and were asked, each once; None of a phone, which can be asked anything."""
        return None

    def holds(self, command: str) -> bool:
        """Tell whether the command can be asked."""
        return True

    def raise_if_gone(self) -> None:
        """Fail as the phone did, where it went away and all that it said before was asked for.

        Raises:
            DeviceLostError: with the sentence of that time.
        """
        return

    def clock_offset(self, measured: float | None) -> float | None:
        """Return by how many seconds the phone's clock was ahead when it was read; `measured` is by how many it is."""
        return measured

    def note_lost(self, error: DeviceLostError) -> None:
        """Take note that the phone went away, or the reading was ended, and nothing more is asked."""
        del error

    def reserve(self, size: int) -> None:
        """Make sure that files of so many bytes can be kept, where they are.

        Raises an AcquireError where there is no room for them.
        """
        del size

    def keep_hashes(self, hashes: bytes) -> None:
        """Keep the hashes that were taken in threads of their own, where anything is recorded."""
        del hashes

    def finish(self) -> str | None:
        """Write down what is known at the end only, and return the SHA-256 of what was read, where it is in one file.

        Of an acquisition of our own that is the manifest, which in turn holds the hash of every other file. Raises a
        SnapshotError where it cannot be written, or read.
        """
        return None

    def saved_hashes(self) -> bytes | None:
        """Return the hashes that were taken in threads of their own; None where commands give them."""
        return None

    def saved_parts(self, path: str, into: Path) -> PulledApk | None:
        """Put the saved parts of a file at their places in `into`; None where none are saved: then it is pulled."""
        return None


@dataclass(frozen=True)
class FileRequest:
    """Which file of the phone, where to, and at what cost; see `Transport.pull`."""

    path: str
    into: Path
    timeout: float = PULL_TIMEOUT
    limit: int = PULL_LIMIT

    def failure(self, why: str, cause: Exception | None = None) -> CommandError:
        error = CommandError(f"The file {self.path} of the phone was not read: {why}.")
        error.__cause__ = cause
        return error


Source = Callable[[bool], FileRequest | None]
"""Names the next file that is wanted, or None where there is none now. Called with True when nothing is under way: then
it may wait, and None is the end."""

OnDone = Callable[[FileRequest, CommandError | None], None]
"""Told once of each request, in the thread that pulls: None means that `into` holds the whole file."""


@dataclass(frozen=True)
class Handshake:
    """What a phone showed of itself before anything was asked.

    Attributes:
        banner: what it says of itself: product, model, device, features; through an adb server, what that lists.
        host_key: which key of this computer it accepted, SHA-256 in hexadecimal; `ADB_SERVER` where a server knows it;
            None where it let this computer in without asking for one.
        asked: whether its owner had to accept the key first, so that the phone did not know this computer before.
    """

    banner: str
    host_key: str | None
    asked: bool


ADB_SERVER = "of the adb server"
"""Stands for the key that an adb server showed: it does not tell which."""


class LiveTransport(Transport, Protocol):
    """A connection to a phone that is there. Any number of threads may use it at the same time.

    Attributes:
        lost_time: the account of what was waited for nothing. Once it is used up every call raises `UnresponsiveError`.
    """

    lost_time: LostTime

    @property
    def handshake(self) -> Handshake:
        """What the phone showed when the connection was made."""

    def start(self, command: str) -> Running:
        """Start a program in the phone's shell whose output is read, and whose input is written, while it runs.

        Nothing of it is recorded: whoever reads it hands on what a saved acquisition must hold.

        Raises:
            CommandError: the command cannot be sent, as for `shell`.
            DeviceLostError: the phone is gone.
        """

    def pull_many(self, source: Source, on_done: OnDone) -> None:
        """Copy the files that `source` names, at the speed of the line: many are asked for ahead.

        A connection that breaks is made again, and a file goes on where it stood, three times; then it is given up.

        Raises:
            DeviceLostError: the phone is gone and does not come back; files that were not told of are not there.
        """

    def reconnect(self) -> None:
        """Bring a phone back that was lost; returns at once where it is there, as after a call by another thread.

        Streams of the old connection stay dead. Raises a DeviceLostError where it does not come back, or another phone
        is in its place.
        """
