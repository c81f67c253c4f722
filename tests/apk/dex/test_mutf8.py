import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.dex.mutf8 import decode
from tests.apk.dex.builder import mutf8

_ANY_UNITS = st.text(st.characters())  # surrogates among them


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
