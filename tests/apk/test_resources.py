"""Single values out of resource tables of every shape."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.xml.elements import Value
from phone_audit.apk.xml.resources import ResourceTable
from phone_audit.apk.zip.archive import Archive
from phone_audit.errors import ApkError
from tests.apk.elements import number, reference
from tests.apk.tables import COMPLEX, Type, make_table

POLICY = Path(__file__).resolve().parents[2] / "fixtures" / "manifests" / "policy.apk"
LANGUAGE = b"\0\0\0\0de\0\0" + b"\0" * 16


def string(index: int) -> Value:
    return Value(3, index)


def table(*types: Type, strings: tuple[str, ...] = (), utf8: bool = True) -> ResourceTable:
    return ResourceTable(memoryview(make_table(types, strings, utf8=utf8)))


def of_aapt() -> ResourceTable:
    archive = Archive(memoryview(POLICY.read_bytes()))
    entry = archive.find("resources.arsc")
    assert entry is not None
    return ResourceTable(memoryview(archive.read(entry, 2**20)))


def texts(of: ResourceTable, resource_id: int) -> list[str | None]:
    return [value.text for value in of.values(resource_id)]


def test_a_table_made_by_aapt() -> None:
    resolved = of_aapt().resolve(reference(0x7F030000))
    assert resolved is not None
    assert resolved.text == "Policy fixture ✓"
    assert texts(of_aapt(), 0x7F030001) == ["Policy fixture ✓", "Richtlinien-Beispiel"]


@pytest.mark.parametrize("utf8", [True, False])
def test_strings_short_and_long_in_both_encodings(utf8: bool) -> None:
    strings = ("", "Größe 📱", "x" * 127, "ü" * 300, "y" * 33_000 if not utf8 else "y" * 30_000)
    found = table(Type(1, {n: string(n) for n in range(5)}), strings=strings, utf8=utf8)
    assert [texts(found, 0x7F010000 + n)[0] for n in range(4)] == list(strings[:4])
    assert (texts(found, 0x7F010004)[0] or "").startswith("y" * 30_000)


@pytest.mark.parametrize("shape", ["", "sparse", "short", "compact", "sparse compact"])
def test_every_shape_of_a_type(shape: str) -> None:
    values = {1: number(11), 7: number(77)}
    found = table(Type(2, values, sparse="sparse" in shape, short="short" in shape, compact="compact" in shape))
    assert [found.values(0x7F020000 + n) for n in (0, 1, 6, 7, 8)] == [(), (number(11),), (), (number(77),), ()]


@pytest.mark.parametrize("shape", ["", "sparse", "short", "compact", "sparse compact"])
def test_which_resources_are_a_text(shape: str) -> None:
    values = {1: string(0), 7: string(1), 9: number(0)}
    kind = Type(2, values, sparse="sparse" in shape, short="short" in shape, compact="compact" in shape)
    found = table(kind, Type(3, {0: string(1)}), strings=("one", "two"))
    assert found.ids_of({"two", "none"}) == {"two": {0x7F020007, 0x7F030000}}
    assert found.ids_of({"one"}) == {"one": {0x7F020001}}
    assert found.ids_of(()) == {}


def test_the_default_configuration_comes_first() -> None:
    german = Type(1, {0: string(1)}, config=LANGUAGE)
    assert texts(table(german, Type(1, {0: string(0)}), strings=("default", "deutsch")), 0x7F010000) == [
        "default",
        "deutsch",
    ]


def test_a_value_that_only_a_translation_has() -> None:
    assert texts(table(Type(1, {0: string(0)}, config=LANGUAGE), strings=("deutsch",)), 0x7F010000) == ["deutsch"]


def test_bags_are_left_out() -> None:
    assert table(Type(1, {0: COMPLEX, 1: number(5)})).values(0x7F010000) == ()


def test_references_are_followed_to_the_end() -> None:
    found = table(Type(1, {0: reference(0x7F010001), 1: Value(7, 0x00010002), 2: number(3), 3: reference(0x7F010004)}))
    assert found.resolve(reference(0x7F010000)) == number(3)
    assert found.resolve(number(4)) == number(4)


def test_each_reference_that_is_followed_is_asked_for_first() -> None:
    found = table(
        Type(1, {0: reference(0x7F020000)}),
        Type(2, {0: number(3)}),
        Type(2, {0: number(4)}, config=LANGUAGE),
    )
    asked: list[int] = []

    def may_look(count: int) -> bool:
        asked.append(count)
        return True

    assert found.resolve(reference(0x7F010000), may_look) == number(3)
    assert asked == [1, 2], "the second has two configurations"
    assert found.resolve(reference(0x7F010000), lambda count: count < 2) is None


def test_references_that_lead_nowhere() -> None:
    circle = table(Type(1, {0: reference(0x7F010001), 1: reference(0x7F010000)}))
    assert circle.resolve(reference(0x7F010000)) is None
    assert circle.resolve(reference(0x01010001)) is None
    assert circle.resolve(reference(0x7F050000)) is None


@pytest.mark.parametrize("data", [b"", b"\2\0", b"\3\0\x0c\0" + b"\0" * 60, b"\xff" * 60])
def test_what_is_no_table(data: bytes) -> None:
    with pytest.raises(ApkError) as caught:
        ResourceTable(memoryview(data))
    assert caught.value.code == "damaged-resources"


WHOLE = make_table(
    [
        Type(1, {0: string(0), 1: string(1), 2: reference(0x7F020001)}),
        Type(2, {1: number(1)}, sparse=True),
        Type(3, {0: number(1)}, short=True, compact=True),
    ],
    ("one", "two"),
)


@pytest.mark.promise("damage-is-noted")
@settings(max_examples=500)
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.sampled_from([0, 1, 2, 8, 0x7F, 0xFF])), max_size=5),
    st.integers(0, len(WHOLE)),
    st.booleans(),
)
def test_damage_raises_only_our_own_error(changes: list[tuple[int, int]], cut: int, whole: bool) -> None:
    data = bytearray(WHOLE)
    for at, byte in changes:
        data[at] = byte
    try:
        found = ResourceTable(memoryview(bytes(data if whole else data[:cut])))
    except ApkError:
        return
    for kind in range(4):
        for entry in range(3):
            found.resolve(reference(0x7F000000 | kind << 16 | entry))
