"""A transport that answers from a saved acquisition: how a saved scan and a fixture are loaded."""

import hashlib
import os
from collections import defaultdict
from pathlib import Path

from pydantic import ValidationError

from phone_audit.acquire.store import layout
from phone_audit.acquire.store.saved_files import unpack
from phone_audit.acquire.transport import PULL_LIMIT, SHELL_LIMIT, SHELL_TIMEOUT, Answer, PulledApk, Transport
from phone_audit.errors import CommandError, DeviceLostError, SnapshotError
from phone_audit.files.bounded_json import JsonError
from phone_audit.files.bounds import MANIFEST as MANIFEST_BOUNDS
from phone_audit.files.short_repr import short_repr
from phone_audit.model.base import parse_unicode, read_values
from phone_audit.model.device import Acquisition, Artifact, Depth


class ReplayTransport(Transport):
    """Gives every answer as it was recorded, and fails where the phone failed.

    A command that was asked several times gets its answers in order, the last one from then on. Where the phone went
    away, the first question after everything that was asked then finds it gone. Each file's hash is checked when it is
    read.

    Attributes:
        serial, via: as recorded.
        depth: how much the acquisition promises.
        users: whose packages it holds: `all`, `current` or an id.
        label: the case or asset name it was made with.
        broke_off: whether the phone went away, or the reading was ended, before all was asked.

    Raises:
        SnapshotError: no acquisition, a damaged one, or one of a later version.
    """

    def __init__(self, folder: Path) -> None:
        manifest = _read_manifest(folder)
        self.serial: str = manifest.serial or ""
        self.via: str = manifest.via
        self.depth: Depth = manifest.depth
        self.users: str = manifest.users
        self.label: str | None = manifest.label
        self._clock_offset = manifest.phone_clock_offset
        self._folder = folder
        self._answers: dict[str, list[Artifact]] = defaultdict(list)
        self._asked: dict[str, int] = defaultdict(int)
        self._checked: set[str] = set()
        for artifact in manifest.artifacts:
            if not layout.STORED.fullmatch(artifact.file):
                raise SnapshotError(
                    f"{folder / layout.MANIFEST} names a file that cannot be part of it: {short_repr(artifact.file)}."
                )
            if artifact.command != layout.BROKE_OFF:
                self._answers[artifact.command].append(artifact)
        lost = [artifact for artifact in manifest.artifacts if artifact.exit == layout.LOST]
        self._lost = lost[0] if lost else None
        self.broke_off = bool(lost)
        self._questions = set(self._answers)
        # files that came while questions were asked say nothing of when the phone went away
        if manifest.format >= layout.CONCURRENT_FILES:
            beside = (layout.PULL, layout.PARTS, layout.HASHES)
            self._questions = {text for text in self._answers if not text.startswith(beside)}

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        artifact = self._next(command)
        output = self._bytes(artifact)
        if artifact.exit is not None and artifact.exit < 0:
            raise _sentence(artifact, output)
        cut = len(output) > limit
        return Answer(output[:limit], None if cut else artifact.exit, artifact.truncated or cut)

    def pull(self, path: str, into: Path) -> Path:
        artifact = self._next(layout.pull_command(path))
        if artifact.exit != 0:
            raise _sentence(artifact, self._bytes(artifact))
        size = self._check(artifact)
        if size > PULL_LIMIT:
            raise CommandError(f"{path} has {size} bytes, more than the {PULL_LIMIT} that are read.")
        return self._folder / artifact.file

    def clock_offset(self, measured: float | None) -> float | None:
        """Return what was measured when the acquisition was made."""
        return self._clock_offset

    def finish(self) -> str:
        return layout.manifest_sha256(self._folder)

    def saved_hashes(self) -> bytes | None:
        return self._bytes(self._next(layout.HASHES)) if layout.HASHES in self._answers else None

    def saved_parts(self, path: str, into: Path) -> PulledApk | None:
        if not self.holds(layout.parts_command(path)):
            return None
        artifact = self._next(layout.parts_command(path))
        self._check(artifact)
        with layout.open_stored(self._folder, artifact.file) as packed:
            size, parts, digest = unpack(packed, self._folder / artifact.file, into)
        return PulledApk(path, into, digest, size, parts)

    def holds(self, command: str) -> bool:
        """Tell whether it has an answer, or the reason why there was none."""
        return command in self._answers

    def recorded(self, prefix: str) -> tuple[str, ...]:
        return tuple(command for command in self._answers if command.startswith(prefix))

    def raise_if_gone(self) -> None:
        if self._lost and self._questions <= self._asked.keys():
            raise _sentence(self._lost, self._bytes(self._lost))

    def _next(self, command: str) -> Artifact:
        text = command.encode("utf-8", "backslashreplace").decode()
        recorded = self._answers.get(text)
        if not recorded:
            self.raise_if_gone()
            what = "does not hold this file" if text.startswith(layout.PULL) else "holds no answer to this command"
            raise CommandError(f"The saved acquisition {what}.")
        index = self._asked[text]
        self._asked[text] = index + 1
        return recorded[min(index, len(recorded) - 1)]

    def _bytes(self, artifact: Artifact) -> bytes:
        data = layout.read_stored(self._folder, artifact.file)
        if hashlib.sha256(data).hexdigest() != artifact.sha256:
            raise _changed(self._folder / artifact.file)
        return data

    def _check(self, artifact: Artifact) -> int:
        """Check a large file without holding it, once, and give its size in bytes."""
        with layout.open_stored(self._folder, artifact.file) as file:
            size = os.fstat(file.fileno()).st_size
            if artifact.file not in self._checked:
                if hashlib.file_digest(file, "sha256").hexdigest() != artifact.sha256:
                    raise _changed(self._folder / artifact.file)
                self._checked.add(artifact.file)
        return size


def _read_manifest(folder: Path) -> Acquisition:
    text = layout.read_stored_json(folder, layout.MANIFEST, MANIFEST_BOUNDS)
    broken = SnapshotError(
        f"{folder / layout.MANIFEST} is not the manifest of a saved acquisition.",
        "Name the folder that `scan --save` made, or save the phone again.",
    )
    try:
        raw = parse_unicode(text)
    except JsonError as error:
        raise broken from error
    if not isinstance(raw, dict) or not str(raw.get("schema")).startswith(layout.SCHEMA):
        raise broken
    number = raw.get("format")
    if isinstance(number, int) and number > layout.FORMAT:
        raise SnapshotError(
            f"{folder} was saved by a later version of phone-audit ({short_repr(raw.get('tool'))}, layout {number}).",
            "Update phone-audit, then read it again.",
        )
    try:
        return read_values(Acquisition, raw)
    except ValidationError as error:
        raise broken from error


def _sentence(artifact: Artifact, output: bytes) -> CommandError | DeviceLostError:
    message, _, hint = output.decode("utf-8", "backslashreplace").partition("\n")
    kind = DeviceLostError if artifact.exit == layout.LOST else CommandError
    return kind(message, hint)


def _changed(path: Path) -> SnapshotError:
    return SnapshotError(
        f"{path} is not what was saved: its SHA-256 differs from the manifest.",
        "Copy the whole folder again, or save the phone again.",
    )
