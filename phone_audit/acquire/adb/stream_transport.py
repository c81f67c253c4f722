"""A transport over ADB streams, which the direct way and the way through a server share; and one that reconnects."""

import math
import re
import secrets
import shlex
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from phone_audit.acquire.adb import states
from phone_audit.acquire.adb.pulling import RESUME_BLOCK, Puller
from phone_audit.acquire.adb.stream import ServiceRefusedError, Stream, TimedStream
from phone_audit.acquire.commands import quoted
from phone_audit.acquire.lost_time import LostTime
from phone_audit.acquire.transport import (
    PULL_LIMIT,
    PULL_TIMEOUT,
    SHELL_LIMIT,
    SHELL_TIMEOUT,
    Answer,
    FileRequest,
    Handshake,
    LiveTransport,
    OnDone,
    Running,
    Source,
    Transport,
)
from phone_audit.errors import AcquireError, CommandError, DeviceLostError
from phone_audit.model.command_list import listed, require_listed

PAUSES = (0.5, 2.0, 5.0)
"""Seconds before each try to reach a phone that was lost: a cable that is put in again takes one or two."""

MOST_RETRIES = 3
"""How often one question is asked anew after the connection was cut."""

Value = TypeVar("Value")


class StreamTransport(Transport, ABC):
    """Commands and files over streams; see `Transport`."""

    def __init__(self, serial: str, via: str) -> None:
        self.serial = serial
        self.via = via
        self.lost_time = LostTime()
        # A word that no output holds by chance, and that a hostile phone cannot know before.
        self._mark = f"phone-audit:{secrets.token_hex(8)}:"
        self._runner = "exec"
        self._closed = False
        self._reconnecting = threading.Lock()

    @abstractmethod
    def open(self, service: bytes) -> Stream:
        """Open one service.

        Raises:
            ServiceRefusedError: the phone does not offer it.
            CommandError: the name of the service is too long for this phone.
            DeviceLostError: the phone is gone.
        """

    @abstractmethod
    def confirm(self) -> None:
        """Raise `DeviceLostError` where the phone is known to be gone."""

    @abstractmethod
    def connect_again(self) -> None:
        """Reach the same phone once more; an AcquireError where it cannot be reached, or another one is there."""

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        require_listed(command)
        script = with_exit_status(command, self._mark)
        stream = self._run(script)
        try:
            output, ended = self._read_all(stream, timeout, limit + 2 * len(self._mark))
        finally:
            stream.close()
        if self._runner == "shell":
            output = output.replace(b"\r\n", b"\n")  # a terminal stands between, and ends lines in its own way
        output, exit_status = without_exit_status(output, self._mark)
        if exit_status is None and (ended or not output):
            stream.confirm()  # what looks like an end, or a time-out, may be a connection that is gone
        truncated = len(output) > limit or (exit_status is None and not ended)
        return Answer(output[:limit], None if truncated else exit_status, truncated)

    def pull(self, path: str, into: Path, *, timeout: float = PULL_TIMEOUT, limit: int = PULL_LIMIT) -> Path:
        requests = [FileRequest(path, into, timeout, limit)]
        errors: list[CommandError] = []

        def done(_: FileRequest, error: CommandError | None) -> None:
            errors.extend([error] if error else [])

        Puller(self, lambda _: requests.pop() if requests else None, done, breaks=0).run()
        if errors:
            raise errors[0]
        return into

    def pull_many(self, source: Source, on_done: OnDone) -> None:
        Puller(self, source, on_done).run()

    def reconnect(self) -> None:
        with self._reconnecting:
            lost = self._lost()
            if lost is None:
                return
            self._raise_if_used_up()
            with self.lost_time.losing():
                self._come_back(lost)

    def _come_back(self, lost: DeviceLostError | None) -> None:
        for pause in PAUSES:
            if lost is None:
                return
            if self._closed:
                raise lost
            time.sleep(pause)
            try:
                self.connect_again()
            except AcquireError as error:
                lost.__cause__ = error
            else:
                lost = self._lost()
        if lost is not None:
            raise lost

    def _lost(self) -> DeviceLostError | None:
        try:
            self.confirm()
        except DeviceLostError as error:
            return error
        return None

    def start(self, command: str) -> Stream:
        require_listed(command)
        if "\0" in command:
            raise CommandError("A command with a zero byte in it cannot be sent to a phone.")
        return self._run(command.encode("utf-8", "surrogateescape"))

    def _run(self, script: bytes) -> Stream:
        """Start a script: through `exec:` with its bytes as they are, or `shell:` on a phone without it (Android 4)."""
        try:
            return self._open(self._runner.encode() + b":" + script)
        except ServiceRefusedError:
            self._runner = "shell"
        try:
            return self._open(b"shell:" + script)
        except ServiceRefusedError as error:
            raise CommandError("The phone does not run commands.") from error

    def _open(self, service: bytes) -> Stream:
        """Open one service whose waiting is accounted for; see `open`."""
        self._raise_if_used_up()
        with self.lost_time.answering():
            stream = self.open(service)
        self.lost_time.heard()
        return TimedStream(stream, self.lost_time)

    def _raise_if_used_up(self) -> None:
        if self.lost_time.is_used_up:
            raise states.unresponsive(self.serial, self.lost_time.limit)

    def _read_all(self, stream: Stream, timeout: float, limit: int) -> tuple[bytes, bool]:
        """Read to the end, or until the time is over or more than `limit` bytes came; say whether the end was reached.

        The exit status is an end as well: a program left in the background can keep the stream open.
        """
        deadline = time.monotonic() + timeout
        silence = self.lost_time.patience(timeout)
        pieces: list[bytes] = []
        size = 0
        tail = b""
        while size <= limit and without_exit_status(tail, self._mark)[1] is None:
            try:
                piece = stream.read(min(deadline, time.monotonic() + silence))
            except TimeoutError:
                break
            if not piece:
                return b"".join(pieces), True
            pieces.append(piece)
            size += len(piece)
            tail = (tail + piece)[-2 * len(self._mark) :]
        return b"".join(pieces), False

    def open_sync(self) -> Stream | None:
        """Open the service for files; None where the phone does not offer it."""
        try:
            return self._open(b"sync:")
        except ServiceRefusedError:
            return None

    def read_on(self, path: str, block: int) -> Stream | None:
        """Start a program that gives out a file from a block on; None where the phone starts none for raw bytes."""
        script = listed("rest of a file", path=quoted(path), block=RESUME_BLOCK, skip=block)
        require_listed(script)
        try:
            return self._open(b"exec:" + script.encode("ascii"))
        except ServiceRefusedError:
            return None

    def follow_link(self, path: str) -> int | None:
        """The mode of the file behind a symbolic link, or None where the phone does not tell."""
        answer = self.shell(listed("mode", path=quoted(path)), timeout=10)
        mode = answer.output.strip()
        return int(mode, 16) if answer.exit == 0 and re.fullmatch(rb"[0-9a-f]{1,8}", mode) else None


