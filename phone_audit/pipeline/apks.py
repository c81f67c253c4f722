"""APK files and folders of them → published records, one by one, and the result of all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path, PurePosixPath

from phone_audit.analyse.apk_input import ApkInput
from phone_audit.analyse.detectors import detect_apk
from phone_audit.analyse.discover import Found, find_apks
from phone_audit.analyse.oat.nearby import files_near
from phone_audit.analyse.worker_pool import WorkerPool
from phone_audit.judge.judge import judge_apk, judge_folder
from phone_audit.knowledge.load import Knowledge, load_knowledge, whole
from phone_audit.model.apk import Apk, ApkInfo, Apks, ApksRun
from phone_audit.model.finding import OUTCOMES, Skipped, Verdict
from phone_audit.pipeline.analysed import AnalysedApk, joined, published_apk, worker_pool
from phone_audit.pipeline.options import Budget, Progress, never, no_progress
from phone_audit.pipeline.provenance import TOOL, Clock, rfc3339, utc_now

_DEFAULT_BUDGET = Budget()
_NOTHING_TO_JUDGE = Verdict(outcome="inconclusive", headline="No APK was found, so nothing was judged", reasons=())


@dataclass
class _Search:
    """What the search for files came upon: the files of a folder together, whatever the order of the arguments."""

    files: list[Found] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


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
        One record for each APK, in a stable order, as soon as its folder allows: splits are joined to their base.
    """
    known = knowledge or load_knowledge()
    with worker_pool(budget, known) as pool:
        pool.start()
        found = _search([Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)])
        yield from _records(found.files, whole(known), pool, on_progress, never)


def audit_apks(
    paths: Sequence[Path],
    *,
    knowledge: Knowledge | None = None,
    label: str | None = None,
    budget: Budget = _DEFAULT_BUDGET,
    on_progress: Progress = no_progress,
    on_apk: Callable[[Apk], None] | None = None,
    stopped: Callable[[], bool] = never,
    clock: Clock = utc_now,
) -> Apks:
    """Audit APK files and folders of them as one result.

    Args:
        paths: as for `scan_apks`.
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
    records: list[Apk] = []
    with worker_pool(budget, known) as pool:
        pool.start()
        found = _search(paths)
        for record in _records(found.files, whole(known), pool, on_progress, stopped):
            records.append(record)
            if on_apk:
                on_apk(record)
    skipped = (*found.skipped, *_not_reached(found.files, records))
    finished = clock()
    return Apks(
        schema_="phone-audit/apks/1",
        label=label,
        apks=tuple(sorted(records, key=lambda record: record.path)),
        files_seen=len(found.files),
        counts={word: sum(record.outcome == word for record in records) for word in OUTCOMES},
        skipped=skipped,
        verdict=judge_folder(records, skipped) if records else _NOTHING_TO_JUDGE,
        knowledge=known.info,
        tool=TOOL,
        run=ApksRun(started=rfc3339(started), finished=rfc3339(finished), seconds=(finished - started).total_seconds()),
    )


def _search(paths: Sequence[Path]) -> _Search:
    search = _Search()
    for found in find_apks(paths):
        if isinstance(found, Found):
            search.files.append(found)
        else:
            search.skipped.append(found)
    search.files.sort(key=lambda file: (PurePosixPath(file.shown_as).parent, file.shown_as))
    return search


def _records(
    files: Sequence[Found], known: Knowledge, pool: WorkerPool, on_progress: Progress, stopped: Callable[[], bool]
) -> Iterator[Apk]:
    read = pool.analyse(
        ApkInput(file.path, file.shown_as, beside=files_near(file.path, file.shown_as)) for file in files
    )
    counted = _counted(read, len(files), on_progress, stopped)
    for _, folder in groupby(counted, key=lambda apk: PurePosixPath(apk.info.path).parent):
        for apk in joined(tuple(folder)):
            judged = judge_apk(apk.info, detect_apk(apk.info, known), known)
            yield published_apk(apk, judged, known)


def _counted(
    read: Iterator[tuple[ApkInfo, float]], total: int, on_progress: Progress, stopped: Callable[[], bool]
) -> Iterator[AnalysedApk]:
    """Pass on what was read until a stop is asked for; asked for before the first file, it is heard all the same."""
    if stopped():
        return
    for number, (info, seconds) in enumerate(read, 1):
        on_progress("reading APKs", number, total)
        yield AnalysedApk(info, seconds)
        if stopped():
            return


def _not_reached(files: Sequence[Found], records: Sequence[Apk]) -> Iterator[Skipped]:
    """Name the files that a stop left unread."""
    read = {path for record in records for path in (record.path, *(file.path for file in record.files))}
    for file in files:
        if file.shown_as not in read:
            reason = "The search was interrupted before this file."
            yield Skipped(subject=file.shown_as, step="read", code="interrupted", reason=reason)
