"""Two Dask workers read what lies in storage, and tables are written there: in S3 on loopback, and where calls fail."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs the extra cluster-tests")
pytest.importorskip("moto", reason="needs the extra cluster-tests")
pytest.importorskip("polars", reason="needs the extra cluster-tests")

import duckdb
import polars
import s3fs

from tests.apk.bombs import record_bomb
from tests.pipeline.cluster import flaky
from tests.pipeline.cluster.dask_cluster import DaskCluster, dask_cluster
from tests.pipeline.cluster.records import comparable, here, on_cluster, some_apks
from tests.pipeline.cluster.s3_server import BUCKET, s3_server
from tests.program import program

pytestmark = pytest.mark.cluster
LISTEN = """
import os, sys

def listen(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        with open(os.environ["CONNECTIONS"], "a") as log:
            print(arguments[0] if event == "socket.getaddrinfo" else arguments[1][0], file=log)

sys.addaudithook(listen)
"""
REFUSE = """
from phone_audit.apk.zip import directory

def refuse(*_: object) -> None:
    raise AssertionError("read outside the child")

directory._find_end = refuse
"""


def rows(query: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as database:
        return list(database.sql(query).fetchall())


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    with s3_server() as environment:
        yield environment


@pytest.fixture(scope="module")
def cluster(s3: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Two workers that note whom they connect to."""
    scratch = tmp_path_factory.mktemp("cluster")
    (scratch / "listen.py").write_text(LISTEN)
    with dask_cluster(scratch, {**s3, "CONNECTIONS": str(scratch / "connections")}, workers=0) as running:
        for _ in range(2):
            running.start_worker(scratch / "listen.py")
        yield running
    hosts = set((scratch / "connections").read_text("utf-8").split())
    assert hosts == {"127.0.0.1"}


@pytest.fixture(scope="module")
def folder(s3: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some APKs, which lie in the bucket too."""
    top = some_apks(tmp_path_factory.mktemp("apks") / "top", 8)
    s3fs.S3FileSystem().put(str(top), f"{BUCKET}/top", recursive=True)
    return top


def test_objects_have_the_records_of_files(cluster: DaskCluster, folder: Path) -> None:
    there = on_cluster(cluster, f"s3://{BUCKET}/top")
    assert comparable(there, f"s3://{BUCKET}/top") == comparable(here(folder), str(folder))


def test_a_pattern_and_members_of_a_zip(cluster: DaskCluster, folder: Path) -> None:
    with zipfile.ZipFile(folder.parent / "dump.zip", "w") as file:
        for name in ("a", "b", "c"):
            file.write(folder / "splits" / f"{name}.apk", f"x/{name}.apk")
    s3fs.S3FileSystem().put(str(folder.parent / "dump.zip"), f"{BUCKET}/dump.zip")
    urls = (f"s3://{BUCKET}/top/0[12].apk", f"zip://x/*::s3://{BUCKET}/dump.zip")
    records = on_cluster(cluster, *urls)
    assert sorted(record.path for record in records) == [f"s3://{BUCKET}/dump.zip!x/{name}.apk" for name in "ab"] + [
        f"s3://{BUCKET}/top/0{number}.apk" for number in (1, 2)
    ]
    assert [len(record.files) for record in records if record.path.endswith("a.apk")] == [2]


def test_a_list_of_objects_is_shared_and_read_once(cluster: DaskCluster, folder: Path, tmp_path: Path) -> None:
    names = ("00.apk", "01.apk", "damaged.apk", "missing.apk", "splits/*")
    (tmp_path / "list").write_text("".join(f"s3://{BUCKET}/top/{name}\n" for name in names))
    listed = ("apks", "--cluster", cluster.address, "--files-from", tmp_path / "list")
    paths = []
    for number in (1, 2):
        lines = tmp_path / f"{number}.jsonl"
        program(*listed, "--shard", f"{number}/2", "-o", lines)
        again = program(*listed, "--shard", f"{number}/2", "-o", lines, "--resume")
        assert again.returncode in (0, 10), again.stderr
        paths += [json.loads(line)["path"] for line in lines.read_text("utf-8").splitlines()]
    shown = {path.removeprefix(f"s3://{BUCKET}/top/") for path in paths}
    assert len(paths) == len(shown)
    assert shown >= {"00.apk", "01.apk", "damaged.apk", "missing.apk", "splits/a.apk", "splits/b.apk"}


def test_tables_in_storage_hold_each_record_once(
    cluster: DaskCluster, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phone_audit.pipeline.cluster.partitions.MOST_ROWS", 4)
    url, local, lines = f"s3://{BUCKET}/tables", tmp_path / "tables", tmp_path / "a.jsonl"
    words = ("-f", "parquet", "-o", url, "-f", "parquet", "-o", local, "-o", lines)
    ended = program("apks", folder, "--cluster", cluster.address, *words)
    assert ended.returncode == 10, ended.stderr
    expected = sorted(json.loads(line)["path"] for line in lines.read_text("utf-8").splitlines())
    assert len(expected) == 11
    s3fs.S3FileSystem().get(url, str(tmp_path / "got"), recursive=True)
    for tables in (local, tmp_path / "got"):
        assert sorted(path.name for path in tables.iterdir()) == [f"part-0000{number}.parquet" for number in range(3)]
        assert rows(f"SELECT path FROM '{tables}/*.parquet' ORDER BY path") == [(p,) for p in expected]
        assert sorted(polars.read_parquet(tables)["path"]) == expected
    (stated,) = rows(
        f"SELECT decode(value)::JSON ->> '$.files_seen' FROM parquet_kv_metadata('{local}/*.parquet') "
        "WHERE decode(key) = 'phone-audit'"
    )
    assert stated == ("12",)
    again = program("apks", folder, "--cluster", cluster.address, "-f", "parquet", "-o", url)
    assert again.returncode == 2
    assert f"{url} holds tables already." in again.stderr


def test_one_call_in_ten_that_fails_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "failures"
    monkeypatch.setenv(flaky.LOG, str(log))
    folder = some_apks(tmp_path / "top", 24)
    with dask_cluster(tmp_path, {flaky.LOG: str(log)}, workers=0) as cluster:
        for _ in range(2):
            cluster.start_worker(Path(flaky.__file__))
        records = on_cluster(cluster, f"flaky://{folder}")
    assert len(log.read_bytes()) >= 5
    assert comparable(records, f"flaky://{folder}") == comparable(here(folder), str(folder))


@pytest.mark.promise("parent-reads-no-apk")
def test_a_worker_reads_no_byte_of_an_apk_itself(tmp_path: Path) -> None:
    (tmp_path / "refuse.py").write_text(REFUSE)
    folder = some_apks(tmp_path / "top", 2)
    (folder / "bomb.apk").write_bytes(record_bomb())
    with dask_cluster(tmp_path, workers=0) as cluster:
        cluster.start_worker(tmp_path / "refuse.py")
        records = on_cluster(cluster, folder)
    assert comparable(records) == comparable(here(folder))
