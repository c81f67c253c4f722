"""Where a method goes on after an exception and behind a switch; all numbers are hostile."""

import struct

import pytest

from phone_audit.apk.dex.handlers import Guarded, handlers_of, switch_targets
from phone_audit.apk.dex.instructions import DexCodeError
from phone_audit.apk.dex.methods import Code

_UNITS = memoryview(struct.pack("<2H", 0, 0)).cast("H")


def code(tries: int, behind: bytes, units: memoryview = _UNITS) -> Code:
    return Code(0, units, 1, 0, tries, memoryview(behind))


def test_blocks_with_their_handlers() -> None:
    behind = struct.pack("<IHHIHH", 1, 2, 1, 7, 1, 4) + bytes([2, 0x01, 5, 9, 0x00, 11])
    assert handlers_of(code(2, behind)) == (Guarded(1, 3, (9,), ((5, 9),)), Guarded(7, 8, (11,), ((-1, 11),)))


def test_types_and_whatever_else() -> None:
    """A negative number of handlers says that one for all other exceptions follows."""
    behind = struct.pack("<IHH", 0, 1, 1) + bytes([1, 0x7F, 5, 9, 11])
    assert handlers_of(code(1, behind)) == (Guarded(0, 1, (9, 11), ((5, 9), (-1, 11))),)


def test_a_number_of_handlers_of_more_than_one_byte() -> None:
    few = struct.pack("<IHH", 0, 1, 1) + bytes([1, 0x7E, 1, 2, 3, 4, 5])
    assert handlers_of(code(1, few)) == (Guarded(0, 1, (2, 4, 5), ((1, 2), (3, 4), (-1, 5))),)
    (found,) = handlers_of(code(1, struct.pack("<IHH", 0, 1, 1) + bytes([1, 0xC1, 0x00, *[1, 2] * 65])))
    assert found.listed == ((1, 2),) * 65


def test_blocks_stand_behind_an_odd_number_of_units() -> None:
    odd = memoryview(struct.pack("<H", 0)).cast("H")
    behind = b"\0\0" + struct.pack("<IHH", 0, 1, 1) + bytes([1, 0x01, 5, 9])
    assert handlers_of(code(1, behind, odd)) == (Guarded(0, 1, (9,), ((5, 9),)),)


@pytest.mark.parametrize(
    ("tries", "behind"),
    [
        (1, b""),
        (1, struct.pack("<IHH", 0, 1, 50) + bytes(4)),
        (1, struct.pack("<IHH", 0, 1, 0) + bytes([0xFF] * 9)),
        (1, struct.pack("<IHH", 0, 1, 0) + bytes([3, 1])),
        (60_000, bytes(600_000)),
    ],
)
def test_what_does_not_lie_in_the_file(tries: int, behind: bytes) -> None:
    with pytest.raises(DexCodeError):
        handlers_of(code(tries, behind))


def units(*numbers: int) -> memoryview:
    return memoryview(struct.pack(f"<{len(numbers)}H", *numbers)).cast("H")


def test_both_kinds_of_switches() -> None:
    assert switch_targets(units(0, 0, 0, 0, 0x0100, 2, 0, 0, 5, 0, 0xFFFF, 0xFFFF), 1, 4) == [6, 0]
    assert switch_targets(units(0x0200, 1, 9, 0, 4, 0), 0, 0) == [4]


@pytest.mark.parametrize("payload", [-1, 4, 0])
def test_a_switch_whose_table_is_not_there(payload: int) -> None:
    with pytest.raises(DexCodeError):
        switch_targets(units(0x0100, 900, 0, 0, 0, 0), 0, payload)
