"""Texts that code spells out as arrays of characters or bytes, which the strings of a DEX file do not hold.

Apps hide addresses so: the updater of Adups makes each by `new String(new char[]{…})`. Only arrays are read that an
instruction fills, and only plain printable ones. Source:
https://source.android.com/docs/core/runtime/dalvik-bytecode ("fill-array-data-payload format").
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, walk
from phone_audit.apk.dex.methods import CODE_HEADER

LONGEST: Final = 1_000
"""Characters of an array that is read."""
MOST: Final = 2_000
"""Arrays of one part that are read."""
_FILL: Final = 0x26
_PAYLOAD: Final = 0x0300
_HEADER: Final = 8
_ENCODINGS: Final = {1: "latin-1", 2: "utf-16-le"}
"""How the elements of an array are read, by their width in bytes."""
_PLAIN: Final = re.compile(r"[\x20-\x7e]{4,}")


class ArrayText(NamedTuple):
    """A text, the row in `DexIndex.methods` of the first method that has it, and the array's offset in the file."""

    text: str
    row: int
    offset: int


def array_texts(index: DexIndex) -> Iterator[ArrayText]:
    """Yield the texts of one part in the order in which they stand; those that no instruction fills in are left out."""
    low, high = index.bodies.area()
    units = index.data[low : low + (high - low) // 2 * 2].view("<u2")
    if units.size < _HEADER // 2:
        return
    begins = np.flatnonzero(
        (units[:-3] == _PAYLOAD) & np.isin(units[1:-2], list(_ENCODINGS)) & (units[2:-1] <= LONGEST) & (units[3:] == 0)
    )
    for place in begins[:MOST].tolist():
        offset = low + 2 * place
        text = _text(index, offset, width=int(units[place + 1]), size=int(units[place + 2]))
        row = _row_that_fills(index, offset) if text else None
        if text is not None and row is not None:
            yield ArrayText(text, row, offset)


def _text(index: DexIndex, offset: int, *, width: int, size: int) -> str | None:
    begin = offset + _HEADER
    content = bytes(index.data[begin : begin + width * size])
    text = content.decode(_ENCODINGS[width], "replace")
    return text if len(content) == width * size and _PLAIN.fullmatch(text) else None


def _row_that_fills(index: DexIndex, offset: int) -> int | None:
    """Return the method with an instruction that fills an array from this place; None where there is none."""
    bodies = index.bodies
    item = int(bodies.code.searchsorted(offset, side="right")) - 1
    if item < 0:
        return None
    row = int(bodies.rows[bodies.first[item]])
    code = index.code(row)
    unit = (offset - int(bodies.code[item]) - CODE_HEADER) // 2
    try:
        fills = code is not None and any(one.opcode == _FILL and one.target == unit for one in walk(code.units))
    except DexCodeError:
        return None
    return row if fills else None
