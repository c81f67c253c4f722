"""Reads the code of packages that were seen connected, while the watch goes on."""

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from phone_audit.acquire.asking import Reader
from phone_audit.acquire.files.oat_files import find_oat_files, role_of
from phone_audit.acquire.packages.owners import Owners, code_files
from phone_audit.acquire.questions.file_facts import hash_command, parse_hashes
from phone_audit.acquire.text import decode, shown
from phone_audit.acquire.transport import Transport
from phone_audit.apk.records import join_splits
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.tasks import ApkInput, renamed
from phone_audit.apk.zip.code_location import lacks_code
from phone_audit.errors import CommandError, DeviceLostError, PhoneAuditError
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import CompiledFile
from phone_audit.model.finding import Skipped, Step
from phone_audit.pipeline.apk_records import worker_pool
from phone_audit.pipeline.options import Budget, no_progress
from phone_audit.pipeline.record_cache import CachedRecord, RecordCache

MOST_EXPECTED = 500_000_000
"""Bytes that a file is expected to have at most, for the time that its hash may take."""

NOT_REACHED = "The watch ended before this package's code was read."


class WatchedCode:
    """Copies the files of packages from the phone and analyses them, in a thread of its own.

    Each copy is removed after its analysis. Records of parts of files are found by the pseudonym of the phone.
    """

    def __init__(
        self,
        transport: Transport,
        owners: Owners,
        knowledge: Knowledge,
        budget: Budget,
        scratch: Path,
        cache: RecordCache | None = None,
        phone: str | None = None,
    ) -> None:
        self._phone = phone
        self._reader = Reader(transport, no_progress)
        self._owners = owners
        self._knowledge = knowledge
        self._budget = budget
        self._scratch = scratch
        self._cache = cache
        self._lost: DeviceLostError | None = None
        self._wanted: queue.Queue[str | None] = queue.Queue()
        self._asked: set[str] = set()
        self._done: dict[str, tuple[ApkInfo, ...] | None] = {}
        self._skipped: list[Skipped] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="talking-code", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def want(self, packages: Sequence[str]) -> None:
        """Ask for the code of packages; each is read once."""
        for name in packages:
            if name not in self._asked:
                self._asked.add(name)
                self._wanted.put(name)

    def finish(self, give_up: Callable[[], bool]) -> None:
        """Wait until all that was asked for is read; once `give_up` is true, no further package is begun."""
        self._wanted.put(None)
        while self._thread.is_alive():
            self._thread.join(0.2)
            if give_up():
                self._stopped.set()

    def read(self, name: str) -> tuple[ApkInfo, ...] | None:
        """Return the analysed files of a package; None where they were not read (so far)."""
        return self._done.get(name)

    def settled(self, packages: Sequence[str]) -> bool:
        """Tell whether the code of all these packages was read, or never will be."""
        return all(name in self._done for name in packages)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What was not read, and why; complete after `finish`."""
        infos = [info for infos in self._done.values() for info in infos or ()]
        return (*self._skipped, *self._reader.skipped, *(item for info in infos for item in info.skipped))

    def _run(self) -> None:
        with worker_pool(self._budget, self._knowledge) as pool:
            while (name := self._wanted.get()) is not None:
                if self._stopped.is_set():
                    self._skip(name, "read", "interrupted", NOT_REACHED)
                    continue
                self._done[name] = self._package(name, pool)

    def _package(self, name: str, pool: WorkerPool) -> tuple[ApkInfo, ...] | None:
        base = self._owners.files.get(name)
        if base is None:
            self._skip(name, "list", "no-file", "The phone does not say which file this package is in.")
            return None
        try:
            if self._lost is not None:
                raise self._lost
            infos = self._records(name, code_files(self._reader, [base])[base], pool)
        except (DeviceLostError, CommandError) as error:
            self._lost = error if isinstance(error, DeviceLostError) else self._lost
            self._skip(name, "transfer", "not-copied", error.message)
            return None
        except PhoneAuditError as error:
            self._skip(name, "read", "not-analysed", error.message)
            return None
        finally:
            for path in self._scratch.iterdir():
                path.unlink()
        return tuple(join_splits(infos))

    def _records(self, name: str, paths: Sequence[str], pool: WorkerPool) -> list[ApkInfo]:
        """Return the records of a package's files: those of an earlier run, and of the files that are copied now."""
        hashes = self._hashes(paths) if self._cache is not None else {}
        infos = []
        copied = []
        for number, path in enumerate(paths):
            kept = self._kept(hashes.get(path))
            if kept is not None:
                infos.append(renamed(kept.info, shown(path)))
                continue
            try:
                copied.append(self._copied(path, f"{number}"))
            except CommandError as error:
                self._skip(path, "transfer", "not-copied", error.message)
        if not infos and not copied:
            raise CommandError(f"No file of {name} could be copied.")
        for item, (info, seconds) in zip(copied, pool.analyse(copied), strict=True):
            infos.append(info)
            if self._cache is not None and info.sha256 is not None and not item.compiled:
                self._cache.put(info.sha256, "whole", info, seconds)
        return infos

    def _kept(self, claimed: str | None) -> CachedRecord | None:
        """Return the record that an earlier run made of a file with this hash, or of parts this phone gave of it."""
        if self._cache is None or claimed is None:
            return None
        return self._cache.get(claimed, "whole") or (
            self._cache.get_linked(self._phone, claimed) if self._phone is not None else None
        )

    def _copied(self, path: str, stem: str) -> ApkInput:
        """Copy a file, and what lies beside it on the phone where that holds its code (Android 8 to 10)."""
        local = self._reader.transport.pull(path, self._scratch / f"{stem}.apk")
        if not lacks_code(local, None):
            return ApkInput(local, shown(path))
        compiled = []
        for number, file in enumerate(find_oat_files(self._reader, [path]).get(path, ())):
            with suppress(CommandError):
                copy = self._reader.transport.pull(file.path, self._scratch / f"{stem}.{number}")
                compiled.append(CompiledFile(shown(file.path), copy, file.size, None, role_of(file.path)))
        return ApkInput(local, shown(path), compiled=tuple(compiled))

    def _hashes(self, paths: Sequence[str]) -> dict[str, str]:
        """Let the phone hash files, so that none is copied of which a record is kept; empty where it cannot."""
        command = hash_command([(path, MOST_EXPECTED) for path in paths])
        answer = self._reader.try_ask(command, subject="hashes")
        found = parse_hashes(decode(answer.output)) if answer else {}
        return {paths[index]: digest for index, digest in found.items() if index < len(paths)}

    def _skip(self, subject: str, step: Step, code: str, reason: str) -> None:
        self._skipped.append(Skipped(subject=shown(subject), step=step, code=code, reason=shown(reason)))
