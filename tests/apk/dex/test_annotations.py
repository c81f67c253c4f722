import struct

import pytest

from phone_audit.apk.dex.annotations import count_values
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from tests.apk.dex.assembler import Class, assemble

_TEXT = "https://vendor.dev/"
_DATA = assemble([Class("La/A;", statics=[("a", _TEXT)]), Class("La/B;", statics=[("b", _TEXT)])])


def _index(data: bytes) -> DexIndex:
    (index,) = index_file(read_dex("classes.dex", data))
    return index


def _number(data: bytes = _DATA) -> int:
    (number,) = _index(data).strings_equal([_TEXT.encode()]).values()
    return number


def _map_at(place: int, data: bytes = _DATA) -> bytes:
    return data[:0x34] + struct.pack("<I", place) + data[0x38:]


def test_each_value_is_counted() -> None:
    assert count_values(_index(_DATA), _number()) == 2


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_number_may_be_written_with_more_bytes_than_it_needs(size: int) -> None:
    value = bytes([0x17 | size - 1 << 5]) + _number().to_bytes(size, "little")
    assert count_values(_index(_map_at(0) + b"\xff" + value), _number()) >= 3


def test_only_the_area_of_values_is_searched() -> None:
    assert count_values(_index(_DATA + bytes([0x17, _number()])), _number()) == 2


@pytest.mark.parametrize("place", [0, len(_DATA) - 2, 0xFFFFFFFF])
def test_without_a_map_all_of_the_file_is(place: int) -> None:
    assert count_values(_index(_map_at(place) + b"\xff" + bytes([0x17, _number()])), _number()) >= 3


def test_without_values_in_the_map_all_of_the_file_is() -> None:
    data = assemble([Class("La/A;")], [_TEXT])
    assert count_values(_index(data + b"\xff" + bytes([0x17, _number(data)])), _number(data)) >= 1
