"""Hostile text comes out harmless, whatever it holds."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.report.safe import json_safe, shortened, visible

HOSTILE = "".join(map(chr, (*range(32), *range(127, 160), 0x200B, 0x202E, 0x2066, 0xFEFF, 0xE0041)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Łódź 電話", "Łódź 電話"),
        ("\x1b[2Jx", "\\x1b[2Jx"),
        ("a\rb", "a\\x0db"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("\U000e0041", "\\U000e0041"),
        ("a\u3164b\ufe0f", "a\\u3164b\\ufe0f"),
        ("e\u0301\u0302\u0303\u0304", "e\u0301\u0302\u0303\\u0304"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.promise("terminal-harmless")
@given(st.text(alphabet=HOSTILE + "a[31m;"))
def test_visible_leaves_no_control_or_format_character(text: str) -> None:
    assert all(unicodedata.category(char)[0] not in "C" for char in visible(text))


def test_shortened_counts_what_is_seen() -> None:
    assert shortened("\x1b\x1b\x1b", 6) == "\\x1b\\…"


def test_text_and_json_escape_the_same_code_points() -> None:
    """Also those of a later Unicode than the one that the table was made from."""
    every = [chr(code) for code in range(0x7F, 0x110000)]
    shown, written = (safe("z".join(every)).split("z") for safe in (visible, json_safe))
    for char, in_text, in_json in zip(every, shown, written, strict=True):
        assert (in_text == char) == (in_json == char), hex(ord(char))
        assert in_text != char or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"), hex(ord(char))


def test_no_combining_mark_is_a_character_of_a_word() -> None:
    marks = [char for char in map(chr, range(0x110000)) if unicodedata.category(char) in ("Mn", "Me")]
    assert not re.search(r"[\w\x00-\x7f]", "".join(marks))


def test_piled_marks_in_json() -> None:
    text = "e" + "\u0301" * 6
    document = json_safe(json.dumps(text, ensure_ascii=False))
    assert document == '"e' + "\u0301" * 3 + r"\u0301" * 3 + '"'
    assert json.loads(document) == text


@pytest.mark.promise("terminal-harmless")
@given(st.text(alphabet=HOSTILE + 'a"\\'))
def test_json_keeps_its_meaning_and_loses_what_a_terminal_acts_on(text: str) -> None:
    document = json_safe(json.dumps({"x": text}, ensure_ascii=False))
    assert json.loads(document) == {"x": text}
    assert all(unicodedata.category(char)[0] != "C" for char in document)
