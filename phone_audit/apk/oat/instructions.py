"""Puts back the instructions that ART replaced by its own quick forms.

Sources: AOSP `art/runtime/dex_to_dex_decompiler.cc` of Android 8.0 to 11, `art/libdexfile/dex/dex_instruction_list.h`.
Quick forms name an offset in an object instead of a field, or a place in a table instead of a method; what they named
before was written down beside the code. A cast that was found needless became two `nop`.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from phone_audit.apk.dex.instructions import WIDTHS, payload_width
from phone_audit.apk.oat.reading import CodeFileError

Units = memoryview
"""Code units of one method, unsigned 16-bit numbers that can be changed (format `H`)."""

_NOP: Final = 0x00
_RETURN_VOID: Final = 0x0E
_CHECK_CAST: Final = 0x1F
_RETURN_VOID_NO_BARRIER: Final = 0x73
_NO_INDEX: Final = 0xFFFF
_PAYLOADS: Final = frozenset({0x0100, 0x0200, 0x0300})

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


class Recorded(Protocol):
    """What the replaced instructions of one method named."""

    def cast(self, at: int) -> tuple[int, int] | None:
        """Return register and type of the cast that stood at a code unit; None where it was a `nop` all along."""
        ...

    def named(self, at: int) -> int:
        """Return what the instruction at a code unit named.

        Raises:
            CodeFileError: nothing was written down for it.
        """
        ...


class InOrder:
    """One number after the other, for every quick form and every `nop` (VDEX 010 to 026)."""

    def __init__(self, numbers: Sequence[int] | memoryview) -> None:
        self._numbers = numbers
        self._next = 0

    def cast(self, at: int) -> tuple[int, int] | None:
        """As for `Recorded`. A method of which no number was written down has only its returns replaced."""
        if not self._numbers:
            return None
        register = self.named(at)
        return None if register == _NO_INDEX else (register, self.named(at))

    def named(self, at: int) -> int:
        """As for `Recorded`."""
        if self._next == len(self._numbers):
            raise CodeFileError(f"The instruction at code unit {at} has nothing written down.", "bad-quickening")
        self._next += 1
        return self._numbers[self._next - 1]


class WithPlaces:
    """Pairs of a code unit and a number, only for what was replaced (VDEX 006)."""

    def __init__(self, pairs: Sequence[tuple[int, int]]) -> None:
        self._pairs = pairs
        self._next = 0

    def cast(self, at: int) -> tuple[int, int] | None:
        """As for `Recorded`."""
        if self._next == len(self._pairs) or self._pairs[self._next][0] != at:
            return None
        return self.named(at), self.named(at)

    def named(self, at: int) -> int:
        """As for `Recorded`."""
        if self._next == len(self._pairs) or self._pairs[self._next][0] != at:
            raise CodeFileError(f"The instruction at code unit {at} has nothing written down.", "bad-quickening")
        self._next += 1
        return self._pairs[self._next - 1][1]


def restore(units: Units, recorded: Recorded) -> None:
    """Put back the instructions of one method.

    Raises:
        CodeFileError: what was written down does not fit the code; the instructions up to there are put back.
    """
    at, end = 0, len(units)
    while at < end:
        unit = units[at]
        opcode = unit & 0xFF
        width = payload_width(units, at) if unit in _PAYLOADS else _WIDTHS[opcode]
        if opcode == _NOP:
            cast = recorded.cast(at)
            if cast is not None and at + 1 < end:
                units[at] = _CHECK_CAST | (cast[0] & 0xFF) << 8
                units[at + 1] = cast[1] & _NO_INDEX
                width = WIDTHS[_CHECK_CAST]
        elif opcode == _RETURN_VOID_NO_BARRIER:
            units[at] = _RETURN_VOID
        elif opcode in _NAMED_BEFORE and at + width <= end:
            units[at + 1] = recorded.named(at) & _NO_INDEX
            units[at] = unit & 0xFF00 | _NAMED_BEFORE[opcode]
        at += width
