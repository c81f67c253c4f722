"""The ZIP as Android reads it, in every way it can be odd."""

import contextlib
import io
import os
import random
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phone_audit.apk.zip.archive import Archive, map_file
from phone_audit.apk.zip.directory import read_index, records
from phone_audit.apk.zip.inflate import ContentHashes, SecondThread
from phone_audit.errors import ApkError
from tests.apk.zips import Part, end_record, make_zip

LIMIT = 2**20
MANIFEST = Part("AndroidManifest.xml", b"manifest" * 9)
CODE = Part("classes.dex", b"dex\n035\0", deflate=False)


def archive(data: bytes) -> Archive:
    return Archive(memoryview(data))


def contents(data: bytes) -> dict[str, bytes]:
    opened = archive(data)
    return {entry.name: bytes(opened.read(entry, LIMIT)) for entry in opened.entries}


def codes(data: bytes) -> list[str]:
    return [note.code for note in archive(data).index.notes]


def refusal(data: bytes) -> str:
    with pytest.raises(ApkError) as caught:
        archive(data)
    return caught.value.code


def read_refusal(part: Part, limit: int = LIMIT) -> str:
    opened = archive(make_zip([part]))
    with pytest.raises(ApkError) as caught:
        opened.read(opened.entries[0], limit)
    return caught.value.code


def test_an_ordinary_archive_in_the_order_of_its_directory() -> None:
    data = make_zip([MANIFEST, CODE])
    assert list(contents(data).items()) == [(MANIFEST.name, MANIFEST.content), (CODE.name, CODE.content)]
    assert codes(data) == []


def test_where_the_directory_lies() -> None:
    data = make_zip([CODE], before_directory=b"signing block")
    index = archive(data).index
    assert data[index.directory_offset - 13 : index.directory_offset] == b"signing block"
    assert data[index.end_offset :] == end_record(1, index.directory_size, index.directory_offset)


def test_a_stored_entry_is_a_view_of_the_file() -> None:
    opened = archive(make_zip([CODE]))
    assert isinstance(opened.read(opened.entries[0], LIMIT), memoryview)


def test_a_comment_that_holds_an_end_record_of_its_own() -> None:
    data = make_zip([MANIFEST], comment=b"PK\x05\x06" + b"-" * 30)
    assert contents(data) == {MANIFEST.name: MANIFEST.content}
    assert codes(data) == []


def test_bytes_after_the_end_record_are_noted() -> None:
    data = make_zip([MANIFEST], after=b"more")
    assert contents(data) == {MANIFEST.name: MANIFEST.content}
    assert codes(data) == ["trailing-bytes"]


def test_bytes_between_directory_and_end_record() -> None:
    data = make_zip([MANIFEST, CODE], gap=b"garbage")
    assert list(contents(data)) == [MANIFEST.name, CODE.name]
    assert codes(data) == []


def test_a_wrong_size_of_the_directory_is_noted_and_it_is_read() -> None:
    """One byte less than the records need, and one more than there is room for; the gap between does no harm."""
    data = make_zip([MANIFEST, CODE], gap=b"gap")
    at = data.rindex(b"PK\5\6") + 12
    (size,) = struct.unpack_from("<I", data, at)
    for wrong, noted in ((size - 1, True), (size + 3, False), (size + 4, True), (0, True)):
        changed = data[:at] + struct.pack("<I", wrong) + data[at + 4 :]
        assert list(contents(changed)) == [MANIFEST.name, CODE.name]
        assert codes(changed) == ["directory-size"] * noted, wrong - size


def test_bytes_before_the_archive_are_noted_and_it_is_read() -> None:
    data = make_zip([MANIFEST, CODE], prefix=b"#!/bin/sh\n")
    assert contents(data)[str(CODE.name)] == CODE.content
    assert codes(data) == ["prefixed"]


def test_the_encryption_flag_is_ignored() -> None:
    assert contents(make_zip([Part("a", b"text", flags=1)])) == {"a": b"text"}


