"""The process that collects records has a bounded use of memory, however many there are and whatever they hold."""

import errno
import gc
import itertools
import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from phone_audit.files.spool import Spool
from phone_audit.model.apk import Apk, ApkInfo
from phone_audit.model.finding import Evidence
from phone_audit.pipeline import split_packages
from phone_audit.pipeline.apk_records import AnalysedApk, SpooledApks, joined
from phone_audit.pipeline.apks import audit_apks, scan_apks
from phone_audit.pipeline.options import Budget
from phone_audit.report.canvas import Style
from phone_audit.report.formats import FORMATS
from phone_audit.report.indicators import indicators_in
from tests.apk.bombs import record_bomb
from tests.apk.packages import dex, fixture, package
from tests.apk.zips import Part
from tests.documents import apk, apks, finding

ROOM = 4_000_000 * 1024
MOST_ALIVE = 40
"""Records at work at the same time: those that wait for their turn, and copies of the last few originals."""


def alive() -> int:
    return sum(isinstance(one, ApkInfo) for one in gc.get_objects())


@pytest.mark.slow
@pytest.mark.promise("records-bounded")
def test_records_are_not_held(tmp_path: Path) -> None:
    for number in range(60):
        whole = tmp_path / f"{number:02}.apk"
        whole.write_bytes(package("policy", Part(str(number))))
        for copy in range(4):
            (tmp_path / f"copy {number:02} {copy}.apk").symlink_to(whole)
    before, given, counts = alive(), itertools.count(1), list[int]()

    def on_apk(_: Apk) -> None:
        if next(given) % 50 == 0:  # going through all objects takes a while
            counts.append(alive() - before)

    with SpooledApks() as kept:
        audited = audit_apks([tmp_path], kept=kept, budget=Budget(jobs=1), on_apk=on_apk)
        assert (audited.records, len(audited.result.apks)) == (300, 300)
        assert sum(1 for _ in audited.result.apks) == 300
    assert len(counts) == 6
    assert max(counts) <= MOST_ALIVE


@pytest.mark.slow
@pytest.mark.promise("records-bounded")
@pytest.mark.parametrize("name", ["hosts", "stix", "sarif", "markdown", "text", "csv", "json", "html", "parquet"])
def test_no_format_holds_the_records(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.apk").write_bytes(package("policy", dex("http://ads.example.net/x")))
    for number in range(120):
        (tmp_path / f"{number:03}.apk").symlink_to(tmp_path / "a.apk")
    with SpooledApks() as kept:
        result = audit_apks([tmp_path], kept=kept, budget=Budget(jobs=1)).result
        before, most = alive(), 0
        for place, _ in enumerate(FORMATS[name].render(result, Style())):
            if place % 50 == 0:
                most = max(most, alive() - before)
    assert most <= MOST_ALIVE


def test_the_indicators_of_a_folder_are_those_of_its_records() -> None:
    piece = Evidence(kind="package", where="AndroidManifest.xml", value="com.a")
    found = finding().model_copy(update={"evidence": (piece,)})
    bad = apk("b.apk", "known-bad").model_copy(update={"findings": (found,)})
    folder = apks(apk("a.apk"), bad)
    assert indicators_in(folder) == indicators_in(bad)
    assert indicators_in(folder)


def test_records_that_are_joined_are_bounded_however_many_claim_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split_packages, "_MOST_BYTES_OF_SPLITS", 40_000)
    (tmp_path / "a.apk").write_bytes(fixture("base"))
    for number in range(12):
        hosts = [f"http://a{number}x{host}.example.net/x" for host in range(60)]
        (tmp_path / f"s{number}.apk").write_bytes(package("extra", dex(*hosts)))
    held: list[int] = []

    def count(apks: Sequence[AnalysedApk]) -> tuple[AnalysedApk, ...]:
        held.append(sum(len(one.info.model_dump_json()) for one in apks))
        return joined(apks)

    monkeypatch.setattr(split_packages, "joined", count)
    (record,) = scan_apks([tmp_path], budget=Budget(jobs=1))
    assert len(record.files) == 13
    assert "record-limit" in {one.code for one in record.skipped}
    assert max(held) < 2 * 40_000 + 13 * 4096


@pytest.mark.slow
@pytest.mark.promise("records-bounded")
def test_bombs_cost_no_other_file_its_record(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"bomb{number}.apk").write_bytes(record_bomb(seed=number))
    for number in range(10):
        (tmp_path / f"good{number}.apk").write_bytes(package("policy", Part(str(number))))

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))

    command = [sys.executable, "-m", "phone_audit", "apks", str(tmp_path), "--jobs", "2", "-f", "json"]
    done = subprocess.run(command, capture_output=True, check=False, preexec_fn=limit)
    assert done.returncode == 10, done.stderr
    records = json.loads(done.stdout)["apks"]
    assert len(records) == 18
    assert all(record["package"] for record in records)
    assert len(done.stdout) < 20_000_000


def test_what_is_put_aside_comes_back() -> None:
    texts = ["", "a", "ü€😀" * 1000, "x" * 2**20]
    with Spool() as spool:
        places = [spool.put(text) for text in texts]
        assert [spool.get(place) for place in reversed(places)] == texts[::-1]
        assert spool.put("more")
        assert spool.get(places[2]) == texts[2]


def test_what_a_full_disk_does_not_take_is_kept_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"{number}" * 10_000 for number in range(6)]
    with Spool() as spool:
        places = [spool.put(text) for text in texts[:2]]
        with monkeypatch.context() as patched:
            patched.setattr(Spool, "_write", _full)
            places += [spool.put(text) for text in texts[2:5]]
        places.append(spool.put(texts[5]))
        assert [spool.get(place) for place in places] == texts


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")
