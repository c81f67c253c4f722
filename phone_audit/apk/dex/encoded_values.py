"""Strings as values: in the initial values of static fields and in annotations.

Source: dex-format, "encoded_value encoding" and "encoded_array". Searched like `xrefs`: candidates as arrays, verified
by reading the one array that holds the candidate.
"""

import struct
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.methods import uleb128
from phone_audit.apk.dex.strings import Bytes

_CHUNK: Final = 1 << 19
_LONGEST_ARRAY: Final = 1 << 20
"""Bytes behind the start of the last array that are searched; no class has that many static fields."""
_STRING: Final = 0x17
_NO_BYTES: Final = frozenset({0x1E, 0x1F})
"""VALUE_NULL and VALUE_BOOLEAN keep everything in their first byte."""
_NESTED: Final = frozenset({0x1C, 0x1D})
"""VALUE_ARRAY and VALUE_ANNOTATION, which stand in no array of initial values."""
_INDEX_BYTES: Final = 4
_MOST_VALUES: Final = 1 << 16
"""Values of one array that are read; a class has no more fields."""

Numbers = NDArray[np.int64]
_MAP_OFFSET: Final = 0x34
_MAP_ITEM: Final = struct.Struct("<HHII")
_MOST_KINDS: Final = 64
_HOLD_VALUES: Final = frozenset({0x2004, 0x2005})
"""annotation_item and encoded_array_item, as the map calls them."""
_VALUE_STRING: Final = 0x17


class Holder(NamedTuple):
    """A class whose static fields begin with one of the strings asked for; `class_def` is its row in class_defs.

    `field` is the number of the field among its static fields.
    """

    id: int
    class_def: int
    field: int


def holders_of(index: DexIndex, strings: Collection[int]) -> dict[int, list[int]]:
    """Return for each string index the rows of class_defs whose initial values hold it, in the order of the file."""
    found: dict[int, list[int]] = {number: [] for number in sorted(strings)}
    if not found:
        return {}
    for number, class_def, _ in _verified(index, *_candidates(index, found)):
        if class_def not in found[number]:
            found[number].append(class_def)
    return found


def fields_of(index: DexIndex, strings: Collection[int]) -> dict[int, list[int]]:
    """Return for each string index the field_ids of the static fields that begin with it.

    A number of a field that is not in the table stands for one that cannot be told.
    """
    found: dict[int, list[int]] = {number: [] for number in sorted(strings)}
    for number, class_def, field in _verified(index, *_candidates(index, found)) if found else ():
        found[number].append(_static_field(index, class_def, field))
    return found


def _static_field(index: DexIndex, class_def: int, wanted: int) -> int:
    """Return the field_id of a static field by its number in its class. Source: dex-format, "class_data_item"."""
    at, data = int(index.part.class_defs["class_data"][class_def]), index.data.data
    count, at = uleb128(data, at)
    for _ in range(3):
        _, at = uleb128(data, at)
    number = 0
    for _ in range(wanted + 1 if wanted < count else 0):
        step, at = uleb128(data, at)
        _, at = uleb128(data, at)
        number += step
    return number if wanted < count else int(index.field_ids.size)


def _arrays(index: DexIndex) -> tuple[Numbers, NDArray[np.intp]]:
    """Return where the arrays of initial values begin, ascending, each once, and the first class that names each."""
    offsets = index.part.class_defs["static_values"].astype(np.int64)
    rows = np.flatnonzero((offsets > 0) & (offsets < index.data.size))
    starts, first = np.unique(offsets[rows], return_index=True)
    return starts, rows[first]


def _candidates(index: DexIndex, strings: Collection[int]) -> tuple[Numbers, Numbers]:
    """Return places that look like VALUE_STRING with one of the strings, and the strings."""
    starts, _ = _arrays(index)
    places, numbers = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    if starts.size and strings:
        wanted = np.unique(np.fromiter(strings, dtype=np.int64))
        end = min(int(starts[-1]) + _LONGEST_ARRAY, index.data.size)
        for low in range(int(starts[0]), end, _CHUNK):
            window = np.append(index.data[low : min(low + _CHUNK + _INDEX_BYTES, end)], np.zeros(4, dtype=np.uint8))
            place = np.flatnonzero((window[:_CHUNK] & 0x9F) == _STRING)
            value = _index_at(window, place)
            hits = np.isin(value, wanted)
            places.append(place[hits] + low)
            numbers.append(value[hits])
    return np.concatenate(places), np.concatenate(numbers)