def test_checksums_are_ignored() -> None:
    assert contents(make_zip([Part("a", b"text", crc=1)])) == {"a": b"text"}


def test_sizes_come_from_the_directory() -> None:
    assert contents(make_zip([Part("a", b"text", flags=8, local_sizes=False)])) == {"a": b"text"}


@pytest.mark.parametrize("method", [1, 12, 93, 0x7600])
def test_an_unknown_method_is_read_as_stored(method: int) -> None:
    assert contents(make_zip([Part("a", b"\x03\0\x08\0text", deflate=False, method=method)])) == {
        "a": b"\x03\0\x08\0text"
    }


def test_an_unknown_method_with_a_wrong_compressed_size_is_read_as_stored() -> None:
    part = Part("a", b"\x03\0\x08\0text", deflate=False, method=9, compressed=3)
    assert contents(make_zip([part, CODE]))["a"] == part.content


def test_an_unknown_method_on_deflated_bytes_is_inflated() -> None:
    assert contents(make_zip([Part("a", b"text" * 50, method=99)])) == {"a": b"text" * 50}


@pytest.mark.parametrize("limit", [1, 100, 199, 200, LIMIT])
def test_how_an_entry_is_read_does_not_depend_on_the_limit(limit: int) -> None:
    """A small limit must not turn deflated bytes of an unknown method into stored ones, nor the order of the calls."""
    part = Part("a", b"text" * 50, method=99)
    for ask_first in ("read", "pieces"):
        opened = archive(make_zip([part]))
        entry = opened.entries[0]
        for what in (ask_first, "read", "pieces"):
            if what == "pieces":
                assert b"".join(bytes(piece) for piece in opened.pieces(entry)) == part.content
            elif limit >= len(part.content):
                assert opened.read(entry, limit) == part.content
            else:
                with pytest.raises(ApkError) as caught:
                    opened.read(entry, limit)
                assert caught.value.code == "size-limit"


