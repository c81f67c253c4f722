"""Numbers and encoded values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.oat.binary import (
    CodeFileError,
    end_of_annotation,
    end_of_array,
    half,
    sleb128,
    to_uleb128,
    uleb128,
    word,
)


@given(st.integers(0, 0xFFFFFFFF))
def test_what_is_written_is_read(number: int) -> None:
    content = to_uleb128(number)
    assert uleb128(memoryview(b"\xff" + content + b"\x01"), 1) == (number, 1 + len(content))


@pytest.mark.parametrize(
    ("content", "number"),
    [(b"\x00", 0), (b"\x7f", -1), (b"\x80\x7f", -128), (b"\x3f", 63), (b"\xff\xff\xff\xff\x07", 0x7FFFFFFF),
     (b"\x80\x80\x80\x80\x78", -0x80000000)],
)  # fmt: skip
def test_signed_numbers(content: bytes, number: int) -> None:
    assert sleb128(memoryview(content), 0) == (number, len(content))


@pytest.mark.parametrize("content", [b"", b"\x80", b"\x80\x80\x80\x80\x80\x01"])
def test_numbers_that_do_not_end(content: bytes) -> None:
    with pytest.raises(CodeFileError):
        uleb128(memoryview(content), 0)


def test_numbers_outside() -> None:
    view = memoryview(b"\x01\x02\x03\x04\x05")
    assert (word(view, 1), half(view, 3)) == (0x05040302, 0x0504)
    for read, at in ((word, 2), (half, 4), (word, -1)):
        with pytest.raises(CodeFileError):
            read(view, at)


INSIDE = bytes([0x1C, 2, 0x1E, 0x3F])
"""An array of a null and a true."""


@pytest.mark.parametrize(
    "content",
    [
        bytes([0]),
        bytes([2, 0x1E, 0x77, 1, 2, 3, 4]),
        bytes([1]) + INSIDE,
        bytes([2]) + INSIDE + bytes([0x1D, 9, 1, 7]) + INSIDE,
        bytes([1, 0xE6, *range(8)]),
    ],
)
def test_arrays_end_where_their_last_value_does(content: bytes) -> None:
    assert end_of_array(memoryview(content + b"\x7f"), 0) == len(content)
    for cut in range(len(content)):
        with pytest.raises(CodeFileError):
            end_of_array(memoryview(content[:cut]), 0)


def test_annotations() -> None:
    content = bytes([3, 2, 1, 0x1E, 2]) + INSIDE
    assert end_of_annotation(memoryview(content), 0) == len(content)


def test_nesting_without_end_costs_its_bytes_and_no_more() -> None:
    with pytest.raises(CodeFileError):
        end_of_array(memoryview(b"\x01" + b"\x1c\x01" * 200_000), 0)
