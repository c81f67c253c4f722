"""A worker that goes wrong on request: `hang-dex.apk` makes it hang in the step `dex`."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.worker import child as worker
from phone_audit.model.apk import ApkInfo

HELD: list[bytes] = []


def main(arguments: Sequence[str]) -> int:
    if arguments[-1].endswith("refuse-to-start"):
        sys.stderr.write("nothing works today\n")
        return 7
    setattr(worker, "read_apk", _read)  # noqa: B010
    return worker.main(arguments)


def _read(path: Path, *, on_step: Callable[[str], None], **rest: Any) -> ApkInfo:
    what, _, when = path.stem.partition("-")

    def step(name: str) -> None:
        on_step(name)
        if name == when and name not in rest["leave_out"]:
            DEEDS[what]()

    return read_apk(path, on_step=step, **rest)


def _raise() -> None:
    raise RuntimeError("made-up \x1b[31mfailure\x1b[0m.")


def _nonsense() -> None:
    os.write(int(os.environ.get("ANSWERS", "3")), b'{"what": 1}\n')
    time.sleep(1000)


def _say(*lines: bytes) -> None:
    with os.fdopen(int(os.environ.get("ANSWERS", "3")), "wb", closefd=False) as answers:
        answers.writelines(lines)
    time.sleep(1000)


def _ready_again() -> None:
    _say(b'{"ready":true}\n' * 1000)


def _dense() -> None:
    _say(b'{"seconds":0,"retire":false}\n', b'{"components":[' + b"[]," * 5_000_000 + b"[]]}\n")


def _connect() -> None:
    socket.create_connection(("127.0.0.1", 9), timeout=5)


def _gluttony() -> None:
    while True:
        HELD.append(bytes(2**24))


DEEDS: dict[str, Callable[[], Any]] = {
    "hang": lambda: time.sleep(1000),
    "abort": os.abort,
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "raise": _raise,
    "exit": lambda: os._exit(3),
    "nonsense": _nonsense,
    "print": lambda: os.write(1, b"library output\n"),
    "endless": lambda: _say(b"[" * 20_000_000),
    "dense": _dense,
    "deep": lambda: _say(b"[" * 4000 + b"\n"),
    "infinite": lambda: _say(b'{"seconds":1e999,"retire":false}\n'),
    "ready": _ready_again,
    "connect": _connect,
    "run": lambda: subprocess.run(["true"], check=True),
    "slow": lambda: time.sleep(0.3),
    "slower": lambda: time.sleep(2.5),
    "gluttony": _gluttony,
}
