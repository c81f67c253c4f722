"""APK files and folders of them → published records, one by one, and the result of all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path, PurePosixPath

from phone_audit.apk.discover import InputFile, find_apks
from phone_audit.apk.oat.locate import files_near
from phone_audit.apk.records import Home, home_of
from phone_audit.apk.worker.apk_input import ApkInput
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.record_size import cut
from phone_audit.detect.detectors import detect_apk
from phone_audit.files.spool import Place, Spool
from phone_audit.judge.folder import FolderJudge
from phone_audit.judge.judge import judge_apk
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole
from phone_audit.model.apk import Apk, ApkInfo, Apks, ApksRun
from phone_audit.model.base import put_aside
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.analysed import AnalysedApk, joined, published_apk, worker_pool
from phone_audit.pipeline.folders import LookedAt, folder_of, look_at_files
from phone_audit.pipeline.options import Budget, Progress, never, no_progress
from phone_audit.pipeline.provenance import TOOL, Clock, rfc3339, utc_now
from phone_audit.pipeline.spooled import SpooledApks

_DEFAULT_BUDGET = Budget()
_MOST_BYTES_OF_SPLITS = 4 * 2**20
"""Bytes of records, as JSON, of the base of a package and its splits, which are held together to be joined."""
_LEAST_OF_A_SPLIT = 4 * 2**10


@dataclass
class _Search:
    """What the search for files came upon: the files of a folder together, whatever the order of the arguments."""

    files: list[InputFile] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True)
class AuditedApks:
    """The result of a folder, how many records it has, and whether all was read."""

    result: Apks
    records: int
    complete: bool


@dataclass
class _Reached:
    """How many files were read so far, in their order."""

    files: int = 0


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
        pool.start()
        found = _search([Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)])
        looked_at = look_at_files(found.files, pool, on_progress, never)
        yield from _records(looked_at, whole(known), pool, on_progress, never, _Reached())


def audit_apks(
    paths: Sequence[Path],
    *,
    kept: SpooledApks | None = None,
    knowledge: Knowledge | None = None,
    label: str | None = None,
    budget: Budget = _DEFAULT_BUDGET,
    on_progress: Progress = no_progress,
    on_apk: Callable[[Apk], None] | None = None,
    stopped: Callable[[], bool] = never,
    clock: Clock = utc_now,
) -> AuditedApks:
    """Audit APK files and folders of them as one result.

    The records themselves are not held in memory. They are handed to `on_apk`, and where `kept` is given they lie on
    disk and are the `apks` of the result, as long as that is open; else it has none.

    Args:
        paths: as for `scan_apks`.
        kept: where records are put aside.
        knowledge: as for `scan_apks`.
        label: the case or asset name kept in the result.
        budget: as for `scan_apks`.
        on_progress: as for `scan_apks`.
        on_apk: given each record as it is ready.
        stopped: asked again and again; once true, what was found so far is the result.
        clock: gives the present time.
    """
    started = clock()
    known = knowledge or load_knowledge()
    judge, reached = FolderJudge(), _Reached()
    with worker_pool(budget, known) as pool:
        pool.start()
        found = _search(paths)
        looked_at = look_at_files(found.files, pool, on_progress, stopped)
        for record in _records(looked_at, whole(known), pool, on_progress, stopped, reached):
            judge.add(record)
            if kept is not None:
                kept.add(record)
            if on_apk:
                on_apk(record)
    skipped = (*found.skipped, *_not_reached(looked_at.files[reached.files :]))
    verdict = judge.verdict(skipped)
    finished = clock()
    result = Apks.model_construct(
        schema_="phone-audit/apks/1",
        label=label,
        apks=() if kept is None else kept,
        files_seen=len(looked_at.files),
        counts=judge.counts,
        skipped=skipped,
        verdict=verdict,
        knowledge=known.info,
        tool=TOOL,
        run=ApksRun(started=rfc3339(started), finished=rfc3339(finished), seconds=(finished - started).total_seconds()),
    )
    return AuditedApks(result, sum(judge.counts.values()), complete=not judge.unread)


def _search(paths: Sequence[Path]) -> _Search:
    search = _Search()
    for found in find_apks(paths):
        if isinstance(found, InputFile):
            search.files.append(found)
        else:
            search.skipped.append(found)
    search.files.sort(key=lambda file: (PurePosixPath(file.shown_as).parent, file.shown_as))
    return search


def _records(
    looked_at: LookedAt,
    known: Knowledge,
    pool: WorkerPool,
    on_progress: Progress,
    stopped: Callable[[], bool],
    reached: _Reached,
) -> Iterator[Apk]:
    read = pool.analyse(
        ApkInput(file.path, file.shown_as, beside=files_near(file.path, file.shown_as)) for file in looked_at.files
    )
    counted = _counted(read, len(looked_at.files), on_progress, stopped, reached)
    for folder, apks in groupby(counted, key=lambda apk: folder_of(apk.info.path)):
        for apk in _whole_packages(apks, looked_at.split.get(folder, frozenset())):
            judged = judge_apk(apk.info, detect_apk(apk.info, known), known)
            yield published_apk(apk, judged, known)


def _whole_packages(apks: Iterable[AnalysedApk], split: frozenset[str]) -> Iterator[AnalysedApk]:
    """Pass on the records of a folder as they come; those of packages with splits wait for its end and are joined.

    They wait on disk, and those of one package, version and signer are read back at a time: what else claims to be of
    the package costs it nothing.
    """
    waiting: dict[Home, list[tuple[Place, float, bool]]] = {}
    with Spool() as spool:
        for apk in apks:
            home = home_of(apk.info) if apk.info.package in split else None
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
        info = put_aside(ApkInfo, text)
        yield AnalysedApk(cut(info, share) if len(text) > share else info, seconds, cached)


def _counted(
    read: Iterator[tuple[ApkInfo, float]],
    total: int,
    on_progress: Progress,
    stopped: Callable[[], bool],
    reached: _Reached,
) -> Iterator[AnalysedApk]:
    """Pass on what was read until a stop is asked for; asked for before the first file, it is heard all the same."""
    if stopped():
        return
    for info, seconds in read:
        reached.files += 1
        on_progress("reading APKs", reached.files, total)
        yield AnalysedApk(info, seconds)
        if stopped():
            return


def _not_reached(files: Iterable[InputFile]) -> Iterator[Skipped]:
    """Name the files that a stop left unread."""
    for file in files:
        reason = "The search was interrupted before this file."
        yield Skipped(subject=file.shown_as, step="read", code="interrupted", reason=reason)
