"""Ranges of a file: union, what is held, what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.model.parts import Parts, Range

END = 60
RANGES = st.lists(st.tuples(st.integers(0, END), st.integers(0, END)), max_size=8)


def bytes_of(ranges: list[Range] | tuple[Range, ...]) -> set[int]:
    return {at for start, end in ranges for at in range(start, end)}


@given(RANGES)
def test_the_union_holds_what_the_ranges_hold(ranges: list[Range]) -> None:
    parts = Parts.of(ranges)
    assert bytes_of(parts.ranges) == bytes_of(ranges)
    assert parts.size == len(bytes_of(ranges))
    assert Parts(parts.ranges) == parts


@given(RANGES, st.integers(0, END), st.integers(0, END))
def test_a_range_is_held_where_nothing_of_it_is_missing(ranges: list[Range], start: int, end: int) -> None:
    parts = Parts.of(ranges)
    asked, held = set(range(start, end)), bytes_of(ranges)
    missing = list(parts.missing(start, end))
    assert parts.holds(start, end) == (asked <= held) == (not missing)
    assert bytes_of(missing) == asked - held
    assert missing == list(Parts.of(missing).ranges)
    assert parts.plus(missing).holds(start, end)


@pytest.mark.parametrize("ranges", [((3, 3),), ((3, 2),), ((-1, 2),), ((0, 2), (2, 3)), ((4, 5), (0, 1))])
def test_ranges_that_are_not_in_order_are_refused(ranges: tuple[Range, ...]) -> None:
    with pytest.raises(ValueError, match="is empty, negative, or not behind"):
        Parts(ranges)
