"""The records of a run on a cluster and on this computer, and what of them has to be equal."""

from collections.abc import Callable
from pathlib import Path

from phone_audit.model.apk import Apk
from phone_audit.pipeline.apks import audit_apks
from phone_audit.pipeline.cluster.dask_executor import DaskExecutor
from phone_audit.pipeline.options import Budget, never
from tests.apk.packages import fixture, package
from tests.apk.zips import Part
from tests.pipeline.cluster.dask_cluster import DaskCluster

BUDGET = Budget(jobs=1)


def some_apks(top: Path, count: int) -> Path:
    """Make packages, a base with its split beside another package, a file that is no APK and one that is damaged."""
    (top / "splits").mkdir(parents=True)
    for number in range(count):
        (top / f"{number:02}.apk").write_bytes(package("policy", Part(str(number))))
    (top / "damaged.apk").write_bytes(fixture("base")[:200])
    (top / "notes").write_bytes(b"PK\x03\x04 and nothing else")
    for name, of in (("a", "base"), ("b", "policy"), ("c", "extra")):
        (top / "splits" / f"{name}.apk").write_bytes(fixture(of))
    return top


def on_cluster(
    cluster: DaskCluster, *paths: Path | str, on_progress: Callable[[int], None] | None = None, budget: Budget = BUDGET
) -> list[Apk]:
    """Return the records of a run on a cluster; `on_progress` is told how many files are done."""
    records: list[Apk] = []

    def tell(_: str, done: int, __: int) -> None:
        if on_progress is not None:
            on_progress(done)

    with DaskExecutor(cluster.address, budget, tell, never) as executor:
        audited = audit_apks(paths, executor=executor, on_apk=records.append)
    assert audited.records == len(records)
    return records


def here(*paths: Path | str, budget: Budget = BUDGET) -> list[Apk]:
    records: list[Apk] = []
    audit_apks(paths, budget=budget, on_apk=records.append)
    return records


def comparable(records: list[Apk], place: str = "") -> list[str]:
    """What may not differ between two runs, sorted; without the place of the files."""
    return sorted(record.model_dump_json(exclude={"run"}).replace(place, "") for record in records)
