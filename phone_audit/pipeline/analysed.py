"""Pulled APKs → analysed APKs → published records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from phone_audit.acquire.collect import PulledApk
from phone_audit.analyse.worker_pool import WorkerPool
from phone_audit.judge.judge import JudgedApk
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Apk, ApkInfo, ApkRun
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.options import Budget, Progress
from phone_audit.pipeline.provenance import TOOL


@dataclass(frozen=True)
class AnalysedApk:
    """What was read from one APK, and how long that took."""

    info: ApkInfo
    seconds: float


@dataclass(frozen=True)
class Analysed:
    """All APKs of a phone, sorted by path. Those not reached before a stop are in `skipped`."""

    apks: tuple[AnalysedApk, ...]
    skipped: tuple[Skipped, ...]


def analyse_pulled(
    pulled: Sequence[PulledApk],
    knowledge: Knowledge,
    budget: Budget,
    on_progress: Progress,
    stopped: Callable[[], bool],
) -> Analysed:
    """Analyse the APKs of a phone: equal bytes once, one record for each path."""
    by_hash: dict[str, list[PulledApk]] = {}
    for apk in pulled:
        by_hash.setdefault(apk.sha256, []).append(apk)
    firsts = [copies[0] for copies in by_hash.values()]
    done: list[AnalysedApk] = []
    pool = WorkerPool(budget.jobs, timeout=budget.seconds, memory_mb=budget.memory_mb, knowledge_dirs=knowledge.folders)
    with pool:
        results = pool.analyse((apk.local, apk.path) for apk in firsts)
        for number, (apk, (info, seconds)) in enumerate(zip(firsts, results, strict=False), 1):
            done.extend(AnalysedApk(_at(info, copy.path), seconds) for copy in by_hash.pop(apk.sha256))
            on_progress("analysing APKs", number, len(firsts))
            if stopped():
                break
    left = [copy for copies in by_hash.values() for copy in copies]
    return Analysed(tuple(sorted(done, key=lambda apk: apk.info.path)), tuple(map(_interrupted, left)))


def _at(info: ApkInfo, path: str) -> ApkInfo:
    """The same record for another path with equal bytes."""
    if info.path == path:
        return info
    files = tuple(file.model_copy(update={"path": path}) if file.path == info.path else file for file in info.files)
    skipped = tuple(
        item.model_copy(update={"subject": item.subject.replace(info.path, path, 1)}) for item in info.skipped
    )
    return info.model_copy(update={"path": path, "files": files, "skipped": skipped})


def _interrupted(apk: PulledApk) -> Skipped:
    return Skipped(
        subject=apk.path, step="read", code="interrupted", reason="The scan was interrupted before this file."
    )


def published_apk(apk: AnalysedApk, judged: JudgedApk, knowledge: Knowledge) -> Apk:
    """Put what was read and what was judged into the published record."""
    return Apk(
        **dict(apk.info),
        schema_="phone-audit/apk/1",
        findings=judged.findings,
        incidents=judged.incidents,
        outcome=judged.outcome,
        tool=TOOL,
        knowledge_digest=knowledge.info.digest,
        run=ApkRun(seconds=apk.seconds, cached=False),
    )
