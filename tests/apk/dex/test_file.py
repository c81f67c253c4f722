import resource
import struct
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phone_audit.apk.dex.file import MAX_PARTS, MAX_TYPES, DexFile, Section, read_dex, read_headers
from tests.apk.dex.builder import HEADER, Source, build_container, build_dex

_SMALL = Source(strings=("a", "b"), classes=("Lx/A;",))
_SOURCE = Source(
    strings=("http://a.example/", "日本", "\ud83d", "b.cn"),
    types=("I", "[Lx/A;", "Ly/Only;"),
    classes=("Lx/A;", "Lx/A$B;"),
)
_COUNTS = {"string": 0x38, "type": 0x40, "class": 0x60}
_OFFSETS = {"string": 0x3C, "type": 0x44, "class": 0x64}


def _header_codes(data: bytes) -> list[str]:
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
    data = build_container([_SMALL, Source(classes=("Ly/B;",)), Source()])
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
    assert _header_codes(data) == [code]


def test_a_big_endian_file_is_not_read() -> None:
    data = bytearray(build_dex(_SMALL))
    struct.pack_into("<I", data, 0x28, 0x78563412)
    assert _header_codes(bytes(data)) == ["byte-order"]


def test_a_cut_file_and_a_later_version_are_read_and_said_to_be() -> None:
    data = build_dex(Source(strings=("a",), version=42))[:-4]
    headers, problems = read_headers(memoryview(data))
    assert [header.version for header in headers] == [42]
    assert [problem.code for problem in problems] == ["version", "truncated"]


def test_a_container_with_a_damaged_second_part_keeps_the_first() -> None:
    data = bytearray(build_container([_SMALL, _SMALL]))
    (at,) = struct.unpack_from("<I", data, 0x20)
    data[at] = 0
    headers, problems = read_headers(memoryview(data))
    assert [header.at for header in headers] == [0]
    assert [problem.code for problem in problems] == ["not-dex"]


def test_a_header_that_leads_to_itself_ends_the_walk() -> None:
    data = bytearray(build_container([_SMALL, _SMALL]))
    struct.pack_into("<I", data, 0x20, 0)
    assert [header.at for header in read_headers(memoryview(data))[0]] == [0]


def test_thousands_of_headers_are_cut() -> None:
    data = build_container([Source()] * (MAX_PARTS + 5))
    headers, problems = read_headers(memoryview(data))
    assert headers[-1].at == 0x78 * (MAX_PARTS - 1)
    assert [problem.code for problem in problems] == ["too-many-parts"]


