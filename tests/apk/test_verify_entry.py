"""Scheme v1 against entries whose two headers disagree: each change is one that apksig was asked about."""

import random
import struct
import zlib
from collections.abc import Sequence
from dataclasses import replace

import pytest

from phone_audit.apk.signature.faults import FaultError, SdkRange
from phone_audit.apk.signature.jar_scheme import verify_jar
from phone_audit.apk.zip.archive import Archive
from phone_audit.apk.zip.inflate import ContentHashes, SecondThread
from phone_audit.errors import ApkError
from tests.apk.apk_signer import CODE, PARTS, Jar, key, manifest_of
from tests.apk.zips import Part, make_zip

RSA = key("rsa")
ANY = SdkRange(21)
FIRST, LAST = "classes.dex", "META-INF/last.txt"
SIGNED = (*Jar(RSA).parts(PARTS), Part(LAST, b"last"))
DESCRIBED = tuple(replace(part, flags=8) for part in SIGNED)
"""The same with data descriptors, where the local header need not know the sizes."""
CHECKED = (FIRST, "AndroidManifest.xml", "META-INF/MANIFEST.MF", "META-INF/CERT.SF", "META-INF/CERT.RSA")
STORED = "AndroidManifest.xml"
DEFLATED = tuple(name for name in CHECKED if name != STORED)
FLAGS, METHOD, CRC, COMPRESSED, SIZE, NAME_LENGTH, EXTRA_LENGTH, NAME = 6, 8, 14, 18, 22, 26, 28, 30
"""Where the fields of a local header are; in a record of the directory they lie two bytes further on."""
FULL = 0xFFFFFFFF


def verifies(data: bytes, *, read_before: bool = False) -> bool:
    """Check an archive; with `read_before` its hashes are taken while it is read for other reasons, as in a scan."""
    opened = Archive(memoryview(data))
    with SecondThread() as thread:
        if read_before:
            opened.hashes = ContentHashes(("sha256",), thread)
            for entry in opened.entries:
                try_to_read(opened, entry.name)
        try:
            return verify_jar(opened, ANY, frozenset()) == (RSA.certificate,)
        except (FaultError, ApkError):
            return False


def try_to_read(opened: Archive, name: str) -> bytes:
    entry = opened.find(name)
    assert entry is not None
    try:
        return bytes(opened.read(entry, 2**20))
    except ApkError:
        return b""


def changed(
    name: str, at: int, by: int, *, local: bool = False, parts: Sequence[Part] = SIGNED, width: str = "<I"
) -> bytes:
    """Add to one field of one entry, in the directory or in the local header."""
    data = bytearray(make_zip(parts))
    entry = Archive(memoryview(bytes(data))).find(name)
    assert entry is not None
    offset = entry.header_offset + at if local else entry.record + at + 2
    (value,) = struct.unpack_from(width, data, offset)
    struct.pack_into(width, data, offset, (value + by) % (1 << 8 * struct.calcsize(width)))
    return bytes(data)


def both(data: bytes) -> bool:
    found = {verifies(data), verifies(data, read_before=True)}
    assert len(found) == 1
    return found.pop()


@pytest.mark.parametrize("parts", [SIGNED, DESCRIBED])
def test_unchanged(parts: tuple[Part, ...]) -> None:
    assert both(make_zip(parts))


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("local", [False, True])
def test_the_two_headers_have_to_agree(name: str, local: bool) -> None:
    for field in (CRC, COMPRESSED, SIZE):
        for by in (1, -1):
            assert not both(changed(name, field, by, local=local)), (field, by)
    for parts, by in ((SIGNED, 8), (DESCRIBED, -8)):
        assert not both(changed(name, FLAGS, by, local=local, width="<H", parts=parts))


@pytest.mark.parametrize("name", CHECKED)
def test_the_name_has_to_be_that_of_the_directory(name: str) -> None:
    assert not both(changed(name, NAME, 1, local=True, width="B"))
    for by in (1, -1):
        assert not both(changed(name, NAME_LENGTH, by, local=True, width="<H"))


@pytest.mark.parametrize("name", CHECKED)
def test_with_a_descriptor_only_the_directory_counts(name: str) -> None:
    for field in (CRC, COMPRESSED, SIZE):
        assert both(changed(name, field, 1, local=True, parts=DESCRIBED))
    assert both(changed(name, CRC, 1, parts=DESCRIBED))
    for by in (1, -1):
        assert not both(changed(name, SIZE, by, parts=DESCRIBED))


def test_the_size_of_a_stored_entry_is_the_inflated_one() -> None:
    for by in (1, -1):
        assert both(changed(STORED, COMPRESSED, by, parts=DESCRIBED))
        assert both(changed(STORED, COMPRESSED, by, parts=DESCRIBED, local=True))


@pytest.mark.parametrize("name", CHECKED)
def test_flags_and_methods_that_nobody_compares(name: str) -> None:
    for local in (False, True):
        assert both(changed(name, FLAGS, 1, local=local, width="<H"))
        assert both(changed(name, METHOD, 0, local=local, width="<H"))
    assert both(changed(name, METHOD, 99, local=True, width="<H"))


@pytest.mark.parametrize("name", CHECKED)
def test_whatever_is_not_stored_is_inflated(name: str) -> None:
    assert both(changed(name, METHOD, 91, width="<H")) is (name in DEFLATED)


def test_a_stored_entry_of_another_method_stays_readable() -> None:
    """Android's reader of assets takes it as stored, and so do we; only the signature does not hold."""
    data = changed(STORED, METHOD, 93, width="<H")
    assert try_to_read(Archive(memoryview(data)), STORED) == b"manifest"
    assert not both(data)