def _index_at(window: Bytes, place: NDArray[np.intp]) -> Numbers:
    """Read the number behind a VALUE_STRING: one byte more than the upper three bits of its first byte say."""
    more = window[place] >> 5
    value = np.zeros(place.size, dtype=np.int64)
    for at in range(_INDEX_BYTES):
        value |= np.where(more >= at, window[np.minimum(place + 1 + at, window.size - 1)], 0).astype(np.int64) << (
            8 * at
        )
    return value


def _verified(index: DexIndex, places: Numbers, numbers: Numbers) -> Iterator[Holder]:
    """Yield the candidates that are values of an array, read from its beginning up to where the next one begins."""
    starts, classes = _arrays(index)
    array = np.searchsorted(starts, places, side="right") - 1
    data = index.data.data
    current, values = -1, dict[int, int]()
    for place, number, at in zip(places.tolist(), numbers.tolist(), array.tolist(), strict=True):
        if at != current:
            following = int(starts[at + 1]) if at + 1 < starts.size else index.data.size
            current, values = at, _values(data[int(starts[at]) : following], int(starts[at]))
        if place in values:
            yield Holder(number, int(classes[at]), values[place])


def _values(array: memoryview, start: int) -> dict[int, int]:
    """Return where the values of an encoded_array begin, each with its number, as far as it is in order."""
    size, at = 0, 0
    while at < min(len(array), 5):
        byte = array[at]
        size |= (byte & 0x7F) << (7 * at)
        at += 1
        if byte < 0x80:
            break
    found: dict[int, int] = {}
    size = min(size, _MOST_VALUES)
    while size and at < len(array):
        kind = array[at] & 0x1F
        if kind in _NESTED:
            break
        found[start + at] = len(found)
        at += 1 if kind in _NO_BYTES else 2 + (array[at] >> 5)
        size -= 1
    return found


def count_values(index: DexIndex, string: int) -> int:
    """Count the places that look like a value with this string index; a few of them may be something else.

    Source: dex-format, "encoded_value encoding": VALUE_STRING and the bytes of the index, their number less one in the
    upper three bits.
    """
    shortest = max(1, (string.bit_length() + 7) // 8)
    sizes = range(shortest, 5)
    patterns = [bytes([_VALUE_STRING | (size - 1) << 5]) + string.to_bytes(size, "little") for size in sizes]
    area = bytes(_area(index))
    return sum(area.count(pattern) for pattern in patterns)


def counts_of(index: DexIndex, strings: Collection[int]) -> dict[int, int]:
    """Return for each string index what `count_values` says of it; all are looked for at once."""
    found = dict.fromkeys(strings, 0)
    wanted = np.unique(np.fromiter(found, dtype=np.int64))
    area = np.frombuffer(_area(index), np.uint8) if found else np.empty(0, dtype=np.uint8)
    for low in range(0, area.size, _CHUNK):
        window = np.append(area[low : low + _CHUNK + _INDEX_BYTES], np.zeros(4, dtype=np.uint8))
        place = np.flatnonzero((window[:_CHUNK] & 0x9F) == _STRING)
        value = _index_at(window, place)
        numbers, counts = np.unique(value[np.isin(value, wanted)], return_counts=True)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            found[number] += count
    return found


def _area(index: DexIndex) -> memoryview:
    """Return the bytes from the first annotation or array of values to the end of the last, or the whole file.

    Source: dex-format, "map_list". Android refuses a file whose map is wrong; here a map that cannot be read only means
    that there is more to search.
    """
    whole = memoryview(index.data.data).cast("B")
    at = int.from_bytes(whole[_MAP_OFFSET : _MAP_OFFSET + 4], "little")
    count = int.from_bytes(whole[at : at + 4], "little") if at else 0
    if not 0 < count <= _MOST_KINDS or at + 4 + _MAP_ITEM.size * count > len(whole):
        return whole
    items = [_MAP_ITEM.unpack_from(whole, at + 4 + _MAP_ITEM.size * number) for number in range(count)]
    starts = [offset for kind, _, _, offset in items if kind in _HOLD_VALUES]
    if not starts:
        return whole
    behind = min((offset for *_, offset in items if offset > max(starts)), default=len(whole))
    return whole[min(starts) : behind]
