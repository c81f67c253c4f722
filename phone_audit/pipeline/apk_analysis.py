"""Files of a phone → analysed APKs, while the phone is still being read."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from phone_audit.acquire.transport import PulledApk
from phone_audit.apk.record_size import RECORD
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.tasks import ApkInput, Inbox, renamed
from phone_audit.model.apk import ApkFile, ApkInfo
from phone_audit.model.device import COMPILED_ROLES, CompiledFile, joint_hash
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.apk_records import AnalysedApk, joined
from phone_audit.pipeline.options import Progress
from phone_audit.pipeline.record_cache import CachedRecord, RecordCache, identity_of

_TICK = 0.1
_MOST_WAITING = 512 * 2**20
"""Bytes of files in the scratch folder that wait to be read, from which on no further one is copied into it."""


@dataclass(frozen=True)
class AnalysisResult:
    """All APKs of a phone, sorted by path. Those not reached before a stop are in `skipped`."""

    apks: tuple[AnalysedApk, ...]
    skipped: tuple[Skipped, ...]
    from_cache: int
    """Files whose record is from an earlier run."""


class ApkAnalysis:
    """Analyses files as they come, in a thread of its own; a context manager.

    Splits are joined to their base at the end. Equal bytes are read once, with a record a path.

    Args:
        pool: the processes that read them.
        cache: records of earlier runs; None where none are used.
        whole: whether only a record that was made from all bytes of a file will do.
        scratch: folder whose files are removed as soon as nobody needs them any more.
        claims: whether it is a phone that says what its files are; records of the parts that others give are not kept.
        most_waiting: bytes of files in `scratch` that may wait to be read.
    """

    def __init__(
        self,
        pool: WorkerPool,
        cache: RecordCache | None,
        *,
        whole: bool,
        scratch: Path,
        claims: bool = True,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        self._most_waiting = most_waiting
        self._phone: str | None = None
        self._trusts_phone = False
        self._pool = pool
        self._cache = cache
        self._whole = whole
        self._claims = claims
        self._scratch = scratch
        self._inbox = Inbox()
        self._known: dict[str, CachedRecord] = {}
        self._keys: dict[str, str | None] = {}
        self._done: list[AnalysedApk] = []
        self._used: set[Path] = set()
        self._waiting: dict[str, int] = {}
        self._room = threading.Condition()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="phone-audit-analysis")
        self._running: Future[None] | None = None

    def __enter__(self) -> "ApkAnalysis":
        self._running = self._thread.submit(self._analyse)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._inbox.release() if kind else self._inbox.close()
        self._thread.shutdown()

    def know_phone(self, name: str | None, *, trusted: bool) -> None:
        """Learn which phone the files are of, before the first one comes.

        Args:
            name: what it is known by on this computer; None where it is not, so that no parts of it are remembered.
            trusted: whether the parts that it gave in an earlier scan are taken for what it has now.
        """
        self._phone = name
        self._trusts_phone = trusted

    def is_known(self, sha256: str) -> bool:
        """Tell whether a file was analysed in an earlier run; its record is kept in mind.

        One that was made from parts will do only where this very phone gave them.
        """
        record = self._recall(sha256) if sha256 not in self._known else None
        if record is not None:
            self._known[sha256] = record
        return sha256 in self._known

    def take(self, apk: PulledApk) -> None:
        """Take a file that is here, or whose record is; nothing happens where the analysis has ended early."""
        self._keys[apk.path] = key = joint_hash(identity_of(apk), apk.compiled)
        record = self._record(apk, key)
        if record is not None:
            info = _with_compiled(renamed(record.info, apk.path), apk.compiled)
            self._done.append(AnalysedApk(info, record.seconds, cached=True))
        elif apk.local is not None:
            if apk.local.parent == self._scratch:
                self._waiting[apk.path] = apk.parts.size if apk.parts else apk.size
            with suppress(ValueError):  # closed: `finish` tells why
                self._inbox.put(ApkInput(apk.local, apk.path, apk.parts, apk.sha256, apk.compiled))

    def wait_for_room(self) -> None:
        """Wait while more bytes than may lie there have not been read; see `FileReceiver`."""
        with self._room:
            while sum(self._waiting.values()) > self._most_waiting and self._running and not self._running.done():
                self._room.wait(_TICK)

    def finish(self, pulled: Sequence[PulledApk], on_progress: Progress, stopped: Callable[[], bool]) -> AnalysisResult:
        """Wait for the records of all files. Raises a PhoneAuditError where the processes do not start."""
        self._inbox.close()
        while not self._ended():
            on_progress("analysing APKs", len(self._done), len(pulled))
            if stopped():
                self._inbox.release()
        on_progress("analysing APKs", len(self._done), len(pulled))
        done = {apk.info.path: apk for apk in self._done}
        for file in pulled:
            if file.path in done:
                done[file.path] = self._settled(file, done[file.path])
        with suppress(OSError):
            for path in self._used:
                path.unlink(missing_ok=True)
        reason = "The scan was interrupted before this file."
        left = (apk.path for apk in pulled if apk.path not in done)
        return AnalysisResult(
            joined([done[path] for path in sorted(done)]),
            tuple(Skipped(subject=path, step="read", code="interrupted", reason=reason) for path in left),
            sum(apk.cached for apk in done.values()),
        )

    def _ended(self) -> bool:
        if self._running is None:
            return True
        try:
            self._running.result(_TICK)
        except TimeoutError:
            return False
        return True

    def is_stripped(self, sha256: str) -> bool:
        """Tell whether a file was found, in an earlier run, to have its code beside it."""
        return self._cache is not None and self._cache.is_stripped(sha256)

    def _recall(self, claimed: str) -> CachedRecord | None:
        if self._cache is None:
            return None
        trusted = self._phone if self._trusts_phone and not self._whole else None
        its_own = self._cache.get_linked(trusted, claimed) if trusted else None
        return its_own or self._cache.get(claimed, "whole")

    def _record(self, apk: PulledApk, key: str | None) -> CachedRecord | None:
        """Return the record of a file: of one that is here, the one that was made from as many bytes of it."""
        if key is None or self._cache is None:
            return None
        if apk.local is None:
            return self._known[key] if self.is_known(key) else None
        return self._cache.get(key, "parts" if apk.parts else "whole")

    def _keep(self, item: ApkInput, info: ApkInfo, seconds: float) -> None:
        key = self._keys.get(item.shown_as)
        cut_for_room = any(note.step == RECORD for note in info.skipped)
        if self._cache is None or key is None or (item.parts and not self._claims) or cut_for_room:
            return
        self._cache.put(key, "parts" if item.parts else "whole", info, seconds)
        if item.compiled and item.sha256 is not None:
            self._cache.note_stripped(item.sha256)

    def _settled(self, apk: PulledApk, done: AnalysedApk) -> AnalysedApk:
        """Draw the conclusions from what was learned of a file at the end: it is what it was, or it has changed."""
        if apk.sha256 is None and apk.parts is not None and done.info.sha256 is not None:
            return replace(done, info=_without_hash(done.info))
        claimed, key = joint_hash(apk.sha256, apk.compiled), self._keys.get(apk.path)
        if self._cache and self._phone and apk.parts and apk.same and claimed and key:
            self._cache.link(self._phone, claimed, key)
        return done

    def _analyse(self) -> None:
        for item, info, seconds in self._pool.stream(self._inbox):
            self._done.append(AnalysedApk(info, seconds))
            with self._room:
                self._waiting.pop(item.shown_as, None)
                self._room.notify()
            self._keep(item, info, seconds)
            if item.path.parent == self._scratch and item.sha256 is not None:
                if item.compiled or any(note.code == "no-code" for note in info.skipped):
                    self._used.add(item.path)  # an equal APK with other code beside it is read by itself
                    continue
                with suppress(OSError):
                    item.path.unlink(missing_ok=True)


def _with_compiled(info: ApkInfo, compiled: Sequence[CompiledFile]) -> ApkInfo:
    """Name the files beside an APK by where they lie on this phone."""
    files = [file for file in info.files if file.role not in COMPILED_ROLES]
    files += [ApkFile(path=one.path, sha256=one.sha256, size=one.size, role=one.role) for one in compiled]
    return info.model_copy(update={"files": tuple(files)}) if compiled else info


def _without_hash(info: ApkInfo) -> ApkInfo:
    """Take the hash from a record: what was read is not what the phone hashed."""
    files = [file.model_copy(update={"sha256": None}) if file.sha256 == info.sha256 else file for file in info.files]
    return info.model_copy(update={"sha256": None, "files": tuple(files)})
