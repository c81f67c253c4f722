"""APK files and folders of them → published records, one by one, and the result of all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from phone_audit.judge.folder import FolderJudge
from phone_audit.knowledge.load import Knowledge, load_knowledge
from phone_audit.model.acceptance import NOTHING_ACCEPTED, Acceptances, AcceptedEntry
from phone_audit.model.apk import Apk, Apks, ApksRun
from phone_audit.model.finding import Outcome, Skipped
from phone_audit.pipeline.apk_records import SpooledApks, worker_pool
from phone_audit.pipeline.folder_files import EVERY_FILE, FileChoice, FolderFiles
from phone_audit.pipeline.image_apks import ImageFiles
from phone_audit.pipeline.known_files import KnownFiles, record_cache
from phone_audit.pipeline.options import TOOL, Budget, Progress, never, no_progress, no_share, rfc3339, utc_now
from phone_audit.pipeline.record_cache import program_digest

_DEFAULT_BUDGET = Budget()


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
        paths: files, which are always read, folders, which are searched, and firmware images.
        knowledge: what is known; the bundled facts where none is given.
        budget: what one APK may cost, and how many are read at once.
        on_progress: told how many files are done.

    Yields:
        One record for each APK, as soon as it is ready: large files are begun first, then folder by folder; where a
        folder holds splits of a package, the records of that package come at its end.
    """
    known = knowledge or load_knowledge()
    with worker_pool(budget, known) as pool:
        new = partial(FolderFiles, pool, KnownFiles(), on_progress)
        files = ImageFiles(new(), new)
        yield from files.records([paths] if isinstance(paths, str | Path) else paths, known, NOTHING_ACCEPTED)


def audit_apks(
    paths: Sequence[Path | str],
    *,
    executor: Executor | None = None,
    kept: SpooledApks | None = None,
    knowledge: Knowledge | None = None,
    label: str | None = None,
    budget: Budget = _DEFAULT_BUDGET,
    on_progress: Progress = no_progress,
    on_share: Callable[[float], None] = no_share,
    on_apk: Callable[[Apk], None] | None = None,
    cache: bool = False,
    choice: FileChoice = EVERY_FILE,
    before: Iterable[Apk] = (),
    accept: Iterable[AcceptedEntry] = (),
    stopped: Callable[[], bool] = never,
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
        on_share: told which share of the work is done.
        on_apk: given each record as it is ready.
        cache: whether records of earlier runs on this computer are used, and those of this one kept.
        choice: which of the files are read.
        before: records that an earlier run has written, which belong to the result, and not to what `on_apk` is given.
        accept: findings that somebody answers for.
        stopped: asked again and again; once true, what was found so far is the result.
    """
    started = utc_now()
    known = knowledge or load_knowledge()
    judge = FolderJudge()
    accepted = Acceptances.on(started.date(), accept)
    judge_name = None if accepted.by_key else f"{known.digest} {program_digest()}"
    memory = KnownFiles(record_cache(known), judge_name) if cache else KnownFiles()
    with worker_pool(budget, known) as pool:
        local = FolderFiles(pool, memory, on_progress, on_share, stopped, choice)
        copies = partial(FolderFiles, pool, KnownFiles(), on_progress, no_share, stopped, choice)
        files = executor or ImageFiles(local, copies)
        for record in before:
            judge.add(record)
            if kept is not None:
                kept.add(record)
        for record in files.records(paths, known, accepted):
            judge.add(record)
            if kept is not None:
                kept.add(record)
            if on_apk:
                on_apk(record)
    memory.prune()
    verdict = judge.verdict(files.skipped)
    finished = utc_now()
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
