"""APK files and folders of them → analysed packages: found, looked at, read, or known from an earlier run."""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from phone_audit.apk.discover import InputFile, find_apks
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.tasks import ApkInput
from phone_audit.apk.zip.code_location import files_near
from phone_audit.files.open_regular import status_of
from phone_audit.knowledge.load import Knowledge, whole
from phone_audit.model.acceptance import Acceptances
from phone_audit.model.apk import Apk, ApkInfo
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.apk_records import AnalysedApk, judged_record
from phone_audit.pipeline.known_files import FileFacts, KnownFiles
from phone_audit.pipeline.options import Progress, never, no_share
from phone_audit.pipeline.shard import Shard
from phone_audit.pipeline.split_packages import SplitPackages, folder_of

_GIANT: Final = 8 * 2**20
"""Bytes from which on files are read before all others, the largest first: a run must not end with one of them."""
_OVERHEAD: Final = 64 * 2**10
"""Bytes of an APK that take as long to read as what is done once for each."""
_FileIdentity = tuple[int, int] | str
"""Device and inode of a file, so that links to it are one; the path of one that cannot be looked at."""
ALL: Final = Shard(1, 1)


@dataclass(frozen=True, slots=True)
class ApkCandidate:
    """A file to be read, and what is known of it."""

    input: ApkInput
    sure: bool
    size: int
    facts: FileFacts

    @property
    def folder(self) -> PurePosixPath:
        return folder_of(self.input.shown_as)


@dataclass(frozen=True)
class FileChoice:
    """Which of the files that are found are read."""

    shard: Shard = ALL
    done: Container[str] = frozenset()

    def holds(self, shown_as: str) -> bool:
        return shown_as not in self.done and (self.shard == ALL or self.shard.holds(shown_as))


EVERY_FILE: Final = FileChoice()


