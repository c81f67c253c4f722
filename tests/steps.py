"""Work that is counted instead of timed: calls of Python functions, and lines of them that run."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

LINEAR = 2.6
"""How much more work twice the input may be; n log n is below it, n² is 4."""


def steps(work: Callable[[], object]) -> int:
    """Return how many lines of Python the work runs, comprehensions and comparisons of values among them."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        del frame, argument
        nonlocal count
        count += event in ("call", "line")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(made: Callable[[int], Callable[[], object]], size: int) -> float:
    """Return how many times more work an input of twice the size is.

    Args:
        made: makes an input of a size, and gives the work on it; what it does itself is not counted.
        size: of the smaller input.
    """
    made(2)()  # what is loaded or compiled once does not count
    return steps(made(2 * size)) / steps(made(size))
