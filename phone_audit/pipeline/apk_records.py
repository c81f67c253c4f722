"""Analysed APKs → published records, which lie on disk until a format is written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import NamedTuple, overload

from phone_audit.apk.records import join_splits
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.detect.allowed import with_allowed
from phone_audit.detect.detect import detect_apk
from phone_audit.files.spool import Place, Spool
from phone_audit.judge.judge import ApkJudgement, judge_apk
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.acceptance import NOTHING_ACCEPTED, Acceptances
from phone_audit.model.apk import Apk, ApkInfo, ApkRun
from phone_audit.model.base import read_own
from phone_audit.pipeline.accept import accepted_detection
from phone_audit.pipeline.options import TOOL, Budget


@dataclass(frozen=True)
class AnalysedApk:
    """What was read from one APK, how long that took, and whether that was in an earlier run.

    `key` is that under which the record of a single file is kept; None where it is not.
    """

    info: ApkInfo
    seconds: float
    cached: bool = False
    key: str | None = None


def worker_pool(budget: Budget, knowledge: Knowledge) -> WorkerPool:
    return WorkerPool(budget.jobs, timeout=budget.seconds, memory_mb=budget.memory_mb, knowledge_dirs=knowledge.folders)


def joined(apks: Sequence[AnalysedApk]) -> tuple[AnalysedApk, ...]:
    """Join splits to their base; the record takes the time of all its files."""
    by_path = {apk.info.path: apk for apk in apks}
    return tuple(_from(info, by_path) for info in join_splits([apk.info for apk in apks]))


def _from(info: ApkInfo, by_path: Mapping[str, AnalysedApk]) -> AnalysedApk:
    paths = {info.path, *(file.path for file in info.files)}
    files = [by_path[path] for path in paths if path in by_path]
    return AnalysedApk(info, sum(file.seconds for file in files), bool(files) and all(file.cached for file in files))


def published_apk(apk: AnalysedApk, judged: ApkJudgement, knowledge: Knowledge) -> Apk:
    return Apk(
        **dict(apk.info),
        schema_="phone-audit/apk/1",
        findings=judged.findings,
        incidents=judged.incidents,
        outcome=judged.outcome,
        tool=TOOL,
        knowledge_digest=knowledge.info.digest,
        run=ApkRun(seconds=apk.seconds, cached=apk.cached),
    )


def judged_record(apk: AnalysedApk, known: Knowledge, accepted: Acceptances = NOTHING_ACCEPTED) -> Apk:
    """Return the published record of what was read from a package."""
    told = replace(apk, info=with_allowed(apk.info, known))
    detected = accepted_detection(detect_apk(told.info, known), accepted, (), [told.info])
    return published_apk(told, judge_apk(told.info, detected), known)


class _SpooledRecord(NamedTuple):
    path: str
    number: int
    place: Place


class SpooledApks(Sequence[Apk], AbstractContextManager["SpooledApks"]):
    """Records in the order of their paths, read from disk one at a time, as often as somebody goes through them.

    Used as a context; at its end the records are gone.
    """

    def __init__(self) -> None:
        self._spool = Spool()
        self._kept: list[_SpooledRecord] = []
        self._sorted = True

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._spool.close()

    def add(self, record: Apk) -> None:
        self._kept.append(_SpooledRecord(record.path, len(self._kept), self._spool.put(record.model_dump_json())))
        self._sorted = False

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> Apk: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Apk, ...]: ...

    def __getitem__(self, place: int | slice) -> Apk | tuple[Apk, ...]:
        if isinstance(place, slice):
            return tuple(self._record(kept) for kept in self._in_order()[place])
        return self._record(self._in_order()[place])

    def __iter__(self) -> Iterator[Apk]:
        return (self._record(kept) for kept in self._in_order())

    def _in_order(self) -> list[_SpooledRecord]:
        if not self._sorted:
            self._kept.sort()
            self._sorted = True
        return self._kept

    def _record(self, kept: _SpooledRecord) -> Apk:
        return read_own(Apk, self._spool.get(kept.place))
