"""Quick instructions become what they were."""

import pytest

from fixtures.oat.quicken import QUICK, WIDTHS
from phone_audit.apk.dex import instructions as decoded
from phone_audit.apk.oat.instructions import InOrder, WithPlaces, restore
from phone_audit.apk.oat.reading import CodeFileError


def _units(*units: int) -> memoryview:
    return memoryview(bytearray(b"".join(unit.to_bytes(2, "little") for unit in units))).cast("H")


@pytest.mark.parametrize(("opcode", "quick"), QUICK.items())
def test_every_form(opcode: int, quick: int) -> None:
    tail = [0x0021] if opcode in (0x6E, 0x74) else []
    units = _units(0x3200 | quick, 0x0108, *tail, 0x0073)
    restore(units, InOrder([0x1234]))
    assert units.tolist() == [0x3200 | opcode, 0x1234, *tail, 0x000E]


def test_the_builder_knows_the_same_widths() -> None:
    assert {opcode: decoded.WIDTHS[opcode] for opcode in WIDTHS} == WIDTHS
    assert {opcode for opcode, form in enumerate(decoded.FORMAT) if form} <= set(WIDTHS)


def test_a_cast_that_became_nothing() -> None:
    for recorded in (InOrder([0xFFFF, 5, 0x0073]), WithPlaces([(1, 5), (1, 0x0073)])):
        units = _units(0x0000, 0x0000, 0x0000, 0x000E)
        restore(units, recorded)
        assert units.tolist() == [0x0000, 0x051F, 0x0073, 0x000E]


def test_without_numbers_only_returns_are_put_back() -> None:
    units = _units(0x0000, 0x0073)
    restore(units, InOrder([]))
    assert units.tolist() == [0x0000, 0x000E]


def test_data_of_a_switch_is_passed_over() -> None:
    """A payload counts as one `nop`; what lies in it is no instruction."""
    payload = (0x0100, 1, 0x0073, 0x00E3, 0x0073, 0x0073)
    units = _units(*payload, 0x32E3, 8)
    restore(units, InOrder([0xFFFF, 7]))
    assert units.tolist() == [*payload, 0x3252, 7]


@pytest.mark.parametrize("recorded", [InOrder([1]), WithPlaces([(0, 1)]), WithPlaces([(0, 1), (1, 2)])])
def test_what_does_not_fit_is_told_and_the_rest_is_put_back(recorded: InOrder | WithPlaces) -> None:
    units = _units(0x32E3, 8, 0x32E6, 8, 0x0073)
    with pytest.raises(CodeFileError, match="code unit 2"):
        restore(units, recorded)
    assert units.tolist() == [0x3252, 1, 0x32E6, 8, 0x0073]


def test_an_instruction_that_leaves_its_method_is_left_alone() -> None:
    units = _units(0x32E3)
    restore(units, InOrder([1]))
    assert units.tolist() == [0x32E3]
