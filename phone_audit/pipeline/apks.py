"""APK files and folders of them → published records, one by one, and the result of all."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple, Protocol

from phone_audit.apk.discover import InputFile, find_apks
from phone_audit.apk.record_size import cut
from phone_audit.apk.records import PackageKey, package_key
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.tasks import ApkInput
from phone_audit.apk.zip.code_location import files_near
from phone_audit.detect.allowed import with_allowed
from phone_audit.detect.detect import detect_apk
from phone_audit.files.spool import Place, Spool
from phone_audit.judge.folder import FolderJudge
from phone_audit.judge.judge import judge_apk
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole
from phone_audit.model.acceptance import NOTHING_ACCEPTED, Acceptances, AcceptedEntry
from phone_audit.model.apk import Apk, ApkInfo, Apks, ApksRun
from phone_audit.model.base import read_own
from phone_audit.model.finding import Outcome, Skipped
from phone_audit.pipeline.accept import accepted_detection
from phone_audit.pipeline.apk_records import AnalysedApk, SpooledApks, joined, published_apk, worker_pool
from phone_audit.pipeline.options import TOOL, Budget, Clock, Progress, never, no_progress, rfc3339, utc_now

_DEFAULT_BUDGET = Budget()
_MOST_BYTES_OF_SPLITS = 4 * 2**20
"""Bytes of records, as JSON, of the base of a package and its splits, which are held together to be joined."""
_LEAST_OF_A_SPLIT = 4 * 2**10

_FileIdentity = tuple[int, int] | str
"""Device and inode of a file, so that links to it are one; the path of one that cannot be looked at."""


@dataclass(frozen=True)
class AuditedApks:
    """The result of a folder, how many records it has, whether all was read, and the outcome that was not accepted."""

    result: Apks
    records: int
    complete: bool
    gating: Outcome


class Executor(Protocol):
    """Where the files of a run are read and judged: in processes of this computer, or on a cluster."""

    @property
    def files_seen(self) -> int:
        """How many files are to be read."""

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """What could not be listed, and the files that a stop left unread."""

    def records(self, paths: Sequence[Path | str], knowledge: Knowledge, accepted: Acceptances) -> Iterator[Apk]:
        """Yield the records of all files below some paths, as they are ready."""


def scan_apks(
    paths: Sequence[Path | str],
    *,
    knowledge: Knowledge | None = None,
    budget: Budget = _DEFAULT_BUDGET,
    on_progress: Progress = no_progress,
) -> Iterator[Apk]:
    """Audit APK files and folders of them.

    Args:
        paths: files, which are always read, and folders, which are searched.
        knowledge: what is known; the bundled facts where none is given.
        budget: what one APK may cost, and how many are read at once.
        on_progress: told how many files are done.

    Yields:
        One record for each APK, in a stable order, as soon as it is ready: where a folder holds splits of a package,
        the records of that package come at the end of the folder.
    """
    known = knowledge or load_knowledge()
    with worker_pool(budget, known) as pool:
        files = _Files(pool, on_progress, never)
        yield from files.records([paths] if isinstance(paths, str | Path) else paths, known)


def audit_apks(
    paths: Sequence[Path | str],
    *,
    executor: Executor | None = None,
    kept: SpooledApks | None = None,
    knowledge: Knowledge | None = None,
    label: str | None = None,
    budget: Budget = _DEFAULT_BUDGET,
    on_progress: Progress = no_progress,
    on_apk: Callable[[Apk], None] | None = None,
    accept: Iterable[AcceptedEntry] = (),
    stopped: Callable[[], bool] = never,
    clock: Clock = utc_now,
) -> AuditedApks:
    """Audit APK files and folders of them as one result.

    The records themselves are not held in memory. They are handed to `on_apk`, and where `kept` is given they lie on
    disk and are the `apks` of the result, as long as that is open; else it has none.

    Args:
        paths: as for `scan_apks`.
        executor: reads the files; processes of this computer, within the budget, where none is given.
        kept: where records are put aside.
        knowledge: as for `scan_apks`.
        label: the case or asset name kept in the result.
        budget: as for `scan_apks`.
        on_progress: as for `scan_apks`.
        on_apk: given each record as it is ready.
        accept: findings that somebody answers for.
        stopped: asked again and again; once true, what was found so far is the result.
        clock: gives the present time.
    """
    started = clock()
    known = knowledge or load_knowledge()
    judge = FolderJudge()
    accepted = Acceptances.on(started.date(), accept)
    with worker_pool(budget, known) as pool:
        files = executor or _Files(pool, on_progress, stopped)
        for record in files.records(paths, known, accepted):
            judge.add(record)
            if kept is not None:
                kept.add(record)
            if on_apk:
                on_apk(record)
    verdict = judge.verdict(files.skipped)
    finished = clock()
    result = Apks.model_construct(
        schema_="phone-audit/apks/1",
        label=label,
        apks=() if kept is None else kept,
        files_seen=files.files_seen,
        counts=judge.counts,
        skipped=files.skipped,
        verdict=verdict,
        knowledge=known.info,
        tool=TOOL,
        run=ApksRun(started=rfc3339(started), finished=rfc3339(finished), seconds=(finished - started).total_seconds()),
    )
    return AuditedApks(result, sum(judge.counts.values()), complete=not judge.unread, gating=judge.gating_outcome)


def judged_record(apk: AnalysedApk, known: Knowledge, accepted: Acceptances = NOTHING_ACCEPTED) -> Apk:
    """Return the published record of what was read from a package."""
    told = replace(apk, info=with_allowed(apk.info, known))
    detected = accepted_detection(detect_apk(told.info, known), accepted, (), [told.info])
    return published_apk(told, judge_apk(told.info, detected), known)


class _Files:
    """The files of a run, searched for, looked at and read on this computer.

    Args:
        pool: the processes that read them, since no byte of an APK is read in this one.
        on_progress: told how many files were looked at, and read.
        stopped: asked again and again; once true, what is left is not read.

    Attributes:
        found: the files to read, those of a folder together, whatever the order of the arguments.
    """

    def __init__(
        self,
        pool: WorkerPool,
        on_progress: Progress,
        stopped: Callable[[], bool],
    ) -> None:
        self.found: Sequence[InputFile] = ()
        self._pool = pool
        self._on_progress = on_progress
        self._stopped = stopped
        self._unlisted: list[Skipped] = []
        self._read = 0

    @property
    def files_seen(self) -> int:
        return len(self.found)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The folders that could not be listed, and the files that a stop left unread."""
        reason = "The search was interrupted before this file."
        left = self.found[self._read :]
        return (
            *self._unlisted,
            *(Skipped(subject=file.shown_as, step="read", code="interrupted", reason=reason) for file in left),
        )

    def records(
        self, paths: Sequence[Path | str], knowledge: Knowledge, accepted: Acceptances = NOTHING_ACCEPTED
    ) -> Iterator[Apk]:
        """Yield the records of all files below some paths, as they are ready."""
        self._pool.start()
        search = list(find_apks([Path(path) for path in paths]))
        self._unlisted = [found for found in search if isinstance(found, Skipped)]
        files = [found for found in search if isinstance(found, InputFile)]
        files.sort(key=lambda file: (folder_of(file.shown_as), file.shown_as))
        looks = self._looks(files)
        kept: list[InputFile] = []
        split: dict[PurePosixPath, set[str]] = {}
        for file in files:
            look = looks.get(_identity(file.path), _NOT_LOOKED_AT)
            if file.sure or look.is_apk:
                kept.append(file)
            if look.split_of is not None:
                split.setdefault(folder_of(file.shown_as), set()).add(look.split_of)
        self.found = kept
        known = whole(knowledge)
        for folder, apks in groupby(self._analysed(), key=lambda apk: folder_of(apk.info.path)):
            for apk in whole_packages(apks, split.get(folder, frozenset())):
                yield judged_record(apk, known, accepted)

    def _looks(self, files: Sequence[InputFile]) -> Mapping[_FileIdentity, "FirstLook"]:
        """Look at those files of which the name does not tell enough, each once however many links lead to it."""
        looks: dict[_FileIdentity, FirstLook] = {}
        together = Counter(folder_of(file.shown_as) for file in files)
        unsure = [file for file in files if not file.sure or together[folder_of(file.shown_as)] > 1]
        looked_at = {_identity(file.path): file for file in unsure}
        if not looked_at or self._stopped():
            return looks
        inputs = (ApkInput(file.path, file.shown_as, look=True) for file in looked_at.values())
        for identity, (info, _) in zip(looked_at, self._pool.analyse(inputs), strict=True):
            looks[identity] = first_look_of(info)
            self._on_progress("looking at files", len(looks), len(looked_at))
            if self._stopped():
                break
        return looks

    def _analysed(self) -> Iterator[AnalysedApk]:
        """Yield what was read until a stop is asked for; asked for before the first file, it is heard all the same."""
        if self._stopped():
            return
        inputs = (ApkInput(it.path, it.shown_as, compiled=files_near(it.path, it.shown_as)) for it in self.found)
        for info, seconds in self._pool.analyse(inputs):
            self._read += 1
            self._on_progress("reading APKs", self._read, len(self.found))
            yield AnalysedApk(info, seconds)
            if self._stopped():
                return


