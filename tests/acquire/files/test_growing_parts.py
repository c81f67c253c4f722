"""Ranges that arrive in any order are what `Parts` makes of them, at a cost that hardly grows with their number."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.files.range_job import GrowingParts
from phone_audit.model.parts import Parts
from tests.steps import LINEAR, growth

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
