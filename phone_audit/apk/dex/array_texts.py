"""Texts that code spells out as arrays of characters or bytes, which the strings of a DEX file do not hold.

Apps hide addresses so: the updater of Adups makes each by `new String(new char[]{…})`. Only arrays are read that an
instruction fills, and only plain printable ones, but for zeros and white space around them; of other bytes, such as the
settings of Metasploit's payload, only URLs that name their scheme and end in a zero. Source:
https://source.android.com/docs/core/runtime/dalvik-bytecode ("fill-array-data-payload format").
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.dex.index import Code, DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, walk
from phone_audit.apk.dex.methods import CODE_HEADER

LONGEST: Final = 1_000
"""Characters of an array that is read as one text."""
_MOST_URLS: Final = 8
"""URLs of one array of bytes."""
_READ_AGAIN: Final = 4
"""How often, on average, a byte of the file is looked at for such arrays; of those made by a compiler, none lie in one
another."""
_FILL: Final = 0x26
_PAYLOAD: Final = 0x0300
_HEADER: Final = 8
_ENCODINGS: Final = {1: "latin-1", 2: "utf-16-le"}
"""How the elements of an array are read, by their width in bytes."""
_AROUND: Final = "\0\t\n\r "
_PLAIN: Final = re.compile(r"[\x20-\x7e]{4,}")
_URL_WITHIN: Final = re.compile(rb"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,9}://[\x21-\x7e]{4,500}(?=\0|\Z)")


class ArrayText(NamedTuple):
    """A text, a row in `DexIndex.methods` that has it, and the offset of the array in the file."""

    text: str
    row: int
    offset: int


def array_texts(index: DexIndex) -> Iterator[ArrayText]:
    """Yield the texts of one part in the order in which they stand, for each method that has it.

    The time is bounded by the bytes of the file: each method with such an array is walked once.
    """
    items: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    for array in _plain_arrays(index):
        items[int(index.bodies.code.searchsorted(array[0], side="right")) - 1].append(array)
    for item, found in items.items():
        rows = index.bodies.rows[index.bodies.first[item] : index.bodies.first[item + 1]].tolist()
        code = index.code(rows[0])
        filled = _filled_from(code)
        begin = int(index.bodies.code[item]) + CODE_HEADER
        for offset, end, text in found:
            if code and (offset - begin) // 2 in filled and end <= begin + 2 * len(code.units):
                yield from (ArrayText(text, row, offset) for row in rows)


def _plain_arrays(index: DexIndex) -> Iterator[tuple[int, int, str]]:
    """Yield where what looks like an array with a plain text begins and ends, and the text."""
    low, high = index.bodies.area()
    units = index.data[low : low + (high - low) // 2 * 2].view("<u2")
    if units.size < _HEADER // 2:
        return
    is_array = (units[:-3] == _PAYLOAD) & np.isin(units[1:-2], list(_ENCODINGS))
    is_read = ((units[2:-1] <= LONGEST) | (units[1:-2] == 1)) & (units[3:] == 0)
    left = _READ_AGAIN * (high - low)
    for place in np.flatnonzero(is_array & is_read).tolist():
        width, length, begin = int(units[place + 1]), int(units[place + 2]), low + 2 * place + _HEADER
        end = begin + width * length
        text = _plain(bytes(index.data[begin:end]), width) if length <= LONGEST else None
        if text is not None:
            yield low + 2 * place, end, text
        elif width == 1 and left > 0:
            left -= length
            urls = islice(_URL_WITHIN.finditer(bytes(index.data[begin:end])), _MOST_URLS)
            yield from ((low + 2 * place, end, url[0].decode("ascii")) for url in urls)


def _plain(content: bytes, width: int) -> str | None:
    text = content.decode(_ENCODINGS[width], "replace").strip(_AROUND)
    return text if _PLAIN.fullmatch(text) else None


def _filled_from(code: Code | None) -> frozenset[int]:
    """Return the code units from which instructions of a method fill arrays."""
    try:
        return frozenset(one.target or 0 for one in walk(code.units) if one.opcode == _FILL) if code else frozenset()
    except DexCodeError:
        return frozenset()
