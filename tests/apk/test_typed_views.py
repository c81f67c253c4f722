"""What layouts say is typed into their views."""

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.xml.typed_views import TypedViews, typed_into

ID, INPUT_TYPE, PASSWORD, PHONE, WIDTH = 0x010100D0, 0x01010220, 0x0101015C, 0x01010167, 0x010100F4
VIEW, OTHER = 0x7F080010, 0x7F080011
NAMES = (ID, INPUT_TYPE, PASSWORD, PHONE, WIDTH)
NONE = 0xFFFFFFFF


def chunk(kind: int, header: bytes, content: bytes = b"") -> bytes:
    return struct.pack("<HHI", kind, 8 + len(header), 8 + len(header) + len(content)) + header + content


def view(attributes: Sequence[tuple[int, int, int]], names: Sequence[int]) -> bytes:
    values = [
        struct.pack("<IIIHBBI", NONE, names.index(name), NONE, 8, 0, kind, value) for name, kind, value in attributes
    ]
    body = struct.pack("<IIHHHHHH", NONE, 0, 20, 20, len(values), 0, 0, 0) + b"".join(values)
    return chunk(0x0102, struct.pack("<II", 1, NONE), body)


def layout(*views: Sequence[tuple[int, int, int]]) -> bytes:
    names = [name for name in NAMES if any(name == one for attributes in views for one, _, _ in attributes)]
    pool = chunk(0x0001, struct.pack("<IIIII", 0, 0, 0, 28, 0))
    known = chunk(0x0180, b"", struct.pack(f"<{len(names)}I", *names))
    return chunk(0x0003, b"", pool + known + b"".join(view(one, names) for one in views))


def typed(number: int, *attributes: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    return [(ID, 0x01, number), *attributes, (WIDTH, 0x10, 1)]


def found(*layouts: bytes) -> dict[int, str]:
    views = TypedViews()
    for data in layouts:
        views.add(memoryview(data))
    return views.found


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ([(INPUT_TYPE, 0x11, 0x81)], {VIEW: "hidden-text"}),
        ([(INPUT_TYPE, 0x11, 0x80081)], {VIEW: "hidden-text"}),
        ([(INPUT_TYPE, 0x11, 0x12)], {VIEW: "hidden-text"}),
        ([(PASSWORD, 0x12, NONE)], {VIEW: "hidden-text"}),
        ([(INPUT_TYPE, 0x11, 0x21)], {VIEW: "typed"}),
        ([(INPUT_TYPE, 0x11, 0x03)], {VIEW: "typed"}),
        ([(PHONE, 0x12, NONE)], {VIEW: "typed"}),
        ([(INPUT_TYPE, 0x11, 0x91)], {VIEW: "typed"}),
        ([(INPUT_TYPE, 0x11, 0x61)], {VIEW: "typed"}),
        ([(INPUT_TYPE, 0x11, 0x22)], {VIEW: "typed"}),
        ([(PASSWORD, 0x12, 0)], {VIEW: "typed"}),
        ([], {}),
    ],
)
def test_the_input_type_says_what_is_typed(attributes: list[tuple[int, int, int]], expected: dict[int, str]) -> None:
    assert found(layout(typed(VIEW, *attributes), typed(OTHER))) == expected


def test_what_layouts_do_not_agree_about_is_told_as_nothing() -> None:
    hidden = layout(typed(VIEW, (INPUT_TYPE, 0x11, 0x81)))
    assert found(hidden, hidden) == {VIEW: "hidden-text"}
    assert found(hidden, layout(typed(VIEW))) == {}
    assert found(hidden, layout(typed(OTHER))) == {VIEW: "hidden-text"}
    assert found(hidden, layout(typed(VIEW, (INPUT_TYPE, 0x11, 1)))) == {VIEW: "hidden-text"}


def test_a_name_tells_what_is_typed_only_where_something_is() -> None:
    names = {VIEW: "email", OTHER: "password"}
    assert typed_into({VIEW: "typed"}, names) == {VIEW: "email", OTHER: "password"}
    assert typed_into({}, names) == {OTHER: "password"}
    assert typed_into({VIEW: "typed"}, {}) == {}
    assert typed_into({VIEW: "typed"}, {VIEW: "pass", OTHER: "pass"}) == {VIEW: "password"}


def test_what_is_hidden_is_a_password_only_by_its_name() -> None:
    """Answers to questions that only the owner knows, and codes, are hidden too."""
    assert typed_into({VIEW: "hidden-text"}, {}) == {VIEW: "hidden-text"}
    assert typed_into({VIEW: "hidden-text"}, {VIEW: "user-name"}) == {VIEW: "hidden-text"}
    assert typed_into({VIEW: "hidden-text"}, {VIEW: "password"}) == {VIEW: "password"}
    assert typed_into({VIEW: "hidden-text"}, {VIEW: "pass"}) == {VIEW: "password"}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8), st.integers(0, 200))
def test_damaged_layouts_are_survived(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(layout(typed(VIEW, (INPUT_TYPE, 0x11, 0x81)), typed(OTHER)))
    for at, value in changes:
        data[at % len(data)] = value
    assert set(found(bytes(data[: len(data) - cut])).values()) <= {"hidden-text", "typed"}
