import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.acquire.text import decode, known, lines_of, number, shown


@given(st.binary())
def test_decoding_loses_no_byte_and_what_is_shown_is_valid(raw: bytes) -> None:
    text = decode(raw)
    assert text.encode("utf-8", "surrogateescape") == raw
    assert shown(text).encode("utf-8").decode("utf-8") == shown(shown(text))


def test_invalid_bytes_are_visible_and_valid_text_is_unchanged() -> None:
    assert shown(decode("ünï 文 \x1b[31m\0".encode())) == "ünï 文 \x1b[31m\0"
    assert shown(decode(b"ok \xff\xfe\xc3( \xed\xa0\x80 end")) == r"ok \xff\xfe\xc3( \xed\xa0\x80 end"


def test_lines_end_at_line_feeds_only() -> None:
    assert lines_of("a\u2028b\x0cc\rd\ne") == ["a\u2028b\x0cc\rd", "e"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("29", 29), (" -1\n", -1), ("", None), (None, None), ("1 2", None), ("9" * 20, None), ("\u0663", None)],
)
def test_number(text: str | None, value: int | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(("text", "value"), [("x", "x"), ("", None), ("null", None), (None, None)])
def test_known(text: str | None, value: str | None) -> None:
    assert known(text) == value
