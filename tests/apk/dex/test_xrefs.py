import struct
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.dex.xrefs import MAX_USES, Kind, Use, users_of
from tests.apk.dex.assembler import RETURN, Class, Method, Ref, assemble, const_string, invoke_static
from tests.apk.dex.builder import uleb128
from tests.steps import LINEAR, growth

_URL, _OTHER = "http://a.example/", "other"
_FIELD = "Lx/A;->URL:Ljava/lang/String;"
_STRING = Ref("string", _URL)
_CLASS = Class(
    "Lx/A;",
    [
        Method("loads()V", (0x0000, *const_string(_URL), *const_string(_OTHER), *const_string(_URL), RETURN)),
        Method("jumbo()V", (0x011B, _STRING, 0, RETURN)),
        Method("calls()V", (*invoke_static("Ly/B;->g()V"), 0x0077, Ref("method", "Ly/B;->g()V"), 0, RETURN)),
        Method("makes()V", (0x0022, Ref("type", "Ly/B;"), 0x001F, Ref("type", "Ly/B;"), RETURN)),
        Method("gets()V", (0x0062, Ref("field", _FIELD), RETURN)),
        # What looks like const-string is the operand of another instruction, or data.
        Method("operand()V", (0x0014, 0x001A, _STRING, RETURN)),
        Method("data()V", (RETURN, 0x0300, 2, 2, 0, 0x001A, _STRING)),
    ],
    [("URL", "text")],
)
_DATA = assemble([_CLASS])


def _index(data: bytes = _DATA) -> DexIndex:
    (index,) = index_file(read_dex("classes.dex", data))
    return index


def _number(index: DexIndex, kind: Kind, name: str) -> int:
    if kind == "string":
        return index.strings_equal([name.encode()])[name.encode()]
    if kind == "type":
        return index.type_ids[name.encode()]
    if kind == "method":
        names = [f"{java_name(index.class_descriptor(n))}.{index.method_name(n)}" for n in range(index.method_ids.size)]
        return names.index(name)
    return next(n for n in range(index.field_ids.size) if index.field_name(n) == name)


def _users(kind: Kind, name: str) -> list[tuple[str, int]]:
    index = _index()
    number = _number(index, kind, name)
    uses = users_of(index, kind, [number])
    assert list(uses) == [number]
    assert all(_DATA[use.offset] == index.code(use.row).units[use.unit] & 0xFF for use in uses[number])  # type: ignore[union-attr]
    return [(index.row_name(use.row), use.unit) for use in uses[number]]


def test_strings_are_found_and_verified() -> None:
    assert _users("string", _URL) == [("loads()V", 1), ("loads()V", 5), ("jumbo()V", 0)]
    assert _users("string", _OTHER) == [("loads()V", 3)]


def test_calls_types_and_fields() -> None:
    assert _users("method", "y.B.g()V") == [("calls()V", 0), ("calls()V", 3)]
    assert _users("type", "Ly/B;") == [("makes()V", 0), ("makes()V", 2)]
    assert _users("field", _FIELD) == [("gets()V", 0)]


def test_what_nobody_uses() -> None:
    assert _users("string", "text") == []
    assert users_of(_index(), "method", []) == {}
    assert users_of(_index(), "method", [70_000]) == {70_000: []}


def test_jumbo_numbers_fill_two_units() -> None:
    """A file of more than 65,536 strings is what const-string/jumbo exists for."""
    texts = [f"t{number:05}" for number in range(66_000)]
    method = Method("f()V", (*const_string("t00000"), 0x001B, 0, 0, RETURN))
    data = bytearray(assemble([Class("La/B;", [method])], texts))
    number = _number(_index(bytes(data)), "string", texts[-1])
    assert number > 65_535
    struct.pack_into("<I", data, int(_index(bytes(data)).bodies.code[0]) + 16 + 6, number)
    uses = users_of(_index(bytes(data)), "string", [number, number - 65_536])
    assert [(use.unit, use.id) for use in uses[number]] == [(2, number)]
    assert uses[number - 65_536] == []


def test_no_more_uses_are_listed_than_wanted_and_the_others_are_found_all_the_same() -> None:
    index = _index()
    numbers = {_number(index, "string", _URL): 2, _number(index, "string", _OTHER): 1}
    assert {number: len(uses) for number, uses in users_of(index, "string", numbers, 2).items()} == numbers
    assert [len(uses) for uses in users_of(index, "string", numbers, 1).values()] == [1, 1]


def test_methods_that_share_their_code_are_named_by_the_first() -> None:
    """R8 writes equal code once."""
    code = (*const_string(_URL), RETURN)
    data = bytearray(assemble([Class("La/B;", [Method("first()V", code), Method("second()V", code)])]))
    first, second = _index(bytes(data)).bodies.code.tolist()
    encoded, other = uleb128(second), uleb128(first)
    assert data.count(encoded) == 1
    assert len(encoded) == len(other)
    shared = _index(bytes(data.replace(encoded, other)))
    assert (shared.bodies.code.tolist(), shared.bodies.rows.tolist()) == ([first], [0, 1])
    (uses,) = users_of(shared, "string", [_number(shared, "string", _URL)]).values()
    assert [shared.row_name(use.row) for use in uses] == ["first()V"]


def _overlapping(methods: int) -> Callable[[], dict[int, list[Use]]]:
    """Look into methods that each claim the rest of the file, full of what looks like the wanted instruction."""
    filler = (0x001A, Ref("string", _URL)) * 40
    data = bytearray(assemble([Class("La/B;", [Method(f"m{n:05}()V", filler) for n in range(methods)])]))
    for code in _index(bytes(data)).bodies.code.tolist():
        struct.pack_into("<I", data, code + 12, 0x7FFFFFFF)
    forged = _index(bytes(data))
    return lambda: users_of(forged, "string", [_number(forged, "string", _URL)], most=1_000_000)


def test_overlapping_code_is_bounded() -> None:
    assert growth(_overlapping, 100) < LINEAR
    (uses,) = _overlapping(3000)().values()
    assert len(uses) == 3000 * 40


def _in_one_method(times: int) -> Callable[[], dict[int, list[Use]]]:
    long_method = (0x0000,) * 2 * times + (0x001A, _STRING) * times
    index = _index(assemble([Class("La/B;", [Method("f()V", long_method)])]))
    return lambda: users_of(index, "string", [_number(index, "string", _URL)])


def test_one_long_method_is_walked_once() -> None:
    assert growth(_in_one_method, 2000) < LINEAR
    (uses,) = _in_one_method(15_000)().values()
    assert len(uses) == MAX_USES


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(8, len(_DATA) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_damage_is_answered(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(_DATA)
    for at, byte in changes:
        damaged[at] = byte
    kinds: tuple[Kind, ...] = ("string", "type", "field", "method")
    for index in index_file(read_dex("classes.dex", bytes(damaged))):
        for kind in kinds:
            for number, uses in users_of(index, kind, range(60)).items():
                assert all(use.id == number and use.offset < len(damaged) for use in uses)


@pytest.mark.parametrize("cut", range(0x70, len(_DATA), 7))
def test_a_file_cut_short(cut: int) -> None:
    for index in index_file(read_dex("classes.dex", _DATA[:cut])):
        for uses in users_of(index, "string", range(60)).values():
            assert all(use.offset < cut for use in uses)
