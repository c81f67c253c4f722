"""The readers of single formats, with what damaged and forged files do to them."""

import struct
import tarfile

import numpy as np
import pytest

from phone_audit.apk.assets.embedded_formats import compressed_assemblies, members, read_class
from phone_audit.apk.assets.string_tables import (
    Extent,
    TableExtent,
    binary_extent,
    hermes_strings,
    java_extent,
    native_extent,
    read_pool,
    unity_strings,
)
from phone_audit.apk.assets.urls import urls_in
from phone_audit.errors import ApkError
from tests.apk.assets.builders import compressed_assembly, hermes, java_class, look, marks, tar, unity
from tests.apk.tables import make_table


def texts_at(table: TableExtent, data: bytes, marks: list[str]) -> list[bytes]:
    found = []
    for mark in marks:
        at = data.index(mark.encode())
        extent = table(memoryview(data), at, at + len(mark))
        found.append(data[extent.begin : extent.end])
    return found


@pytest.mark.parametrize("function_header", [16, 12])
def test_hermes_strings_are_told_apart(function_header: int) -> None:
    texts = ["first", "https://a.vendor.cn", "second", "y" * 300, "third"]
    data = hermes(texts, function_header=function_header)
    table = hermes_strings(memoryview(data))
    assert table is not None
    assert texts_at(table, data, ["https://a.", "second", "third"]) == [b"https://a.vendor.cn", b"second", b"third"]


@pytest.mark.parametrize("cut", [20, 100, 140, -3])
def test_a_damaged_hermes_table_is_none(cut: int) -> None:
    data = hermes(["first", "https://a.vendor.cn"])
    assert hermes_strings(memoryview(data[:cut])) is None


@pytest.mark.parametrize("place", range(40, 64, 4))
def test_forged_counts_of_hermes_are_refused(place: int) -> None:
    data = bytearray(hermes(["first", "https://a.vendor.cn"]))
    struct.pack_into("<I", data, place, 0xFFFFFFF0)
    assert hermes_strings(memoryview(bytes(data))) is None


def test_unity_literals_are_told_apart() -> None:
    data = unity(["GET", "https://a.vendor.cn", "com"])
    table = unity_strings(memoryview(data))
    assert table is not None
    assert texts_at(table, data, ["https://a."]) == [b"https://a.vendor.cn"]
    for place in range(8, 24, 4):
        forged = bytearray(data)
        struct.pack_into("<i", forged, place, 2**31 - 8)
        assert unity_strings(memoryview(bytes(forged))) is None
    assert unity_strings(memoryview(data[:10])) is None


def test_overlapping_strings_of_a_table_do_not_slow_it_down() -> None:
    begins = np.zeros(100_000, np.int64)
    table = TableExtent(begins, begins + np.arange(100_000))
    assert table(memoryview(bytes(10)), 5, 8) == Extent(0, 10)


@pytest.mark.parametrize(
    ("before", "after", "url"),
    [
        (b"\xfa\x13", b"z\x04", "https://a.vendor.cn"),
        (b"z\x13", b"z\x04", "https://a.vendor.cn"),
        (b"a\x13\0\0\0", b"r\1\0\0\0", "https://a.vendor.cn"),
        (b"\x12\x13", b"2\x04", "https://a.vendor.cn"),
        (b"\0", b"/x\0", "https://a.vendor.cn/x"),
        (b"\n", b"/xyz\0", "https://a.vendor.cn/xyz"),
        (b"(", b"/xyz" * 20 + b"\0", "https://a.vendor.cn" + "/xyz" * 20),
        (b"see ", b"/xyz" * 20 + b"\0", "https://a.vendor.cn" + "/xyz" * 20),
    ],
)
def test_a_length_ends_a_string_and_text_does_not(before: bytes, after: bytes, url: str) -> None:
    data = memoryview(b"\0\0\xff" + before + b"https://a.vendor.cn" + after + b"\xff")
    assert [one.host.url for one in urls_in(data, binary_extent, marks(data).plain)] == [url]


def test_a_class_file_states_lengths_in_two_bytes() -> None:
    data = memoryview(b"\1\0\x13https://a.vendor.cnA\0")
    assert [one.host.host for one in urls_in(data, java_extent, marks(data).plain)] == ["a.vendor.cn"]
    assert [one.host.host for one in urls_in(data, native_extent, marks(data).plain)] == ["a.vendor.cna"]


