"""Where a VDEX file wrote down what replaced instructions had named, in its three forms.

Sources: AOSP `art/runtime/vdex_file.{h,cc}` and `quicken_info.h` of Android 8.0 (006), 8.1 (010), 9 (019), 10 and 11
(021); `art/libdexfile/dex/compact_offset_table.cc`.
"""

from typing import Final, Protocol

from phone_audit.apk.oat.instructions import InOrder, Recorded, WithPlaces
from phone_audit.apk.oat.reading import CodeFileError, half, uleb128, word

_BLOCK: Final = 16
"""Methods in one block of a compact offset table."""
_ALL_BITS: Final = 0xFFFFFFFF


class Quickening(Protocol):
    """What was written down for one DEX file."""

    def of(self, method: int, code: int) -> Recorded | None:
        """Return what was written down for a method; None where its instructions are as they were.

        It is asked once for each method with code, in the order of the file.

        Args:
            method: index into method_ids.
            code: offset of its code, as class_data has it.

        Raises:
            CodeFileError: the bytes are not in order.
        """
        ...


class Untouched:
    """Nothing was replaced."""

    def of(self, method: int, code: int) -> Recorded | None:
        """As for `Quickening`."""
        del method, code
        return None


class MethodByMethod:
    """VDEX 006: for every method with code a size in bytes and its pairs, one DEX file after the other."""

    def __init__(self, info: memoryview) -> None:
        self._info = info
        self._at = 0

    def of(self, method: int, code: int) -> Recorded:
        """As for `Quickening`."""
        del method, code
        begin = self._at + 4
        end = begin + word(self._info, self._at)
        if end > len(self._info):
            raise CodeFileError("What was written down of replaced instructions is cut off.", "bad-quickening")
        self._at = end
        pairs = []
        at = begin
        while at < end:
            place, at = uleb128(self._info, at)
            number, at = uleb128(self._info, at)
            pairs.append((place, number & 0xFFFF))
        return WithPlaces(pairs)


class ByCode:
    """VDEX 010: a table of code offsets for each DEX file, and where the numbers of each stand."""

    def __init__(self, info: memoryview, number: int, count: int) -> None:
        self._info = info
        starts = len(info) - 4 * count
        begin = word(info, starts + 4 * number)
        end = starts if number + 1 == count else word(info, starts + 4 * (number + 1))
        if not 0 <= begin <= end <= starts:
            raise CodeFileError("The table of replaced instructions lies outside the file.", "bad-quickening")
        self._places = {word(info, at): word(info, at + 4) for at in range(begin, end - 7, 8)}

    def of(self, method: int, code: int) -> Recorded:
        """As for `Quickening`; where no number is written down, returns may still have been replaced."""
        del method
        at = self._places.get(code)
        return InOrder(_numbers(self._info, at + 4, word(self._info, at) // 2) if at is not None else ())


class ByMethod:
    """VDEX 019 to 026: a compact table of offsets by method index, which stands `table` bytes into the information."""

    def __init__(self, info: memoryview, table: int) -> None:
        self._info = info
        self._least = word(info, table)
        self._blocks = table + 8
        self._table = self._blocks + word(info, table + 4)

    def of(self, method: int, code: int) -> Recorded | None:
        """As for `Quickening`."""
        del code
        offset = self._offset(method)
        if not offset:
            return None
        count, at = uleb128(self._info, offset - 1)
        return InOrder(_numbers(self._info, at, count))

    def _offset(self, method: int) -> int:
        """Look up the offset, plus one, of what belongs to a method; 0 where there is nothing."""
        at = self._blocks + word(self._info, self._table + 4 * (method // _BLOCK))
        present = half(self._info, at)
        present = present >> 8 | (present & 0xFF) << 8
        place = method % _BLOCK
        if not present >> place & 1:
            return 0
        at += 2
        offset = self._least
        for _ in range((present & (2 << place) - 1).bit_count()):
            step, at = uleb128(self._info, at)
            offset = offset + step & _ALL_BITS  # a step back is written as one around the 32 bits
        return offset


def _numbers(info: memoryview, at: int, count: int) -> memoryview:
    """Return 16-bit numbers as a view: a forged count costs nothing."""
    if at + 2 * count > len(info):
        raise CodeFileError("What was written down of replaced instructions is cut off.", "bad-quickening")
    return info[at : at + 2 * count].cast("H")