def test_unknown_methods_are_not_tried_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the attempts have inflated as much as is allowed, the rest is as Android reads it: stored."""
    monkeypatch.setattr("phone_audit.apk.zip.archive.TOTAL_LIMIT", 500)
    parts = [Part(name, b"text" * 50, method=99) for name in "abc"]
    opened = archive(make_zip(parts))
    for _ in range(2):
        found = [bytes(opened.read(entry, LIMIT)) for entry in opened.entries]
        assert found == [parts[0].content, parts[1].content, parts[2].raw]


def test_an_attempt_ends_where_the_announced_size_is_exceeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phone_audit.apk.zip.archive.TOTAL_LIMIT", 2 * 2**20)
    bomb = Part("bomb", bytes(8 * 2**20), method=99, size=5)
    found = contents(make_zip([bomb, Part("a", b"text" * 50, method=99)]))
    assert found == {"bomb": bomb.raw[:5], "a": b"text" * 50}


def test_a_stored_entry_whose_size_lies_beyond_the_file_has_its_compressed_size() -> None:
    assert contents(make_zip([Part("a", b"text", deflate=False, size=2_000_000_000)])) == {"a": b"text"}


def test_a_wrong_size_of_a_deflated_entry_is_not_believed() -> None:
    assert contents(make_zip([Part("a", b"text", size=1)])) == {"a": b"text"}


def test_of_two_entries_with_one_name_the_first_is_found() -> None:
    data = make_zip([Part("a", b"first"), CODE, Part("a", b"second")])
    opened = archive(data)
    found = opened.find("a")
    assert found is not None
    assert bytes(opened.read(found, LIMIT)) == b"first"
    assert [(note.code, note.reason) for note in opened.index.notes] == [
        ("duplicate-entry", "The entry a stands in the archive more than once; Android refuses such a file.")
    ]


def test_names_are_compared_exactly() -> None:
    assert archive(make_zip([Part("classes.dex/"), Part("Classes.dex")])).find("classes.dex") is None


def test_a_name_that_is_no_utf8_is_escaped() -> None:
    assert [entry.name for entry in archive(make_zip([Part(b"a\xff")])).entries] == ["a\\xff"]


def test_records_beyond_the_announced_number_are_not_seen() -> None:
    assert list(contents(make_zip([MANIFEST, CODE], records=1))) == [MANIFEST.name]


def test_fewer_records_than_announced_are_noted() -> None:
    data = make_zip([MANIFEST, CODE], records=5)
    assert list(contents(data)) == [MANIFEST.name, CODE.name]
    assert codes(data) == ["damaged-archive"]


def test_sizes_of_64_bits() -> None:
    sizes = struct.pack("<HHQQ", 1, 16, 4, 4)
    part = Part("a", b"text", deflate=False, compressed=0xFFFFFFFF, size=0xFFFFFFFF, extra=b"\0\0\2\0xx" + sizes)
    assert contents(make_zip([part])) == {"a": b"text"}


def test_an_end_record_of_64_bits() -> None:
    data = make_zip([MANIFEST])
    end = data.rindex(b"PK\x05\x06")
    start = data.index(b"PK\x01\x02")
    wide = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, end - start, start)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    assert contents(data[:end] + wide + locator + end_record(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)) == {
        MANIFEST.name: MANIFEST.content
    }


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"PK", "not-an-archive"),
        (b"\x7fELF" * 100, "not-an-archive"),
        (b"This is a text file called .apk\n", "not-an-archive"),
        (make_zip([MANIFEST, CODE])[:60], "truncated"),
        (make_zip([MANIFEST, CODE])[40:], "damaged-archive"),
        (make_zip([MANIFEST]).replace(b"PK\x01\x02", b"PK\x01\x03"), "damaged-archive"),
        (end_record(70_000 % 2**16, 100, 5_000), "truncated"),
    ],
)
def test_what_is_no_archive(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_an_archive_without_entries() -> None:
    assert archive(end_record(0, 0, 0)).entries == ()


def test_more_entries_than_allowed() -> None:
    wide = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2**33, 2**33, 0, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, 0, 1)
    assert refusal(wide + locator + end_record(0xFFFF, 0, 0)) == "too-many-entries"


def test_an_entry_that_inflates_beyond_its_limit() -> None:
    bomb = Part("bomb", b"\0" * 2_000_000, size=10)
    assert read_refusal(bomb, 1_000_000) == "size-limit"
    assert read_refusal(Part("plain", b"\0" * 2_000, deflate=False), 1_999) == "size-limit"


def test_entries_that_together_inflate_beyond_the_limit() -> None:
    data = make_zip([Part(str(number), b"\0" * 600) for number in range(3)])
    opened = Archive(memoryview(data), total_limit=1_500)
    assert [len(opened.read(entry, 1_000)) for entry in opened.entries[:2]] == [600, 600]
    with pytest.raises(ApkError) as caught:
        opened.read(opened.entries[2], 1_000)
    assert caught.value.code == "size-limit"


@pytest.mark.parametrize(
    "part",
    [
        Part("a", b"text", local_magic=b"PK\x03\x05"),
        Part("a", b"text", compressed=1),
        Part("a", b"\xff\xff\xff", deflate=False, method=8),
        Part("a", b"text", deflate=False, size=2**31, compressed=2**31),
    ],
)
def test_a_damaged_entry(part: Part) -> None:
    assert read_refusal(part) == "damaged-entry"


def test_a_file_is_mapped(tmp_path: Path) -> None:
    path = tmp_path / "a.apk"
    path.write_bytes(make_zip([CODE]))
    with map_file(path) as data:
        assert Archive(data).find("classes.dex") is not None
    path.write_bytes(b"")
    with map_file(path) as data:
        assert bytes(data) == b""


def test_what_cannot_be_mapped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name, code in (("", "not-a-file"), ("fifo", "not-a-file"), ("gone", "not-found"), ("\0", "unreadable")):
        with pytest.raises(ApkError) as caught, map_file(tmp_path / name):
            pass
        assert caught.value.code == code


entry_names = st.text(st.characters(exclude_characters="\0\\", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(
    st.dictionaries(entry_names, st.tuples(st.binary(max_size=200), st.booleans()), max_size=6), st.binary(max_size=9)
)
def test_reads_what_another_writer_wrote(entries: dict[str, tuple[bytes, bool]], comment: bytes) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        written.comment = comment
        for name, (content, deflate) in entries.items():
            method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
            written.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    read = contents(file.getvalue())
    assert sorted(read.values()) == sorted(content for content, _ in entries.values())
    assert [entry.name for entry in records(memoryview(file.getvalue()))] == list(read)


WHOLE = make_zip([MANIFEST, CODE, Part("a" * 40, b"x" * 300), Part("b", b"", deflate=False)], comment=b"comment")
VALUES = st.sampled_from([b"\0", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff", b"PK\x01\x02", b"PK\x05\x06"])


@settings(max_examples=600)
@given(
    st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), VALUES), max_size=4), st.integers(0, len(WHOLE)), st.booleans()
)
def test_damage_raises_only_our_own_error(changes: list[tuple[int, bytes]], cut: int, whole: bool) -> None:
    data = bytearray(WHOLE)
    for at, value in changes:
        data[at : at + len(value)] = value
    if not whole:
        del data[cut:]
    try:
        opened = archive(bytes(data))
    except ApkError:
        return
    assert [entry.name for entry in records(memoryview(bytes(data)))] == [
        entry.name for entry in read_index(opened.data).entries
    ]
    for entry in opened.entries:
        with contextlib.suppress(ApkError):
            assert len(opened.read(entry, 5_000)) <= 5_000


def test_an_entry_in_pieces() -> None:
    """Larger than one piece on both sides of the inflating; what is incompressible does not shrink."""
    content = random.Random(1).randbytes(2**20 + 9) + bytes(2 * 2**20 + 7)
    for part in (Part("a", content), Part("a", content, deflate=False), Part("a", content, method=12)):
        assert b"".join(pieces_of(part)) == content
    assert max(len(piece) for piece in pieces_of(Part("a", content))) <= 2**20
    assert b"".join(pieces_of(Part("a", b""))) == b""


def pieces_of(part: Part) -> list[bytes]:
    opened = archive(make_zip([part]))
    return [bytes(piece) for piece in opened.pieces(opened.entries[0])]


def test_pieces_do_not_count_against_the_total() -> None:
    opened = Archive(memoryview(make_zip([Part("a", b"12345")])), total_limit=5)
    assert list(opened.pieces(opened.entries[0])) == [b"12345"]
    assert opened.read(opened.entries[0], 5) == b"12345"


@pytest.mark.parametrize(
    "part",
    [
        Part("a", b"x" * 99, deflate=False, method=8),
        Part("a", b"x" * 99, compressed=2),
        Part("a", b"", local_magic=b"PK\0\0"),
        Part("a", b"", deflate=False, size=10**6, compressed=10**6),
    ],
)
def test_a_damaged_entry_in_pieces(part: Part) -> None:
    with pytest.raises(ApkError) as caught:
        pieces_of(part)
    assert caught.value.code == "damaged-entry"


def test_two_records_of_one_entry_are_told_apart() -> None:
    """Records may announce different sizes for the same bytes; what one of them gives must not pass for the other."""
    opened = archive(make_zip([Part("a.txt", b"short" * 40)]))
    entry = opened.entries[0]
    forged = entry._replace(name="b.txt", compressed=entry.compressed - 3)
    assert opened.read(entry, LIMIT) == b"short" * 40
    with pytest.raises(ApkError) as refused:
        opened.read(forged, LIMIT)
    assert refused.value.code == "damaged-entry"
    with SecondThread() as thread:
        opened.hashes = ContentHashes(("sha256",), thread)
        opened.read(entry, LIMIT)
        assert opened.hashes.of(entry, ["sha256"]) is not None
        assert opened.hashes.of(forged, ["sha256"]) is None
