"""Looks at the sockets: what the program on the phone prints, what happens when it fails, and how fast it is asked."""

import pytest

from phone_audit.acquire.live.sampler import CALM, EXCITED, QUICK, SLOW, STEADY, Pace, Sampler, spent_of
from phone_audit.errors import DeviceLostError
from tests.watch_phone import Looks, WatchPhone, socket_line, tables

COST = "0m0.01s 0m0.02s\n0m0.03s 0m0.04s\n"


def sampler_of(phone: WatchPhone) -> Sampler:
    return Sampler(phone, clock=lambda: 100.0)


def test_a_look() -> None:
    phone = WatchPhone([tables(socket_line("203.0.113.77", 9999, 1001))], times=COST)
    sample = sampler_of(phone).take()
    assert sample is not None
    assert [(one.uid, one.address, one.port) for one in sample.tables.connections] == [(1001, "203.0.113.77", 9999)]
    assert sample.spent == 0.1
    assert sample.asked == 100.0


def test_an_answer_that_never_ends_is_given_up() -> None:
    class Endless(WatchPhone):
        def start(self, command: str) -> Looks:
            running = super().start(command)
            running.read = lambda deadline: b"x" * 2**20  # type: ignore[method-assign]
            return running

    assert sampler_of(Endless([""])).take() is None


def test_an_answer_in_single_bytes() -> None:
    class Dripping(WatchPhone):
        def start(self, command: str) -> Looks:
            running = super().start(command)
            read, rest = running.read, bytearray()

            def one(deadline: float) -> bytes:
                if not rest:
                    rest.extend(read(deadline))
                return bytes([rest.pop(0)])

            running.read = one  # type: ignore[method-assign]
            return running

    sample = sampler_of(Dripping([tables(socket_line("203.0.113.77", 9999, 1001))], times=COST)).take()
    assert sample is not None
    assert (len(sample.tables.connections), sample.spent) == (1, 0.1)


def test_one_program_serves_all_looks() -> None:
    phone = WatchPhone([tables()])
    sampler = sampler_of(phone)
    assert all(sampler.take() for _ in range(5))
    assert len(phone.running) == 1
    sampler.close()
    assert phone.running[0].closed


@pytest.mark.parametrize("failure", [None, "", "sh: cat: not found\n"])
def test_a_look_that_fails_is_none_and_the_next_one_works(failure: str | None) -> None:
    sampler = sampler_of(WatchPhone([failure, tables(socket_line("203.0.113.77", 80, 5))]))
    assert sampler.take() is None
    again = sampler.take()
    assert again is not None
    assert len(again.tables.connections) == 1


def test_a_late_answer_is_never_that_of_the_next_look() -> None:
    phone = WatchPhone([None, tables()])
    sampler = sampler_of(phone)
    sampler.take()
    sampler.take()
    assert [running.closed for running in phone.running] == [True, False]


def test_the_cost_of_earlier_programs_counts() -> None:
    phone = WatchPhone([tables(), None, tables()], times=COST)
    sampler = sampler_of(phone)
    sampler.take()
    sampler.take()
    last = sampler.take()
    assert last is not None
    assert last.spent == pytest.approx(0.2)


def test_a_shell_that_tells_no_cost() -> None:
    sample = sampler_of(WatchPhone([tables()], times="sh: times: not found\n")).take()
    assert sample is not None
    assert sample.spent is None


def test_a_phone_that_goes_away() -> None:
    sampler = sampler_of(WatchPhone([DeviceLostError("It is gone.")]))
    with pytest.raises(DeviceLostError, match="It is gone"):
        sampler.take()


def test_tables_that_may_not_be_read_are_an_answer() -> None:
    sample = sampler_of(WatchPhone(["cat: /proc/net/tcp: Permission denied\n"])).take()
    assert sample is not None
    assert sample.tables.refused == {"tcp": "Permission denied"}


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ("0m0.01s     0m0.02s\n0m1.00s     1m0.50s\n", 61.53),
        ("0m0,01s 0m0,02s\n0m0,00s 0m0,00s\n", 0.03),
        ("0m00.00s 0m00.00s\n", None),
        ("", None),
    ],
)
def test_times(times: str, seconds: float | None) -> None:
    assert spent_of(times) == seconds


def test_the_pace_follows_what_happens() -> None:
    pace = Pace()
    pace.note(0.0, None, news=True)
    assert pace.interval(EXCITED - 0.1) == QUICK
    assert pace.interval(EXCITED + 0.1) == STEADY
    assert pace.interval(CALM + 0.1) == SLOW
    pace.note(CALM + 1, None, news=True)
    assert pace.interval(CALM + 1) == QUICK


def test_the_pace_keeps_the_cost_down() -> None:
    pace = Pace(share=0.03)
    for look in range(1, 11):
        pace.note(look * 0.1, spent=look * 0.015, news=True)
    assert pace.interval(1.0) == pytest.approx(0.5)
