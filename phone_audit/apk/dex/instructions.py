"""Dalvik instructions, decoded one after another.

Sources: https://source.android.com/docs/core/runtime/dalvik-bytecode (what each opcode does) and
https://source.android.com/docs/core/runtime/instruction-formats (how its operands are laid out).
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from phone_audit.errors import ApkError

Units = memoryview
"""Code units of one method: unsigned 16-bit numbers (a memoryview of format `H`)."""

CONST_STRING: Final = 0x1A
CONST_STRING_JUMBO: Final = 0x1B

_FORMATS: Final = (
    "00:10x 01:12x 02:22x 03:32x 04:12x 05:22x 06:32x 07:12x 08:22x 09:32x 0a-0d:11x 0e:10x 0f-11:11x 12:11n 13:21s "
    "14:31i 15:21h 16:21s 17:31i 18:51l 19:21hw 1a:21c 1b:31c 1c:21c 1d-1e:11x 1f:21c 20:22c 21:12x 22:21c 23:22c "
    "24:35c 25:3rc 26:31t 27:11x 28:10t 29:20t 2a:30t 2b-2c:31t 2d-31:23x 32-37:22t 38-3d:21t 44-51:23x 52-5f:22c "
    "60-6d:21c 6e-72:35c 74-78:3rc 7b-8f:12x 90-af:23x b0-cf:12x d0-d7:22s d8-e2:22b fa:45cc fb:4rcc fc:35c fd:3rc "
    "fe-ff:21c"
)
_PAYLOADS: Final = frozenset({0x0100, 0x0200, 0x0300})


class DexCodeError(ApkError):
    """The instructions of a method cannot be followed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, step="dex", code="bad-code")


class Instruction(NamedTuple):
    """One instruction.

    Attributes:
        offset: where it begins, in code units from the start of the method's instructions.
        opcode: 0 to 255.
        registers: all that it names, in the order of its operands; the destination, where there is one, comes first.
            Of a range all registers are listed.
        index: string, type, field, method, prototype, call site or method handle; which of them, the opcode tells.
        literal: the signed constant that it carries, shifted to its place by the `high16` forms.
        target: code unit that it may jump to, or where its payload stands.
    """

    offset: int
    opcode: int
    registers: tuple[int, ...]
    index: int | None  # type: ignore[assignment]  # shadows tuple.index, which nobody needs here
    literal: int | None
    target: int | None


_Operands = tuple[tuple[int, ...], int | None, int | None, int | None]


def walk(units: Units) -> Iterator[Instruction]:
    """Return the instructions of a method in the order in which they stand.

    Payloads of switches and array data are passed over. Every step goes forward, so the time is bounded by the length.

    Raises:
        DexCodeError: an unused opcode, or an instruction that leaves the method.
    """
    return (read_instruction(units, at) for at in starts(units))


def starts(units: Units) -> Iterator[int]:
    """Yield the code units at which the instructions of a method begin, in order.

    Raises:
        DexCodeError: as for `walk`.
    """
    at, end = 0, len(units)
    while at < end:
        unit = units[at]
        opcode = unit & 0xFF
        if opcode == 0 and unit in _PAYLOADS:
            at += payload_width(units, at)
            continue
        if FORMAT[opcode] is None:
            raise DexCodeError(f"Opcode {opcode:#04x} at code unit {at} does not exist.")
        width = WIDTHS[opcode]
        if at + width > end:
            raise DexCodeError(f"The instruction at code unit {at} leaves its method.")
        yield at
        at += width


def read_instruction(units: Units, at: int) -> Instruction:
    """Decode the instruction that begins at a code unit, one of `starts`."""
    opcode = units[at] & 0xFF
    return Instruction(at, opcode, *_OPERANDS[opcode](units, at))


def step_to(units: Units, wanted: int, at: int = 0) -> int:
    """Walk from the beginning of one instruction to the first that begins at or behind a code unit; give its place.

    An instruction begins at `wanted` exactly when that is the answer. Unused opcodes are passed over.
    """
    while at < wanted:
        unit = units[at]
        at += payload_width(units, at) if unit in _PAYLOADS else WIDTHS[unit & 0xFF]
    return at


def payload_width(units: Units, at: int) -> int:
    """Return the code units that a payload fills.

    Never less than four. Source: dalvik-bytecode, the payload formats.
    """
    if at + 3 >= len(units):
        return 4
    kind, size = units[at], units[at + 1]
    if kind == 0x0100:
        return 4 + 2 * size
    if kind == 0x0200:
        return max(4, 2 + 4 * size)
    elements = units[at + 2] | units[at + 3] << 16
    return 4 + (elements * size + 1) // 2


def _signed(number: int, bits: int) -> int:
    return number - (1 << bits) if number >> (bits - 1) & 1 else number


def _wide(units: Units, at: int) -> int:
    return units[at] | units[at + 1] << 16


