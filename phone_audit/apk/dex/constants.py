"""Which methods load a number, such as that of a resource.

Source: https://source.android.com/docs/core/runtime/dalvik-bytecode (`const`, `const/high16`).
"""

from collections.abc import Collection, Iterator
from typing import Final

import numpy as np

from phone_audit.apk.dex.def_use import Instructions
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError
from phone_audit.apk.dex.methods import CODE_HEADER
from phone_audit.apk.dex.xrefs import Use

_CONST: Final = 0x14
_CONST_HIGH: Final = 0x15
"""Compilers take it for numbers that end in 16 zeros, as that of the first resource of a kind does."""


def loads_of(index: DexIndex, numbers: Collection[int]) -> Iterator[Use]:
    """Yield the instructions that put one of some unsigned numbers of 32 bits into a register, for each method."""
    low, high = index.bodies.area()
    units = index.data[low : low + (high - low) // 2 * 2].view("<u2").astype(np.uint32)
    if not numbers or units.size < 3:
        return
    wanted = sorted(numbers)
    opcodes, first, second = units[:-2] & 0xFF, units[1:-1], units[2:]
    held = np.where(opcodes == _CONST, second << 16 | first, np.where(opcodes == _CONST_HIGH, first << 16, 0))
    bodies, begins = index.bodies, dict[int, frozenset[int]]()
    for place in np.flatnonzero(np.isin(held, wanted)).tolist():
        item = int(bodies.code.searchsorted(low + 2 * place, side="right")) - 1
        rows: list[int] = bodies.rows[bodies.first[item] : bodies.first[item + 1]].tolist() if item >= 0 else []
        if rows and item not in begins:
            begins[item] = _offsets(index, rows[0])
        offset = low + 2 * place
        unit = (offset - int(bodies.code[item]) - CODE_HEADER) // 2
        if rows and unit in begins[item]:
            yield from (Use(int(held[place]), row, unit, offset) for row in rows)


def _offsets(index: DexIndex, row: int) -> frozenset[int]:
    """Return the code units at which the instructions of a method begin; none where they cannot be told."""
    code = index.code(row)
    try:
        return frozenset(Instructions(code.units).offsets) if code is not None else frozenset()
    except DexCodeError:
        return frozenset()
