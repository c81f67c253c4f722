"""The child process that reads hostile files: one JSON line asks for a file, JSON lines answer.

Asked:    {"path": …, "shown_as": …, "leave_out": [step]}
Answered: {"step": name} before each step, then {"seconds": n, "retire": bool}, then the record
It says {"ready": true} once when it can be asked. `retire` means that it holds much memory and will end.
"""

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from phone_audit.analyse.apk import read_apk
from phone_audit.analyse.confine import confine, limit_memory, resident
from phone_audit.errors import KnowledgeError
from phone_audit.knowledge.load import Knowledge, load_knowledge

MEGABYTE = 2**20
_RETIRE_AT = 0.5
_SWITCH_AFTER = 0.0005
"""Seconds after which the thread that reads lets the one beside it go on, which needs little of the time."""


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
    for number, line in enumerate(requests):
        if _answer(json.loads(line), say, knowledge, memory):
            return
        if not number:
            _settle()


def _settle() -> None:
    """Keep what the first file had loaded out of all later collections of garbage, which begin now."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _answer(request: dict[str, object], say: Callable[[str], None], knowledge: Knowledge, memory: int) -> bool:
    path = Path(str(request["path"]))
    leave_out = request["leave_out"]
    limit_memory(memory + _size(path))  # the file itself is mapped, which counts as address space
    started = time.monotonic()
    info = read_apk(
        path,
        shown_as=str(request["shown_as"]),
        knowledge=knowledge,
        leave_out=frozenset(leave_out if isinstance(leave_out, list) else ()),
        on_step=lambda step: say(json.dumps({"step": step})),
    )
    seconds = time.monotonic() - started
    exhausted = any(skipped.code == "memory-budget" for skipped in info.skipped)
    retire = exhausted or resident() > memory * _RETIRE_AT
    say(json.dumps({"seconds": round(seconds, 6), "retire": retire}))
    say(info.model_dump_json())
    return retire


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0