def test_a_scheme_may_have_letters_before_it() -> None:
    data = memoryview(b"abc+https://a.vendor.cn\0xws://b.vendor.cn\0 ws://c.vendor.cn\0")
    assert [(one.host.host, one.begin) for one in urls_in(data, native_extent, marks(data).plain)] == [
        ("a.vendor.cn", 4),
        ("c.vendor.cn", 43),
    ]


def test_urls_inside_urls_are_each_found_once() -> None:
    data = memoryview(b"'https://a.vendor.cn/?u=http://b.vendor.cn/x'")
    assert [(one.host.url, one.begin) for one in urls_in(data, native_extent, marks(data).plain)] == [
        ("https://a.vendor.cn/?u=http://b.vendor.cn/x", 1),
        ("http://b.vendor.cn/x", 24),
    ]


@pytest.mark.promise("damage-is-noted")
def test_a_store_without_compressed_assemblies_holds_none() -> None:
    """Stores of builds without compression: the first look for one raised, and with it the places of all files."""
    assert list(compressed_assemblies(memoryview(b"XABA" + bytes(60)), 1000)) == []
    found = look({"assemblies/assemblies.blob": b"XABA" + bytes(60), "assets/a.txt": b"http://a.example.net/"})
    assert [mention.found.host for mention in found.mentions] == ["a.example.net"]


def test_assemblies_are_bounded_together() -> None:
    data = memoryview(compressed_assembly(b"a" * 600) + compressed_assembly(b"b" * 600))
    first, second = compressed_assemblies(data, 1000)
    assert (first[0], first[1]) == (0, b"a" * 600)
    assert isinstance(second[1], ApkError)
    assert second[1].code == "size-limit"
    assert list(compressed_assemblies(memoryview(b"XALZ"), 9)) == []


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_tar_names(form: int) -> None:
    long = "very/" * 30 + "long.py"
    for data in (tar({"a.py": b"1", long: b"22"}, form), tar({"a.py": b"1", long: b"22", "b.py": b""}, form)):
        assert [(one.name, bytes(one.content)) for one in members(memoryview(data))][:2] == [
            ("a.py", b"1"),
            (long, b"22"),
        ]


def test_a_tar_archive_that_ends_early_gives_what_there_is() -> None:
    data = tar({"a.py": b"1" * 600, "b.py": b"2" * 600})
    found = members(memoryview(data[: 512 + 300]))
    assert len(next(found).content) == 300
    with pytest.raises(ApkError, match="cut off"):
        next(found)
    broken = bytearray(data)
    broken[124:136] = b"not octal!!!"
    with pytest.raises(ApkError, match="damaged"):
        next(members(memoryview(bytes(broken))))


@pytest.mark.parametrize("cut", [0, 5, 9, 30, -5])
def test_a_damaged_class_file_is_none(cut: int) -> None:
    data = java_class("com/A", ["text"])
    assert read_class(memoryview(data[:cut])) is None


def test_a_class_file_with_an_unknown_tag_is_none() -> None:
    data = bytearray(java_class("com/A", ["text"]))
    data[10] = 99
    assert read_class(memoryview(bytes(data))) is None


def test_texts_of_a_class_file_have_their_offset() -> None:
    data = java_class("com/A", ["some text", "other"])
    read = read_class(memoryview(data))
    assert read is not None
    assert [data[at : at + len(text)] for at, text in read.texts] == [b"some text", b"other"]


@pytest.mark.parametrize("utf8", [True, False])
def test_a_pool_gives_its_texts_by_offset(utf8: bool) -> None:
    data = make_table([], ["short", "x" * 300, "https://a.vendor.cn"], utf8=utf8)
    pool = read_pool(memoryview(data))
    assert pool is not None
    ((item, text),) = pool.strings.holding(b"://")
    assert text == "https://a.vendor.cn"
    encoded = text.encode() if utf8 else text.encode("utf-16-le")
    assert data[pool.offset(item) :].find(encoded) == 2


@pytest.mark.parametrize("utf8", [True, False])
def test_forged_pools_are_bounded(utf8: bool) -> None:
    data = make_table([], ["short", "https://a.vendor.cn"], utf8=utf8)
    for place in range(0, 60, 4):
        for value in (0, 1, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF):
            forged = bytearray(data)
            struct.pack_into("<I", forged, place, value)
            assert len(_urls(bytes(forged))) <= 2
    for cut in range(len(data)):
        assert all("https://a.vendor.cn".startswith(text) for text in _urls(data[:cut]))


def _urls(data: bytes) -> list[str]:
    pool = read_pool(memoryview(data))
    return [] if pool is None else [text for _, text in pool.strings.holding(b"://")]
