"""The time of every reader of a phone's text grows with the text, not with its square, also inside patterns."""

import gc
import time

import pytest

from tests.acquire.test_hostile_sizes import CASES, LENGTHS, Made

GROWTH = 8.0
"""Four times the text takes about 4 times as long where a reader is linear, 16 times where it is quadratic."""
LONG_ENOUGH = 0.002
SLOW = 0.1
"""Seconds of one try after which there is no other."""
MOST = 200_000
"""Characters of the shorter text; memory has its own times, and shows in longer ones."""
TRIES = (1, 1, 3, 1, 3)
"""How many times longer the text is at each try: beyond some length memory takes longer, but only once."""


def seconds(made: Made, pieces: int) -> float:
    work, taken = made(pieces), []
    gc.disable()  # it runs at its own times, and takes longer the more there is
    try:
        for _ in range(2):
            before = time.process_time()
            work()
            taken.append(time.process_time() - before)
    finally:
        gc.enable()
    return min(taken)


@pytest.mark.slow
@pytest.mark.promise("work-grows-with-size")
@pytest.mark.parametrize("case", CASES)
def test_four_times_the_text_takes_no_more_than_a_few_times_as_long(case: str) -> None:
    made, pieces, most = CASES[case], 100, MOST // LENGTHS.get(case, 1)
    while pieces < most and seconds(made, pieces) < LONG_ENOUGH:
        pieces = min(4 * pieces, most)
    growth: list[float] = []
    for longer in TRIES:
        before, after = (seconds(made, longer * times * pieces) for times in (1, 4))
        growth.append(after / max(before, LONG_ENOUGH / 4))
        if growth[-1] < GROWTH or after > SLOW:
            break
    assert growth[-1] < GROWTH, f"{pieces} pieces: {growth}"
