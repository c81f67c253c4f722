"""A transport that writes down every answer and every copied APK as it passes, with a manifest of their hashes."""

import hashlib
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from phone_audit.acquire.store import layout
from phone_audit.acquire.store.disk_space import DiskSpace, writing
from phone_audit.acquire.store.saved_files import SUFFIX, pack
from phone_audit.acquire.transport import (
    SHELL_LIMIT,
    SHELL_TIMEOUT,
    Answer,
    FileKeeper,
    LiveTransport,
    PulledApk,
    Transport,
)
from phone_audit.errors import AcquireError, CommandError, DeviceLostError, SnapshotError
from phone_audit.files.atomic_write import create_file, open_new, replace_file
from phone_audit.model.device import Acquisition, Artifact, Depth
from phone_audit.model.finding import Tool
from phone_audit.model.parts import Parts
from phone_audit.version import __version__

WORD = re.compile(r"[A-Za-z0-9]+")
_NOW = partial(datetime.now, UTC)


class RecordingTransport(Transport):
    """Wraps a transport and keeps what passes through it in a folder that only this user may read.

    Args:
        inner: the way to the phone.
        folder: where to keep it; made if it is not there, refused if something is in it.
        depth: how much the acquisition promises.
        users: whose packages it holds: `all`, `current` or an id.
        label: the case or asset name.
        clock: gives the time of each answer, UTC.
        keep_files: whether copied files are kept as well as answers, so that a replay finds them.
        space: room on the disk that is promised to what is kept here and to other phones; None where it is not counted.

    Raises a SnapshotError where the folder is in use, or cannot be written.
    """

    def __init__(
        self,
        inner: Transport,
        folder: Path,
        *,
        depth: Depth,
        users: str = "all",
        label: str | None = None,
        clock: Callable[[], datetime] = _NOW,
        keep_files: bool = True,
        space: DiskSpace | None = None,
    ) -> None:
        self.serial = inner.serial
        self.via = inner.via
        self.folder = folder
        self._inner = inner
        self._keep_files = keep_files
        self._space = space
        self._clock_offset: float | None = None
        self._depth = depth
        self._users = users
        self._label = label
        self._clock = clock
        self._artifacts: list[Artifact] = []
        self._lock = threading.RLock()
        self._parts: dict[str, tuple[str, str]] = {}
        _prepare(folder)

    def shell(self, command: str, *, timeout: float = SHELL_TIMEOUT, limit: int = SHELL_LIMIT) -> Answer:
        """Run the command on the wrapped transport and write its answer down, also when there is none."""
        try:
            answer = self._inner.shell(command, timeout=timeout, limit=limit)
        except (DeviceLostError, CommandError) as error:
            self._keep_sentence(command, error, layout.REFUSED)
            raise
        self._keep(command, answer.output, answer.exit, truncated=answer.truncated)
        return answer

    def pull(self, path: str, into: Path) -> Path:
        """Copy the file into the folder, once for equal bytes, and give where it lies there."""
        command = layout.pull_command(path)
        part = self.folder / layout.APKS / f"{len(self._artifacts):05d}.part"
        try:
            with writing(self.folder):
                local = self._inner.pull(path, part)
        except (DeviceLostError, CommandError) as error:
            self._keep_sentence(command, error, layout.PULL_FAILED)
            raise
        return self._keep_apk(command, local, part)

    def close(self) -> None:
        """Close the wrapped transport. The manifest is written by `finish`."""
        self._inner.close()
        if self._space is not None:
            self._space.give_back(self.folder)

    @property
    def live(self) -> LiveTransport | None:
        """See `Transport.live`; what is read with it is kept by the `keeper`."""
        return self._inner.live

    @property
    def keeper(self) -> FileKeeper | None:
        return self if self._keep_files else None

    def clock_offset(self, measured: float | None) -> float | None:
        self._clock_offset = measured
        return measured

    def reserve(self, size: int) -> None:
        if self._space is not None:
            self._space.take(self.folder, size)

    def note_lost(self, error: DeviceLostError) -> None:
        """Keep it, so that a replay ends at the same place with the same sentence."""
        if all(artifact.exit != layout.LOST for artifact in self._artifacts):
            self._keep_sentence(layout.BROKE_OFF, error)

    def keep_copy(self, path: str, copy: PulledApk) -> PulledApk:
        if copy.local is None:
            return copy
        with self._lock:
            with writing(self.folder):
                if copy.parts is not None:
                    self._keep_parts(path, copy, copy.local)
                    return copy
                kept = self.folder / layout.APKS / f"{copy.sha256}.apk"
                if copy.local != kept:
                    shutil.move(copy.local, kept)
                    kept.chmod(0o600)
            self._note(layout.pull_command(path), f"{layout.APKS}/{kept.name}", copy.sha256 or "", 0, truncated=False)
        return replace(copy, local=kept)

    def keep_failure(self, path: str, why: str) -> None:
        self._keep_sentence(layout.pull_command(path), CommandError(why), layout.PULL_FAILED)

    def keep_hashes(self, hashes: bytes) -> None:
        self._keep(layout.HASHES, hashes, 0)

    def finish(self) -> str:
        """Write the manifest, whole or not at all, and return its SHA-256; also of an acquisition that broke off."""
        manifest = Acquisition(
            schema_="phone-audit/acquisition/1",
            artifacts=tuple(self._artifacts),
            format=layout.FORMAT,
            serial=self.serial,
            depth=self._depth,
            users=self._users,
            via=self.via,
            tool=Tool(name="phone-audit", version=__version__),
            phone_clock_offset=self._clock_offset,
            label=self._label,
        )
        with writing(self.folder):
            text = manifest.model_dump_json(indent=1, ensure_ascii=True)
            replace_file(self.folder / layout.MANIFEST, text.encode("ascii") + b"\n")
        return layout.manifest_sha256(self.folder)

    def _keep_sentence(self, command: str, error: AcquireError, failed: int = layout.LOST) -> None:
        """Keep why there is no answer; `failed` stands for a phone that is still there."""
        code = layout.LOST if isinstance(error, DeviceLostError) else failed
        self._keep(command, f"{error.message}\n{error.hint}".encode("utf-8", "backslashreplace"), code)

    def _keep(self, command: str, output: bytes, code: int | None, *, truncated: bool = False) -> None:
        word = WORD.search(command)
        with self._lock:
            file = f"{layout.ANSWERS}/{len(self._artifacts):04d}-{(word[0] if word else 'answer')[:32]}.txt"
            with writing(self.folder):
                create_file(self.folder / file, output)
            self._note(command, file, hashlib.sha256(output).hexdigest(), code, truncated=truncated)

    def _keep_parts(self, path: str, copy: PulledApk, local: Path) -> None:
        key = copy.sha256 or local.name
        if key not in self._parts:
            name = f"{copy.sha256 or f'{len(self._artifacts):05d}'}{SUFFIX}"
            with open_new(self.folder / layout.APKS / name) as file:
                pack(local, copy.size, copy.parts or Parts(), copy.sha256, file)
                file.seek(0)
                self._parts[key] = f"{layout.APKS}/{name}", hashlib.file_digest(file, "sha256").hexdigest()
        stored_as, digest = self._parts[key]
        self._note(layout.parts_command(path), stored_as, digest, 0, truncated=False)

    def _keep_apk(self, command: str, local: Path, part: Path) -> Path:
        with writing(self.folder):
            if local != part:
                shutil.copyfile(local, part)
            with part.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            kept = self.folder / layout.APKS / f"{digest}.apk"
            part.chmod(0o600)
            part.replace(kept)
        self._note(command, f"{layout.APKS}/{kept.name}", digest, 0, truncated=False)
        return kept

    def _note(self, command: str, file: str, digest: str, code: int | None, *, truncated: bool) -> None:
        at = self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        text = command.encode("utf-8", "backslashreplace").decode()
        artifact = Artifact(command=text, file=file, sha256=digest, exit=code, at=at, truncated=truncated)
        with self._lock:
            self._artifacts.append(artifact)


def _prepare(folder: Path) -> None:
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if layout.is_saved(folder):
            raise SnapshotError(
                f"{folder} already holds a saved acquisition.", "Name another folder; a saved one is never changed."
            )
        if any(folder.iterdir()):
            raise SnapshotError(f"{folder} is not empty.", "Name a new or an empty folder.")
        folder.chmod(0o700)
        for name in (layout.ANSWERS, layout.APKS):
            (folder / name).mkdir(mode=0o700)
