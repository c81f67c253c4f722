"""JSON is counted before it is parsed: never too little, whatever the text, and as it comes in pieces."""

import contextlib
import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from phone_audit.files import bounded_json
from phone_audit.files.bounded_json import JsonError, checked, parse, read_checked
from phone_audit.files.bounds import BoundsError, JsonBounds

WIDE = JsonBounds(size=10**9, values=10**9, depth=10**9, digits=10**6)
FRAGMENTS = (
    "[", "]", "{", "}", ",", ":", '"', "\\", '\\"', "\\\\", "[]", "{}", '""', '"a"', '"[{,"', "12", "-3.5e7",
    "1" * 9, "\\u0022", '"\\u0022,"', "null", " ", "\n", "é", "☃",
)  # fmt: skip


def counted(data: bytes) -> tuple[int, int, int]:
    """Return values, depth and the longest number, by bounds that are tried one after another."""
    return (
        least(lambda n: JsonBounds(10**9, n, 10**9, 10**6), data),
        least(lambda n: JsonBounds(10**9, 10**9, n, 10**6), data),
        least(lambda n: JsonBounds(10**9, 10**9, 10**9, n), data),
    )


def least(bounds, data: bytes) -> int:  # type: ignore[no-untyped-def]
    """Return the smallest bound within which the text is."""
    for number in range(len(data) + 3):
        with contextlib.suppress(BoundsError):
            checked(data, bounds(number))
            return number
    raise AssertionError("no bound is enough")


def tokens(text: str) -> Iterator[str]:
    """Yield brackets, commas, quotes and numbers outside strings, until a parser would stop."""
    in_string = escaped = False
    number = ""
    for letter in text:
        if in_string:
            if escaped:
                escaped = False
            elif letter == "\\":
                escaped = True
            elif letter == '"':
                in_string = False
                yield letter
            continue
        if letter.isascii() and letter.isdigit():
            number += letter
            continue
        if number:
            yield number
            number = ""
        if letter == "\\":
            return
        in_string = letter == '"'
        if letter in '[]{},"':
            yield letter
    if number:
        yield number


def reference(text: str) -> tuple[int, int, int]:
    """Return values, depth and the longest number, as a plain tokenizer counts them."""
    values, depth, deepest, longest, quotes = 1, 0, 0, 0, 0
    for token in tokens(text):
        if token.isdigit():
            longest = max(longest, len(token))
        elif token == '"':
            quotes += 1
        elif token in "]}":
            depth -= 1
        else:
            values += 1
            depth += token != ","
            deepest = max(deepest, depth)
    return max(values, -(-quotes // 4)), deepest, longest


def built(value: object) -> tuple[int, int]:
    """Return how many values were built, names of fields left out, and how deep they lie."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        return 1, 0
    counts = [built(one) for one in inner]
    return 1 + sum(count for count, _ in counts), 1 + max((depth for _, depth in counts), default=0)


@example('12""12', 1)
@given(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=14).map("".join), st.integers(1, 7))
def test_any_text_is_counted_as_a_tokenizer_counts_it(text: str, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounded_json, "_PIECE", piece)
        values, depth, digits = counted(text.encode())
    wanted_values, wanted_depth, wanted_digits = reference(text)
    assert values >= wanted_values
    assert depth >= wanted_depth
    assert digits >= wanted_digits
    if "\\" not in text.replace('"', ""):
        assert (values, depth, digits) == (wanted_values, max(wanted_depth, 0), wanted_digits)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\[]{},:é☃1'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='a"\\[{,'), inner),
    max_leaves=20,
)


@pytest.mark.promise("json-bounded")
@given(JSON, st.sampled_from([None, 1]), st.booleans(), st.integers(1, 5))
def test_a_parser_builds_no_more_than_was_counted(
    value: object, indent: int | None, ascii_only: bool, piece: int
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode()
    values, depth = built(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounded_json, "_PIECE", piece)
        found_values, found_depth, _ = counted(text)
        read = read_checked(io.BytesIO(text), JsonBounds(10**9, found_values, found_depth, 10**6))
    assert found_values >= values
    assert found_depth == depth
    assert parse(read) == value


@pytest.mark.promise("json-bounded")
@pytest.mark.parametrize(
    ("data", "bounds", "sentence"),
    [
        (b"[1,2,3]", JsonBounds(7, 5, 1, 1), None),
        (b"[1,2,3]", JsonBounds(6, 9), "larger than 6 bytes"),
        (b"[1,2,3]", JsonBounds(9, 3), "more than 3 values"),
        (b"[[[1]]]", JsonBounds(9, 9, depth=2), "more than 2 levels"),
        (b"[12345]", JsonBounds(9, 9, digits=4), "more than 4 digits"),
        (b'["' + b"\\" * 9 + b'"', JsonBounds(99, 9), None),
        (b'["[[[[[,,,,99999"]', JsonBounds(99, 3, 1, 4), None),
        (b'"' * 100, JsonBounds(999, 24), "more than 24 values"),
    ],
)
def test_bounds(data: bytes, bounds: JsonBounds, sentence: str | None) -> None:
    if sentence is None:
        assert checked(data, bounds) == data
        return
    with pytest.raises(BoundsError, match=sentence):
        checked(data, bounds)
    with pytest.raises(BoundsError, match=sentence):
        read_checked(io.BytesIO(data), bounds)


class Counted(io.BytesIO):
    """A file that tells how much of it was read."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


@pytest.mark.promise("json-bounded")
def test_a_text_beyond_its_bounds_is_not_read_to_its_end() -> None:
    file = Counted(b"[" + b"[]," * 2**20)
    with pytest.raises(BoundsError, match="values"):
        read_checked(file, JsonBounds(10**9, 1000))
    assert file.taken == bounded_json._PIECE


@pytest.mark.parametrize("data", [b"", b"[", b"\xff\xfe[\0]\0", b"\xff", b"[" * 60 + b"1" * 350, b"{'a': 1}"])
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(JsonError, match="no JSON"):
        parse(checked(data, JsonBounds(10**6, 10**6)))


def test_halves_and_zeros_are_kept() -> None:
    assert parse(checked(b'["\\ud800", "a\\u0000"]', WIDE)) == ["\ud800", "a\0"]
