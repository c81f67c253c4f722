"""Two Dask workers on loopback give the records of a run on this computer, whatever is lost on the way."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster-tests")

from phone_audit.errors import PhoneAuditError
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import Apk
from phone_audit.pipeline.apks import audit_apks
from phone_audit.pipeline.cluster.dask_executor import DaskExecutor
from phone_audit.pipeline.options import Budget, never, no_progress
from tests.apk.packages import fixture, package
from tests.apk.zips import Part
from tests.kit import free_port
from tests.pipeline.cluster.dask_cluster import DaskCluster, dask_cluster
from tests.program import program

pytestmark = pytest.mark.cluster
BUDGET = Budget(jobs=1)
OLD_VERSION = "import phone_audit.version\nphone_audit.version.__version__ = '0.0.9'\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some dozens of packages, splits and their base in one folder, a file that is no APK and one that is damaged."""
    top = tmp_path / "apks"
    (top / "splits").mkdir(parents=True)
    for number in range(40):
        (top / f"{number:02}.apk").write_bytes(package("policy", Part(str(number))))
    (top / "damaged.apk").write_bytes(fixture("base")[:200])
    (top / "notes").write_bytes(b"PK\x03\x04 and nothing else")
    (top / "splits" / "a.apk").write_bytes(fixture("base"))
    (top / "splits" / "b.apk").write_bytes(fixture("policy"))
    (top / "splits" / "c.apk").write_bytes(fixture("extra"))
    return top


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    with dask_cluster(tmp_path) as running:
        yield running


def on_cluster(cluster: DaskCluster, *paths: Path | str, on_progress: Callable[[int], None] | None = None) -> list[Apk]:
    """Return the records of a run on a cluster; `on_progress` is told how many files are done."""
    records: list[Apk] = []

    def tell(_: str, done: int, __: int) -> None:
        if on_progress is not None:
            on_progress(done)

    with DaskExecutor(cluster.address, BUDGET, tell, never) as executor:
        audited = audit_apks(paths, executor=executor, on_apk=records.append)
    assert audited.records == len(records) == audited.result.files_seen - 1  # of three splits one record is made
    return records


def here(*paths: Path | str) -> list[Apk]:
    records: list[Apk] = []
    audit_apks(paths, budget=BUDGET, on_apk=records.append)
    return records


def without_run(records: list[Apk]) -> list[str]:
    """What may not differ, sorted."""
    return sorted(record.model_dump_json(exclude={"run"}) for record in records)


def test_a_worker_that_is_killed_twice_loses_nothing(cluster: DaskCluster, folder: Path) -> None:
    def kill(done: int) -> None:
        if done in (5, 20):
            cluster.kill(cluster.workers.pop())
            cluster.start_worker()

    records = on_cluster(cluster, folder, on_progress=kill)
    assert without_run(records) == without_run(here(folder))


def test_a_scheduler_that_is_started_anew_loses_nothing(cluster: DaskCluster, folder: Path) -> None:
    def restart(done: int) -> None:
        if done == 10:
            cluster.kill(cluster.scheduler)
            cluster.start_scheduler()
            cluster.start_worker()

    records = on_cluster(cluster, folder, on_progress=restart)
    assert without_run(records) == without_run(here(folder))


def test_a_worker_with_another_version_is_refused(cluster: DaskCluster, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(OLD_VERSION)
    cluster.replace_workers(tmp_path / "old.py")
    ended = program("apks", folder, "--cluster", cluster.address)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "has phone-audit 0.0.9, and this computer 0.1.0." in ended.stderr


def test_a_worker_with_another_version_that_comes_later_is_refused(
    cluster: DaskCluster, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "old.py").write_text(OLD_VERSION)

    def exchange(done: int) -> None:
        if done == 5:
            cluster.replace_workers(tmp_path / "old.py")

    with pytest.raises(PhoneAuditError, match=r"has phone-audit 0\.0\.9, and this computer"):
        on_cluster(cluster, folder, on_progress=exchange)


def test_other_facts_are_refused(cluster: DaskCluster, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "incidents").mkdir(parents=True)
    executor = DaskExecutor(cluster.address, BUDGET, no_progress, never)
    known = load_knowledge([mine])
    source = next((Path(__file__).parents[3] / "phone_audit/knowledge/data/incidents").glob("*.json"))
    (mine / "incidents" / source.name).write_bytes(source.read_bytes() + b"\n")
    with executor, pytest.raises(PhoneAuditError, match="has other facts"):
        audit_apks([folder], executor=executor, knowledge=known)


def test_nobody_there(folder: Path) -> None:
    ended = program("apks", folder, "--cluster", f"tcp://127.0.0.1:{free_port()}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "No Dask scheduler answers at tcp://127.0.0.1:" in ended.stderr


def test_no_address(folder: Path) -> None:
    ended = program("apks", folder, "--cluster", "no://address")
    assert ended.returncode == 2
    assert "no://address is no address of a Dask scheduler." in ended.stderr
