import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.dex.instructions import (
    FORMAT,
    WIDTHS,
    DexCodeError,
    Instruction,
    Units,
    step_to,
    walk,
)


def _units(numbers: Sequence[int]) -> Units:
    return memoryview(struct.pack(f"<{len(numbers)}H", *numbers)).cast("H")


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0x000E,), (0x0E, (), None, None, None)),
        ((0x2101,), (0x01, (1, 2), None, None, None)),
        ((0x0302, 0x1234), (0x02, (3, 0x1234), None, None, None)),
        ((0x0003, 0x0100, 0x0200), (0x03, (0x100, 0x200), None, None, None)),
        ((0x050C,), (0x0C, (5,), None, None, None)),
        ((0xF312,), (0x12, (3,), None, -1, None)),
        ((0x0413, 0xFFFE), (0x13, (4,), None, -2, None)),
        ((0x0414, 0x5678, 0x1234), (0x14, (4,), None, 0x12345678, None)),
        ((0x0415, 0x8000), (0x15, (4,), None, -(1 << 31), None)),
        ((0x0418, 1, 0, 0, 0x8000), (0x18, (4,), None, 1 - (1 << 63), None)),
        ((0x0419, 1), (0x19, (4,), None, 1 << 48, None)),
        ((0x071A, 0xFFFF), (0x1A, (7,), 0xFFFF, None, None)),
        ((0x071B, 0x0001, 0x0002), (0x1B, (7,), 0x20001, None, None)),
        ((0x2120, 9), (0x20, (1, 2), 9, None, None)),
        ((0xFF28,), (0x28, (), None, None, -1)),
        ((0x0029, 0x0010), (0x29, (), None, None, 16)),
        ((0x002A, 0xFFFF, 0xFFFF), (0x2A, (), None, None, -1)),
        ((0x032B, 6, 0), (0x2B, (3,), None, None, 6)),
        ((0x0190, 0x0302), (0x90, (1, 2, 3), None, None, None)),
        ((0x2132, 0x0005), (0x32, (1, 2), None, None, 5)),
        ((0x0138, 0xFFFB), (0x38, (1,), None, None, -5)),
        ((0x2152, 8), (0x52, (1, 2), 8, None, None)),
        ((0x0162, 8), (0x62, (1,), 8, None, None)),
        ((0x306E, 7, 0x0210), (0x6E, (0, 1, 2), 7, None, None)),
        ((0x5971, 7, 0x4321), (0x71, (1, 2, 3, 4, 9), 7, None, None)),
        ((0x0374, 7, 0x0010), (0x74, (16, 17, 18), 7, None, None)),
        ((0x21D0, 0xFFFF), (0xD0, (1, 2), None, -1, None)),
        ((0x01D8, 0xFF02), (0xD8, (1, 2), None, -1, None)),
        ((0x10FA, 7, 0x0003, 2), (0xFA, (3,), 7, None, None)),
    ],
)
def test_operands_by_format(
    numbers: tuple[int, ...], expected: tuple[int, tuple[int, ...], int | None, int | None, int | None]
) -> None:
    assert list(walk(_units(numbers))) == [Instruction(0, *expected)]


def test_branches_count_from_their_own_place() -> None:
    assert [one.target for one in walk(_units((0x0000, 0x0000, 0xFF28)))] == [None, None, 1]


@pytest.mark.parametrize(
    "payload",
    [
        (0x0100, 2, 0, 0, 1, 0, 2, 0),
        (0x0200, 1, 5, 0, 3, 0),
        (0x0300, 1, 3, 0, 0x1A1A, 0x001A),
        (0x0300, 4, 1, 0, 0x1A1A, 0x1A1A),
        (0x0300, 1, 0, 0),
    ],
)
def test_payloads_are_passed_over(payload: tuple[int, ...]) -> None:
    units = _units((0x000E, *payload, 0x000E))
    assert [one.offset for one in walk(units)] == [0, 1 + len(payload)]
    assert {step_to(units, 1 + at) for at in range(1, len(payload) + 1)} == {1 + len(payload)}
    assert step_to(units, 1 + len(payload), 1) == 1 + len(payload)


def test_a_nop_is_no_payload() -> None:
    assert [(one.offset, one.opcode) for one in walk(_units((0x0000, 0x000E)))] == [(0, 0), (1, 0x0E)]


@pytest.mark.parametrize("numbers", [(0x003E,), (0x00E3,), (0x001A,), (0x0018, 0, 0, 0)])
def test_nonsense_is_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(DexCodeError):
        list(walk(_units(numbers)))


def test_what_stands_before_nonsense_is_given() -> None:
    steps = walk(_units((0x000E, 0x003E)))
    assert next(steps).opcode == 0x0E
    with pytest.raises(DexCodeError, match="0x3e at code unit 1"):
        next(steps)


def test_every_opcode_of_the_documentation_has_a_format() -> None:
    unused = {*range(0x3E, 0x44), 0x73, 0x79, 0x7A, *range(0xE3, 0xFA)}
    assert {opcode for opcode, form in enumerate(FORMAT) if form is None} == unused


@given(st.lists(st.sampled_from([0, 0x0100, 0x0200, 0x0300, 0x1A, 0xFFFF, 0x306E, 0x18, 3, 0x2B]), max_size=40))
def test_any_units_end(numbers: list[int]) -> None:
    units = _units(numbers)
    offsets = []
    try:
        for one in walk(units):
            offsets.append(one.offset)
            assert WIDTHS[one.opcode] >= 1
    except DexCodeError:
        pass
    assert offsets == sorted(set(offsets))
    assert all(step_to(units, offset) == offset for offset in offsets)
    assert all(step_to(units, at) >= at for at in range(len(numbers)))
