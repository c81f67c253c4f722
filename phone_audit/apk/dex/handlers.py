"""Where a method goes on after an exception, and behind a switch.

Sources: dex-format, "try_item", "encoded_catch_handler_list", "encoded_catch_handler"; dalvik-bytecode, the payloads of
packed-switch and sparse-switch.
"""

import struct
from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from phone_audit.apk.dex.instructions import DexCodeError, Units
from phone_audit.apk.dex.methods import Code

MAX_TRIES: Final = 2_000
"""Blocks of one method that are looked at; a method with more is not followed."""
MAX_HANDLERS: Final = 100
_TRY: Final = struct.Struct("<IHH")
_PACKED: Final = 0x0100
_SPARSE: Final = 0x0200
_ALL_OTHERS: Final = -1


class Guarded(NamedTuple):
    """A block of code units, and the units at which its exceptions are handled.

    `listed` are the same units with the type_ids of the exceptions that each handles; -1 stands for all others.
    """

    begin: int
    end: int
    handlers: tuple[int, ...]
    listed: tuple[tuple[int, int], ...] = ()


def handlers_of(code: Code) -> tuple[Guarded, ...]:
    """Return the blocks of a method that handle exceptions, or raise DexCodeError where they cannot be read."""
    rest = code.behind[2 * (len(code.units) % 2) :]
    size = _TRY.size * code.tries
    if code.tries > MAX_TRIES or size > len(rest):
        raise DexCodeError(f"The method has {code.tries} blocks with exception handlers, which do not lie in the file.")
    lists = rest[size:]
    known: dict[int, tuple[tuple[int, int], ...]] = {}
    found = []
    for begin, count, at in _TRY.iter_unpack(rest[:size]):
        if at not in known:
            known[at] = _listed_at(lists, at)
        units = tuple(dict.fromkeys(unit for _, unit in known[at]))
        found.append(Guarded(begin, begin + count, units, known[at]))
    if any(later.begin < one.end for one, later in pairwise(found)):
        raise DexCodeError("The blocks with exception handlers of the method are not in order.")
    return tuple(found)


def handlers_at(guarded: Sequence[Guarded], unit: int) -> tuple[int, ...]:
    """Return where an exception of the instruction at a unit is handled, given what `handlers_of` returned."""
    around = guarded_at(guarded, unit)
    return around.handlers if around else ()


def guarded_at(guarded: Sequence[Guarded], unit: int) -> Guarded | None:
    """Return the block that guards the instruction at a unit; None where none does."""
    number = bisect_right(guarded, unit, key=lambda one: one.begin) - 1
    return guarded[number] if number >= 0 and unit < guarded[number].end else None


def _listed_at(lists: memoryview, at: int) -> tuple[tuple[int, int], ...]:
    begin = at
    size, at = _number(lists, at)
    bits = 7 * (at - begin)
    signed = size - (1 << bits) if size >> (bits - 1) else size
    if abs(signed) > MAX_HANDLERS:
        raise DexCodeError(f"A block has {abs(signed)} exception handlers.")
    found = []
    for _ in range(abs(signed)):
        kind, at = _number(lists, at)
        unit, at = _number(lists, at)
        found.append((kind, unit))
    if signed <= 0:
        unit, at = _number(lists, at)
        found.append((_ALL_OTHERS, unit))
    return tuple(found)


def _number(data: memoryview, at: int) -> tuple[int, int]:
    """Read an unsigned LEB128 number; give it, and where it ends."""
    value = 0
    for place in range(5):
        if at + place >= len(data):
            break
        byte = data[at + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise DexCodeError("The exception handlers of the method do not lie in the file.")


def switch_targets(units: Units, switch: int, payload: int) -> list[int]:
    """Return the code units to which a switch may go, or raise DexCodeError where its table is not in the method."""
    if not 0 <= payload <= len(units) - 2 or units[payload] not in (_PACKED, _SPARSE):
        raise DexCodeError(f"The switch at code unit {switch} has no table.")
    size = units[payload + 1]
    first = payload + (4 if units[payload] == _PACKED else 2 + 2 * size)
    if first + 2 * size > len(units):
        raise DexCodeError(f"The table of the switch at code unit {switch} leaves its method.")
    pairs = ((units[at], units[at + 1]) for at in range(first, first + 2 * size, 2))
    words = (low | high << 16 for low, high in pairs)
    return [switch + (word - (1 << 32) if word >> 31 else word) for word in words]
