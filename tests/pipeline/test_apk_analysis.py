"""Files that are analysed while others still come."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from phone_audit.acquire.transport import PulledApk
from phone_audit.apk.records import empty_record
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.tasks import ApkInput, Inbox
from phone_audit.errors import PhoneAuditError
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import CompiledFile
from phone_audit.model.parts import Parts
from phone_audit.pipeline.apk_analysis import AnalysisResult, ApkAnalysis
from phone_audit.pipeline.record_cache import RecordCache


def hashed(name: str) -> str:
    return name.encode().hex().ljust(64, "0")


class Pool:
    """Reads nothing, and has a record for everything; stands still at a file called `slow` until it may go on."""

    def __init__(self, error: PhoneAuditError | None = None) -> None:
        self.read: list[ApkInput] = []
        self.error = error
        self.began = threading.Event()
        self.go_on = threading.Event()

    def stream(self, inbox: Inbox) -> Iterator[tuple[ApkInput, ApkInfo, float]]:
        with inbox.reading():
            if self.error:
                raise self.error
            while not inbox.ended:
                item = inbox.pop()
                if item is None:
                    time.sleep(0.001)
                    continue
                self.began.set()
                if item.path.name == "slow":
                    self.go_on.wait(60)
                self.read.append(item)
                yield item, empty_record(item.shown_as, (), sha256=item.sha256, size=1), 0.5


def pulled(folder: Path, name: str, *, parts: Parts | None = None, sha256: bool = True) -> PulledApk:
    local = folder / name
    local.write_bytes(b"x")
    return PulledApk(f"/{name}", local, hashed(name) if sha256 else None, 1, parts)


def analyse(
    pool: Pool,
    apks: list[PulledApk],
    cache: RecordCache | None,
    scratch: Path,
    *,
    whole: bool,
    phone: str | None = None,
    claims: bool = True,
) -> AnalysisResult:
    with ApkAnalysis(cast("WorkerPool", pool), cache, whole=whole, scratch=scratch, claims=claims) as analysing:
        analysing.know_phone(phone, trusted=True)
        for apk in apks:
            analysing.take(apk)
        return analysing.finish(apks, lambda *_: None, lambda: False)


def test_each_file_has_its_record_in_the_order_of_paths(tmp_path: Path) -> None:
    pool = Pool()
    parts = Parts(((0, 1),))
    apks = [pulled(tmp_path, "b"), pulled(tmp_path, "a", parts=parts)]
    found = analyse(pool, apks, None, tmp_path, whole=False)
    assert [(apk.info.path, apk.seconds, apk.cached) for apk in found.apks] == [("/a", 0.5, False), ("/b", 0.5, False)]
    assert found.skipped == ()
    assert {(item.shown_as, item.parts, item.sha256) for item in pool.read} == {
        ("/a", parts, hashed("a")),
        ("/b", None, hashed("b")),
    }
    assert list(tmp_path.iterdir()) == [], "what was read takes no more room"


def test_files_elsewhere_stay(tmp_path: Path) -> None:
    analyse(Pool(), [pulled(tmp_path, "a")], None, tmp_path / "scratch", whole=False)
    assert (tmp_path / "a").exists()


def test_the_second_run_reads_nothing(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "k")
    apks = [pulled(tmp_path, "a"), pulled(tmp_path, "b", parts=Parts(((0, 1),))), pulled(tmp_path, "c", sha256=False)]
    first = analyse(Pool(), apks, cache, tmp_path / "none", whole=False)
    pool = Pool()
    second = analyse(pool, apks, cache, tmp_path / "none", whole=False)
    assert [apk.info for apk in second.apks] == [apk.info for apk in first.apks]
    assert [apk.cached for apk in second.apks] == [True, True, False]
    assert (first.from_cache, second.from_cache) == (0, 2)
    assert [item.shown_as for item in pool.read] == ["/c"]


def test_a_record_of_parts_will_not_do_where_all_bytes_are_promised(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "k")
    apk = replace(pulled(tmp_path, "a", parts=Parts(((0, 1),))), same=True)
    analyse(Pool(), [apk], cache, tmp_path / "none", whole=False, phone="p1")
    assert not knows(cache, "a", "p1", whole=True)
    assert knows(cache, "a", "p1")


def knows(cache: RecordCache, name: str, phone: str | None, *, whole: bool = False) -> bool:
    """Tell whether the file with the hash of this name need not be brought from a phone."""
    with ApkAnalysis(cast("WorkerPool", Pool()), cache, whole=whole, scratch=Path("/none")) as analysing:
        analysing.know_phone(phone, trusted=True)
        return analysing.is_known(hashed(name))


def test_what_a_phone_claims_of_its_parts_holds_for_that_phone_alone(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "k")
    apk = replace(pulled(tmp_path, "a", parts=Parts(((0, 1),))), same=True)
    analyse(Pool(), [apk], cache, tmp_path / "none", whole=False, phone="p1")
    assert [knows(cache, "a", phone) for phone in ("p1", "p2", None)] == [True, False, False]
    assert analyse(Pool(), [apk], cache, tmp_path / "none", whole=False, phone="p2").from_cache == 1
    assert knows(cache, "a", "p2"), "it gave the same parts"
    whole = pulled(tmp_path, "b")
    analyse(Pool(), [whole], cache, tmp_path / "none", whole=False, phone="p1")
    assert knows(cache, "b", "p2"), "all bytes were hashed here"


def test_other_parts_under_a_claimed_hash_are_read_by_themselves(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "k")
    apk = replace(pulled(tmp_path, "a", parts=Parts(((0, 1),))), same=True)
    analyse(Pool(), [apk], cache, tmp_path / "none", whole=False, phone="p1")
    (tmp_path / "a").write_bytes(b"y")
    pool = Pool()
    assert analyse(pool, [apk], cache, tmp_path / "none", whole=False, phone="p2").from_cache == 0
    assert [item.shown_as for item in pool.read] == ["/a"]


def test_parts_that_no_phone_gave_are_not_kept(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "k")
    apk = replace(pulled(tmp_path, "a", parts=Parts(((0, 1),))), same=True)
    for _ in range(2):
        found = analyse(Pool(), [apk], cache, tmp_path / "none", whole=False, claims=False)
        assert found.from_cache == 0
    assert not knows(cache, "a", "p1")


def test_parts_that_a_phone_gave_count_for_nothing_where_it_is_not_trusted_to_be_the_same(tmp_path: Path) -> None:
    """It is not known to be the same phone, or `--rehash` was given."""
    cache = RecordCache(tmp_path / "cache", "k")
    apk = replace(pulled(tmp_path, "a", parts=Parts(((0, 1),))), same=True)
    analyse(Pool(), [apk], cache, tmp_path / "none", whole=False, phone="p1")
    assert knows(cache, "a", "p1")
    with ApkAnalysis(cast("WorkerPool", Pool()), cache, whole=False, scratch=Path("/none")) as analysing:
        analysing.know_phone("p1", trusted=False)
        assert not analysing.is_known(hashed("a"))


def test_parts_of_a_file_that_may_have_changed_are_not_remembered(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "k")
    apk = pulled(tmp_path, "a", parts=Parts(((0, 1),)))
    with ApkAnalysis(cast("WorkerPool", Pool()), cache, whole=False, scratch=tmp_path / "none") as analysing:
        analysing.know_phone("p1", trusted=False)
        analysing.take(apk)
        changed = replace(apk, sha256=None)
        [found] = analysing.finish([changed], lambda *_: None, lambda: False).apks
    assert found.info.sha256 is None
    analyse(Pool(), [apk], cache, tmp_path / "none", whole=False, phone="p1")
    assert not knows(cache, "a", "p1"), "nothing tells that it was the same"


def test_of_a_file_that_is_here_the_record_of_as_many_bytes_is_used(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "k")
    analyse(Pool(), [pulled(tmp_path, "a")], cache, tmp_path / "none", whole=True)
    parts = pulled(tmp_path, "a", parts=Parts(((0, 1),)))
    assert analyse(Pool(), [parts], cache, tmp_path / "none", whole=False).from_cache == 0


def test_equal_files_with_code_beside_them_stay_until_all_are_read(tmp_path: Path) -> None:
    beside = CompiledFile("/a.vdex", tmp_path / "v", 1, hashed("v"), "vdex")
    first = replace(pulled(tmp_path, "a"), compiled=(beside,))
    second = replace(first, path="/other")
    pool = Pool()
    with ApkAnalysis(cast("WorkerPool", pool), None, whole=False, scratch=tmp_path) as analysing:
        analysing.take(first)
        while len(pool.read) < 1 or len(analysing._done) < 1:
            time.sleep(0.01)
        time.sleep(0.05)
        assert (tmp_path / "a").exists()
        analysing.take(second)
        analysing.finish([first, second], lambda *_: None, lambda: False)
    assert not (tmp_path / "a").exists()


def test_a_known_file_has_its_record_under_its_own_path(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "k")
    analyse(Pool(), [pulled(tmp_path, "a")], cache, tmp_path / "none", whole=False)
    known = PulledApk("/elsewhere", None, hashed("a"), 1)
    with ApkAnalysis(cast("WorkerPool", Pool()), cache, whole=False, scratch=tmp_path) as analysing:
        assert analysing.is_known(hashed("a"))
        assert not analysing.is_known(hashed("b"))
        analysing.take(known)
        found = analysing.finish([known], lambda *_: None, lambda: False)
    assert [(apk.info.path, apk.cached) for apk in found.apks] == [("/elsewhere", True)]


def test_a_stop_leaves_out_what_nobody_has_begun_with(tmp_path: Path) -> None:
    pool = Pool()
    apks = [pulled(tmp_path, "slow"), pulled(tmp_path, "then")]
    stops = iter([True])

    def stopped() -> bool:
        if not next(stops, False):
            pool.go_on.set()  # asked again: what waited was dropped by now
            return False
        return True

    with ApkAnalysis(cast("WorkerPool", pool), None, whole=False, scratch=tmp_path) as analysing:
        analysing.take(apks[0])
        assert pool.began.wait(60)
        analysing.take(apks[1])
        found = analysing.finish(apks, lambda *_: None, stopped)
    assert [apk.info.path for apk in found.apks] == ["/slow"]
    assert [(note.subject, note.code) for note in found.skipped] == [("/then", "interrupted")]


def test_processes_that_do_not_start_are_an_error_and_not_a_hang(tmp_path: Path) -> None:
    apks = [pulled(tmp_path, "a"), pulled(tmp_path, "b")]
    pool = Pool(PhoneAuditError("It does not start."))
    with pytest.raises(PhoneAuditError, match="does not start"):
        analyse(pool, apks, None, tmp_path, whole=False)
    with ApkAnalysis(cast("WorkerPool", pool), None, whole=False, scratch=tmp_path) as analysing:
        analysing._thread.submit(lambda: None).result(60)  # by now the analysis has ended
        analysing.take(apks[0])


def test_parts_without_a_hash_are_known_by_what_was_read(tmp_path: Path) -> None:
    cache = RecordCache(tmp_path / "cache", "k")
    parts = Parts(((0, 1),))
    apk = pulled(tmp_path, "a", parts=parts, sha256=False)
    assert analyse(Pool(), [apk], cache, tmp_path / "none", whole=False).from_cache == 0
    assert analyse(Pool(), [apk], cache, tmp_path / "none", whole=False).from_cache == 1
    (tmp_path / "a").write_bytes(b"y")
    assert analyse(Pool(), [apk], cache, tmp_path / "none", whole=False).from_cache == 0
    larger = PulledApk("/a", tmp_path / "a", None, 2, parts)
    assert analyse(Pool(), [larger], cache, tmp_path / "none", whole=False).from_cache == 0


def test_further_files_wait_while_too_many_bytes_were_not_read(tmp_path: Path) -> None:
    pool = Pool()
    with ApkAnalysis(cast("WorkerPool", pool), None, whole=True, scratch=tmp_path, most_waiting=1) as analysing:
        for name in ("slow", "b"):
            analysing.take(pulled(tmp_path, name))
        waiting = threading.Thread(target=analysing.wait_for_room)
        waiting.start()
        pool.began.wait(60)
        assert waiting.is_alive()
        pool.go_on.set()
        waiting.join(60)
        assert not waiting.is_alive()


def test_nobody_waits_for_an_analysis_that_has_failed(tmp_path: Path) -> None:
    pool = Pool(PhoneAuditError("It did not start."))
    with ApkAnalysis(cast("WorkerPool", pool), None, whole=True, scratch=tmp_path, most_waiting=0) as analysing:
        analysing.take(pulled(tmp_path, "a"))
        analysing.wait_for_room()
        with pytest.raises(PhoneAuditError):
            analysing.finish([], lambda *_: None, lambda: False)
