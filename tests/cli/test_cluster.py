"""What `--cluster` refuses before anything is asked, and where tables are to go."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from phone_audit.cli import cluster
from phone_audit.cli.cluster import cluster_destinations
from phone_audit.cli.outputs import Output
from phone_audit.errors import UsageError
from tests.program import program

ADDRESS = "tcp://127.0.0.1:1"


def test_without_the_libraries_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    ended = program("apks", tmp_path, "--cluster", ADDRESS)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "--cluster needs distributed, which is not installed." in ended.stderr
    assert "pip install 'phone-audit[cluster]'" in ended.stderr


def test_jobs_are_those_of_this_computer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: ModuleSpec(name, None))
    ended = program("apks", tmp_path, "--cluster", ADDRESS, "--jobs", "2")
    assert ended.returncode == 2
    assert "--jobs says nothing to a cluster." in ended.stderr


def test_a_url_is_no_path_of_this_computer(tmp_path: Path) -> None:
    ended = program("apks", "s3://bucket/apks", folder=tmp_path)
    assert ended.returncode == 2
    assert "s3://bucket/apks does not exist." in ended.stderr


def test_tables_go_to_folders_and_urls(tmp_path: Path) -> None:
    paths = [Path("s3://bucket/a"), tmp_path / "tables.parquet", tmp_path / "a.json"]
    others, tables = cluster_destinations(["parquet", "parquet"], paths, None)
    assert others == (Output("json", tmp_path / "a.json"),)
    assert tables == ["s3://bucket/a", str(tmp_path / "tables.parquet")]


@pytest.mark.parametrize(("paths", "seal"), [([], None), ([Path("tables")], "own")])
def test_tables_that_go_nowhere_or_would_be_sealed(paths: list[Path], seal: str | None) -> None:
    with pytest.raises(UsageError, match="Tables of a cluster go to a folder, and are not sealed"):
        cluster_destinations(["parquet"], paths, seal)
