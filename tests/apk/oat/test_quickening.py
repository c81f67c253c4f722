"""Where the numbers of replaced instructions stand."""

import struct

import pytest

from phone_audit.apk.oat.instructions import Recorded
from phone_audit.apk.oat.quickening import ByCode, ByMethod, MethodByMethod, Untouched
from phone_audit.apk.oat.reading import CodeFileError


def _named(recorded: Recorded | None, count: int = 1) -> list[int]:
    assert recorded is not None
    return [recorded.named(0) for _ in range(count)]


def test_by_code_each_file_has_its_own_table() -> None:
    """Methods of two files at the same offset are not mixed up."""
    numbers = struct.pack("<IH", 2, 11) + struct.pack("<I2H", 4, 22, 23)
    tables = struct.pack("<2I", 0x80, 0) + struct.pack("<4I", 0x80, 6, 0x90, 0)
    info = memoryview(numbers + tables + struct.pack("<2I", 14, 22))
    first, second = ByCode(info, 0, 2), ByCode(info, 1, 2)
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
        ByCode(memoryview(bytes(38) + struct.pack("<2I", *starts)), 0, 2)


def test_method_by_method_goes_on_where_it_stood() -> None:
    info = memoryview(struct.pack("<I2B", 2, 0, 7) + struct.pack("<I", 0) + struct.pack("<I2B", 2, 0, 9))
    quickening = MethodByMethod(info)
    assert (_named(quickening.of(5, 8)), quickening.of(6, 8).cast(0), _named(quickening.of(5, 8))) == ([7], None, [9])
    with pytest.raises(CodeFileError):
        quickening.of(7, 8)


def test_by_method_in_blocks_of_sixteen() -> None:
    """Offsets of methods 0, 15 and 17, the last of which is lower than the first."""
    numbers = b"\x01\x05\x00" + b"\x01\x06\x00" + b"\x01\x07\x00"
    blocks = struct.pack(">H", 0x8001) + b"\x03\x03" + struct.pack(">H", 2) + b"\x00"
    blocks += bytes(-len(blocks) % 4)
    table = struct.pack("<2I", 1, len(blocks)) + blocks + struct.pack("<2I", 0, 4)
    quickening = ByMethod(memoryview(numbers + table), len(numbers))
    assert [_named(quickening.of(method, 0)) for method in (0, 15, 17)] == [[6], [7], [5]]
    assert [quickening.of(method, 0) for method in (1, 14, 16, 18)] == [None] * 4
    with pytest.raises(CodeFileError):
        quickening.of(4000, 0)


def test_nothing_was_replaced() -> None:
    assert Untouched().of(3, 8) is None
