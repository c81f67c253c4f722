"""Quick instructions become what they were."""

import struct

import pytest

from fixtures.oat.quicken import QUICK, WIDTHS
from phone_audit.apk.dex import instructions as decoded
from phone_audit.apk.oat.binary import CodeFileError
from phone_audit.apk.oat.quickening import (
    OriginalOperands,
    PositionedOperands,
    QuickeningByCode,
    QuickeningByMethod,
    QuickeningByOrder,
    SequentialOperands,
    restore,
)


def _units(*units: int) -> memoryview:
    return memoryview(bytearray(b"".join(unit.to_bytes(2, "little") for unit in units))).cast("H")


@pytest.mark.parametrize(("opcode", "quick"), QUICK.items())
def test_every_form(opcode: int, quick: int) -> None:
    tail = [0x0021] if opcode in (0x6E, 0x74) else []
    units = _units(0x3200 | quick, 0x0108, *tail, 0x0073)
    restore(units, SequentialOperands([0x1234]))
    assert units.tolist() == [0x3200 | opcode, 0x1234, *tail, 0x000E]


def test_the_builder_knows_the_same_widths() -> None:
    assert {opcode: decoded.WIDTHS[opcode] for opcode in WIDTHS} == WIDTHS
    assert {opcode for opcode, form in enumerate(decoded.FORMAT) if form} <= set(WIDTHS)


def test_a_cast_that_became_nothing() -> None:
    for recorded in (SequentialOperands([0xFFFF, 5, 0x0073]), PositionedOperands([(1, 5), (1, 0x0073)])):
        units = _units(0x0000, 0x0000, 0x0000, 0x000E)
        restore(units, recorded)
        assert units.tolist() == [0x0000, 0x051F, 0x0073, 0x000E]


def test_without_numbers_only_returns_are_put_back() -> None:
    units = _units(0x0000, 0x0073)
    restore(units, SequentialOperands([]))
    assert units.tolist() == [0x0000, 0x000E]


def test_data_of_a_switch_is_passed_over() -> None:
    """A payload counts as one `nop`; what lies in it is no instruction."""
    payload = (0x0100, 1, 0x0073, 0x00E3, 0x0073, 0x0073)
    units = _units(*payload, 0x32E3, 8)
    restore(units, SequentialOperands([0xFFFF, 7]))
    assert units.tolist() == [*payload, 0x3252, 7]


@pytest.mark.parametrize(
    "recorded", [SequentialOperands([1]), PositionedOperands([(0, 1)]), PositionedOperands([(0, 1), (1, 2)])]
)
def test_what_does_not_fit_is_told_and_the_rest_is_put_back(recorded: SequentialOperands | PositionedOperands) -> None:
    units = _units(0x32E3, 8, 0x32E6, 8, 0x0073)
    with pytest.raises(CodeFileError, match="code unit 2"):
        restore(units, recorded)
    assert units.tolist() == [0x3252, 1, 0x32E6, 8, 0x0073]


def test_an_instruction_that_leaves_its_method_is_left_alone() -> None:
    units = _units(0x32E3)
    restore(units, SequentialOperands([1]))
    assert units.tolist() == [0x32E3]


def _named(recorded: OriginalOperands | None, count: int = 1) -> list[int]:
    assert recorded is not None
    return [recorded.named(0) for _ in range(count)]


def test_by_code_each_file_has_its_own_table() -> None:
    """Methods of two files at the same offset are not mixed up."""
    numbers = struct.pack("<IH", 2, 11) + struct.pack("<I2H", 4, 22, 23)
    tables = struct.pack("<2I", 0x80, 0) + struct.pack("<4I", 0x80, 6, 0x90, 0)
    info = memoryview(numbers + tables + struct.pack("<2I", 14, 22))
    first, second = QuickeningByCode(info, 0, 2), QuickeningByCode(info, 1, 2)
    assert (_named(first.of(0, 0x80)), _named(second.of(0, 0x80), 2), _named(second.of(0, 0x90))) == (
        [11],
        [22, 23],
        [11],
    )
    with pytest.raises(CodeFileError):
        _named(first.of(0, 0x90))


@pytest.mark.parametrize("starts", [(30, 14), (14, 99), (0xFFFFFFFF, 14)])
def test_by_code_with_tables_outside(starts: tuple[int, int]) -> None:
    with pytest.raises(CodeFileError):
        QuickeningByCode(memoryview(bytes(38) + struct.pack("<2I", *starts)), 0, 2)


def test_method_by_method_goes_on_where_it_stood() -> None:
    info = memoryview(struct.pack("<I2B", 2, 0, 7) + struct.pack("<I", 0) + struct.pack("<I2B", 2, 0, 9))
    quickening = QuickeningByOrder(info)
    assert (_named(quickening.of(5, 8)), quickening.of(6, 8).cast(0), _named(quickening.of(5, 8))) == ([7], None, [9])
    with pytest.raises(CodeFileError):
        quickening.of(7, 8)


def test_by_method_in_blocks_of_sixteen() -> None:
    """Offsets of methods 0, 15 and 17, the last of which is lower than the first."""
    numbers = b"\x01\x05\x00" + b"\x01\x06\x00" + b"\x01\x07\x00"
    blocks = struct.pack(">H", 0x8001) + b"\x03\x03" + struct.pack(">H", 2) + b"\x00"
    blocks += bytes(-len(blocks) % 4)
    table = struct.pack("<2I", 1, len(blocks)) + blocks + struct.pack("<2I", 0, 4)
    quickening = QuickeningByMethod(memoryview(numbers + table), len(numbers))
    assert [_named(quickening.of(method, 0)) for method in (0, 15, 17)] == [[6], [7], [5]]
    assert [quickening.of(method, 0) for method in (1, 14, 16, 18)] == [None] * 4
    with pytest.raises(CodeFileError):
        quickening.of(4000, 0)
