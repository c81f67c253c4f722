"""How many classes have a name of one or two letters, as shrinkers give them."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SHORT: Final = re.compile(rb"L(?:[^;]*/)?(?!R[;$])(?:[^/;]*\$)?[A-Za-z]{1,2}(?:\$[0-9]+)*;")
"""A class whose own name has one or two letters, inner classes and what is numbered inside them included. `R` is what
every build calls its resources, with inner classes such as `id`."""
_ROOM: Final = b";" * 8
"""Put in front, so that what is looked at lies inside even for the first name."""
_DIGITS: Final = 3
"""Digits at the end of a name up to which it is decided without the expression whether it can be a short one."""

Bytes = NDArray[np.uint8]
Rows = NDArray[np.intp]
Flags = NDArray[np.bool_]


def count_short(descriptors: Sequence[bytes]) -> int:
    """Count the classes with a short name.

    Args:
        descriptors: of classes, hostile. Most are told apart by their last few bytes, together.
    """
    data = np.frombuffer(_ROOM + b"".join(descriptors), dtype=np.uint8)
    closed = np.flatnonzero(data == ord(";"))[len(_ROOM) - 1 :]
    ends = np.cumsum(np.fromiter(map(len, descriptors), np.intp, len(descriptors))) + (len(_ROOM) - 1)
    if not np.array_equal(closed[1:], ends) or np.any(data[closed[:-1] + 1] != ord("L")):
        return _matching(descriptors)
    plain = _in_a_package(data, ends - 1)
    unsure = np.flatnonzero(~plain & _perhaps(data, ends - 1))
    return int(np.count_nonzero(plain)) + _matching([descriptors[row] for row in unsure.tolist()])


def _matching(descriptors: Sequence[bytes]) -> int:
    return sum(1 for name in descriptors if _SHORT.fullmatch(name))


def _in_a_package(data: Bytes, last: Rows) -> Flags:
    """Mark the names that are a slash and one or two letters, but for `R`."""
    letter, before, third = data[last], data[last - 1], data[last - 2]
    one = (before == ord("/")) & (letter != ord("R"))
    two = _is_letter(before) & (third == ord("/"))
    found: Flags = _is_letter(letter) & (one | two)
    return found


def _perhaps(data: Bytes, last: Rows) -> Flags:
    """Mark the names that could be short otherwise; more of them than are."""
    digits = [_is_digit(data[last - at]) for at in range(_DIGITS + 1)]
    found: Flags = _ends_short(data, last) | np.logical_and.reduce(digits)
    for at in range(1, _DIGITS + 1):
        before = last - at
        numbered = np.flatnonzero(digits[0] & (data[before] == ord("$")))
        rest = before[numbered] - 1
        found[numbered] |= _ends_short(data, rest) | _is_digit(data[rest])
    return found


def _ends_short(data: Bytes, last: Rows) -> Flags:
    """Mark where one or two letters stand behind what may stand in front of a class's own name."""
    before = data[last - 1]
    found: Flags = _is_letter(data[last]) & (_is_mark(before) | _is_letter(before) & _is_mark(data[last - 2]))
    return found


def _is_mark(byte: Bytes) -> Flags:
    found: Flags = (byte == ord("/")) | (byte == ord("$")) | (byte == ord("L"))
    return found


def _is_letter(byte: Bytes) -> Flags:
    return (byte | 0x20) - np.uint8(ord("a")) < 26


def _is_digit(byte: Bytes) -> Flags:
    return byte - np.uint8(ord("0")) < 10
