import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.dex.file import read_dex
from phone_audit.apk.dex.index import DexIndex, index_file
from phone_audit.apk.dex.instructions import walk
from tests.apk.dex.assembler import Class, Method, Ref, assemble, const_string, invoke_static
from tests.apk.dex.builder import mutf8

_A = Class(
    "Lx/A;",
    [
        Method("<clinit>()V"),
        Method("send(Ljava/lang/String;[J)Z", (*const_string("日本"), *invoke_static("Ly/B;->g()V"), 0x0F00)),
        Method("plain()V", None, direct=False),
    ],
    [("URL", "http://a.example/")],
)
_B = Class("Lx/A$B;", [Method("run()V", (0x0062, Ref("field", "Lx/A;->URL:Ljava/lang/String;"), 0x000E), registers=7)])
_DATA = assemble([_A, _B])


def _index(data: bytes = _DATA) -> DexIndex:
    (index,) = index_file(read_dex("classes.dex", data))
    return index


def _row(index: DexIndex, name: str) -> int:
    (row,) = [row for row in range(index.methods.method.size) if index.row_name(row).startswith(name)]
    return row


def test_names_of_the_methods_that_are_defined() -> None:
    index = _index()
    rows = [(index.row_class(row), index.row_name(row)) for row in range(index.methods.method.size)]
    assert rows == [
        (b"Lx/A;", "<clinit>()V"),
        (b"Lx/A;", "send(Ljava/lang/String;[J)Z"),
        (b"Lx/A;", "plain()V"),
        (b"Lx/A$B;", "run()V"),
    ]


def test_names_of_methods_and_fields_that_are_only_named() -> None:
    index = _index()
    assert (b"Ly/B;", "g()V") in [
        (index.class_descriptor(n), index.method_name(n)) for n in range(index.method_ids.size)
    ]
    assert index.field_name(0) == "Lx/A;->URL:Ljava/lang/String;"


@pytest.mark.parametrize("before", [0, 1, 2, 3])
@pytest.mark.parametrize("classes", [[_A, _B], [Class("Lx/A;", [Method("only()V")])]])
def test_a_file_may_stand_at_any_address(classes: list[Class], before: int) -> None:
    """An entry that is stored is read where it stands, which need not be aligned."""
    plain = assemble(classes)
    index, moved = (next(iter(index_file(read_dex("a", view)))) for view in (plain, _moved(plain, before)))
    for one in (index, moved):
        rows = range(one.methods.method.size)
        assert [one.row_name(row) for row in rows] == [index.row_name(row) for row in rows]
        assert [one.row_class(row) for row in rows] == [index.row_class(row) for row in rows]
        assert [one.code(row) for row in rows] == [index.code(row) for row in rows]
        assert one.bodies.area() == index.bodies.area()


def _moved(data: bytes, before: int) -> memoryview:
    return memoryview(b"x" * before + data)[before:]


def test_names_alone() -> None:
    index = _index()
    rows = range(index.methods.method.size)
    names = [index.simple_name(int(index.methods.method[row])) for row in rows]
    assert names == ["<clinit>", "send", "plain", "run"]
    assert index.simple_name(70_000) == "?"


def test_strings_are_found_in_the_order_of_their_utf16() -> None:
    """U+0000, which modified UTF-8 writes as C0 80, comes first; signs outside 16 bits before some inside."""
    texts = ["a", "a\0", "a\0b", "a\x01", "a\x7f", "a\u00e9", "a\ud7ff", "a😀", "a\ue000", "a\uffee", "b" * 300]
    index = _index(assemble([_A], texts))
    for text in texts:
        raw = mutf8(text)
        assert index.raw_string(index.strings_equal([raw])[raw]) == raw
    assert index.strings_equal([b"a\x02", b"b" * 299, b"b" * 301, b""]) == {}


def test_code_of_a_method() -> None:
    index = _index()
    code = index.code(_row(index, "run"))
    assert code is not None
    assert (code.registers, code.ins, code.tries) == (7, 1, 0)
    assert [(one.offset, one.opcode) for one in walk(code.units)] == [(0, 0x62), (2, 0x0E)]
    assert _DATA[code.offset : code.offset + 2] == b"\x62\x00"
    assert index.code(_row(index, "plain")) is None


def test_strings_by_offset_and_by_text() -> None:
    index = _index()
    found = index.strings_equal(["日本".encode(), b"http://a.example/", b"nothing", b""])
    assert {text: index.raw_string(number) for text, number in found.items()} == {
        "日本".encode(): "日本".encode(),
        b"http://a.example/": b"http://a.example/",
    }
    offset = int(index.part.string_items[found[b"http://a.example/"]])
    assert index.string_ids([offset, 3]) == {offset: found[b"http://a.example/"]}


def test_numbers_out_of_range_have_no_name() -> None:
    index = _index()
    assert index.method_name(9999) == index.field_name(9999) == index.string(9999) == "?"
    assert (index.class_descriptor(9999), index.descriptor(9999), index.prototype(9999)) == (b"?", b"?", "(?)?")


@pytest.mark.parametrize("table", [0x4C, 0x54, 0x5C])
def test_forged_tables_hold_no_more_than_the_file(table: int) -> None:
    """proto_ids_off, field_ids_off and method_ids_off, each with a size of 2³¹ before it."""
    for at in (0, 0x70, len(_DATA) - 3, 0xFFFFFFFF):
        forged = bytearray(_DATA)
        struct.pack_into("<2I", forged, table - 4, 1 << 31, at)
        index = _index(bytes(forged))
        ids = [index.proto_ids, index.field_ids, index.method_ids]
        assert all(one.nbytes <= len(forged) for one in ids)
        assert all(isinstance(index.row_name(row), str) for row in range(index.methods.method.size))


def test_a_forged_length_of_code_is_cut_to_the_file() -> None:
    index = _index()
    at = int(index.methods.code[_row(index, "send")])
    forged = bytearray(_DATA)
    struct.pack_into("<I", forged, at + 12, 0xFFFFFFFF)
    changed = _index(bytes(forged))
    code = changed.code(_row(changed, "send"))
    assert code is not None
    assert code.offset + 2 * len(code.units) <= len(forged)
    assert int(changed.bodies.units.max()) <= len(forged)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(8, len(_DATA) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_damage_is_answered(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(_DATA)
    for at, byte in changes:
        damaged[at] = byte
    for index in index_file(read_dex("classes.dex", bytes(damaged))):
        for row in range(index.methods.method.size):
            assert isinstance(index.row_name(row), str)
            assert isinstance(index.row_class(row), bytes)
            code = index.code(row)
            assert code is None or code.offset + 2 * len(code.units) <= len(damaged)
        assert index.bodies.first.size == index.bodies.code.size + 1
