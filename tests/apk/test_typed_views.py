"""What layouts say is typed into their views."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.read_apk import read_apk
from phone_audit.apk.xml import typed_views
from phone_audit.apk.xml.elements import STRING, Value
from phone_audit.apk.xml.hints import NOT_OF_A_PERSON, SEVERAL
from phone_audit.apk.xml.typed_views import TypedViews, kinds_by_hint, typed_into
from phone_audit.knowledge.load import load_knowledge
from tests.apk.dex.assembler import assemble
from tests.apk.flows.test_find_flows import SAY, activity, create, join, result
from tests.apk.flows.test_view_fields import TEXT_OF, finds
from tests.apk.packages import manifest
from tests.apk.tables import Type, make_table
from tests.apk.zips import Part, make_zip

ID, INPUT_TYPE, PASSWORD, PHONE, WIDTH = 0x010100D0, 0x01010220, 0x0101015C, 0x01010167, 0x010100F4
HINT = 0x01010150
VIEW, OTHER = 0x7F080010, 0x7F080011
NAMES = (ID, INPUT_TYPE, PASSWORD, PHONE, WIDTH, HINT)
NONE = 0xFFFFFFFF


def chunk(kind: int, header: bytes, content: bytes = b"") -> bytes:
    return struct.pack("<HHI", kind, 8 + len(header), 8 + len(header) + len(content)) + header + content


def view(attributes: Sequence[tuple[int, int, int]], names: Sequence[int], tag: int = 0) -> bytes:
    values = [
        struct.pack("<IIIHBBI", NONE, names.index(name), NONE, 8, 0, kind, value) for name, kind, value in attributes
    ]
    body = struct.pack("<IIHHHHHH", NONE, tag, 20, 20, len(values), 0, 0, 0) + b"".join(values)
    return chunk(0x0102, struct.pack("<II", 1, NONE), body)


def pool(texts: Sequence[str], *, utf8: bool) -> bytes:
    strings = [
        bytes((len(text), len(text.encode()))) + text.encode() + b"\0"
        if utf8
        else struct.pack("<H", len(text)) + text.encode("utf-16-le") + b"\0\0"
        for text in texts
    ]
    offsets = struct.pack(f"<{len(texts)}I", *(sum(map(len, strings[:at])) for at in range(len(texts))))
    head = struct.pack("<IIIII", len(texts), 0, 0x100 if utf8 else 0, 28 + len(offsets), 0)
    return chunk(0x0001, head, offsets + b"".join(strings))


def layout(*views: Sequence[tuple[int, int, int]], texts: Sequence[str] = (), utf8: bool = True) -> bytes:
    names = [name for name in NAMES if any(name == one for attributes in views for one, _, _ in attributes)]
    known = chunk(0x0180, b"", struct.pack(f"<{len(names)}I", *names))
    return chunk(0x0003, b"", pool(texts, utf8=utf8) + known + b"".join(view(one, names) for one in views))


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
    assert typed_into({VIEW: "typed"}, names, {}) == {VIEW: "email", OTHER: "password"}
    assert typed_into({}, names, {}) == {OTHER: "password"}
    assert typed_into({VIEW: "typed"}, {}, {}) == {}
    assert typed_into({VIEW: "typed"}, {VIEW: "pass", OTHER: "pass"}, {}) == {VIEW: "password"}


def test_what_is_hidden_is_a_password_only_by_its_name() -> None:
    """Answers to questions that only the owner knows, and codes, are hidden too."""
    assert typed_into({VIEW: "hidden-text"}, {}, {}) == {VIEW: "hidden-text"}
    assert typed_into({VIEW: "hidden-text"}, {VIEW: "user-name"}, {}) == {VIEW: "hidden-text"}
    assert typed_into({VIEW: "hidden-text"}, {VIEW: "password"}, {}) == {VIEW: "password"}
    assert typed_into({VIEW: "hidden-text"}, {VIEW: "pass"}, {}) == {VIEW: "password"}


def said_by_hints(*layouts: bytes, texts: Mapping[int, str] | None = None) -> dict[int, str]:
    views = TypedViews()
    for data in layouts:
        views.add(memoryview(data))

    return kinds_by_hint(views.hints, (texts or {}).get)


@pytest.mark.parametrize("utf8", [True, False])
def test_a_hint_is_read_from_the_layout(utf8: bool) -> None:
    data = layout(typed(VIEW, (HINT, STRING, 1)), typed(OTHER), texts=["x", "Your e-mail"], utf8=utf8)
    assert said_by_hints(data) == {VIEW: "email"}
    assert found(data) == {VIEW: "typed"}


def test_a_hint_is_read_from_the_resource_that_it_refers_to() -> None:
    data = layout(typed(VIEW, (HINT, 0x01, 0x7F0A0001)), typed(OTHER, (HINT, 0x01, 0x7F0A0002)))
    assert said_by_hints(data, texts={0x7F0A0001: "手机号"}) == {VIEW: "typed-phone"}


def test_hints_of_one_view_have_to_agree() -> None:
    mail, port = (layout(typed(VIEW, (HINT, STRING, 0)), texts=[text]) for text in ("E-mail", "Title"))
    assert said_by_hints(mail, mail) == {VIEW: "email"}
    assert said_by_hints(mail, port) == {}
    assert said_by_hints(mail, layout(typed(VIEW, (INPUT_TYPE, 0x11, 1)))) == {}


def test_a_name_is_that_of_the_user_where_a_person_signs_in() -> None:
    hidden = typed(OTHER, (INPUT_TYPE, 0x11, 0x81))
    name = typed(VIEW, (HINT, STRING, 0))
    assert said_by_hints(layout(name, hidden, texts=["Name"])) == {VIEW: "user-name"}
    assert said_by_hints(layout(name, texts=["Name"])) == {}
    assert said_by_hints(layout(name, hidden, texts=["Name"]), layout(name, texts=["Name"])) == {}
    assert said_by_hints(layout(name, texts=["Full name"])) == {VIEW: "typed-name"}


@pytest.mark.parametrize(("tag", "expected"), [(1, {VIEW: "email"}), (2, {})])
def test_what_stands_around_a_field_may_show_the_hint_in_it(tag: int, expected: dict[int, str]) -> None:
    texts = ["E-mail", "com.google.android.material.textfield.TextInputLayout", "android.widget.LinearLayout"]
    names, end = (ID, HINT), chunk(0x0103, struct.pack("<IIII", 1, NONE, NONE, 0))
    around = view([(HINT, STRING, 0)], names, tag)
    parts = around + view([(ID, 0x01, VIEW)], names) + end + end + view([(ID, 0x01, OTHER)], names) + end
    known = chunk(0x0180, b"", struct.pack("<2I", *names))
    data = chunk(0x0003, b"", pool(texts, utf8=True) + known + parts)
    assert said_by_hints(data) == expected
    assert found(data) == dict.fromkeys(expected, "typed")


@pytest.mark.parametrize(("tag", "expected"), [(0, "hidden-text"), (1, None)])
def test_what_stands_around_a_field_gives_that_field(tag: int, expected: str | None) -> None:
    """Code asks it for the field inside, which need not bear a number: `TextInputLayout.getEditText`."""
    names, end = (ID, INPUT_TYPE), chunk(0x0103, struct.pack("<IIII", 1, NONE, NONE, 0))
    texts = ["com.google.android.material.textfield.TextInputLayout", "android.widget.LinearLayout"]
    around = view([(ID, 0x01, VIEW)], names, tag)
    hidden, shown = (view([(INPUT_TYPE, 0x11, kind)], names, 1) + end for kind in (0x81, 0x21))
    known = chunk(0x0180, b"", struct.pack("<2I", *names))

    def kind(*inside: bytes) -> str | None:
        body = around + b"".join(inside) + end + hidden
        return found(chunk(0x0003, b"", pool(texts, utf8=True) + known + body)).get(VIEW)

    assert kind(hidden) == expected
    assert kind(shown) == ("typed" if expected else None)
    assert kind() is None


def test_a_hint_goes_before_a_name() -> None:
    """The person reads the hint: a field for the address of a server may be named after its login."""
    layouts, names = {VIEW: "typed", OTHER: "typed"}, {VIEW: "user-name", OTHER: "user-name"}
    assert typed_into(layouts, names, {VIEW: "email"}) == {VIEW: "email", OTHER: "user-name"}
    nobodys = {VIEW: NOT_OF_A_PERSON}
    assert typed_into(layouts, names, nobodys) == nobodys | {OTHER: "user-name"}
    assert typed_into(layouts, {VIEW: "password-or-email"}, nobodys) == nobodys, "so that `R$id` makes it no password"


def test_what_is_hidden_is_a_password_where_the_hint_says_so() -> None:
    assert typed_into({VIEW: "hidden-text"}, {}, {VIEW: "password"}) == {VIEW: "password"}
    assert typed_into({VIEW: "hidden-text"}, {}, {VIEW: "email"}) == {VIEW: "hidden-text"}
    assert typed_into({VIEW: "hidden-text"}, {}, {VIEW: NOT_OF_A_PERSON}) == {VIEW: "hidden-text"}
    assert typed_into({VIEW: "typed"}, {VIEW: "password"}, {VIEW: NOT_OF_A_PERSON}) == {VIEW: "password"}


def test_a_screen_for_a_forgotten_password_takes_an_address() -> None:
    """Its field is named after the screen, and asks for an e-mail address."""
    for name in ("password", "pass", "password-or-email"):
        assert typed_into({VIEW: "typed"}, {VIEW: name}, {VIEW: "email"}) == {VIEW: "email"}
        assert typed_into({VIEW: "hidden-text"}, {VIEW: name}, {VIEW: "email"}) == {VIEW: "password"}
    assert typed_into({VIEW: "typed"}, {VIEW: "password-or-email"}, {}) == {VIEW: "email"}
    assert typed_into({}, {VIEW: "password-or-email"}, {}) == {VIEW: "password"}


def test_a_hint_about_a_password_and_something_else_counts_where_the_text_is_hidden() -> None:
    assert typed_into({VIEW: "hidden-text"}, {}, {VIEW: SEVERAL}) == {VIEW: "password"}
    assert typed_into({VIEW: "typed"}, {VIEW: "email"}, {VIEW: SEVERAL}) == {VIEW: "email"}
    assert typed_into({VIEW: "typed"}, {}, {VIEW: SEVERAL}) == {}


def test_a_text_that_cannot_be_read_takes_nothing_away() -> None:
    names = (ID, INPUT_TYPE, HINT)
    known = chunk(0x0180, b"", struct.pack("<3I", *names))
    hint = [(ID, 0x01, VIEW), (INPUT_TYPE, 0x11, 0x81), (HINT, STRING, 0)]
    forged = bytearray(pool(["Email"], utf8=True))
    forged[28:32] = b"\0\xff\xff\xff"
    data = chunk(0x0003, b"", bytes(forged) + known + view(hint, names) + view([(ID, 0x01, OTHER)], names, 1))
    assert found(data) == {VIEW: "hidden-text"}
    assert said_by_hints(data) == {}


@pytest.mark.parametrize("utf8", [True, False])
def test_what_says_nothing_is_not_kept(*, utf8: bool) -> None:
    data = layout(typed(VIEW, (HINT, STRING, 0)), texts=["x" * 120], utf8=utf8)
    views = TypedViews()
    views.add(memoryview(data))
    assert views.hints.of == {VIEW: frozenset({""})}


def test_a_hint_that_is_known_counts_wherever_it_comes() -> None:
    known = [layout(typed(VIEW, (HINT, 0x01, 0x7F0A0000 + number))) for number in range(8)]
    for layouts in ([known[0], *known], [*known, known[0]]):
        assert said_by_hints(*layouts, texts={0x7F0A0000 + number: "Email" for number in range(8)}) == {VIEW: "email"}


def test_too_many_texts_of_hints_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed_views, "_MOST_TEXTS", 1)
    data = layout(typed(VIEW, (HINT, STRING, 0)), typed(OTHER, (HINT, STRING, 1)), texts=["Email", "E-mail"])
    assert said_by_hints(data) == {VIEW: "email"}
    references = layout(typed(VIEW, (HINT, 0x01, 1)), typed(OTHER, (HINT, 0x01, 2)))
    assert said_by_hints(references, texts={1: "Email", 2: "Email"}) == {VIEW: "email"}


def test_many_hints_of_one_view_say_nothing() -> None:
    views = TypedViews()
    for number in range(100):
        views.add(memoryview(layout(typed(VIEW, (HINT, 0x01, 0x7F0A0000 + number)))))
    assert len(views.hints.of[VIEW]) == 9
    assert kinds_by_hint(views.hints, lambda _: "Email") == {}


def test_attributes_do_not_reach_beyond_their_element() -> None:
    names = (ID, HINT)
    known = chunk(0x0180, b"", struct.pack("<2I", *names))
    body = bytearray(view([(HINT, STRING, 0)], names))
    body[28:30] = struct.pack("<H", 0xFFFF)  # the count of attributes
    data = chunk(0x0003, b"", pool(["Email"], utf8=True) + known + bytes(body) + view([(ID, 0x01, VIEW)], names))
    assert found(data) == {}


def test_a_field_behind_deeply_nested_ones_shows_the_hint_around_it() -> None:
    names, end = (ID, HINT), chunk(0x0103, struct.pack("<IIII", 1, NONE, NONE, 0))
    texts = ["E-mail", "x.TextInputLayout", "android.widget.LinearLayout"]
    around = view([(HINT, STRING, 0)], names, 1)
    deep = view([], names, 2) * 300 + end * 300
    known = chunk(0x0180, b"", struct.pack("<2I", *names))
    body = around + deep + view([(ID, 0x01, VIEW)], names, 2) + end * 2
    assert said_by_hints(chunk(0x0003, b"", pool(texts, utf8=True) + known + body)) == {VIEW: "email"}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8), st.integers(0, 200))
def test_damaged_layouts_are_survived(changes: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(layout(typed(VIEW, (INPUT_TYPE, 0x11, 0x81)), typed(OTHER, (HINT, STRING, 0)), texts=["Email"]))
    for at, value in changes:
        data[at % len(data)] = value
    damaged = bytes(data[: len(data) - cut])
    assert set(found(damaged).values()) <= {"hidden-text", "typed"}
    assert set(said_by_hints(damaged).values()) <= {"email"}


def test_a_hint_in_the_resources_makes_what_is_typed_known_in_the_code(tmp_path: Path) -> None:
    """From the package to the flow: the layout refers to the text, and the code asks for the view by its number."""
    text = 0x7F020000
    code = assemble([activity(create(join(finds(VIEW), TEXT_OF, result(1), SAY)))])

    def flows(hint: str) -> list[str]:
        parts = [
            manifest("policy"),
            Part("classes.dex", code),
            Part("res/layout/main.xml", layout(typed(VIEW, (HINT, 0x01, text)))),
            Part("resources.arsc", make_table([Type(2, {0: Value(STRING, 0)})], [hint])),
        ]
        path = tmp_path / "a.apk"
        path.write_bytes(make_zip(parts))
        info = read_apk(path, shown_as="a.apk", knowledge=load_knowledge())
        return [one.id for one in info.behaviours or () if one.id.startswith("flow.")]

    assert flows("Your e-mail address") == ["flow.email-log"]
    assert flows("Search") == []
