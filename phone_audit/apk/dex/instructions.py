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
PAYLOADS: Final = frozenset({0x0100, 0x0200, 0x0300})
"""Code units that begin the table of a switch, or the data of an array."""
MOVE_OBJECT: Final = range(0x07, 0x0A)
MOVE_RESULT_OBJECT: Final = 0x0C
MOVE_EXCEPTION: Final = 0x0D
RETURNS: Final = range(0x0E, 0x12)
CONST_CLASS: Final = 0x1C
CHECK_CAST: Final = 0x1F
NEW_INSTANCE: Final = 0x22
THROW: Final = 0x27
GOTOS: Final = range(0x28, 0x2B)
SWITCHES: Final = range(0x2B, 0x2D)
IFS: Final = range(0x32, 0x3E)
JUMPS: Final = frozenset((*GOTOS, *IFS))
NO_WAY_ON: Final = frozenset((*GOTOS, *RETURNS, THROW))
"""What the next instruction never follows."""
SGET_OBJECT: Final = 0x62
INVOKES: Final = frozenset((*range(0x6E, 0x73), *range(0x74, 0x79)))
STATIC_INVOKES: Final = frozenset({0x71, 0x77})


class DexCodeError(ApkError):
    """The instructions of a method cannot be followed."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="bad-code")


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
    """Return the instructions of a method in the order in which they stand; payloads are passed over.

    Every step goes forward, so the time is bounded by the length. Raises a DexCodeError at an unused opcode, or an
    instruction that leaves the method.
    """
    return (read_instruction(units, at) for at in starts(units))


def starts(units: Units) -> Iterator[int]:
    """Yield the code units at which the instructions of a method begin, in order; raises as `walk`."""
    at, end = 0, len(units)
    while at < end:
        unit = units[at]
        opcode = unit & 0xFF
        if opcode == 0 and unit in PAYLOADS:
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
        at += payload_width(units, at) if unit in PAYLOADS else WIDTHS[unit & 0xFF]
    return at


def payload_width(units: Units, at: int) -> int:
    """Return the code units that a payload fills, four at least. Source: dalvik-bytecode, the payload formats."""
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


def _pair(units: Units, at: int) -> tuple[int, int]:
    return units[at] >> 8 & 0xF, units[at] >> 12


def _one(units: Units, at: int) -> tuple[int]:
    return (units[at] >> 8,)


def _35c(units: Units, at: int) -> _Operands:
    """A|G|op BBBB F|E|D|C: the count A is 0 to 5; registers C to G."""
    first, packed = units[at], units[at + 2]
    named = (packed & 0xF, packed >> 4 & 0xF, packed >> 8 & 0xF, packed >> 12, first >> 8 & 0xF)
    return named[: first >> 12], units[at + 1], None, None


def _3rc(units: Units, at: int) -> _Operands:
    first = units[at + 2]
    return tuple(range(first, first + (units[at] >> 8))), units[at + 1], None, None


_Reader = Callable[[Units, int], _Operands]
_READERS: Final[dict[str, tuple[int, _Reader]]] = {
    "10x": (1, lambda u, at: ((), None, None, None)),
    "12x": (1, lambda u, at: (_pair(u, at), None, None, None)),
    "11n": (1, lambda u, at: ((u[at] >> 8 & 0xF,), None, _signed(u[at] >> 12, 4), None)),
    "11x": (1, lambda u, at: (_one(u, at), None, None, None)),
    "10t": (1, lambda u, at: ((), None, None, at + _signed(u[at] >> 8, 8))),
    "20t": (2, lambda u, at: ((), None, None, at + _signed(u[at + 1], 16))),
    "22x": (2, lambda u, at: ((u[at] >> 8, u[at + 1]), None, None, None)),
    "21t": (2, lambda u, at: (_one(u, at), None, None, at + _signed(u[at + 1], 16))),
    "21s": (2, lambda u, at: (_one(u, at), None, _signed(u[at + 1], 16), None)),
    "21h": (2, lambda u, at: (_one(u, at), None, _signed(u[at + 1], 16) << 16, None)),
    "21hw": (2, lambda u, at: (_one(u, at), None, _signed(u[at + 1], 16) << 48, None)),
    "21c": (2, lambda u, at: ((u[at] >> 8,), u[at + 1], None, None)),
    "23x": (2, lambda u, at: ((u[at] >> 8, u[at + 1] & 0xFF, u[at + 1] >> 8), None, None, None)),
    "22b": (2, lambda u, at: ((u[at] >> 8, u[at + 1] & 0xFF), None, _signed(u[at + 1] >> 8, 8), None)),
    "22t": (2, lambda u, at: (_pair(u, at), None, None, at + _signed(u[at + 1], 16))),
    "22s": (2, lambda u, at: (_pair(u, at), None, _signed(u[at + 1], 16), None)),
    "22c": (2, lambda u, at: (_pair(u, at), u[at + 1], None, None)),
    "30t": (3, lambda u, at: ((), None, None, at + _signed(_wide(u, at + 1), 32))),
    "32x": (3, lambda u, at: ((u[at + 1], u[at + 2]), None, None, None)),
    "31i": (3, lambda u, at: (_one(u, at), None, _signed(_wide(u, at + 1), 32), None)),
    "31t": (3, lambda u, at: (_one(u, at), None, None, at + _signed(_wide(u, at + 1), 32))),
    "31c": (3, lambda u, at: (_one(u, at), _wide(u, at + 1), None, None)),
    "35c": (3, _35c),
    "3rc": (3, _3rc),
    "45cc": (4, _35c),
    "4rcc": (4, _3rc),
    "51l": (5, lambda u, at: (_one(u, at), None, _signed(_wide(u, at + 1) | _wide(u, at + 3) << 32, 64), None)),
}
"""Width in code units, and what reads the operands: registers, index, literal, target. Of `45cc` and `4rcc` the
prototype in the last unit is left out."""


def _by_opcode() -> list[tuple[int, _Reader] | None]:
    table: list[tuple[int, _Reader] | None] = [None] * 256
    for part in _FORMATS.split():
        opcodes, name = part.split(":")
        first, _, last = opcodes.partition("-")
        for opcode in range(int(first, 16), int(last or first, 16) + 1):
            table[opcode] = _READERS[name]
    return table


FORMAT: Final = _by_opcode()
"""By opcode; None where the opcode is not used."""
_OPERANDS: Final = [form[1] if form else _READERS["10x"][1] for form in FORMAT]
WIDTHS: Final = [form[0] if form else 1 for form in FORMAT]
"""Code units by opcode; an unused one counts one unit, so that a walk past it goes on."""