@pytest.mark.parametrize("name", DEFLATED)
def test_a_stream_without_its_end_counts_where_the_content_is_whole(name: str) -> None:
    """As apksig has it; more bytes than the stream has do no harm."""
    raw, content = next((part.raw, part.content) for part in DESCRIBED if part.name == name)
    for cut in range(1, 5):
        assert both(changed(name, COMPRESSED, -cut, parts=DESCRIBED)) is still_holds(raw[:-cut], content)
    assert both(changed(name, COMPRESSED, 1, parts=DESCRIBED))


def still_holds(raw: bytes, content: bytes) -> bool:
    """Whether zlib gets the whole content out of a stream that was cut."""
    return zlib.decompressobj(-15).decompress(raw) == content


def test_every_place_where_a_stream_can_be_cut() -> None:
    """Another library inflates than the one that apksig uses; it must not stop earlier."""
    found = set()
    for seed in range(40):
        content = random.Random(seed).randbytes(seed * 7) + b"text" * (seed % 9)
        parts = tuple(Jar(RSA).parts((replace(CODE, content=content, flags=8),)))
        raw = parts[0].raw
        for cut in range(1, min(len(raw), 6)):
            expected = still_holds(raw[:-cut], content)
            assert verifies(changed(FIRST, COMPRESSED, -cut, parts=parts)) is expected, (seed, cut)
            found.add(expected)
    assert found == {False, True}


def test_damage_behind_the_whole_content() -> None:
    """After the content a block of a kind that there is not."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = stream.compress(CODE.content) + stream.flush(zlib.Z_SYNC_FLUSH)
    assert verifies(with_raw(raw))
    assert not verifies(with_raw(raw + b"\xff"))


def with_raw(raw: bytes) -> bytes:
    """The archive with `classes.dex` deflated like this, which is its first entry."""
    parts = [replace(DESCRIBED[0], content=raw, deflate=False, method=8, size=len(CODE.content)), *DESCRIBED[1:]]
    return make_zip(parts)


@pytest.mark.parametrize("name", CHECKED)
def test_sizes_of_64_bits(name: str) -> None:
    """Older versions of Android, which look at v1, do not know them; we read such an entry."""
    at = next(number for number, part in enumerate(DESCRIBED) if part.name == name)
    part = DESCRIBED[at]
    extra = struct.pack("<HHQQ", 1, 16, len(part.content), len(part.raw))
    wide = replace(part, compressed=FULL, size=FULL, extra=extra)
    data = make_zip([*DESCRIBED[:at], wide, *DESCRIBED[at + 1 :]])
    assert try_to_read(Archive(memoryview(data)), name) == part.content
    assert not both(data)


@pytest.mark.parametrize("name", CHECKED)
def test_a_single_size_of_64_bits(name: str) -> None:
    at = next(number for number, part in enumerate(DESCRIBED) if part.name == name)
    part = DESCRIBED[at]
    wide = replace(part, size=FULL, extra=struct.pack("<HHQ", 1, 8, len(part.content)))
    assert not both(make_zip([*DESCRIBED[:at], wide, *DESCRIBED[at + 1 :]]))


def test_an_offset_of_64_bits() -> None:
    """Of the first entry, at 0."""
    extra = struct.pack("<HHQ", 1, 8, 0)
    data = make_zip([replace(DESCRIBED[0], extra=extra), *DESCRIBED[1:]])
    data = with_offset(data, Archive(memoryview(data)).entries[0].record, FULL)
    assert try_to_read(Archive(memoryview(data)), FIRST) == CODE.content
    assert not both(data)


def test_an_entry_that_reaches_into_the_directory() -> None:
    """The last one, whose extra field or content is said to be longer."""
    jar = Jar(RSA).parts(PARTS)
    parts = [*(part for part in jar if part.name != STORED), *(part for part in DESCRIBED if part.name == STORED)]
    assert verifies(make_zip(parts))
    assert not verifies(changed(STORED, SIZE, 1, parts=parts))
    for by in (1, 2000):
        assert not verifies(changed(STORED, EXTRA_LENGTH, by, local=True, width="<H", parts=parts))


def test_an_empty_entry_that_begins_behind_the_directory() -> None:
    empty = Part("empty", deflate=False)
    parts = Jar(RSA).parts((*PARTS, empty))
    assert verifies(make_zip(parts))
    assert not verifies(changed("empty", EXTRA_LENGTH, 3000, local=True, width="<H", parts=parts))


def test_a_local_header_at_the_very_end() -> None:
    """Only its first four bytes fit into the file."""
    data = make_zip(SIGNED, comment=b"PK\3\4")
    opened = Archive(memoryview(data))
    offset = len(data) - 4 - opened.entries[0].header_offset
    assert not verifies(with_offset(data, opened.entries[0].record, offset))


def with_offset(data: bytes, record: int, offset: int) -> bytes:
    return data[: record + 42] + struct.pack("<I", offset) + data[record + 46 :]


def test_what_is_not_signed_need_not_agree() -> None:
    assert both(changed(LAST, CRC, 1))
    assert both(changed(LAST, NAME, 1, local=True, width="B"))


def test_folders_are_no_entries() -> None:
    assert both(make_zip([*SIGNED, Part("res/"), Part("res/")]))
    manifest = manifest_of(PARTS) + b"Name: res/\r\nSHA-256-Digest: x\r\n\r\n"
    assert not both(make_zip(Jar(RSA, manifest=manifest).parts(PARTS)))
