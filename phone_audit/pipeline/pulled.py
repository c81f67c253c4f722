"""Pulled APKs → analysed APKs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from phone_audit.acquire.collect import PulledApk
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.finding import Skipped
from phone_audit.pipeline.analysed import AnalysedApk, joined, worker_pool
from phone_audit.pipeline.options import Budget, Progress


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
    """Analyse the APKs of a phone, splits joined to their base. Equal bytes are read once, with a record a path."""
    done: list[AnalysedApk] = []
    with worker_pool(budget, knowledge) as pool:
        for info, seconds in pool.analyse((apk.local, apk.path) for apk in pulled):
            done.append(AnalysedApk(info, seconds))
            on_progress("analysing APKs", len(done), len(pulled))
            if stopped():
                break
    return Analysed(joined(done), tuple(_interrupted(apk) for apk in pulled[len(done) :]))


def _interrupted(apk: PulledApk) -> Skipped:
    return Skipped(
        subject=apk.path, step="read", code="interrupted", reason="The scan was interrupted before this file."
    )
