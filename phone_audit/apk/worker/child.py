"""The child process that reads hostile files: one JSON line asks for a file, JSON lines answer.

Asked:    a file as `Task.request` writes it
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
from phone_audit.apk.package_file import FileHashes
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.record_size import RECORD, record_json
from phone_audit.apk.worker.tasks import ApkInput, asked_for
from phone_audit.errors import KnowledgeError
from phone_audit.files.open_regular import status_of
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.apk import ApkInfo

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNET = 0x40000000
_CLONE_NEWUSER = 0x10000000
_REFUSED = (
    "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "subprocess.Popen",
    "os.system", "os.exec", "os.fork", "os.posix_spawn",
)  # fmt: skip

MEGABYTE = 2**20
_RETIRE_AT = 0.5
_SWITCH_AFTER = 0.0005
"""Seconds after which the thread that reads lets the one beside it go on, which needs little of the time."""
_OBJECTS = 20_000
"""Objects that are made before garbage is looked for: nearly all of them live for as long as a file is read."""


def confine(parent: int) -> None:
    """Confine this process for good; it ends with the process `parent`.

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
    """Serve until standard input ends, and return the exit status: 1 where the knowledge cannot be read.

    The arguments are the process id of the parent, the memory budget in MB, and the folders of extra knowledge.
    """
    parent, memory_mb, *folders = arguments
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    confine(int(parent))
    sys.setswitchinterval(_SWITCH_AFTER)
    try:
        knowledge = load_knowledge([Path(folder) for folder in folders]).for_reading
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
        item = asked_for(request)
        if _answer(item, frozenset(request["leave_out"]), say, knowledge, memory):
            return
        if not (settled or item.look):
            settled = True
            _settle()


def _settle() -> None:
    """Keep what the first file had loaded out of all later collections of garbage, which begin now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS)
    gc.enable()


def _answer(
    item: ApkInput, left_out: frozenset[str], say: Callable[[str], None], knowledge: Knowledge, memory: int
) -> bool:
    mapped = [item.path, *(one.local for one in item.compiled if one.local)]
    there = sum(status.st_size for path in mapped if (status := status_of(path)))
    limit_memory(memory + there)  # the files themselves are mapped, which counts as address space
    started = time.monotonic()
    info = _read(item, left_out, lambda step: say(json.dumps({"step": step})), knowledge)
    if not item.look:
        say(json.dumps({"step": RECORD}))
    record = record_json(info, cut_first=RECORD in left_out)
    seconds = time.monotonic() - started
    exhausted = any(skipped.code == "memory-budget" for skipped in info.skipped)
    retire = exhausted or resident() > memory * _RETIRE_AT
    say(json.dumps({"seconds": round(seconds, 6), "retire": retire}) + "\n" + record)
    return retire


def _read(item: ApkInput, left_out: frozenset[str], on_step: Callable[[str], None], knowledge: Knowledge) -> ApkInfo:
    if item.look:
        return first_look(item.path, item.shown_as, on_step)
    return read_apk(
        item.path,
        shown_as=item.shown_as,
        knowledge=knowledge,
        leave_out=left_out,
        on_step=on_step,
        parts=item.parts,
        hashes=FileHashes(item.sha256, item.sha1, item.md5),
        compiled=item.compiled,
    )