def _none(units: Units, at: int) -> _Operands:
    return (), None, None, None


def _pair(units: Units, at: int) -> tuple[int, int]:
    return units[at] >> 8 & 0xF, units[at] >> 12


def _12x(units: Units, at: int) -> _Operands:
    return _pair(units, at), None, None, None


def _11x(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), None, None, None


def _11n(units: Units, at: int) -> _Operands:
    return (units[at] >> 8 & 0xF,), None, _signed(units[at] >> 12, 4), None


def _10t(units: Units, at: int) -> _Operands:
    return (), None, None, at + _signed(units[at] >> 8, 8)


def _20t(units: Units, at: int) -> _Operands:
    return (), None, None, at + _signed(units[at + 1], 16)


def _30t(units: Units, at: int) -> _Operands:
    return (), None, None, at + _signed(_wide(units, at + 1), 32)


def _22x(units: Units, at: int) -> _Operands:
    return (units[at] >> 8, units[at + 1]), None, None, None


def _32x(units: Units, at: int) -> _Operands:
    return (units[at + 1], units[at + 2]), None, None, None


def _23x(units: Units, at: int) -> _Operands:
    return (units[at] >> 8, units[at + 1] & 0xFF, units[at + 1] >> 8), None, None, None


def _22b(units: Units, at: int) -> _Operands:
    return (units[at] >> 8, units[at + 1] & 0xFF), None, _signed(units[at + 1] >> 8, 8), None


def _22s(units: Units, at: int) -> _Operands:
    return _pair(units, at), None, _signed(units[at + 1], 16), None


def _22t(units: Units, at: int) -> _Operands:
    return _pair(units, at), None, None, at + _signed(units[at + 1], 16)


def _22c(units: Units, at: int) -> _Operands:
    return _pair(units, at), units[at + 1], None, None


def _21s(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), None, _signed(units[at + 1], 16), None


def _21h(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), None, _signed(units[at + 1], 16) << 16, None


def _21hw(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), None, _signed(units[at + 1], 16) << 48, None


def _21t(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), None, None, at + _signed(units[at + 1], 16)


def _21c(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), units[at + 1], None, None


def _31i(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), None, _signed(_wide(units, at + 1), 32), None


def _31c(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), _wide(units, at + 1), None, None


def _31t(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), None, None, at + _signed(_wide(units, at + 1), 32)


def _51l(units: Units, at: int) -> _Operands:
    return (units[at] >> 8,), None, _signed(_wide(units, at + 1) | _wide(units, at + 3) << 32, 64), None


def _35c(units: Units, at: int) -> _Operands:
    """A|G|op BBBB F|E|D|C: the count A is 0 to 5; registers C to G."""
    first, packed = units[at], units[at + 2]
    named = (packed & 0xF, packed >> 4 & 0xF, packed >> 8 & 0xF, packed >> 12, first >> 8 & 0xF)
    return named[: first >> 12], units[at + 1], None, None


def _3rc(units: Units, at: int) -> _Operands:
    first = units[at + 2]
    return tuple(range(first, first + (units[at] >> 8))), units[at + 1], None, None


_READERS: Final[dict[str, tuple[int, Callable[[Units, int], _Operands]]]] = {
    "10x": (1, _none), "12x": (1, _12x), "11n": (1, _11n), "11x": (1, _11x), "10t": (1, _10t), "20t": (2, _20t),
    "22x": (2, _22x), "21t": (2, _21t), "21s": (2, _21s), "21h": (2, _21h), "21hw": (2, _21hw), "21c": (2, _21c),
    "23x": (2, _23x), "22b": (2, _22b), "22t": (2, _22t), "22s": (2, _22s), "22c": (2, _22c), "30t": (3, _30t),
    "32x": (3, _32x), "31i": (3, _31i), "31t": (3, _31t), "31c": (3, _31c), "35c": (3, _35c), "3rc": (3, _3rc),
    "45cc": (4, _35c), "4rcc": (4, _3rc), "51l": (5, _51l),
}  # fmt: skip
"""Width in code units, and what reads the operands. Of `45cc` and `4rcc` the prototype in the last unit is left out."""


def _by_opcode() -> list[tuple[int, Callable[[Units, int], _Operands]] | None]:
    table: list[tuple[int, Callable[[Units, int], _Operands]] | None] = [None] * 256
    for part in _FORMATS.split():
        opcodes, name = part.split(":")
        first, _, last = opcodes.partition("-")
        for opcode in range(int(first, 16), int(last or first, 16) + 1):
            table[opcode] = _READERS[name]
    return table


FORMAT: Final = _by_opcode()
"""By opcode; None where the opcode is not used."""
_OPERANDS: Final = [form[1] if form else _none for form in FORMAT]
WIDTHS: Final = [form[0] if form else 1 for form in FORMAT]
"""Code units by opcode; an unused one counts one unit, so that a walk past it goes on."""
