"""Lines are bounded before anything looks at them; a long one is told, never held."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.files.bounded_lines import (
    first_long_line,
    read_bounded,
    read_lines,
    read_utf8_lines,
    without_long_lines,
)
from phone_audit.files.bounds import BoundsError

TEXTS = st.lists(st.sampled_from([b"a", b"bb", b"\n", b"cccc", b"\r\n"]), max_size=30).map(b"".join)


@given(TEXTS, st.integers(1, 6))
def test_every_line_within_the_bound_is_given_as_it_stands(data: bytes, longest: int) -> None:
    lines = [
        line if (line.endswith(b"\n") and len(line) - 1 <= longest) or len(line) <= longest else None
        for line in io.BytesIO(data)
    ]
    assert list(read_lines(io.BytesIO(data), longest)) == lines
    assert list(read_utf8_lines(io.BytesIO(data), longest)) == lines


@pytest.mark.promise("lines-bounded")
@given(TEXTS, st.integers(1, 6))
def test_long_lines_of_a_text_are_left_empty(data: bytes, longest: int) -> None:
    lines = data.split(b"\n")
    kept = [line if len(line) <= longest else b"" for line in lines]
    left_out = sum(len(line) > longest for line in lines)
    assert without_long_lines(data, longest) == (b"\n".join(kept), left_out)
    assert (first_long_line(data, longest) is None) == (left_out == 0)


class Counted(bytes):
    """A text that counts how often it is searched."""

    looks = 0

    def rfind(self, *arguments: object) -> int:
        Counted.looks += 1
        return super().rfind(*arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("line", [b"a\n", b"\n", b"a" * 900 + b"\n"])
def test_many_lines_cost_few_looks(line: bytes) -> None:
    Counted.looks = 0
    assert first_long_line(Counted(line * 100_000), 1000) is None
    assert Counted.looks <= 2 * len(line) * 100_000 // 1000 + 1


class Narrow(io.BytesIO):
    """A file that tells the largest piece that was ever asked for."""

    largest = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        self.largest = max(self.largest, size if size is not None and size >= 0 else 10**9)
        return super().readline(size)


@pytest.mark.promise("lines-bounded")
def test_a_long_line_is_never_held() -> None:
    file = Narrow(b"a" * 5_000_000 + b"\nb\n")
    assert list(read_lines(file, 10)) == [None, b"b\n"]
    assert file.largest == 256 * 2**10


def test_lines_of_utf16_come_in_utf8() -> None:
    data = "a☃\r\nbbbbbbbb\r\nc".encode("utf-16")
    assert list(read_utf8_lines(io.BytesIO(data), 5)) == ["a☃\r\n".encode(), None, b"c"]


def test_a_large_file_is_refused() -> None:
    assert read_bounded(io.BytesIO(b"abc"), 3) == b"abc"
    with pytest.raises(BoundsError, match="larger than 3 bytes"):
        read_bounded(io.BytesIO(b"abcd"), 3)
