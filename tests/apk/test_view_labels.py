"""Fields that say nothing themselves: the text before them, and their class, say what is typed into them."""

import struct
from collections.abc import Sequence

import pytest

from phone_audit.apk.xml.elements import STRING
from phone_audit.apk.xml.typed_views import TypedViews, kinds_by_hint, kinds_by_label, typed_into
from tests.apk.test_typed_views import HINT, ID, INPUT_TYPE, NONE, OTHER, VIEW, chunk, pool, view

TEXT = 0x0101014F
NAMES = (ID, INPUT_TYPE, HINT, TEXT)
TAGS = ("LinearLayout", "TextView", "EditText", "Button", "vendor.ClearEditText", "AutoCompleteTextView")
END = chunk(0x0103, struct.pack("<IIII", 1, NONE, NONE, 0))


def element(tag: str, *inside: bytes, number: int = 0, text: int = -1, hint: int = -1, kind: int = 0) -> bytes:
    values = [(ID, 0x01, number)] if number else []
    values += [(INPUT_TYPE, 0x11, kind)] if kind else []
    values += [(name, STRING, at) for name, at in ((HINT, hint), (TEXT, text)) if at >= 0]
    return view(values, NAMES, TAGS.index(tag)) + b"".join(inside) + END


def screen(*elements: bytes, texts: Sequence[str], utf8: bool = True, names: Sequence[int] = NAMES) -> bytes:
    known = chunk(0x0180, b"", struct.pack(f"<{len(names)}I", *names))
    return chunk(0x0003, b"", pool((*TAGS, *texts), utf8=utf8) + known + element("LinearLayout", *elements))


def label(text: int = 0) -> bytes:
    return element("TextView", text=len(TAGS) + text)


def field(tag: str = "EditText", number: int = VIEW, **more: int) -> bytes:
    return element(tag, number=number, **more)


def said(*screens: bytes) -> dict[int, str]:
    views = TypedViews()
    for data in screens:
        views.add(memoryview(data))
    return typed_into(views.found, {}, kinds_by_hint(views.hints, no_text), kinds_by_label(views.hints, no_text))


def no_text(_number: int) -> None:
    """Stand in for resources that hold no text."""


@pytest.mark.parametrize("utf8", [True, False])
@pytest.mark.parametrize("tag", ["EditText", "vendor.ClearEditText", "AutoCompleteTextView"])
def test_the_text_before_a_field_says_what_is_typed(tag: str, utf8: bool) -> None:
    assert said(screen(label(), field(tag), texts=["Your e-mail:"], utf8=utf8)) == {VIEW: "email"}


def test_in_rows_and_beside_boxes() -> None:
    row = element("LinearLayout", label(), field())
    boxed = element("LinearLayout", label())
    assert said(screen(row, texts=["Phone number"])) == {VIEW: "typed-phone"}
    assert said(screen(boxed, field(), texts=["Phone number"])) == {VIEW: "typed-phone"}
    assert said(screen(element("LinearLayout", boxed), field(), texts=["Phone number"])) == {}


def test_each_field_has_its_own() -> None:
    both = screen(label(), field(), label(1), field(number=OTHER, kind=0x81), texts=["Username", "Password"])
    assert said(both) == {VIEW: "user-name", OTHER: "password"}
    one = screen(label(), field(), field(number=OTHER), texts=["Username"])
    assert said(one) == {VIEW: "user-name"}


@pytest.mark.parametrize(
    "screen_",
    [
        screen(field(), label(), texts=["Your e-mail"]),
        screen(element("Button", text=len(TAGS)), field(), texts=["Your e-mail"]),
        screen(label(), label(1), field(), texts=["Your e-mail", "Step 2"]),
        screen(label(), element("Button", number=VIEW), texts=["Your e-mail"]),
        screen(label(), field(), texts=["Welcome"]),
    ],
)
def test_other_texts_say_nothing(screen_: bytes) -> None:
    assert said(screen_) == {}


def test_the_hint_and_the_name_go_before_it() -> None:
    views = TypedViews()
    views.add(memoryview(screen(label(), field(hint=len(TAGS) + 1), texts=["Your e-mail", "Username"])))
    assert typed_into(views.found, {}, kinds_by_hint(views.hints, no_text), kinds_by_label(views.hints, no_text)) == {
        VIEW: "user-name"
    }
    assert typed_into({VIEW: "typed"}, {VIEW: "user-name"}, {}, {VIEW: "email"}) == {VIEW: "user-name"}
    assert typed_into({VIEW: "typed"}, {}, {}, {VIEW: "email"}) == {VIEW: "email"}


def test_screens_have_to_agree() -> None:
    mail, phone = (screen(label(), field(), texts=[text]) for text in ("E-mail", "Phone number"))
    assert said(mail, mail) == {VIEW: "email"}
    assert said(mail, phone) == said(mail, screen(field(), texts=[])) == {}


def test_a_field_by_its_class_alone_may_be_named() -> None:
    views = TypedViews()
    views.add(
        memoryview(screen(field(), element("Button", number=OTHER), texts=[], names=(ID, TEXT, HINT, INPUT_TYPE)))
    )
    assert views.found == {VIEW: "typed"}
    assert typed_into(views.found, {VIEW: "email", OTHER: "email"}, {}) == {VIEW: "email"}
