import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.dex import strings as strings_module
from phone_audit.apk.dex.strings import Strings, Text, decode, read_strings
from tests.apk.dex.builder import mutf8, string_data

_ANY_UNITS = st.text(st.characters())  # surrogates among them
_NAME = b"abcdefghijklmnopqrstuvwxyz0123456789-"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"http://a.example", "http://a.example"),
        (b"a\xc0\x80b", "a\0b"),
        ("中文é".encode(), "中文é"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "\N{GRINNING FACE}"),
        (b"\xf0\x9f\x98\x80", "\N{GRINNING FACE}"),  # plain UTF-8, as some tools write it
        (b"x\xed\xa0\xbdy", "x\\ud83dy"),
        (b"\xed\xb8\x80\xed\xa0\xbd", "\\ude00\\ud83d"),  # halves in the wrong order
        (b"\xff\xfe\x80", "\\xff\\xfe\\x80"),
        (b"\xed\xa0", "\\xed\\xa0"),
        (b"\xc0", "\\xc0"),
        (b"\xe4\xb8", "\\xe4\\xb8"),
    ],
)
def test_decodes(data: bytes, text: str) -> None:
    assert decode(data) == text


@given(_ANY_UNITS)
def test_well_formed_text_comes_back(text: str) -> None:
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "backslashreplace")
    if "\\" not in joined:  # no half surrogate that had to be escaped
        assert decode(mutf8(text)) == joined


@given(st.binary() | _ANY_UNITS.map(mutf8))
def test_any_bytes_give_text_that_utf8_can_hold(data: bytes) -> None:
    assert decode(data).encode().decode() == decode(data)


@pytest.mark.timeout(20)
def test_a_megabyte_of_broken_bytes_takes_linear_time() -> None:
    assert decode(b"\xed\xa0\xbd" * 350_000) == "\\ud83d" * 350_000


def _strings(texts: list[str], before: bytes = b"") -> tuple[Strings, list[int]]:
    data, offsets = bytearray(before), []
    for text in texts:
        offsets.append(len(data))
        data += string_data(text)
    return read_strings(np.frombuffer(bytes(data), np.uint8), np.array(offsets, np.uint32)), offsets


def test_texts_of_every_length_of_length() -> None:
    texts = ["", "a", "b" * 127, "c" * 128, "d" * 20_000]
    strings, _ = _strings(texts)
    assert strings.raw(strings.items) == [mutf8(text) for text in texts]


def test_a_text_that_runs_out_of_the_file_ends_with_it() -> None:
    data = np.frombuffer(b"\x05abcde", np.uint8)
    assert read_strings(data, np.array([0], np.uint32)).raw(np.array([0], np.uint32)) == [b"abcde"]


@pytest.mark.parametrize("data", [b"\x80", b"\x80\x80\x80\x80\x80\x80", b"\xff" * 7])
def test_a_length_without_an_end(data: bytes) -> None:
    items = np.arange(len(data), dtype=np.uint32)
    strings = read_strings(np.frombuffer(data, np.uint8), items)
    assert len(strings.raw(items)) <= len(data)
    assert int(strings.starts.max()) <= len(data)


@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=400), max_size=30), st.integers(1, 64))
def test_chunks_do_not_show(texts: list[str], chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strings_module, "_CHUNK", chunk)
        strings, _ = _strings(texts)
        assert strings.raw(strings.items) == [mutf8(text) for text in texts]
        heads = [text for _, text in strings.headed(_NAME, b".:", 60)]
    assert heads == [text for text in texts if _is_headed(text, 60)]


@given(st.lists(st.text("ab\x7f\u00e9", max_size=200), min_size=1, max_size=20), st.binary(max_size=3), st.booleans())
def test_texts_side_by_side_end_where_any_texts_do(texts: list[str], gap: bytes, overlap: bool) -> None:
    """What tools write is read in a faster way, which must give the same; anything else must not take it."""
    data, items = bytearray(), []
    for text in texts:
        items.append(len(data))
        data += string_data(text) + (gap if len(items) % 3 == 0 else b"")
    items += [items[-1] + 1] if overlap else []
    array, starts = np.frombuffer(bytes(data), np.uint8), np.array(items, np.uint32)
    ends = [data.find(0, start) if 0 in data[start:] else len(data) for start in read_strings(array, starts).starts]
    assert read_strings(array, starts).ends.tolist() == ends


def test_what_tools_write_is_not_searched_for_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings_module, "_text_ends", None)
    texts = ["a", "", "b" * 200, "\0", "é"]
    strings, _ = _strings(texts)
    assert strings.raw(strings.items) == [mutf8(text) for text in texts]


def _is_headed(text: str, longest: int) -> bool:
    head = text.removeprefix("//").split("/")[0]
    allowed = {chr(byte) for byte in _NAME} | {".", ":"}
    return set(head) <= allowed and bool(set(head) & {".", ":"}) and len(head) <= longest


@given(st.lists(st.text("a./:-A\x7f", max_size=12), max_size=40))
def test_heads_of_almost_hosts(texts: list[str]) -> None:
    strings, _ = _strings(texts)
    assert [text for _, text in strings.headed(_NAME, b".:", 8)] == [text for text in texts if _is_headed(text, 8)]


def test_a_head_may_be_as_long_as_is_said_and_no_longer() -> None:
    strings, _ = _strings(["a.345678", "a.345678/more", "a.3456789", "a.3456789/more"])
    assert [text for _, text in strings.headed(_NAME, b".:", 8)] == ["a.345678", "a.345678/more"]


def test_finds_the_texts_that_hold_a_pattern() -> None:
    strings, at = _strings(["x", "a://b", "none", "see c://d and e://f", "://"], before=b"junk://outside\0")
    found = list(strings.holding(rb"://"))
    assert found == [Text(at[1], "a://b"), Text(at[3], "see c://d and e://f"), Text(at[4], "://")]


def test_a_pattern_between_two_texts_belongs_to_none() -> None:
    data = string_data("a") + b"://\0" + string_data("b")
    strings = read_strings(np.frombuffer(data, np.uint8), np.array([0, 7], np.uint32))
    assert list(strings.holding(rb"://")) == []


def test_nothing_in_an_empty_table() -> None:
    strings = read_strings(np.frombuffer(b"abc", np.uint8), np.empty(0, np.uint32))
    assert [*strings.holding(b"a"), *strings.headed(_NAME, b".", 9)] == []


def test_tails_of_longer_texts_are_searched_once() -> None:
    data = b"\x0cxhttp://a.cn\0"
    strings = read_strings(np.frombuffer(data, np.uint8), np.arange(4, dtype=np.uint32))
    assert list(strings.holding(rb"://")) == [Text(0, "xhttp://a.cn")]


@pytest.mark.timeout(30)
def test_overlaps_do_not_multiply_the_work() -> None:
    data = np.frombuffer(b"a://" * 500_000, np.uint8)
    strings = read_strings(data, np.arange(0, data.size, 2, dtype=np.uint32))
    assert strings.overlap
    assert sum(len(text) for _, text in strings.holding(rb"://")) <= data.size
    assert sum(map(len, strings.raw(strings.items))) <= data.size


def test_order_of_lengths_does_not_matter() -> None:
    rng = random.Random(1)
    texts = ["".join(rng.choices("abc.", k=rng.choice((3, 130, 17_000)))) for _ in range(60)]
    strings, _ = _strings(texts)
    assert strings.raw(strings.items) == [mutf8(text) for text in texts]
