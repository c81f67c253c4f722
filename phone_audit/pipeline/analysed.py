"""Analysed APKs → published records."""

from collections.abc import Sequence
from dataclasses import dataclass

from phone_audit.apk.records import join_splits
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.judge.judge import JudgedApk
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Apk, ApkInfo, ApkRun
from phone_audit.pipeline.options import Budget
from phone_audit.pipeline.provenance import TOOL


@dataclass(frozen=True)
class AnalysedApk:
    """What was read from one APK, how long that took, and whether that was in an earlier run."""

    info: ApkInfo
    seconds: float
    cached: bool = False


def worker_pool(budget: Budget, knowledge: Knowledge) -> WorkerPool:
    """Start the processes that read APKs."""
    return WorkerPool(budget.jobs, timeout=budget.seconds, memory_mb=budget.memory_mb, knowledge_dirs=knowledge.folders)


def joined(apks: Sequence[AnalysedApk]) -> tuple[AnalysedApk, ...]:
    """Join splits to their base; the record takes the time of all its files."""
    by_path = {apk.info.path: apk for apk in apks}
    return tuple(
        _from(info, [by_path[path] for path in _paths(info) if path in by_path])
        for info in join_splits([apk.info for apk in apks])
    )


def _from(info: ApkInfo, files: Sequence[AnalysedApk]) -> AnalysedApk:
    cached = bool(files) and all(file.cached for file in files)
    return AnalysedApk(info, sum(file.seconds for file in files), cached)


def _paths(info: ApkInfo) -> set[str]:
    return {info.path, *(file.path for file in info.files)}


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
        run=ApkRun(seconds=apk.seconds, cached=apk.cached),
    )
