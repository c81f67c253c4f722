"""Two Dask workers on loopback give the records of a run on this computer, whatever is lost on the way."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster-tests")

from phone_audit.errors import PhoneAuditError
from phone_audit.knowledge.load import load_knowledge
from phone_audit.pipeline.apks import audit_apks
from phone_audit.pipeline.cluster.dask_executor import DaskExecutor, _gathered
from phone_audit.pipeline.options import never, no_progress
from tests.kit import free_port
from tests.pipeline.cluster.dask_cluster import DaskCluster, dask_cluster
from tests.pipeline.cluster.records import BUDGET, comparable, here, on_cluster, some_apks
from tests.program import program

pytestmark = pytest.mark.cluster
POISON = """
import os
from phone_audit.pipeline.cluster import task

def end(*_: object) -> None:
    os._exit(1)

task.audit_file = end
"""
OLD_VERSION = "import phone_audit.version\nphone_audit.version.__version__ = '0.0.9'\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return some_apks(tmp_path_factory.mktemp("folder") / "apks", 24)


@pytest.fixture(scope="module")
def expected(folder: Path) -> list[str]:
    """What a run on this computer gives."""
    return comparable(here(folder))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """One of which no test kills anything."""
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    """One for a single test, which may kill what it likes."""
    with dask_cluster(tmp_path) as running:
        yield running


def test_a_worker_that_is_killed_twice_loses_nothing(
    own_cluster: DaskCluster, folder: Path, expected: list[str]
) -> None:
    def kill(done: int) -> None:
        if done in (5, 14):
            own_cluster.kill(own_cluster.workers.pop())
            own_cluster.start_worker()

    records = on_cluster(own_cluster, folder, on_progress=kill)
    assert comparable(records) == expected


def test_an_answer_that_is_lost_with_its_worker_is_asked_for_again(own_cluster: DaskCluster) -> None:
    with DaskExecutor(own_cluster.address, BUDGET, no_progress, never) as executor:
        client = executor._client
        future = client.submit(bytes, 3, pure=False)
        while future.status != "finished":
            client.nthreads()
        own_cluster.replace_workers()
        while future.status == "finished":
            client.nthreads()
        assert _gathered(client, [future]) == [bytes(3)]


def test_a_scheduler_that_is_started_anew_loses_nothing(
    own_cluster: DaskCluster, folder: Path, expected: list[str]
) -> None:
    def restart(done: int) -> None:
        if done == 10:
            own_cluster.kill(own_cluster.scheduler)
            own_cluster.start_scheduler()
            own_cluster.start_worker()

    records = on_cluster(own_cluster, folder, on_progress=restart)
    assert comparable(records) == expected


def test_a_worker_with_another_version_is_refused(own_cluster: DaskCluster, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(OLD_VERSION)
    own_cluster.replace_workers(tmp_path / "old.py")
    ended = program("apks", folder, "--cluster", own_cluster.address)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "has phone-audit 0.0.9, and this computer 0.1.0." in ended.stderr


def test_a_worker_with_another_version_that_comes_later_is_refused(
    own_cluster: DaskCluster, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "old.py").write_text(OLD_VERSION)

    def exchange(done: int) -> None:
        if done == 5:
            own_cluster.replace_workers(tmp_path / "old.py")

    with pytest.raises(PhoneAuditError, match=r"has phone-audit 0\.0\.9, and this computer"):
        on_cluster(own_cluster, folder, on_progress=exchange)


def test_other_facts_are_refused(cluster: DaskCluster, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "incidents").mkdir(parents=True)
    executor = DaskExecutor(cluster.address, BUDGET, no_progress, never)
    known = load_knowledge([mine])
    source = next((Path(__file__).parents[3] / "phone_audit/knowledge/data/incidents").glob("*.json"))
    (mine / "incidents" / source.name).write_bytes(source.read_bytes() + b"\n")
    with executor, pytest.raises(PhoneAuditError, match="has other facts"):
        audit_apks([folder], executor=executor, knowledge=known)


def test_a_file_that_ends_every_worker_has_a_record_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "poison.py").write_text(POISON)
    (tmp_path / "poison.apk").write_bytes(b"PK")
    with dask_cluster(tmp_path, {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}, workers=0) as cluster:
        for _ in range(3):
            cluster.start_worker(tmp_path / "poison.py")
        (record,) = on_cluster(cluster, tmp_path / "poison.apk")
    (skipped,) = record.skipped
    assert (record.outcome, skipped.step, skipped.code) == ("inconclusive", "read", "crashed")
    assert skipped.reason == "Every worker of the cluster that was given this file has ended over it."


def test_a_scheduler_without_workers(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.pipeline.cluster.dask_executor._FIRST_WORKER_WITHIN", 0.5)
    with dask_cluster(tmp_path, workers=0) as cluster:
        ended = program("apks", folder, "--cluster", cluster.address)
    assert ended.returncode == 1
    assert f"The scheduler {cluster.address} has no worker." in ended.stderr


def test_a_stop_leaves_a_list_of_what_was_not_read(cluster: DaskCluster, folder: Path) -> None:
    done: list[int] = []
    with DaskExecutor(
        cluster.address, BUDGET, lambda _, count, __: done.append(count), lambda: len(done) > 9
    ) as executor:
        audited = audit_apks([folder], executor=executor)
    left = [one for one in audited.result.skipped if one.code == "interrupted"]
    assert audited.result.files_seen == audited.records + len(left)
    assert left


def test_an_image_is_not_for_a_cluster(cluster: DaskCluster, tmp_path: Path) -> None:
    image = bytearray(4096)
    image[0x438:0x43A] = b"\x53\xef"
    (tmp_path / "system.img").write_bytes(image)
    ended = program("apks", tmp_path / "system.img", "--cluster", cluster.address)
    assert ended.returncode == 2
    assert "is a firmware image, which one computer reads." in ended.stderr


def test_nobody_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.pipeline.cluster.dask_executor._ANSWERS_WITHIN", 0.5)
    ended = program("apks", folder, "--cluster", f"tcp://127.0.0.1:{free_port()}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "No Dask scheduler answers at tcp://127.0.0.1:" in ended.stderr


def test_no_address(folder: Path) -> None:
    ended = program("apks", folder, "--cluster", "no://address")
    assert ended.returncode == 2
    assert "no://address is no address of a Dask scheduler." in ended.stderr
