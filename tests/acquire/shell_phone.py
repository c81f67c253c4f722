"""A phone in memory whose running programs are those of this computer's shell, on real files."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from phone_audit.acquire.lost_time import LostTime
from phone_audit.acquire.transport import FileRequest, OnDone, Running, Source
from phone_audit.errors import CommandError, DeviceLostError
from phone_audit.model import command_list
from tests.acquire.fake_phone import Fake, FakePhone, fake_phone


def say_instead(monkeypatch: pytest.MonkeyPatch, name: str, command: str) -> None:
    """Let another command be sent in the place of one of the list."""
    monkeypatch.setattr(command_list, "COMMANDS", {**command_list.COMMANDS, name: command})


class Program:
    """A program of this computer; see `Running`."""

    def __init__(self, phone: "ShellPhone", command: str) -> None:
        self._phone = phone
        self._counts = phone.cuts_in in command
        self._process = subprocess.Popen(
            ["bash", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )

    def read(self, deadline: float) -> bytes:
        self._phone.check()
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError
        data = os.read(self._process.stdout.fileno(), self._phone.piece)
        if self._counts:
            self._phone.sent(len(data))
        return data

    def write(self, data: bytes) -> None:
        self._phone.check()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(data)

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait()


@dataclass
class ShellPhone(FakePhone):
    """See `FakePhone`; live, and its programs run.

    Attributes:
        cuts: bytes after which the connection breaks, one number a connection; it holds when there are no more.
        cuts_in: what a program must have in it for its bytes to count.
        comes_back: whether `reconnect` succeeds.
        piece: bytes of one read.
        started: every program.
        pulled: every path that was copied as a whole.
        refuses: beginning of programs that the phone does not run.
    """

    cuts: list[int] = field(default_factory=list)
    cuts_in: str = ""
    comes_back: bool = True
    piece: int = 2**16
    started: list[str] = field(default_factory=list)
    pulled: list[str] = field(default_factory=list)
    refuses: str | None = None
    reconnected: int = 0
    lost_time: LostTime = field(default_factory=LostTime)
    _lost: bool = False

    def start(self, command: str) -> Running:
        assert command in self.says or command_list.is_listed(command), command
        self.check()
        self.changes(self, command)
        self.started.append(command)
        if self.refuses is not None and command.startswith(self.refuses):
            raise CommandError("No.")
        return Program(self, command)

    def pull_many(self, source: Source, on_done: OnDone) -> None:
        while request := source(True):
            on_done(request, self._copied(request))

    def reconnect(self) -> None:
        self.reconnected += 1
        if not self.comes_back:
            raise DeviceLostError("The phone does not come back.")
        self._lost = False

    def check(self) -> None:
        if self._lost:
            raise DeviceLostError("The connection broke.")

    def sent(self, size: int) -> None:
        """Count bytes, and break where it is time."""
        if self.cuts:
            self.cuts[0] -= size
            if self.cuts[0] <= 0:
                del self.cuts[0]
                self._lost = True

    def _copied(self, request: FileRequest) -> CommandError | None:
        try:
            self.changes(self, f"pull {request.path}")
            shutil.copyfile(request.path, request.into)
        except OSError as error:
            return request.failure(str(error.strerror))
        except CommandError as error:
            return error
        self.pulled.append(request.path)
        return None


def shell_phone(root: Path, files: dict[str, bytes]) -> ShellPhone:
    """A phone with one package for each file; its path is a real one below `root`."""
    fakes = []
    tree: dict[str, bytes | str] = {}
    for number, (name, content) in enumerate(files.items()):
        path = root / name / "base.apk"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        tree[str(path)] = content
        fakes.append(Fake(name, path=str(path), uid=10001 + number))
    plain = fake_phone(*fakes)
    return ShellPhone(says=plain.says, tree=tree)
