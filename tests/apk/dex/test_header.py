import struct

import pytest

from phone_audit.apk.dex.header import MAX_PARTS, Section, read_headers
from tests.apk.dex.builder import Source, build_container, build_dex

_SOURCE = Source(strings=("a", "b"), classes=("Lx/A;",))


def _codes(data: bytes) -> list[str]:
    return [problem.code for problem in read_headers(memoryview(data))[1]]


@pytest.mark.parametrize("version", [35, 37, 38, 39, 40])
def test_reads_the_sections_of_every_version(version: int) -> None:
    data = build_dex(Source(strings=("a", "b"), classes=("Lx/A;",), version=version))
    (header,), problems = read_headers(memoryview(data))
    assert problems == ()
    assert (header.at, header.version, header.file_size) == (0, version, len(data))
    assert (header.strings, header.types, header.classes) == (Section(3, 0x70), Section(1, 0x7C), Section(1, 0x80))
    assert (header.protos, header.fields, header.methods) == (Section(0, 0),) * 3


def test_reads_every_header_of_a_container() -> None:
    data = build_container([_SOURCE, Source(classes=("Ly/B;",)), Source()])
    headers, problems = read_headers(memoryview(data))
    assert problems == ()
    assert [header.at for header in headers] == [0, headers[0].file_size, headers[0].file_size + headers[1].file_size]
    assert {header.container_size for header in headers} == {len(data)}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"\x8f\x11encrypted", "not-dex"),
        (b"dex\nabc\0", "not-dex"),
        (b"dex\n035\0" + bytes(0x60), "truncated"),
        (b"cdex001\0" + bytes(200), "compact-dex"),
        (b"dey\n036\0" + bytes(200), "odex"),
        (b"vdex021\0" + bytes(200), "vdex"),
        (b"\x7fELF" + bytes(200), "oat"),
    ],
)
def test_says_why_a_file_is_not_read(data: bytes, code: str) -> None:
    assert read_headers(memoryview(data))[0] == ()
    assert _codes(data) == [code]


def test_a_big_endian_file_is_not_read() -> None:
    data = bytearray(build_dex(_SOURCE))
    struct.pack_into("<I", data, 0x28, 0x78563412)
    assert _codes(bytes(data)) == ["byte-order"]


def test_a_cut_file_and_a_later_version_are_read_and_said_to_be() -> None:
    data = build_dex(Source(strings=("a",), version=42))[:-4]
    headers, problems = read_headers(memoryview(data))
    assert [header.version for header in headers] == [42]
    assert [problem.code for problem in problems] == ["version", "truncated"]


def test_a_container_with_a_damaged_second_part_keeps_the_first() -> None:
    data = bytearray(build_container([_SOURCE, _SOURCE]))
    (at,) = struct.unpack_from("<I", data, 0x20)
    data[at] = 0
    headers, problems = read_headers(memoryview(data))
    assert [header.at for header in headers] == [0]
    assert [problem.code for problem in problems] == ["not-dex"]


def test_a_header_that_leads_to_itself_ends_the_walk() -> None:
    data = bytearray(build_container([_SOURCE, _SOURCE]))
    struct.pack_into("<I", data, 0x20, 0)
    assert [header.at for header in read_headers(memoryview(data))[0]] == [0]


def test_thousands_of_headers_are_cut() -> None:
    data = build_container([Source()] * (MAX_PARTS + 5))
    headers, problems = read_headers(memoryview(data))
    assert headers[-1].at == 0x78 * (MAX_PARTS - 1)
    assert [problem.code for problem in problems] == ["too-many-parts"]
