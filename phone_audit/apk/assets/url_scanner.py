"""Where in bytes a URL may stand, plain or encoded: one pass with numpy for all forms, so that little is looked at.

What is found here is only a place worth a look; whoever reads it checks what stands there.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.strings import Bytes

MOST: Final = 25_000
"""Places of one form that are told of what is scanned at once; `UrlPositions.full` says that there may be more."""
_CHUNK: Final = 1 << 18
"""Bytes that are looked at together: what numpy holds on the way stays in the cache of the processor."""
_BEFORE: Final = 2
_AFTER: Final = 8
"""Bytes around a chunk that are looked at with it, so that no sign is cut in two."""

_SHORTEST: Final = 4

_Mask = NDArray[np.bool_]
_Rows = NDArray[np.int64]
_COLON, _SLASH, _BACKSLASH = b":/\\"
_HT, _TP = 0x1C, 0x04
"""`h` XOR `t`, and `t` XOR `p`; between them stands zero, since both letters in the middle are the same."""


class UrlPositions(NamedTuple):
    """Places in bytes, each in ascending order.

    Attributes:
        plain: colons that two slashes follow, also slashes that are escaped.
        wide: the same in UTF-16 with the low byte first.
        backwards: first slashes of `//:`.
        xored: bytes from which on each differs from the next as in `http`, but where they are just that.
        base64: letters before an H in what `http` looks like in Base64.
        hexed: first digits of `http` in hexadecimal.
        percent: percent signs of `:` with one of `/` after it.
    """

    plain: Sequence[int] = ()
    wide: Sequence[int] = ()
    backwards: Sequence[int] = ()
    xored: Sequence[int] = ()
    base64: Sequence[int] = ()
    hexed: Sequence[int] = ()
    percent: Sequence[int] = ()

    @property
    def full(self) -> bool:
        """Whether there may be more of some form than are told."""
        return max(map(len, self)) >= MOST

    def apart(self, begins: Sequence[int]) -> "dict[int, UrlPositions]":
        """Return the marks of files that stand one after the other, by their number; files without any are left out.

        The marks of each are counted from its own beginning. `begins` are those, ascending, the first at 0.
        """
        found: dict[int, dict[str, list[int]]] = {}
        for form, places in zip(self._fields, self, strict=True):
            if places:
                rows = np.searchsorted(begins, places, side="right") - 1
                for row, at in zip(rows.tolist(), places, strict=True):
                    found.setdefault(row, {}).setdefault(form, []).append(at - begins[row])
        return {row: UrlPositions(**forms) for row, forms in found.items()}


def _add(places: list[int], rows: _Rows) -> None:
    """Add places of one form, as far as there is room."""
    if rows.size:
        places += rows[: MOST - len(places)].tolist()


@cache
def scanner() -> "Scanner":
    """Return the one scanner of this process; not for two threads at a time."""
    return Scanner()


class Scanner:
    """Finds marks. Keeps the room that it works in, so that one scanner serves many files, one after the other."""

    def __init__(self) -> None:
        room = _CHUNK + _BEFORE + _AFTER
        self._first = np.empty(room, np.bool_)
        self._second = np.empty(room, np.bool_)
        self._change = np.empty(room, np.uint8)

    def marks(self, data: Bytes, *, thorough: bool = True, xored: bool = True) -> UrlPositions:
        """Find the marks of every form in hostile bytes; without `xored` not of what is XORed.

        Without `thorough` hexadecimal, percent signs, and Base64 that does not begin with `http` are left out.
        """
        plain, wide, backwards, changed, base64, hexed, percent = (list[int]() for _ in UrlPositions._fields)
        for low in range(0, data.size, _CHUNK):
            base = max(0, low - _BEFORE)
            window = data[base : low + _CHUNK + _AFTER]
            if window.size < _SHORTEST:
                break
            inside = slice(low - base, low - base + _CHUNK)
            self._slashes(window, base, inside, plain, wide, backwards)
            _add(base64, _kept(self._base64(window, thorough=thorough), window, inside, _IN_BASE64) + base)
            if xored:
                _add(changed, self._xored(window, inside) + base)
            if thorough:
                _add(hexed, _kept(self._three(window, b"687", (0, 1, 2)), window, inside, _IN_HEX) + base)
                _add(percent, _kept(self._three(window, b"%3%", (0, 1, 3)), window, inside, _IN_PERCENT) + base)
        return UrlPositions(plain, wide, backwards, changed, base64, hexed, percent)

    def xored(self, data: Bytes) -> list[int]:
        """Find the marks of what is XORed, and nothing else."""
        found: list[int] = []
        for low in range(0, data.size, _CHUNK):
            window = data[low : low + _CHUNK + _AFTER]
            if window.size >= _SHORTEST:
                _add(found, self._xored(window, slice(0, _CHUNK)) + low)
        return found

    def _slashes(
        self, window: Bytes, base: int, inside: slice, plain: list[int], wide: list[int], backwards: list[int]
    ) -> None:
        """Look at slashes that follow one another, or with one byte between: an escape or the high byte of UTF-16."""
        size = window.size - 2
        slash = np.equal(window, _SLASH, out=self._first[: window.size])
        pair = np.logical_or(slash[1:-1], slash[2:], out=self._second[:size])
        np.logical_and(pair, slash[:-2], out=pair)
        if not pair.any():
            return
        at = np.flatnonzero(pair[inside]) + inside.start
        before, sooner = window[np.maximum(at, 1) - 1], window[np.maximum(at, 2) - 2]
        after, later = window[at + 1], window[at + 2]
        followed = (after == _SLASH) | (after == _BACKSLASH)
        direct = (before == _COLON) & (at > 0) & followed
        escaped = (before == _BACKSLASH) & (sooner == _COLON) & (at > 1) & followed
        _add(plain, np.where(direct, at - 1, at - 2)[direct | escaped] + base)
        _add(wide, at[(before == 0) & (sooner == _COLON) & (at > 1) & (after == 0)] - 2 + base)
        _add(backwards, at[(after == _SLASH) & (later == _COLON)] + base)

    def _base64(self, window: Bytes, *, thorough: bool) -> _Mask:
        """Return where `aH` stands, or `dH`."""
        size = window.size - 1
        before = np.equal(window[:-1], ord("a"), out=self._first[:size])
        if thorough:
            other = np.equal(window[:-1], ord("d"), out=self._second[:size])
            np.logical_or(before, other, out=before)
        letter = np.equal(window[1:], ord("H"), out=self._second[:size])
        return np.logical_and(before, letter, out=before)

    def _xored(self, window: Bytes, inside: slice) -> _Rows:
        size = window.size - 1
        change = np.bitwise_xor(window[1:], window[:-1], out=self._change[:size])
        first = np.equal(change[:-2], _HT, out=self._first[: size - 2])
        last = np.equal(change[2:], _TP, out=self._second[: size - 2])
        rows = _kept(np.logical_and(first, last, out=first), window, inside, _NOT_PLAIN)
        kept: _Rows = rows[change[rows + 1] == 0]
        return kept

    def _three(self, window: Bytes, letters: bytes, places: tuple[int, int, int]) -> _Mask:
        """Return where three letters stand, each at its place."""
        size = window.size - places[-1]
        found = np.equal(window[:size], letters[0], out=self._first[:size])
        for letter, place in zip(letters[1:], places[1:], strict=True):
            other = np.equal(window[place : place + size], letter, out=self._second[:size])
            np.logical_and(found, other, out=found)
        return found


def _kept(mask: _Mask, window: Bytes, inside: slice, checks: Sequence[tuple[int, _Mask]]) -> _Rows:
    """Return the rows of a mask that pass some checks: what a byte at some distance from the row may be."""
    if not mask.any():
        return _NOTHING
    rows: _Rows = np.flatnonzero(mask[inside]) + inside.start
    for distance, allowed in checks:
        rows = rows[allowed[window[np.minimum(rows + distance, window.size - 1)]]]
    return rows


def _table(letters: bytes, *, every_other: bool = False) -> _Mask:
    """Return for each byte whether it is one of a few, or none of them."""
    table = np.full(256, every_other)
    table[list(letters)] = not every_other
    return table


_NOTHING: Final = np.empty(0, np.int64)
_IN_BASE64: Final = ((2, _table(b"RAB")), (3, _table(b"0w6z")))
_NOT_PLAIN: Final = ((0, _table(b"h", every_other=True)),)
_IN_HEX: Final = ((3, _table(b"4")), (4, _table(b"7")), (5, _table(b"4")))
_IN_PERCENT: Final = ((2, _table(b"aA")), (4, _table(b"2")))
