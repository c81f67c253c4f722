"""Which methods load a number, such as that of a resource.

Source: https://source.android.com/docs/core/runtime/dalvik-bytecode (`const`, `const/high16`).
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import numpy as np

from phone_audit.apk.dex.def_use import Instructions
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError
from phone_audit.apk.dex.methods import CODE_HEADER

_CONST: Final = 0x14
_CONST_HIGH: Final = 0x15
"""Compilers take it for numbers that end in 16 zeros, as that of the first resource of a kind does."""


def rows_with(index: DexIndex, numbers: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield the rows of methods that put one of some unsigned numbers of 32 bits into a register, each behind it."""
    low, high = index.bodies.area()
    units = index.data[low : low + (high - low) // 2 * 2].view("<u2").astype(np.uint32)
    if not numbers or units.size < 3:
        return
    opcodes, first, second = units[:-2] & 0xFF, units[1:-1], units[2:]
    held = np.where(opcodes == _CONST, second << 16 | first, np.where(opcodes == _CONST_HIGH, first << 16, 0))
    for place in np.flatnonzero(np.isin(held, sorted(numbers))).tolist():
        yield from ((int(held[place]), row) for row in _rows_at(index, low + 2 * place))


def _rows_at(index: DexIndex, offset: int) -> Sequence[int]:
    """Return the rows of the methods in which an instruction begins at an offset of the file."""
    bodies = index.bodies
    item = int(bodies.code.searchsorted(offset, side="right")) - 1
    unit = (offset - int(bodies.code[item]) - CODE_HEADER) // 2
    rows: list[int] = bodies.rows[bodies.first[item] : bodies.first[item + 1]].tolist() if item >= 0 else []
    return rows if rows and 0 <= unit < int(bodies.units[item]) and _begins_at(index, rows[0], unit) else ()


def _begins_at(index: DexIndex, row: int, unit: int) -> bool:
    """Tell whether an instruction begins at a code unit of a method."""
    code = index.code(row)
    try:
        return code is not None and unit in Instructions(code.units).offsets
    except DexCodeError:
        return False
