"""Fields whose layouts say nothing but their class: their names say what is typed into them."""

import struct
from collections.abc import Sequence

import pytest

from phone_audit.apk.xml.named_views import EITHER
from phone_audit.apk.xml.typed_views import TypedViews, typed_into
from tests.apk.test_typed_views import HINT, ID, INPUT_TYPE, NONE, OTHER, VIEW, chunk, pool, view

NAMES = (ID, INPUT_TYPE)
TAGS = ("LinearLayout", "EditText", "Button", "vendor.ClearEditText", "AutoCompleteTextView", "TextView")
END = chunk(0x0103, struct.pack("<IIII", 1, NONE, NONE, 0))


def element(tag: str, number: int, kind: int = 0) -> bytes:
    values = [(ID, 0x01, number), *([(INPUT_TYPE, 0x11, kind)] if kind else [])]
    return view(values, NAMES, TAGS.index(tag)) + END


def found(*elements: bytes, utf8: bool = True, names: Sequence[int] = NAMES) -> dict[int, str]:
    known = chunk(0x0180, b"", struct.pack(f"<{len(names)}I", *names))
    views = TypedViews()
    views.add(memoryview(chunk(0x0003, b"", pool(TAGS, utf8=utf8) + known + b"".join(elements))))
    return views.found


@pytest.mark.parametrize("utf8", [True, False])
@pytest.mark.parametrize("names", [NAMES, (ID, HINT)])
@pytest.mark.parametrize("tag", ["EditText", "vendor.ClearEditText", "AutoCompleteTextView"])
def test_a_field_is_told_by_its_class(tag: str, names: tuple[int, ...], utf8: bool) -> None:
    fields = found(element(tag, VIEW), element("Button", OTHER), element("TextView", OTHER + 1), utf8=utf8, names=names)
    assert fields == {VIEW: "field"}
    assert typed_into(fields, {VIEW: "email", OTHER: "email"}, {}) == {VIEW: "email"}
    assert typed_into(fields, {}, {}) == {}


def test_what_a_layout_says_goes_before_the_class() -> None:
    assert found(element("EditText", VIEW, 0x81)) == {VIEW: "hidden-text"}
    assert found(element("EditText", VIEW, 0x21), element("EditText", VIEW)) == {VIEW: "typed"}
    assert found(element("EditText", VIEW), element("EditText", VIEW, 0x81)) == {VIEW: "hidden-text"}


def test_code_may_hide_what_is_typed_into_a_field_that_says_nothing() -> None:
    for name in ("password", "pass", f"{EITHER}email", f"{EITHER}user-name"):
        assert typed_into({VIEW: "field"}, {VIEW: name}, {}) == {VIEW: "password"}
    assert typed_into({VIEW: "typed"}, {VIEW: f"{EITHER}email"}, {}) == {VIEW: "email"}