@pytest.fixture(scope="module")
def little_memory() -> Iterator[None]:
    """Leave a gigabyte more than is in use, so that an allocation by a forged count fails instead of swapping."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _codes(dex: DexFile) -> list[str]:
    return [skipped.code for skipped in dex.skipped]


def _forged(at: int, value: int, data: bytes | None = None) -> bytes:
    changed = bytearray(data or build_dex(_SOURCE))
    struct.pack_into("<I", changed, at, value)
    return bytes(changed)


def test_reads_types_classes_and_strings() -> None:
    dex = read_dex("classes.dex", build_dex(_SOURCE))
    assert dex.type_descriptors == [b"I", b"Lx/A$B;", b"Lx/A;", b"Ly/Only;", b"[Lx/A;"]
    assert dex.defined_classes == [b"Lx/A$B;", b"Lx/A;"]
    assert [text for _, text in dex.strings.holding(rb"://")] == ["http://a.example/"]
    assert dex.skipped == ()


def test_a_container_shares_its_strings() -> None:
    data = build_container([_SOURCE, Source(strings=("http://b.example/",), classes=("Lz/Z;",)), _SOURCE])
    dex = read_dex("classes.dex", data)
    assert [part.header.at > 0 for part in dex.parts] == [False, True, True]
    assert dex.defined_classes == [b"Lx/A$B;", b"Lx/A;", b"Lz/Z;"]
    assert [text for _, text in dex.strings.holding(rb"://")] == ["http://a.example/", "http://b.example/"]
    assert dex.skipped == ()


def test_reads_views_as_well_as_bytes() -> None:
    data = build_dex(_SOURCE)
    view = memoryview(b"\1\2\3" + data)[3:]  # tables that are not aligned
    assert read_dex("a", view).defined_classes == read_dex("a", data).defined_classes


@pytest.mark.parametrize("data", [b"", memoryview(b""), b"\0", b"PK\3\4", b"dex\n035\0"])
def test_what_is_no_dex_file_has_no_tables(data: bytes | memoryview) -> None:
    dex = read_dex("classes.dex", data)
    assert (dex.parts, dex.type_descriptors, dex.defined_classes) == ((), [], [])
    assert [(skipped.subject, skipped.step) for skipped in dex.skipped] == [("classes.dex", "dex")]


@pytest.mark.parametrize("table", ["string", "type", "class"])
@pytest.mark.parametrize("count", [2**31, 2**32 - 1, 10_000_000])
@pytest.mark.usefixtures("little_memory")
def test_a_forged_count_gives_what_the_file_holds(table: str, count: int) -> None:
    dex = read_dex("classes.dex", _forged(_COUNTS[table], count))
    assert "table" in _codes(dex)
    assert set(dex.defined_classes) >= {b"Lx/A$B;", b"Lx/A;"}
    assert any(f"announces {count} items" in skipped.reason for skipped in dex.skipped)


@pytest.mark.usefixtures("little_memory")
def test_all_counts_forged_together_still_give_what_the_file_holds() -> None:
    data = build_dex(_SOURCE)
    for table in _COUNTS.values():
        data = _forged(table, 2**31, data)
    dex = read_dex("classes.dex", data)
    assert set(dex.defined_classes) >= {b"Lx/A$B;", b"Lx/A;"}
    assert [text for _, text in dex.strings.holding(rb"://")] == ["http://a.example/"]


@pytest.mark.parametrize("table", ["string", "type", "class"])
@pytest.mark.parametrize("offset", [0, 1, 2**31, 2**32 - 1])
def test_a_forged_offset_leaves_the_other_tables(table: str, offset: int) -> None:
    dex = read_dex("classes.dex", _forged(_OFFSETS[table], offset))
    if table == "class":
        assert dex.type_descriptors == [b"I", b"Lx/A$B;", b"Lx/A;", b"Ly/Only;", b"[Lx/A;"]
    if table != "string":
        assert [text for _, text in dex.strings.holding(rb"://")] == ["http://a.example/"]


def test_strings_outside_the_file_are_counted() -> None:
    dex = read_dex("classes.dex", _forged(HEADER, 2**31))
    assert _codes(dex) == ["bad-offset"]
    assert dex.skipped[0].reason == "1 strings stand outside the file and were not read."
    assert dex.defined_classes == [b"Lx/A$B;", b"Lx/A;"]


def test_indices_out_of_range_are_left_out() -> None:
    data = build_dex(_SOURCE)
    (types_at,) = struct.unpack_from("<I", data, _OFFSETS["type"])
    (classes_at,) = struct.unpack_from("<I", data, _OFFSETS["class"])
    assert read_dex("a", _forged(types_at, 0xFFFF_FFFF)).type_descriptors == [
        b"Lx/A$B;", b"Lx/A;", b"Ly/Only;", b"[Lx/A;",
    ]  # fmt: skip
    assert read_dex("a", _forged(classes_at, 0xFFFF_FFFF)).defined_classes == [b"Lx/A$B;"]


def test_cut_at_every_byte_it_still_answers() -> None:
    data = build_dex(_SOURCE)
    for length in range(len(data)):
        dex = read_dex("classes.dex", data[:length])
        assert dex.skipped
        assert set(dex.defined_classes) <= {b"Lx/A$B;"[:n] for n in range(8)} | {b"Lx/A;"[:n] for n in range(6)}


def test_more_types_than_indices_can_name_are_cut() -> None:
    data = build_dex(_SOURCE) + bytes(4 * MAX_TYPES)
    dex = read_dex("classes.dex", _forged(_COUNTS["type"], MAX_TYPES + 1, data))
    assert "too-many-types" in _codes(dex)
    assert dex.parts[0].type_strings.size == MAX_TYPES


@pytest.mark.timeout(30)
def test_parts_that_share_one_table_do_not_multiply_it() -> None:
    big = Source(strings=tuple(f"s{number}" for number in range(4_000)))
    data = bytearray(build_container([big, *[Source()] * 500]))
    strings = struct.unpack_from("<2I", data, 0x38)
    (at,) = struct.unpack_from("<I", data, 0x20)
    for number in range(500):
        struct.pack_into("<2I", data, at + 0x78 * number + 0x38, *strings)
    dex = read_dex("classes.dex", bytes(data))
    assert _codes(dex) == ["overlap"]
    assert sum(part.string_items.nbytes for part in dex.parts) <= 3 * len(data)


_EDGES = st.sampled_from([0, 1, 3, 4, 0x6F, 0x70, 0x71, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
_DAMAGE = st.lists(st.tuples(st.integers(0, 2**12), _EDGES | st.integers(0, 600)), min_size=1, max_size=6)


@pytest.mark.usefixtures("little_memory")
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([build_dex(_SOURCE), build_container([_SOURCE, _SOURCE])]), _DAMAGE, st.integers(0, 64))
def test_almost_valid_files_never_raise(data: bytes, damage: list[tuple[int, int]], cut: int) -> None:
    changed = bytearray(data)
    for place, value in damage:
        struct.pack_into("<I", changed, 0x20 + place % (len(changed) - 0x24), value)
    dex = read_dex("classes.dex", bytes(changed[: len(changed) - cut]))
    known = sum(map(len, dex.type_descriptors))
    assert known <= len(changed) * max(1, len(dex.parts))
    assert set(dex.defined_classes) <= set(dex.type_descriptors)
    for _, text in [*dex.strings.holding(rb"://"), *dex.strings.headed(b"abc", b".", 9)]:
        text.encode()
