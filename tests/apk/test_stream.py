"""Files that come from another thread: read as they come, given back as they are ready, equal ones once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from phone_audit.apk.package_file import FileHashes
from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.worker import pool as pool_module
from phone_audit.apk.worker.duplicates import Duplicates, key_of
from phone_audit.apk.worker.pool import WorkerPool
from phone_audit.apk.worker.tasks import ApkInput, Inbox
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.parts import Parts
from tests.apk.bombs import record_bomb
from tests.apk.in_parts import bring, lay_down
from tests.apk.packages import package
from tests.apk.test_partial_archive import apk
from tests.apk.test_worker import MISBEHAVING
from tests.apk.zips import Part

HASH, OTHER = "a" * 64, "b" * 64


def item(folder: Path, name: str, data: bytes | None = None, sha256: str | None = None) -> ApkInput:
    path = folder / name
    path.write_bytes(package("base", Part(name)) if data is None else data)
    return ApkInput(path, name, sha256=sha256)


@contextmanager
def handing_over(inbox: Inbox, *items: ApkInput) -> Iterator[None]:
    """Hand over from another thread."""

    def hand_over() -> None:
        for one in items:
            inbox.put(one)
        inbox.close()

    thread = threading.Thread(target=hand_over)
    thread.start()
    yield
    thread.join()


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2, timeout=30, memory_mb=1024, program=MISBEHAVING) as pool:
        yield pool


@pytest.mark.slow
def test_every_file_has_its_record(tmp_path: Path, pool: WorkerPool) -> None:
    items = [item(tmp_path, f"{n}.apk") for n in range(12)]
    inbox = Inbox()
    with handing_over(inbox, *items):
        results = list(pool.stream(inbox))
    assert sorted(one.shown_as for one, _, _ in results) == sorted(one.shown_as for one in items)
    for one, info, seconds in results:
        assert info == read_apk(one.path, shown_as=one.shown_as, knowledge=load_knowledge())
        assert seconds > 0


@pytest.mark.slow
def test_a_slow_file_holds_up_no_other(tmp_path: Path) -> None:
    inbox = Inbox()
    items = [item(tmp_path, "hang-dex.apk"), *(item(tmp_path, f"{n}.apk") for n in range(5))]
    with WorkerPool(2, timeout=8, memory_mb=1024, program=MISBEHAVING) as pool, handing_over(inbox, *items):
        names = [info.path for _, info, _ in pool.stream(inbox)]
    assert names[-1] == "hang-dex.apk"


def test_a_record_is_given_while_more_may_come(tmp_path: Path, pool: WorkerPool) -> None:
    inbox = Inbox()
    results = pool.stream(inbox)
    inbox.put(item(tmp_path, "a.apk"))
    assert next(results)[1].path == "a.apk"
    timer = threading.Timer(0.2, inbox.put, [item(tmp_path, "b.apk")])
    timer.start()
    assert next(results)[1].path == "b.apk"
    inbox.close()
    assert list(results) == []
    timer.join()


def test_an_empty_inbox_starts_no_worker(pool: WorkerPool) -> None:
    inbox = Inbox()
    inbox.close()
    inbox.close()
    assert list(pool.stream(inbox)) == []
    assert pool.pids == ()


def test_files_with_the_same_hash_are_read_once_however_they_come(tmp_path: Path, pool: WorkerPool) -> None:
    data = package("base", Part("classes.dex", b"no dex"))
    inbox = Inbox()
    results = pool.stream(inbox)
    for name in ("slow-dex.apk", "b.apk"):
        inbox.put(item(tmp_path, name, data, HASH))
    read = [next(results), next(results)]
    inbox.put(item(tmp_path, "c.apk", data, HASH))
    inbox.put(item(tmp_path, "d.apk", data, OTHER))
    inbox.close()
    read += list(results)
    assert {info.path: seconds == 0.0 for _, info, seconds in read} == {
        "slow-dex.apk": False,
        "b.apk": True,
        "c.apk": True,
        "d.apk": False,
    }
    assert [skipped.subject for _, info, _ in read for skipped in info.skipped if info.path == "c.apk"] == [
        "c.apk!classes.dex"
    ]


def test_a_file_that_was_removed_once_it_was_read_is_known_by_its_hash(tmp_path: Path, pool: WorkerPool) -> None:
    inbox = Inbox()
    results = pool.stream(inbox)
    first = item(tmp_path, "a.apk", sha256=HASH)
    inbox.put(first)
    read = next(results)[1]
    first.path.unlink()
    inbox.put(ApkInput(first.path, "b.apk", sha256=HASH))
    inbox.close()
    ((_, info, _),) = results
    assert (info.path, info.sha256, info.skipped) == ("b.apk", read.sha256, read.skipped)


def test_a_file_that_ends_the_worker_has_a_record_and_the_rest_is_read(tmp_path: Path, pool: WorkerPool) -> None:
    inbox = Inbox()
    with handing_over(inbox, item(tmp_path, "kill-read.apk"), item(tmp_path, "a.apk"), item(tmp_path, "abort-dex.apk")):
        told = {info.path: [skipped.code for skipped in info.skipped] for _, info, _ in pool.stream(inbox)}
    assert told == {"kill-read.apk": ["memory-budget"], "a.apk": [], "abort-dex.apk": ["crashed"]}


def test_parts_reach_the_worker(tmp_path: Path, pool: WorkerPool) -> None:
    data = apk()
    parts = bring(data).parts
    assert parts is not None
    lay_down(tmp_path / "a.apk", data, parts)
    given = ApkInput(tmp_path / "a.apk", "a.apk", parts, HASH, md5="c")
    inbox = Inbox()
    with handing_over(inbox, given):
        ((_, info, _),) = pool.stream(inbox)
    told = FileHashes(HASH, None, "c")
    assert info == read_apk(given.path, shown_as="a.apk", knowledge=load_knowledge(), parts=parts, hashes=told)
    assert info.sha256 == HASH
    ((again, _),) = pool.analyse([given])
    assert again == info
    ((unknown, _),) = pool.analyse([ApkInput(given.path, "a.apk", parts)])
    assert (unknown.sha256, unknown.left_on_phone) == (None, info.left_on_phone)


def test_who_still_hands_over_learns_that_nobody_reads(tmp_path: Path, pool: WorkerPool) -> None:
    inbox = Inbox()
    inbox.put(item(tmp_path, "a.apk"))
    results = pool.stream(inbox)
    next(results)
    results.close()
    with pytest.raises(ValueError, match="the inbox is closed"):
        inbox.put(item(tmp_path, "b.apk"))
    inbox.close()
    inbox.release()
    assert [info.path for info, _ in pool.analyse([item(tmp_path, "c.apk")])] == ["c.apk"]


def test_many_files_that_nobody_takes_do_not_block(tmp_path: Path) -> None:
    inbox = Inbox()
    one = item(tmp_path, "a.apk")
    for _ in range(100_000):
        inbox.put(one)
    inbox.quiet()
    inbox.close()
    taken = 0
    while not inbox.ended:
        taken += inbox.pop() is one
    assert taken == 100_000
    assert inbox.pop() is None
    inbox.release()
    inbox.release()
    inbox.close()


def test_what_nobody_has_begun_with_is_dropped_on_request(tmp_path: Path) -> None:
    inbox = Inbox()
    for name in ("a.apk", "b.apk", "c.apk", "d.apk"):
        inbox.put(item(tmp_path, name))
    with WorkerPool(1, timeout=30, memory_mb=1024) as pool:
        results = pool.stream(inbox)
        assert next(results)[1].path == "a.apk"
        inbox.release()
        assert [info.path for _, info, _ in results] == ["b.apk"]


def test_a_stream_that_waits_for_nothing_ends_when_it_is_released(pool: WorkerPool) -> None:
    inbox = Inbox()
    timer = threading.Timer(0.2, inbox.release)
    timer.start()
    assert list(pool.stream(inbox)) == []
    timer.join()


@pytest.mark.slow
def test_the_time_that_the_taker_needs_is_no_ones_budget(tmp_path: Path) -> None:
    inbox = Inbox()
    items = [item(tmp_path, "a.apk"), item(tmp_path, "slower-dex.apk")]
    skipped = []
    with WorkerPool(1, timeout=2, memory_mb=1024, program=MISBEHAVING) as pool, handing_over(inbox, *items):
        for one, info, _ in pool.stream(inbox):
            skipped += [skip.code for skip in info.skipped]
            time.sleep(2 if one is items[0] else 0)
    assert skipped == []


def test_what_makes_files_equal(tmp_path: Path) -> None:
    first, second = item(tmp_path, "a.apk", b"same"), item(tmp_path, "b.apk", b"same")
    parts = Parts(((0, 2),))
    assert key_of(first) == key_of(second)
    assert key_of(ApkInput(first.path, "x", sha256=HASH)) == key_of(ApkInput(second.path, "y", sha256=HASH))
    assert key_of(ApkInput(first.path, "x", parts, HASH)) != key_of(ApkInput(first.path, "x", None, HASH))
    assert key_of(ApkInput(first.path, "x", parts)) is None
    assert key_of(ApkInput(tmp_path, "folder")) is None
    some = [ApkInput(first.path, "x", parts, HASH), ApkInput(second.path, "y", parts, HASH), first, second]
    found = Duplicates(some)
    assert [found.original(number) for number in range(4)] == [None, 0, None, 2]
    assert not found.expects(0)


@pytest.mark.slow
def test_records_that_are_held_together_have_a_bound_together(
    tmp_path: Path, pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_module, "MOST_BYTES", 5 * 2**19)
    bombs = [item(tmp_path, f"{number}.apk", record_bomb(seed=number)) for number in range(3)]
    bomb = item(tmp_path, "again.apk", record_bomb(9), sha256=HASH)
    inbox = Inbox()
    with handing_over(inbox, *bombs, bomb, ApkInput(bomb.path, "copy.apk", sha256=HASH), item(tmp_path, "good.apk")):
        records = {one.shown_as: info for one, info, _ in pool.stream(inbox)}
    sizes = sorted(len(info.model_dump_json().encode()) for info in records.values())
    assert sum(sizes) < 5 * 2**19 + 6 * 2**17
    assert len(records) == 6
    assert records["good.apk"].skipped == ()
