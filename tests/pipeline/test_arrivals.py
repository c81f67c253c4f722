"""Which phones are read: named ones once, those that are plugged in as they come, lost ones when they are back."""

from collections.abc import Sequence

from phone_audit.errors import ProtocolError
from phone_audit.pipeline.arrivals import MOST_TIMES, Arrival, ConnectedPhones, NamedTargets


class Bench:
    """A table on which phones are put, and a clock that only the test moves."""

    def __init__(self, *targets: str) -> None:
        self.there: list[str] = []
        self.broken = False
        self.told: list[str] = []
        self.now = 0.0
        self.watched = ConnectedPhones(targets, on_trouble=self.told.append, look=self.look, clock=lambda: self.now)

    def look(self, via: str) -> Sequence[str]:
        assert via == "auto"
        if self.broken:
            raise ProtocolError("The adb server does not answer.")
        return self.there

    def take(self, *there: str) -> list[Arrival]:
        self.there = list(there)
        self.now += 10
        return self.watched.take()


def test_named_ones_are_given_once_in_their_order() -> None:
    named = NamedTargets(["B", "A", "B"])
    assert not named.over
    assert named.take() == [Arrival(1, "B"), Arrival(2, "A")]
    assert named.over
    named.lost(Arrival(1, "B"))
    assert named.take() == []


def test_each_is_given_as_it_appears_and_only_once() -> None:
    bench = Bench("HOST:1")
    assert bench.take() == [Arrival(1, "HOST:1")]
    assert bench.take("B", "A") == [Arrival(2, "A"), Arrival(3, "B")]
    assert bench.take("A", "B") == []
    assert bench.take() == []
    assert bench.take("A", "C") == [Arrival(4, "C")]
    assert not bench.watched.over


def test_a_look_costs_something_and_is_not_taken_all_the_time() -> None:
    bench = Bench()
    assert bench.take() == []
    bench.there = ["A"]
    bench.now += 0.5
    assert bench.watched.take() == []
    bench.now += 0.6
    assert bench.watched.take() == [Arrival(1, "A")]


def test_one_that_was_lost_is_read_again_when_it_is_back_but_not_for_ever() -> None:
    bench = Bench()
    (arrival,) = bench.take("A")
    bench.watched.lost(arrival)
    assert bench.take() == []
    for _ in range(MOST_TIMES - 1):
        (arrival,) = bench.take("A")
        assert arrival == Arrival(1, "A", again=True)
        bench.watched.lost(arrival)
    assert bench.take("A") == []


def test_one_that_came_back_between_two_looks_is_not_missed() -> None:
    bench = Bench()
    (arrival,) = bench.take("A")
    bench.watched.lost(arrival)
    assert bench.take("A") == [Arrival(1, "A", again=True)]


def test_one_that_refuses_is_tried_again_only_when_it_was_unplugged_however_often() -> None:
    bench = Bench()
    for _ in range(MOST_TIMES + 2):
        (arrival,) = bench.take("A")
        assert arrival == Arrival(1, "A")
        bench.watched.failed(arrival)
        assert bench.take("A") == []
        assert bench.take() == []


def test_a_server_that_cannot_be_asked_is_told_once_and_asked_again() -> None:
    bench = Bench()
    bench.broken = True
    assert bench.take("A") + bench.take("A") == []
    assert bench.told == ["The adb server does not answer."]
    bench.broken = False
    assert bench.take("A") == [Arrival(1, "A")]