class FirstLook(NamedTuple):
    """What a first look at a file shows: whether it is an APK, and of which package it is a split."""

    is_apk: bool
    split_of: str | None


def first_look_of(info: ApkInfo) -> FirstLook:
    """Return what the record of a first look says; what could not be looked at may be an APK."""
    return FirstLook(bool(info.has_code) or (info.has_code is None and bool(info.skipped)), info.package)


_NOT_LOOKED_AT: Final = FirstLook(is_apk=True, split_of=None)


def folder_of(shown_as: str) -> PurePosixPath:
    """Return the folder of a file, from its name in the record."""
    return PurePosixPath(shown_as).parent


def _identity(path: Path) -> _FileIdentity:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return str(path)
    return status.st_dev, status.st_ino


def whole_packages(apks: Iterable[AnalysedApk], split: Collection[str]) -> Iterator[AnalysedApk]:
    """Pass on the records of a folder as they come; those of packages with splits wait for its end and are joined.

    They wait on disk, and those of one package, version and signer are read back at a time: what else claims to be of
    the package costs it nothing.
    """
    waiting: dict[PackageKey, list[tuple[Place, float, bool]]] = {}
    with Spool() as spool:
        for apk in apks:
            home = package_key(apk.info) if apk.info.package in split else None
            if home is None:
                yield apk
            else:
                place = spool.put(apk.info.model_dump_json())
                waiting.setdefault(home, []).append((place, apk.seconds, apk.cached))
        for members in waiting.values():
            yield from joined(list(_read_back(members, spool)))


def _read_back(members: Sequence[tuple[Place, float, bool]], spool: Spool) -> Iterator[AnalysedApk]:
    """Read records that are joined, none larger than its even share: of few files that is more than real ones have."""
    share = max(_LEAST_OF_A_SPLIT, _MOST_BYTES_OF_SPLITS // len(members))
    for place, seconds, cached in members:
        text = spool.get(place)
        info = read_own(ApkInfo, text)
        yield AnalysedApk(cut(info, share) if len(text) > share else info, seconds, cached)
