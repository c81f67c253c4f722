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
_MOST_URLS: Final = 100
"""URLs of one array of bytes."""
_MOST_READS: Final = 4
"""Times that a byte of the code is looked at for them, on average; a forged array may lie in another one."""
_FILL: Final = 0x26
_PAYLOAD: Final = 0x0300
_HEADER: Final = 8
_ENCODINGS: Final = {1: "latin-1", 2: "utf-16-le"}
"""How the elements of an array are read, by their width in bytes."""
_AROUND: Final = "\0\t\n\r "
_PLAIN: Final = re.compile(r"[\x20-\x7e]{4,}")
_URL_WITHIN: Final = re.compile(
    rb"(?:https?|wss?|ftps?|tcp|udp|ssl|tls|mqtts?|socks5?)://[\x21-\x7e]{4,}+", re.IGNORECASE
)
"""A URL among other bytes: of a scheme by which code connects, since what stands before it may be a letter, too."""
_LONGEST_URL: Final = 500


class ArrayText(NamedTuple):
    """A text, a row in `DexIndex.methods` that has it, and the offset of the array in the file."""

    text: str
    row: int
    offset: int


def array_texts(index: DexIndex) -> Iterator[ArrayText]:
    """Yield the texts of one part in the order in which they stand, for each method that has it.

    The time is bounded by the bytes of the file: each method with such an array is walked once, and of the arrays that
    it fills so many bytes are looked at for URLs as the code has, `_MOST_READS` times.
    """
    items: dict[int, list[_Array]] = defaultdict(list)
    for array in _arrays(index):
        items[int(index.bodies.code.searchsorted(array.place, side="right")) - 1].append(array)
    low, high = index.bodies.area()
    left = _MOST_READS * (high - low)
    for item, found in items.items():
        rows = index.bodies.rows[index.bodies.first[item] : index.bodies.first[item + 1]].tolist()
        code = index.code(rows[0])
        filled = _filled_from(code)
        begin = int(index.bodies.code[item]) + CODE_HEADER
        for array in found:
            if code is None or (array.place - begin) // 2 not in filled or array.end > begin + 2 * len(code.units):
                continue
            texts = [array.text] if array.text is not None else []
            if not texts and array.width == 1 and left > 0:
                left -= array.end - array.place
                texts = _urls_in(bytes(index.data[array.place + _HEADER : array.end]))
            yield from (ArrayText(text, row, array.place) for text in texts for row in rows)


class _Array(NamedTuple):
    """Where what looks like an array begins and ends, the width of its elements, and its text where that is plain."""

    place: int
    end: int
    width: int
    text: str | None


def _arrays(index: DexIndex) -> Iterator[_Array]:
    """Yield what looks like an array with a plain text, or of bytes."""
    low, high = index.bodies.area()
    units = index.data[low : low + (high - low) // 2 * 2].view("<u2")
    if units.size < _HEADER // 2:
        return
    is_array = (units[:-3] == _PAYLOAD) & np.isin(units[1:-2], list(_ENCODINGS))
    is_read = ((units[2:-1] <= LONGEST) | (units[1:-2] == 1)) & (units[3:] == 0)
    for place in np.flatnonzero(is_array & is_read).tolist():
        width, length, begin = int(units[place + 1]), int(units[place + 2]), low + 2 * place + _HEADER
        end = begin + width * length
        text = _plain(bytes(index.data[begin:end]), width) if length <= LONGEST else None
        if text is not None or width == 1:
            yield _Array(low + 2 * place, end, width, text)


def _plain(content: bytes, width: int) -> str | None:
    text = content.decode(_ENCODINGS[width], "replace").strip(_AROUND)
    return text if _PLAIN.fullmatch(text) else None


def _urls_in(content: bytes) -> list[str]:
    """Return the URLs among other bytes that end in a zero, or with the array."""
    ends = (found for found in _URL_WITHIN.finditer(content) if content[found.end() : found.end() + 1] in (b"", b"\0"))
    urls = (found[0].decode("ascii") for found in ends if len(found[0]) <= _LONGEST_URL)
    return list(islice(urls, _MOST_URLS))


def _filled_from(code: Code | None) -> frozenset[int]:
    """Return the code units from which instructions of a method fill arrays."""
    try:
        return frozenset(one.target or 0 for one in walk(code.units) if one.opcode == _FILL) if code else frozenset()
    except DexCodeError:
        return frozenset()
