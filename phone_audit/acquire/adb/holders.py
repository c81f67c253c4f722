"""Who else on this computer may hold a phone: adb servers, and programs that have a USB device open.

As far as this user may see it: Linux shows the open files and the command lines of one's own processes (proc(5)).
"""

import contextlib
import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 5037
_PROC = Path("/proc")
_USB = re.compile(r"/dev/bus/usb/\d{3}/\d{3}")
_SOCKET = re.compile(r"tcp:(?:[^:]*:)?(\d{1,5})")


@dataclass(frozen=True)
class Holder:
    """A process. `port` is that of an adb server, None for any other program."""

    process: int
    name: str
    port: int | None = None


def adb_servers(proc: Path = _PROC) -> tuple[Holder, ...]:
    """Return the adb servers that run here, by process."""
    return tuple(
        Holder(process, words[0].rpartition("/")[2], _port(words))
        for process, words in _processes(proc)
        if "fork-server" in words and "server" in words and "adb" in words[0].rpartition("/")[2]
    )


def usb_users(proc: Path = _PROC) -> tuple[Holder, ...]:
    """Return the programs of this user that have a USB device open, this one left out, by process."""
    return tuple(
        Holder(process, words[0].rpartition("/")[2])
        for process, words in _processes(proc)
        if process != os.getpid() and any(_USB.fullmatch(place) for place in _open_files(proc / str(process)))
    )


def _processes(proc: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the words of the command line of each process."""
    with contextlib.suppress(OSError):
        for process in sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()):
            with contextlib.suppress(OSError):
                words = (proc / str(process) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
                if words:
                    yield process, words


def _open_files(process: Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for entry in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                yield str(entry.readlink())


def _port(words: list[str]) -> int:
    """The port stands behind -L (tcp:5037, tcp:localhost:5037) or -P (AOSP adb/client/commandline.cpp)."""
    for flag, value in itertools.pairwise(words):
        if flag == "-P" and value.isdigit():
            return int(value)
        if flag == "-L" and (found := _SOCKET.fullmatch(value)):
            return int(found[1])
    return DEFAULT_PORT
