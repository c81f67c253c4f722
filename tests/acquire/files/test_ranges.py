"""Ranges of files through a shell, as the phone's."""

import errno
import os
import random
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.files import ranges
from phone_audit.acquire.files.ranges import (
    BrokenRangesError,
    GrowingParts,
    RangeReader,
    RangeRequest,
    aligned,
    is_plain,
    pieces,
)
from phone_audit.errors import CommandError, DeviceLostError
from phone_audit.model.parts import Parts
from tests.acquire.shell_phone import ShellPhone, say_instead
from tests.steps import LINEAR, growth

CONTENT = random.Random(7).randbytes(3_000_000)


class Sink:
    def __init__(self, size: int) -> None:
        self.bytes = bytearray(size)

    def __call__(self, offset: int, data: memoryview) -> None:
        self.bytes[offset : offset + len(data)] = data


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "a b (1)=~@%.apk"
    file.write_bytes(CONTENT)
    return str(file)


def read_all(reader: RangeReader, asked: list[RangeRequest]) -> list[RangeRequest]:
    for one in asked:
        reader.ask(one)
    reader.send()
    done: list[RangeRequest] = []
    while len(done) < len(asked):
        reader.receive(time.monotonic() + 10)
        done += reader.take_answered()
    return done


@pytest.mark.parametrize("piece", [1 << 16, 7, 1])
def test_many_ranges_in_order_whatever_the_pieces_in_which_they_come(path: str, piece: int) -> None:
    size = len(CONTENT)
    wanted = [(0, 1), (4095, 4097), (size - 10, size)]
    if piece > 7:
        wanted += [(100_000, 2_200_000), (0, size)]
    sink = Sink(size)
    reader = RangeReader(ShellPhone(piece=piece))
    asked = [RangeRequest(path, start, end, sink) for one in wanted for start, end in pieces(*one, size)]
    done = read_all(reader, asked)
    reader.close()
    assert done == asked
    assert all(one.is_whole for one in done)
    for start, end in wanted:
        assert sink.bytes[start:end] == CONTENT[start:end]
    assert reader.waiting == ()


def test_a_file_that_is_shorter_than_it_was_costs_itself_alone(path: str, tmp_path: Path) -> None:
    short = tmp_path / "short.apk"
    short.write_bytes(b"x" * 5000)
    sink = Sink(len(CONTENT))
    reader = RangeReader(ShellPhone())
    asked = [
        RangeRequest(str(short), 0, 8192, sink),
        RangeRequest(str(tmp_path / "gone.apk"), 0, 4096, sink),
        RangeRequest(path, 0, 4096, sink),
    ]
    done = read_all(reader, asked)
    reader.close()
    assert [(one.got, one.is_whole) for one in done] == [(5000, False), (0, False), (4096, True)]
    assert sink.bytes[:4096] == CONTENT[:4096]


def test_bytes_beyond_the_range_are_not_taken(path: str) -> None:
    """The file grew: dd reads whole blocks, and only those up to the size that was known are believed."""
    sink = Sink(4096 + 10)
    reader = RangeReader(ShellPhone())
    [done] = read_all(reader, [RangeRequest(path, 4096, 4100, sink)])
    reader.close()
    assert not done.is_whole
    assert bytes(sink.bytes) == bytes(4096) + CONTENT[4096:4100] + bytes(6)


