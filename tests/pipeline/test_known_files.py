"""What earlier runs learned of the files of a folder: nothing is read twice, and nothing is believed too long."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.tasks import ApkInput
from phone_audit.knowledge.kinds import READ_BY
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.acceptance import AcceptedEntry
from phone_audit.model.apk import Apk, ApkInfo
from phone_audit.pipeline import record_cache
from phone_audit.pipeline.apks import audit_apks
from phone_audit.pipeline.known_files import records_folder
from phone_audit.pipeline.options import Budget
from phone_audit.pipeline.record_cache import CacheSize, RecordCache, cache_size
from tests.apk.packages import FOLDER, dex, fixture, package
from tests.knowledge.folders import incident, tracker, write_facts, write_incident
from tests.program import REPOSITORY

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are really read."""
    names: list[str] = []
    real = WorkerPool.as_finished

    def noted(self: WorkerPool, items: Sequence[ApkInput]) -> Iterator[tuple[int, ApkInfo, float]]:
        names.extend(Path(item.shown_as).name for item in items if not item.look)
        return real(self, items)

    monkeypatch.setattr(WorkerPool, "as_finished", noted)
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "apks"
    place.mkdir()
    (place / "a.apk").write_bytes(package("policy", dex("http://eu.spotter.io/x")))
    (place / "b.apk").write_bytes(package("base", dex("http://ads.example.net/y")))
    return place


def audit(folder: Path, *knowledge: Path, accept: tuple[AcceptedEntry, ...] = ()) -> list[Apk]:
    records: list[Apk] = []
    known = load_knowledge(knowledge)
    audit_apks([folder], knowledge=known, budget=Budget(jobs=1), on_apk=records.append, cache=True, accept=accept)
    return sorted(records, key=lambda one: one.path)


def without_run(records: list[Apk]) -> list[str]:
    return [one.model_copy(update={"run": None}).model_dump_json() for one in records]


def test_the_second_run_reads_nothing_and_says_so(folder: Path, read: list[str]) -> None:
    first, second = audit(folder), audit(folder)
    assert without_run(first) == without_run(second)
    assert [one.run.cached for one in (*first, *second)] == [False, False, True, True]
    assert read == ["a.apk", "b.apk"]


def test_a_file_that_changed_is_read_again(folder: Path, read: list[str]) -> None:
    audit(folder)
    read.clear()
    (folder / "b.apk").write_bytes(package("base", dex("http://ads.example.org/y")))
    records = audit(folder)
    assert read == ["b.apk"]
    assert [one.host for one in records[1].endpoints or ()] == ["ads.example.org"]


def test_where_only_a_judging_fact_is_new_records_are_judged_again_and_no_file_is_read(
    folder: Path, tmp_path: Path, read: list[str]
) -> None:
    before = audit(folder)
    read.clear()
    named = {"value": before[0].package, "standalone": True, "confidence": "sourced", "source": 1}
    mine = write_incident(tmp_path / "mine", incident(id="spotted-2026", packages=[named]))
    after = audit(folder, mine)
    assert read == []
    assert [one.outcome for one in before] != [one.outcome for one in after]
    assert [one.id for one in after[0].incidents] == ["spotted-2026"]
    assert without_run(audit(folder)) == without_run(before)


def test_a_fact_that_reading_uses_has_files_read_again(folder: Path, tmp_path: Path, read: list[str]) -> None:
    audit(folder)
    read.clear()
    mine = write_facts(tmp_path / "mine", "trackers", tracker(owner="Spotter Ltd"))
    (first, _) = audit(folder, mine)
    assert read == ["a.apk", "b.apk"]
    assert [one.owner for one in first.endpoints or ()] == ["Spotter Ltd"]


def test_what_is_not_for_reading_does_not_reach_the_process_that_reads() -> None:
    known = load_knowledge()
    kinds = {file.kind for file in known.for_reading.files}
    assert kinds == READ_BY
    assert known.for_reading.digest != known.digest
    assert known.for_reading.trackers == known.trackers