class FolderFiles:
    """The files of a run; no byte of an APK is read in this process.

    Attributes:
        found: the files to read, the largest first, then folder by folder whatever the order of the arguments.
    """

    def __init__(
        self,
        pool: WorkerPool,
        known: KnownFiles,
        on_progress: Progress,
        on_share: Callable[[float], None] = no_share,
        stopped: Callable[[], bool] = never,
        choice: FileChoice = EVERY_FILE,
    ) -> None:
        self.found: Sequence[ApkCandidate] = ()
        self._pool = pool
        self._known = known
        self._on_progress = on_progress
        self._on_share = on_share
        self._stopped = stopped
        self._choice = choice
        self._unlisted: list[Skipped] = []
        self._read: set[str] = set()
        self._work_done = 0

    @property
    def files_seen(self) -> int:
        return len(self.found)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The folders that could not be listed, and the files that a stop left unread."""
        reason = "The search was interrupted before this file."
        left = (file.input.shown_as for file in self.found if file.input.shown_as not in self._read)
        return (
            *self._unlisted,
            *(Skipped(subject=name, step="read", code="interrupted", reason=reason) for name in left),
        )

    def records(self, paths: Sequence[Path | str], knowledge: Knowledge, accepted: Acceptances) -> Iterator[Apk]:
        yield from self.records_of(list(find_apks([Path(path) for path in paths])), knowledge, accepted)

    def records_of(
        self, search: Sequence[InputFile | Skipped], knowledge: Knowledge, accepted: Acceptances
    ) -> Iterator[Apk]:
        """Yield the records of files that were found, as they are ready."""
        self._unlisted = [one for one in search if isinstance(one, Skipped)]
        files = [self._file(one) for one in search if isinstance(one, InputFile) and self._choice.holds(one.shown_as)]
        files.sort(key=lambda file: (file.folder, file.input.shown_as))
        if any(file.facts.key is None for file in files):
            self._pool.start()
        split = self._look(files)
        self.found = sorted(self.found, key=lambda file: -file.size if file.size >= _GIANT else 0)
        work = sum(file.size + _OVERHEAD for file in self.found)
        with SplitPackages(split, [file.folder for file in self.found]) as packages:
            for file, apk in self._analysed(split, knowledge):
                self._read.add(file.input.shown_as)
                self._work_done += file.size + _OVERHEAD
                self._on_share(self._work_done / work)
                self._on_progress("reading APKs", len(self._read), len(self.found))
                if isinstance(apk, Apk):
                    yield apk
                    continue
                for whole_package in packages.add(apk):
                    yield self._judged(whole_package, knowledge, accepted)
            for rest in packages.rest():
                yield self._judged(rest, knowledge, accepted)

    def _judged(self, apk: AnalysedApk, knowledge: Knowledge, accepted: Acceptances) -> Apk:
        record = judged_record(apk, knowledge, accepted)
        self._known.keep_judged(apk.key, record)
        return record

    def _file(self, found: InputFile) -> ApkCandidate:
        it = ApkInput(found.path, found.shown_as, compiled=files_near(found.path, found.shown_as))
        status = status_of(found.path)
        return ApkCandidate(it, found.sure, status.st_size if status else 0, self._known.facts_of(it))

    def _look(self, files: Sequence[ApkCandidate]) -> dict[PurePosixPath, set[str]]:
        """Sort out what is no APK, and return of which packages each folder holds splits.

        Only files of which the name does not tell enough are looked at, each once however many links lead to it.
        """
        together = Counter(file.folder for file in files)
        unsure = [f for f in files if not f.facts.is_apk and (not f.sure or together[f.folder] > 1)]
        unseen = {_identity(file.input.path): file for file in unsure}
        looks: dict[_FileIdentity, FileFacts] = {}
        if unseen and not self._stopped():
            inputs = [replace(file.input, compiled=(), look=True) for file in unseen.values()]
            for identity, (info, _) in zip(unseen, self._pool.analyse(inputs), strict=True):
                looks[identity] = first_look_of(info)
                self._on_progress("looking at files", len(looks), len(unseen))
                if self._stopped():
                    break
        kept: list[ApkCandidate] = []
        split: dict[PurePosixPath, set[str]] = {}
        for file in files:
            look = file.facts if file.facts.is_apk else looks.get(_identity(file.input.path), _NOT_LOOKED_AT)
            if file.sure or look.is_apk:
                kept.append(file)
            if look.split_of is not None:
                split.setdefault(file.folder, set()).add(look.split_of)
        self.found = kept
        return split

    def _analysed(
        self, split: Container[PurePosixPath], knowledge: Knowledge
    ) -> Iterator[tuple[ApkCandidate, AnalysedApk | Apk]]:
        """Yield what is kept, then what is read, until a stop is asked for; before the first file, it is heard too."""
        left: list[ApkCandidate] = []
        for file in self.found:
            if self._stopped():
                return
            alone = self._known.judged(file.facts, file.input.shown_as) if file.folder not in split else None
            if alone is None:
                left.append(file)
            else:
                yield file, alone
        unread: list[ApkCandidate] = []
        if left:
            whole(knowledge)  # a broken file of it is told before the first APK is read
        for file in left:
            if self._stopped():
                return
            known = self._known.record(file.facts, file.input.shown_as)
            if known is None:
                unread.append(file)
            else:
                yield file, known
        if self._stopped():
            return
        for number, info, seconds in self._pool.as_finished([file.input for file in unread]):
            file = unread[number]
            facts = self._known.keep(file.input, file.facts, info, seconds)
            yield file, AnalysedApk(info, seconds, key=facts.key)
            if self._stopped():
                return


def first_look_of(info: ApkInfo) -> FileFacts:
    """Return what the record of a first look says; what could not be looked at may be an APK."""
    unknown = info.has_code is None and bool(info.skipped)
    return FileFacts(is_apk=bool(info.has_code) or unknown, split_of=info.package)


_NOT_LOOKED_AT: Final = FileFacts(is_apk=True)


def _identity(path: Path) -> _FileIdentity:
    status = status_of(path)
    return (status.st_dev, status.st_ino) if status else str(path)
