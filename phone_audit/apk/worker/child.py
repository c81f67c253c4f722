"""The child process that reads hostile files: one JSON line asks for a file, JSON lines answer.

Asked:    {"path": …, "shown_as": …, "leave_out": [step]};
          of parts also {"parts": [[start, end]], "told": [SHA-256, SHA-1, MD5, or null]};
          with files beside it {"beside": [[path on the phone, path, size, sha256 or null, role]]};
          for a first look alone {"look": true}
Answered: {"step": name} before each step, then {"seconds": n, "retire": bool}, then the record, which is bounded
It says {"ready": true} once when it can be asked. `retire` means that it holds much memory and will end.

"""

import contextlib
import ctypes
import gc
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from phone_audit.apk.first_look import first_look
from phone_audit.apk.package_file import UNKNOWN_HASHES, FileHashes
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.worker.record_size import RECORD, record_json
from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import CompiledFile
from phone_audit.model.parts import Parts

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_REFUSED = (
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
)
Request = dict[str, object]

MEGABYTE = 2**20
_RETIRE_AT = 0.5
_SWITCH_AFTER = 0.0005
"""Seconds after which the thread that reads lets the one beside it go on, which needs little of the time."""


def confine(parent: int) -> None:
    """Confine this process, for good.

    Args:
        parent: process id of the parent; this process ends with it.

    What the operating system cannot do is left out: Linux ends the process with its parent and takes its network away
    (as root, or where users may make namespaces), elsewhere only Python's own calls are refused.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.unshare(_CLONE_NEWNET | (0 if os.geteuid() == 0 else _CLONE_NEWUSER))
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # after: a change of credentials clears it
    if os.getppid() != parent:
        sys.exit(1)
    sys.addaudithook(_refuse)


def limit_memory(size: int) -> None:
    """Limit the address space to `size` bytes, where the system can; it can be set again, up or down."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    soft = size if hard == resource.RLIM_INFINITY else min(size, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def resident() -> int:
    """Bytes of memory that this process holds now; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def _refuse(event: str, _: object) -> None:
    if event in _REFUSED:
        raise PermissionError(f"The worker process may not do this: {event}")


def main(arguments: Sequence[str]) -> int:
    """Serve until standard input ends.

    Args:
        arguments: process id of the parent, memory budget in MB, and the folders of extra knowledge.

    Returns:
        The exit status: 0, or 1 where the knowledge cannot be read.
    """
    parent, memory_mb, *folders = arguments
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    confine(int(parent))
    sys.setswitchinterval(_SWITCH_AFTER)
    try:
        knowledge = load_knowledge([Path(folder) for folder in folders])
    except KnowledgeError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    serve(sys.stdin.buffer, answers, knowledge, int(memory_mb) * MEGABYTE)
    return 0


def serve(requests: BinaryIO, answers: BinaryIO, knowledge: Knowledge, memory: int) -> None:
    """Answer each request; returns when there are no more, or when it is time to retire."""

    def say(message: str) -> None:
        answers.write(message.encode() + b"\n")
        answers.flush()

    say('{"ready":true}')
    settled = False
    for line in requests:
        request = json.loads(line)
        if _answer(request, say, knowledge, memory):
            return
        if not (settled or request.get("look")):
            settled = True
            _settle()


def _settle() -> None:
    """Keep what the first file had loaded out of all later collections of garbage, which begin now."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _answer(request: Request, say: Callable[[str], None], knowledge: Knowledge, memory: int) -> bool:
    beside = _beside(request.get("beside"))
    mapped = [Path(str(request["path"])), *(one.local for one in beside if one.local)]
    limit_memory(memory + sum(map(_size, mapped)))  # the files themselves are mapped, which counts as address space
    leave_out = request["leave_out"]
    left_out = frozenset(leave_out if isinstance(leave_out, list) else ())
    started = time.monotonic()
    info = _read(request, left_out, beside, lambda step: say(json.dumps({"step": step})), knowledge)
    if not request.get("look"):
        say(json.dumps({"step": RECORD}))
    record = record_json(info, cut_first=RECORD in left_out)
    seconds = time.monotonic() - started
    exhausted = any(skipped.code == "memory-budget" for skipped in info.skipped)
    retire = exhausted or resident() > memory * _RETIRE_AT
    say(json.dumps({"seconds": round(seconds, 6), "retire": retire}) + "\n" + record)
    return retire


def _read(
    request: Request,
    left_out: frozenset[str],
    beside: tuple[CompiledFile, ...],
    on_step: Callable[[str], None],
    knowledge: Knowledge,
) -> ApkInfo:
    path, shown_as = Path(str(request["path"])), str(request["shown_as"])
    if request.get("look"):
        return first_look(path, shown_as, on_step)
    return read_apk(
        path,
        shown_as=shown_as,
        knowledge=knowledge,
        leave_out=left_out,
        on_step=on_step,
        parts=_parts(request.get("parts")),
        told=_told(request.get("told")),
        beside=beside,
    )


def _parts(ranges: object) -> Parts | None:
    """Which parts of the file are here; None: all of it."""
    return Parts(tuple((start, end) for start, end in ranges)) if isinstance(ranges, list) else None


def _told(hashes: object) -> FileHashes:
    """The hashes that somebody has taken of all of it."""
    return FileHashes(*hashes) if isinstance(hashes, list) else UNKNOWN_HASHES


def _beside(files: object) -> tuple[CompiledFile, ...]:
    """Which files lie beside it."""
    listed = files if isinstance(files, list) else []
    return tuple(CompiledFile(path, Path(local), size, sha256, role) for path, local, size, sha256, role in listed)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0
