import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.dex.encoded_values import count_values, holders_of
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from tests.apk.dex.assembler import Class, assemble

_URL = "http://a.example/"
_CLASSES = [
    Class("Lx/A;", statics=[("FIRST", "text"), ("SECOND", _URL)]),
    Class("Lx/B;", statics=[("URL", _URL)]),
    Class("Lx/C;", statics=[("OTHER", "text")]),
]
_DATA = assemble(_CLASSES)
_TEXT = "https://vendor.dev/"
_TWO_VALUES = assemble([Class("La/A;", statics=[("a", _TEXT)]), Class("La/B;", statics=[("b", _TEXT)])])


def _index(data: bytes) -> DexIndex:
    (index,) = index_file(read_dex("classes.dex", data))
    return index


def _holders(data: bytes, text: str) -> list[bytes]:
    index = _index(data)
    (number,) = index.strings_equal([text.encode()]).values()
    return [index.defined_class(row) for row in holders_of(index, [number])[number]]


def test_classes_by_initial_value() -> None:
    assert _holders(_DATA, _URL) == [b"Lx/A;", b"Lx/B;"]
    assert _holders(_DATA, "text") == [b"Lx/A;", b"Lx/C;"]
    assert _holders(_DATA, "URL") == []
    assert holders_of(_index(_DATA), []) == {}


def test_what_only_looks_like_a_value_is_none() -> None:
    """The bytes of VALUE_STRING inside the number of a VALUE_LONG."""
    index = _index(_DATA)
    (number,) = index.strings_equal([_URL.encode()]).values()
    at = int(index.part.class_defs["static_values"][2])
    assert _DATA[at : at + 2] == b"\x01\x77"
    long_value = b"\x01\xe6\x77" + struct.pack("<I", number) + b"\0\0\0"
    changed = _DATA[:at] + long_value + _DATA[at + len(long_value) :]
    assert _holders(changed, _URL) == [b"Lx/A;", b"Lx/B;"]


def test_short_numbers_and_values_without_bytes() -> None:
    index = _index(_DATA)
    (number,) = index.strings_equal([_URL.encode()]).values()
    at = int(index.part.class_defs["static_values"][2])
    array = b"\x03\x1e\x3f\x17" + bytes([number])
    assert _holders(_DATA[:at] + array + _DATA[at + len(array) :], _URL) == [b"Lx/A;", b"Lx/B;", b"Lx/C;"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(8, len(_DATA) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_damage_is_answered(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(_DATA)
    for at, byte in changes:
        damaged[at] = byte
    for index in index_file(read_dex("classes.dex", bytes(damaged))):
        for rows in holders_of(index, range(40)).values():
            assert all(row < index.part.class_defs.size for row in rows)


def _number(data: bytes = _TWO_VALUES) -> int:
    (number,) = _index(data).strings_equal([_TEXT.encode()]).values()
    return number


def _map_at(place: int, data: bytes = _TWO_VALUES) -> bytes:
    return data[:0x34] + struct.pack("<I", place) + data[0x38:]


def test_each_value_is_counted() -> None:
    assert count_values(_index(_TWO_VALUES), _number()) == 2


@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_a_number_may_be_written_with_more_bytes_than_it_needs(size: int) -> None:
    value = bytes([0x17 | size - 1 << 5]) + _number().to_bytes(size, "little")
    assert count_values(_index(_map_at(0) + b"\xff" + value), _number()) >= 3


def test_only_the_area_of_values_is_searched() -> None:
    assert count_values(_index(_TWO_VALUES + bytes([0x17, _number()])), _number()) == 2


@pytest.mark.parametrize("place", [0, len(_TWO_VALUES) - 2, 0xFFFFFFFF])
def test_without_a_map_all_of_the_file_is(place: int) -> None:
    assert count_values(_index(_map_at(place) + b"\xff" + bytes([0x17, _number()])), _number()) >= 3


def test_without_values_in_the_map_all_of_the_file_is() -> None:
    data = assemble([Class("La/A;")], [_TEXT])
    assert count_values(_index(data + b"\xff" + bytes([0x17, _number(data)])), _number(data)) >= 1
