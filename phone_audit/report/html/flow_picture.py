"""A picture of where data goes: apps, the code in them, and the owners of the places, joined by bands."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.report.html.destinations import Tie
from phone_audit.report.safe import shortened

_MOST: Final = 12
"""Names in a column; the others of it are one."""
_LONGEST: Final = 26
_ROW: Final = 30
_TOP: Final = 34
_COLUMNS: Final = ((10, 210), (350, 550), (690, 890))
"""Where the boxes of each column begin and end."""
_THINNEST, _WIDEST = 2, 12
_Key = Callable[[Tie], str]


@dataclass(frozen=True)
class Box:
    x: int
    y: int
    width: int
    name: str


@dataclass(frozen=True)
class Band:
    """Ties between two names. As wide as `hollow` where some stand in code alone, as `solid` for those that were seen.

    `core` is the width of what lies between the lines of a hollow band.
    """

    path: str
    hollow: float
    core: float
    solid: float
    says: str


@dataclass(frozen=True)
class FlowPicture:
    """The picture and how high it is."""

    boxes: tuple[Box, ...]
    bands: tuple[Band, ...]
    height: int


def flow_picture(ties: Sequence[Tie]) -> FlowPicture:
    """Return the picture of ties; of many names in a column the last ones are joined."""
    keys = tuple(_key_of(ties, key, rest) for key, rest in _STEPS)
    columns = [_places(Counter(key(tie) for tie in ties), rest) for key, (_, rest) in zip(keys, _STEPS, strict=True)]
    boxes = tuple(
        Box(left, y, right - left, shortened(name, _LONGEST))
        for (left, right), column in zip(_COLUMNS, columns, strict=True)
        for name, y in column.items()
    )
    bands = tuple(
        band
        for step in (0, 1)
        for band in _bands(ties, (keys[step], keys[step + 1]), (columns[step], columns[step + 1]), step)
    )
    height = _TOP + _ROW * max((len(column) for column in columns), default=0) + 6
    return FlowPicture(boxes, bands, height)


_STEPS: Final[tuple[tuple[_Key, str], ...]] = (
    (lambda tie: tie.app, "other apps"),
    (lambda tie: tie.code, "other SDKs"),
    (lambda tie: tie.owner, "other owners"),
)


def _key_of(ties: Sequence[Tie], key: _Key, rest: str) -> _Key:
    """Return what names a tie in a column: its own name there, or that of the rest."""
    seen = Counter(key(tie) for tie in ties if tie.seen)
    counts = Counter(key(tie) for tie in ties)
    ranked = sorted(counts, key=lambda name: (-seen[name], -counts[name], name))
    named = set(ranked if len(ranked) <= _MOST else ranked[: _MOST - 1])
    return lambda tie: key(tie) if key(tie) in named else rest


def _places(counts: Counter[str], rest: str) -> dict[str, int]:
    """Return each name with the top of its box, what has most ties first and the rest last."""
    ranked = sorted(counts, key=lambda name: (name == rest, -counts[name], name))
    return {name: _TOP + _ROW * at for at, name in enumerate(ranked)}


def _bands(
    ties: Sequence[Tie], keys: tuple[_Key, _Key], columns: tuple[dict[str, int], dict[str, int]], step: int
) -> list[Band]:
    counts = Counter((keys[0](tie), keys[1](tie)) for tie in ties)
    seen = Counter((keys[0](tie), keys[1](tie)) for tie in ties if tie.seen)
    most = max(counts.values(), default=1)
    bands = []
    for ends, count in sorted(counts.items(), key=lambda one: (seen[one[0]], one[0])):
        begin, end = ends
        path = _curve(_COLUMNS[step][1], columns[0][begin], _COLUMNS[step + 1][0], columns[1][end])
        hollow = _width(count, most) if count > seen[ends] else 0
        says = f"{begin} to {end}: {seen[ends]} seen, {count - seen[ends]} in code"
        bands.append(Band(path, hollow, max(round(hollow - 1.6, 1), 0.4), _width(seen[ends], most), says))
    return bands


def _width(count: int, most: int) -> float:
    return round(_THINNEST + (_WIDEST - _THINNEST) * count / most, 1) if count else 0


def _curve(left: int, top: int, right: int, bottom: int) -> str:
    middle = (left + right) // 2
    begin, end = top + _ROW // 2 - 3, bottom + _ROW // 2 - 3
    return f"M{left} {begin}C{middle} {begin} {middle} {end} {right} {end}"
