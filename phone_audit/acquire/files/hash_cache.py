"""Hashes of the files of one phone, remembered on this computer for as long as the files stay what they were."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from phone_audit.acquire.commands import PLAIN, Command, batches, quoted
from phone_audit.acquire.text import decode
from phone_audit.acquire.transport import Answer, FileOnPhone, Handshake
from phone_audit.files.atomic_write import replace_file
from phone_audit.files.bounded_json import parse, read_checked
from phone_audit.files.bounds import SAVED_HASHES
from phone_audit.files.open_regular import open_unlinked
from phone_audit.model.command_list import listed

_LINE = re.compile(r"\d{1,20} -?\d{1,20} -?\d{1,20} \d{1,20}")
_TOLD = re.compile(rf"({_LINE.pattern}) (.+)")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CLOCK = re.compile(rb"\d{1,12}")
_FORMAT = 1

SETTLED_AFTER = 2
"""Seconds; FAT, which some cards have, counts every other one."""

FileState = str
"""Size, time of the last change of the bytes, of the inode, and the inode's number, as the phone prints them."""


@dataclass(frozen=True)
class FileStates:
    """What tells whether files are still the same.

    Attributes:
        of: path → identity.
        settled: those that had been as they are for `SETTLED_AFTER` when the phone was asked. The times count seconds:
            a file that changed in this very one could change once more and keep its identity.
    """

    of: Mapping[str, FileState] = field(default_factory=dict)
    settled: Mapping[str, FileState] = field(default_factory=dict)


def file_states(shell: Callable[[Command], Answer | None], files: Sequence[FileOnPhone]) -> FileStates:
    """Ask for what tells whether a file is still the same.

    A file of which the phone says nothing, or two things, has no identity.
    """
    found: dict[str, FileState] = {}
    settled: dict[str, FileState] = {}
    plain = [file.path for file in files if PLAIN.fullmatch(file.path)]
    words = {quoted(path): path for path in plain}
    for batch in batches(words):
        answer = shell(Command(listed("times", plain_paths=" ".join(batch)), timeout=20.0))
        asked = {words[word] for word in batch}
        said: dict[str, set[FileState]] = {}
        for line in decode(answer.output).splitlines() if answer else []:
            told = _TOLD.fullmatch(line)
            if told and told[2] in asked:
                said.setdefault(told[2], set()).add(told[1])
        new = {path: lines.pop() for path, lines in said.items() if len(lines) == 1}
        found.update(new)
        now = _now(answer)
        settled.update({path: identity for path, identity in new.items() if _last_change(identity) < now})
    return FileStates(found, settled)


def _now(answer: Answer | None) -> int:
    """Return the time before which nothing has changed lately, by the phone's own clock; without one, the beginning."""
    first = answer.output.partition(b"\n")[0] if answer else b""
    return int(first) - SETTLED_AFTER if _CLOCK.fullmatch(first) else 0


def _last_change(identity: FileState) -> int:
    _, written, changed, _ = identity.split(" ")
    return max(int(written), int(changed))


@dataclass(frozen=True)
class PhoneIdentity:
    """Which phone it is, as far as that can be told.

    Attributes:
        text: the serial number that the phone states, its ADB banner and the key of this computer that it accepted;
            None where something of it is missing, so that nothing is remembered.
        knew_us: whether the phone accepted that key without asking its owner. Only then is what was remembered of it
            used: one that has to ask is another phone, or was reset since.
        build: its fingerprint; None where it states none.
    """

    text: str | None = None
    knew_us: bool = False
    build: str | None = None


NOBODY = PhoneIdentity()
"""A phone that cannot be told from others, or none: a saved acquisition."""


def identity_of(serial: str | None, handshake: Handshake | None, build: str | None) -> PhoneIdentity:
    """Return the identity of a phone.

    The serial alone is none: any phone may state any, and cheap ones share theirs.
    """
    if not serial or handshake is None or handshake.host_key is None:
        return NOBODY
    return PhoneIdentity(json.dumps([serial, handshake.banner, handshake.host_key]), not handshake.asked, build)


class HashCache:
    """What is remembered of one phone. A file of another build, or one that is damaged, counts as none."""

    def __init__(self, path: Path | None = None, build: str | None = None) -> None:
        self._path = path if build else None
        self._build = build
        self._known = _read(self._path, build) if self._path else {}

    def hash_of(self, path: str, identity: FileState) -> str | None:
        """Return the hash of a file that is the same as it was."""
        known = self._known.get(path)
        return known[1] if known and known[0] == identity else None

    def save(self, settled: Mapping[str, FileState], hashes: Mapping[str, str]) -> None:
        """Remember these hashes, of files that had settled, and no others; nothing where the disk takes nothing."""
        if self._path is None:
            return
        files = {path: [identity, hashes[path]] for path, identity in settled.items() if path in hashes}
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            content = json.dumps({"format": _FORMAT, "build": self._build, "files": files})
            replace_file(self._path, content.encode("ascii"), durable=False)


def _read(path: Path, build: str | None) -> dict[str, tuple[FileState, str]]:
    try:
        with open_unlinked(path) as file:
            saved = parse(read_checked(file, SAVED_HASHES))
        if saved["format"] != _FORMAT or saved["build"] != build:
            return {}
        return {
            name: (identity, digest)
            for name, (identity, digest) in saved["files"].items()
            if _LINE.fullmatch(identity) and _DIGEST.fullmatch(digest)
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