def test_a_file_that_stands_still_is_a_time_out_and_stays_asked_for(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.apk"
    os.mkfifo(fifo)
    reader = RangeReader(ShellPhone())
    reader.ask(RangeRequest(str(fifo), 0, 4096, Sink(0)))
    reader.send()
    with pytest.raises(TimeoutError):
        reader.receive(time.monotonic() + 0.3)
    assert [one.path for one in reader.waiting] == [str(fifo)]
    reader.close()


def test_what_was_answered_before_the_disk_is_full_counts(path: str) -> None:
    """Both answers come in one piece: whoever waits for the first would else wait for ever."""

    def full(_: int, __: memoryview) -> None:
        raise OSError(errno.ENOSPC, "No room")

    reader = RangeReader(ShellPhone())
    reader._running.close()
    first, second = RangeRequest(path, 0, 4096, Sink(4096)), RangeRequest(path, 4096, 8192, full)
    reader.ask(first)
    reader.ask(second)
    answers = CONTENT[:4096] + reader._mark + b"1:0\n" + CONTENT[4096:8192] + reader._mark + b"2:0\n"
    reader._running = OneAnswer(answers)
    with pytest.raises(OSError, match="No room"):
        reader.receive(time.monotonic() + 5)
    assert reader.take_answered() == [first]
    assert reader.waiting == (second,)


class OneAnswer:
    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def read(self, _: float) -> bytes:
        return self._answer

    def write(self, data: bytes) -> None:
        """Nobody listens."""

    def close(self) -> None:
        """Nothing is open."""


def test_a_program_that_ends_is_broken(path: str) -> None:
    phone = ShellPhone(says={"true": ""})
    reader = RangeReader(phone)
    reader._running.close()
    reader._running = phone.start("true")
    with pytest.raises(BrokenRangesError):
        reader.receive(time.monotonic() + 5)
    reader.close()


@pytest.mark.parametrize(
    "said", [b"more than was asked for" * 9, b"{mark}7:0\n", b"{mark}0:0\n", b"{mark}1:zero or so\n" * 3]
)
def test_what_cannot_be_said_is_not_believed(said: bytes) -> None:
    reader = RangeReader(ShellPhone())
    with pytest.raises(BrokenRangesError):
        reader._take(said.replace(b"{mark}", reader._mark))
    reader.close()


def test_a_shell_that_answers_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "REPLY_TIMEOUT", 0.5)
    say_instead(monkeypatch, "ranges", "echo no; cat")
    with pytest.raises(CommandError, match="does not give out parts"):
        RangeReader(ShellPhone())


def test_a_cut_keeps_what_is_unanswered(path: str) -> None:
    phone = ShellPhone(cuts=[600_000])
    sink = Sink(len(CONTENT))
    reader = RangeReader(phone)
    asked = [RangeRequest(path, start, end, sink) for start, end in ((0, 524_288), (524_288, 1_048_576))]
    with pytest.raises(DeviceLostError):
        read_all(reader, asked)
    [left] = reader.waiting
    assert left is asked[1]
    assert 0 < left.got < 524_288
    assert sink.bytes[: 524_288 + left.got] == CONTENT[: 524_288 + left.got]
    reader.close()


def test_room_is_bounded(path: str) -> None:
    reader = RangeReader(ShellPhone())
    assert reader.has_room(2**40), "one request is always taken, whatever its size"
    while reader.has_room(2**20):
        reader.ask(RangeRequest(path, 0, 2**20, Sink(0)))
    assert len(reader.waiting) == ranges.AHEAD // 2**20
    reader.close()


def test_odd_paths_are_not_for_a_shell() -> None:
    assert is_plain("/data/app/~~a==/b-c==/base.apk")
    assert not any(is_plain(path) for path in ("/it's", "/a\nb", "/$x", "/\udcff", "/" + "x" * 500))


@given(st.integers(0, 10**7), st.integers(1, 10**7), st.integers(0, 10**7))
def test_pieces_cover_the_range_without_gaps(start: int, length: int, beyond: int) -> None:
    size = start + length + beyond
    found = pieces(start, start + length, size)
    assert found[0][0] <= start
    assert start + length <= found[-1][1] <= size
    assert all(one[1] == other[0] for one, other in pairwise(found))
    assert all(0 < end - first <= ranges.PIECE for first, end in found)
    assert (found[0][0], found[-1][1]) == aligned(start, start + length, size)


RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=30)


@given(RANGES, st.tuples(st.integers(0, 60), st.integers(0, 60)))
def test_they_are_what_parts_makes_of_them(ranges: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    growing = GrowingParts()
    for start, end in ranges:
        growing.add(start, end)
    parts = Parts.of(ranges)
    assert growing.parts() == parts
    assert list(growing.missing(*asked)) == list(parts.missing(*asked))
    assert growing.holds(*asked) is parts.holds(*asked)


def test_many_ranges_that_do_not_touch_cost_each_the_same() -> None:
    def made(count: int) -> Callable[[], object]:
        def work() -> None:
            growing = GrowingParts()
            for number in range(count):
                at = 7919 * number % count * 10
                assert list(growing.missing(at, at + 5)) == [(at, at + 5)]
                growing.add(at, at + 5)
                assert growing.holds(at, at + 5)

        return work

    assert growth(made, 500) < LINEAR
