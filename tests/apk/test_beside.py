"""Inflating ahead and hashing in a second thread."""

import hashlib
import threading

import pytest

from phone_audit.apk.zip.directory import Entry
from phone_audit.apk.zip.inflate import LARGE, MOST_AHEAD, ContentHashes, InflatedAhead, SecondThread
from phone_audit.errors import ApkError


def entry(number: int, size: int = LARGE) -> Entry:
    return Entry(f"{number}.so", 8, size, size, number)


class Inflating:
    """Counts what is inflated; waits before the first until it may go on."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, wanted: Entry) -> bytes | None:
        self.asked.append(wanted.header_offset)
        self.begun.set()
        self.go_on.wait(60)
        return b"%d" % wanted.header_offset if wanted.header_offset != 13 else None


def test_what_was_inflated_ahead_is_given_once() -> None:
    inflating = Inflating()
    inflating.go_on.set()
    with SecondThread() as thread:
        ahead = InflatedAhead([entry(1), entry(2)], inflating, thread)
        thread.start(int).result()  # behind both
        assert (ahead.take(entry(2)), ahead.take(entry(1)), ahead.take(entry(1))) == (b"2", b"1", None)


def test_what_has_not_begun_is_left_to_the_one_who_asks() -> None:
    inflating = Inflating()
    with SecondThread() as thread:
        ahead = InflatedAhead([entry(1), entry(2)], inflating, thread)
        assert inflating.begun.wait(60)
        assert ahead.take(entry(2)) is None
        inflating.go_on.set()
        assert ahead.take(entry(1)) == b"1"
    assert inflating.asked == [1]


def test_only_so_many_bytes_wait() -> None:
    inflating = Inflating()
    inflating.go_on.set()
    with SecondThread() as thread:
        ahead = InflatedAhead([entry(number) for number in range(5)], inflating, thread, most=2 * LARGE)
        thread.start(int).result()
        assert inflating.asked == [0, 1]
        ahead.take(entry(0))
        thread.start(int).result()
        assert inflating.asked == [0, 1, 2]


def test_small_and_huge_entries_are_not_inflated_ahead() -> None:
    inflating = Inflating()
    inflating.go_on.set()
    with SecondThread() as thread:
        InflatedAhead([entry(1, LARGE - 1), entry(2, 3 * LARGE)], inflating, thread, most=2 * LARGE)
    assert inflating.asked == []


def test_an_entry_that_is_not_as_announced_is_left_to_the_one_who_asks() -> None:
    inflating = Inflating()
    inflating.go_on.set()
    with SecondThread() as thread:
        ahead = InflatedAhead([entry(13)], inflating, thread)
        thread.start(int).result()
        assert ahead.take(entry(13)) is None


def test_leaving_drops_what_has_not_begun() -> None:
    inflating = Inflating()
    with SecondThread() as thread:
        InflatedAhead([entry(1), entry(2)], inflating, thread)
        assert inflating.begun.wait(60)
        threading.Timer(0.05, inflating.go_on.set).start()
    assert inflating.asked == [1]


def test_hashes_of_small_and_large_content() -> None:
    with SecondThread() as thread:
        hashes = ContentHashes(("sha1", "sha256"), thread)
        for number, content in enumerate((b"small", bytes(LARGE))):
            hashes.note(entry(number), content)
            expected = [hashlib.sha256(content).digest(), hashlib.sha1(content, usedforsecurity=False).digest()]
            assert hashes.of(entry(number), ["sha256", "sha1"]) == (expected, len(content))


def test_hashes_that_were_not_taken() -> None:
    with SecondThread() as thread:
        hashes = ContentHashes(("sha256",), thread)
        hashes.note(entry(1), b"read")
        assert hashes.of(entry(1), ["sha256", "sha512"]) is None
        assert hashes.of(entry(2), ["sha256"]) is None


def test_bytes_that_wait_to_be_hashed_are_limited() -> None:
    inflating = Inflating()
    content = bytes(MOST_AHEAD // 2 + 1)
    with SecondThread() as thread:
        thread.start(inflating, entry(1))  # keeps the thread busy
        assert inflating.begun.wait(60)
        hashes = ContentHashes(("md5",), thread)
        hashes.note(entry(2), content)
        hashes.note(entry(3), content)
        expected = [hashlib.md5(content, usedforsecurity=False).digest()]
        assert hashes.of(entry(3), ["md5"]) == (expected, len(content))  # at once, though the thread is busy
        inflating.go_on.set()
        assert hashes.of(entry(2), ["md5"]) == (expected, len(content))


def test_where_no_thread_can_be_had_the_work_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def fail(error: Exception) -> None:
        raise error

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with SecondThread() as thread:
        assert thread.start(int, "7").result() == 7
        for error in (ApkError("damaged"), MemoryError()):
            with pytest.raises(type(error)):
                thread.start(fail, error).result()
