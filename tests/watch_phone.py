"""A phone that is watched, for tests: it answers questions from a table, and looks at its sockets from a script."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from phone_audit.acquire.lost_time import LostTime
from phone_audit.acquire.transport import Answer, Handshake, OnDone, Source, Transport
from phone_audit.errors import CommandError, DeviceLostError

HEAD_TCP6 = "  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TIMES = "0m0.00s 0m0.00s\n0m0.00s 0m0.00s\n"


def socket_line(address: str, port: int, uid: int, *, local: int = 0x9C40, inode: int = 7, state: str = "01") -> str:
    """A line of a socket table of IPv6 towards an IPv4 address."""
    word = "".join(f"{int(part):02X}" for part in reversed(address.split(".")))
    remote = f"0000000000000000FFFF0000{word}:{port:04X}"
    own = f"0000000000000000FFFF00001701A8C0:{local:04X}"
    counts = f"{state} 00000000:00000000 00:00000000 00000000 {uid:5d}        0 {inode} 1 0 20 4 30 10 -1"
    return f"   0: {own} {remote} {counts}\n"


def tables(*lines: str) -> str:
    """What the phone prints where these sockets are open."""
    return HEAD_TCP6 + "".join(lines)


Look = str | Exception | None
"""What one look gets: an answer, an error, silence (None), or the end of the program (an empty text)."""


class Looks:
    """The program on the phone: one answer for each line that it is sent."""

    def __init__(self, mark: str, phone: "WatchPhone") -> None:
        self.closed = False
        self._mark = mark
        self._phone = phone
        self._ready: list[bytes] = []
        self._error: Exception | None = None

    def write(self, data: bytes) -> None:
        look = self._phone.next_look()
        if isinstance(look, Exception):
            self._error = look
        elif look == "":
            self._ready.append(b"")
        elif look is not None:
            whole = f"{look}{self._mark}\n{self._phone.times}{self._mark}\n".encode()
            self._ready += [whole[:50], whole[50:]]

    def read(self, deadline: float) -> bytes:
        if self._error is not None:
            raise self._error
        if not self._ready:
            raise TimeoutError
        return self._ready.pop(0)

    def close(self) -> None:
        self.closed = True


class WatchPhone(Transport):
    """A transport to such a phone.

    Args:
        looks: what looks get, in order; the last one again and again.
        answers: command → what the phone prints; the longest prefix of a command counts.
        files: path on the phone → file on this computer.
        times: what the shell's `times` prints.
    """

    serial = "127.0.0.1:5555"
    via = "direct"
    handshake = Handshake("device::ro.product.model=Fake", "ab" * 32, asked=False)

    def __init__(
        self,
        looks: Sequence[Look],
        answers: dict[str, str | Exception] | None = None,
        files: dict[str, Path] | None = None,
        times: str = TIMES,
    ) -> None:
        self.answers = answers or {}
        self.files = files or {}
        self.times = times
        self.asked: list[str] = []
        self.running: list[Looks] = []
        self.reconnected = 0
        self.lost_time = LostTime()
        self.comes_back = True
        self.given = 0
        self._looks = list(looks)
        self._lock = threading.Lock()

    def next_look(self) -> Look:
        self.given += 1
        return self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]

    def shell(self, command: str, *, timeout: float = 0, limit: int = 0) -> Answer:
        with self._lock:
            self.asked.append(command)
        fitting = [prefix for prefix in self.answers if command.startswith(prefix)]
        answer = self.answers[max(fitting, key=len)] if fitting else ""
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer.encode("utf-8", "surrogateescape"), 0, truncated=False)

    def pull(self, path: str, into: Path) -> Path:
        if path not in self.files:
            raise CommandError(f"{path} is not there.")
        into.write_bytes(self.files[path].read_bytes())
        return into

    def start(self, command: str) -> Looks:
        self.running.append(Looks(command.partition("echo ")[2].partition(";")[0], self))
        return self.running[-1]

    def reconnect(self) -> None:
        self.reconnected += 1
        if not self.comes_back:
            raise DeviceLostError("The phone does not come back.")

    def pull_many(self, source: Source, on_done: OnDone) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for another thread."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError("it did not come")
        time.sleep(0.01)