def test_a_record_with_a_signature_beside_it_is_not_kept(folder: Path, read: list[str]) -> None:
    (folder / "a.apk").write_bytes(fixture("rotated"))
    (folder / "a.apk.idsig").write_bytes((FOLDER / "rotated.apk.idsig").read_bytes())
    audit(folder)
    read.clear()
    audit(folder)
    assert read == ["a.apk"]


def test_splits_are_joined_from_the_cache_as_they_were(folder: Path, read: list[str]) -> None:
    (folder / "c.apk").write_bytes(fixture("extra"))
    (folder / "b.apk").write_bytes(fixture("base"))
    first = audit(folder)
    read.clear()
    second = audit(folder)
    assert read == []
    assert [len(one.files) for one in second] == [1, 2]
    assert without_run(first) == without_run(second)
    (folder / "c.apk").unlink()
    assert [len(one.files) for one in audit(folder)] == [1, 1]


def test_a_record_that_is_gone_is_made_again(folder: Path, read: list[str]) -> None:
    first = audit(folder)
    for kept in records_folder().rglob("*.record"):
        if ".file." not in kept.name:
            kept.write_bytes(b"damaged")
    read.clear()
    assert without_run(audit(folder)) == without_run(first)
    assert read == ["a.apk", "b.apk"]


def test_what_is_remembered_wrongly_has_a_file_read_again(folder: Path, read: list[str]) -> None:
    first = audit(folder)
    for told in ("", "[]", "{}", '{"file": 1}', '{"file": [1]}', '{"file": [null, null, 7]}', "[" * 4000):
        for kept in records_folder().rglob("*.file.record"):
            kept.write_text(told)
        read.clear()
        assert without_run(audit(folder)) == without_run(first), told
        assert read == ["a.apk", "b.apk"], told


def test_what_somebody_accepts_is_not_kept(folder: Path) -> None:
    (finding,) = [one for apk in audit(folder) for one in apk.findings][:1]
    entry = AcceptedEntry(finding=finding.key, by="Jo", at="2020-01-01", reason="ours", severity="critical", until=None)
    accepted = [one.accepted_by for apk in audit(folder, accept=(entry,)) for one in apk.findings]
    assert any(accepted)
    assert not any(one.accepted_by for apk in audit(folder) for one in apk.findings)


def test_the_cache_tells_its_size_and_keeps_to_it(folder: Path) -> None:
    audit(folder)
    whole = cache_size(records_folder())
    on_disk = sum(path.lstat().st_blocks * 512 for path in records_folder().rglob("*.record"))
    assert whole == CacheSize(records=2, bytes=on_disk)
    cache = RecordCache(records_folder(), "other knowledge")
    cache.prune(0)
    assert cache_size(records_folder()) == whole, "a run that added nothing removes nothing"
    cache.link_file("0" * 64, "[]")
    cache.prune(0)
    assert cache_size(records_folder()) == CacheSize(0, 0)


def test_a_long_run_keeps_the_cache_small_before_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_cache, "LARGEST", 20 * 4096)
    monkeypatch.setattr(RecordCache.prune, "__defaults__", (20 * 4096,))
    cache = RecordCache(tmp_path / "records", "k")
    for number in range(100):
        cache.link_file(f"{number:064}", "[]")
        assert cache_size(tmp_path / "records").bytes <= 24 * 4096


def test_two_runs_at_once_give_the_same_records(folder: Path, tmp_path: Path) -> None:
    for number in range(20):
        (folder / f"{number:02}.apk").write_bytes(package("policy", dex(f"http://h{number}.example.net/x")))
    command = [sys.executable, "-m", "phone_audit", "apks", str(folder), "-q", "-f", "jsonl", "--jobs", "1"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY) for _ in range(2)]
    written = [run.communicate()[0].splitlines() for run in runs]
    records = [sorted(json.dumps(json.loads(line) | {"run": None}) for line in lines) for lines in written]
    assert len(records[0]) == 22
    assert records[0] == records[1]
    assert all(one.run.cached for one in audit(folder))
