"""Puts back the instructions that ART replaced by its own quick forms.

Sources: AOSP `art/runtime/dex_to_dex_decompiler.cc` and `vdex_file.{h,cc}` of Android 8.0 (VDEX 006), 8.1 (010), 9
(019), 10 and 11 (021); `art/libdexfile/dex/dex_instruction_list.h` and `compact_offset_table.cc`. Quick forms name an
offset in an object instead of a field, or a place in a table instead of a method; what they named before was written
down in the VDEX. A cast that was found needless became two `nop`.
"""

from collections.abc import Sequence
from typing import Final

from phone_audit.apk.dex.instructions import CHECK_CAST, PAYLOADS, WIDTHS, payload_width
from phone_audit.apk.oat.binary import CodeFileError, half, uleb128, word

Units = memoryview
"""Code units of one method, unsigned 16-bit numbers that can be changed (format `H`)."""

_NOP: Final = 0x00
_RETURN_VOID: Final = 0x0E
_RETURN_VOID_NO_BARRIER: Final = 0x73
_NO_INDEX: Final = 0xFFFF

_NAMED_BEFORE: Final = {
    0xE3: 0x52, 0xE4: 0x53, 0xE5: 0x54, 0xEF: 0x55, 0xF0: 0x56, 0xF1: 0x57, 0xF2: 0x58,
    0xE6: 0x59, 0xE7: 0x5A, 0xE8: 0x5B, 0xEB: 0x5C, 0xEC: 0x5D, 0xED: 0x5E, 0xEE: 0x5F,
    0xE9: 0x6E, 0xEA: 0x74,
}  # fmt: skip
"""Quick opcode → what it was: iget and iput of each kind, invoke-virtual and invoke-virtual/range. All of them name
the field or method in their second unit."""
_WIDTHS: Final = [
    WIDTHS[_NAMED_BEFORE[opcode]] if opcode in _NAMED_BEFORE else width for opcode, width in enumerate(WIDTHS)
]
_BLOCK: Final = 16
"""Methods in one block of a compact offset table."""
_ALL_BITS: Final = 0xFFFFFFFF


class SequentialOperands:
    """One number after the other, for every quick form and every `nop` (VDEX 010 to 026)."""

    def __init__(self, numbers: Sequence[int] | memoryview) -> None:
        self._numbers = numbers
        self._next = 0

    def cast(self, at: int) -> tuple[int, int] | None:
        """Return register and type of the cast that stood at a code unit; None where it was a `nop` all along.

        A method of which no number was written down has only its returns replaced.
        """
        if not self._numbers:
            return None
        register = self.named(at)
        return None if register == _NO_INDEX else (register, self.named(at))

    def named(self, at: int) -> int:
        """Return what the instruction at a code unit named."""
        if self._next == len(self._numbers):
            raise CodeFileError(f"The instruction at code unit {at} has nothing written down.", "bad-quickening")
        self._next += 1
        return self._numbers[self._next - 1]


class PositionedOperands:
    """Pairs of a code unit and a number, only for what was replaced (VDEX 006)."""

    def __init__(self, pairs: Sequence[tuple[int, int]]) -> None:
        self._pairs = pairs
        self._next = 0

    def cast(self, at: int) -> tuple[int, int] | None:
        if self._next == len(self._pairs) or self._pairs[self._next][0] != at:
            return None
        return self.named(at), self.named(at)

    def named(self, at: int) -> int:
        if self._next == len(self._pairs) or self._pairs[self._next][0] != at:
            raise CodeFileError(f"The instruction at code unit {at} has nothing written down.", "bad-quickening")
        self._next += 1
        return self._pairs[self._next - 1][1]


OriginalOperands = SequentialOperands | PositionedOperands
"""What the replaced instructions of one method named."""


def restore(units: Units, recorded: OriginalOperands) -> None:
    """Put back the instructions of one method, up to where what was written down does not fit the code."""
    at, end = 0, len(units)
    while at < end:
        unit = units[at]
        opcode = unit & 0xFF
        width = payload_width(units, at) if unit in PAYLOADS else _WIDTHS[opcode]
        if opcode == _NOP:
            cast = recorded.cast(at)
            if cast is not None and at + 1 < end:
                units[at] = CHECK_CAST | (cast[0] & 0xFF) << 8
                units[at + 1] = cast[1] & _NO_INDEX
                width = WIDTHS[CHECK_CAST]
        elif opcode == _RETURN_VOID_NO_BARRIER:
            units[at] = _RETURN_VOID
        elif opcode in _NAMED_BEFORE and at + width <= end:
            units[at + 1] = recorded.named(at) & _NO_INDEX
            units[at] = unit & 0xFF00 | _NAMED_BEFORE[opcode]
        at += width


class QuickeningByOrder:
    """VDEX 006: for every method with code a size in bytes and its pairs, one DEX file after the other."""

    def __init__(self, info: memoryview) -> None:
        self._info = info
        self._at = 0

    def of(self, _method: int, _code: int) -> OriginalOperands:
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
        return PositionedOperands(pairs)


class QuickeningByCode:
    """VDEX 010: a table of code offsets for each DEX file, and where the numbers of each stand."""

    def __init__(self, info: memoryview, number: int, count: int) -> None:
        self._info = info
        starts = len(info) - 4 * count
        begin = word(info, starts + 4 * number)
        end = starts if number + 1 == count else word(info, starts + 4 * (number + 1))
        if not 0 <= begin <= end <= starts:
            raise CodeFileError("The table of replaced instructions lies outside the file.", "bad-quickening")
        self._places = {word(info, at): word(info, at + 4) for at in range(begin, end - 7, 8)}

    def of(self, _method: int, code: int) -> OriginalOperands:
        """Return what was written down; where that is nothing, returns may still have been replaced."""
        at = self._places.get(code)
        return SequentialOperands(_numbers(self._info, at + 4, word(self._info, at) // 2) if at is not None else ())


class QuickeningByMethod:
    """VDEX 019 to 026: a compact table of offsets by method index, which stands `table` bytes into the information."""

    def __init__(self, info: memoryview, table: int) -> None:
        self._info = info
        self._least = word(info, table)
        self._blocks = table + 8
        self._table = self._blocks + word(info, table + 4)

    def of(self, method: int, _code: int) -> OriginalOperands | None:
        offset = self._offset(method)
        if not offset:
            return None
        count, at = uleb128(self._info, offset - 1)
        return SequentialOperands(_numbers(self._info, at, count))

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


QuickeningInfo = QuickeningByOrder | QuickeningByCode | QuickeningByMethod
"""What was written down for one DEX file.

`of` is asked once for each method with code, in the order of the file: by its index into method_ids, and the offset of
its code as class_data has it. It returns None where the instructions are as they were."""


def _numbers(info: memoryview, at: int, count: int) -> memoryview:
    """Return 16-bit numbers as a view: a forged count costs nothing."""
    if at + 2 * count > len(info):
        raise CodeFileError("What was written down of replaced instructions is cut off.", "bad-quickening")
    return info[at : at + 2 * count].cast("H")