class ReconnectingTransport(Transport):
    """Brings the phone back where the connection was cut, and asks again; see `LiveTransport`.

    The phone counts as gone once `most_lost` seconds in all were waited for nothing.
    """

    def __init__(self, inner: LiveTransport, *, most_lost: float = math.inf) -> None:
        inner.lost_time.limit = most_lost
        self.serial = inner.serial
        self.via = inner.via
        self.lost_time = inner.lost_time
        self._inner = inner

    @property
    def live(self) -> LiveTransport:
        return self

    @property
    def handshake(self) -> Handshake:
        return self._inner.handshake

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        return self._retrying(lambda: self._inner.shell(command, timeout=timeout, limit=limit))

    def pull(self, path: str, into: Path) -> Path:
        return self._retrying(lambda: self._inner.pull(path, into))

    def start(self, command: str) -> Running:
        """See `LiveTransport.start`; what it gives ends where the connection is cut."""
        return self._retrying(lambda: self._inner.start(command))

    def pull_many(self, source: Source, on_done: OnDone) -> None:
        """See `LiveTransport.pull_many`, which brings the phone back itself."""
        self._inner.pull_many(source, on_done)

    def reconnect(self) -> None:
        self._inner.reconnect()

    def close(self) -> None:
        self._inner.close()

    def _retrying(self, attempt: Callable[[], Value]) -> Value:
        for _ in range(MOST_RETRIES):
            try:
                return attempt()
            except DeviceLostError:
                self._inner.reconnect()
        return attempt()


def with_exit_status(command: str, mark: str) -> bytes:
    """Make a script that runs `command` and then prints `mark` and its exit status.

    In a subshell, so that `exit` in the command does not end the script; through `eval`, so that an unfinished quote
    does not; with nothing on standard input, so that it cannot wait for some. Raises a CommandError where the command
    holds a zero byte.
    """
    if "\0" in command:
        raise CommandError("A command with a zero byte in it cannot be sent to a phone.")
    script = f"(eval {shlex.quote(command)}) </dev/null 2>&1; echo {mark}$?"
    return script.encode("utf-8", "surrogateescape")


def without_exit_status(output: bytes, mark: str) -> tuple[bytes, int | None]:
    """Take the line of `with_exit_status` off the end; the status is None where it is not there."""
    body, found, status = output.rpartition(mark.encode())
    if found and re.fullmatch(rb"[0-9]{1,3}\r?\n", status):
        return body, int(status)
    return output, None
