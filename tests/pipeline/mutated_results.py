"""Results in which one value at a time is exchanged for an odd one, as whoever writes a result by hand may do."""

from collections.abc import Iterator
from typing import Any, Final

ODD: Final[tuple[Any, ...]] = (
    None, True, -1, 2**62, 2**64, 10**399, 1e308, -0.0, "", " ", "x" * 3000, "9999-99-99", "9999-12-31T23:59:60Z",
    "2026-01-01", "6.6.6.6 accounts.google.com", "\x1b[2J\x1b]0;x\x07", "\u202egpj.exe", "a\nb\r\u2028c",
    "javascript:x", "$(reboot)", "%s{0}", "=1+1", [], {}, [[]], [None], {"": ""}, [{}], "\ufffd", "inconclusive",
    "apocalyptic",
)  # fmt: skip
"""Values in the place of another one: wrong types, huge and negative numbers, days that do not exist, injections."""


def places(value: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the places in a JSON document, from the top down; of a list the first and the last item stand for all."""
    if above:
        yield above
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*above, key))
    elif isinstance(value, list):
        for index in sorted({0, len(value) - 1} if value else ()):
            yield from places(value[index], (*above, index))


def put(document: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """Put a value in its place, and give the one that was there."""
    for step in place[:-1]:
        document = document[step]
    old = document[place[-1]]
    document[place[-1]] = value
    return old
