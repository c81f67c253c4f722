"""How often a string stands as a value: in annotations and in the initial values of static fields."""

import struct
from typing import Final

from phone_audit.apk.dex.index import DexIndex

_MAP_OFFSET: Final = 0x34
_MAP_ITEM: Final = struct.Struct("<HHII")
_MOST_KINDS: Final = 64
_HOLD_VALUES: Final = frozenset({0x2004, 0x2005})
"""annotation_item and encoded_array_item, as the map calls them."""
_VALUE_STRING: Final = 0x17


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
