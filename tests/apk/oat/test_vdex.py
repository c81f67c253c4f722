"""DEX files out of VDEX files: every version gives back the ordinary file, byte for byte."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.oat.vdex import VERSIONS, vdex
from phone_audit.apk.oat.vdex import read_vdex
from tests.apk.oat.samples import annotated, plain, quickened, read, trust

QUICK = [version for version in VERSIONS if version != "027"]
"""Android 12 and later replace no instructions."""


@pytest.mark.parametrize("version", VERSIONS)
def test_gives_back_the_files(version: str) -> None:
    dexes = [plain(), trust()]
    assert read(vdex(version, dexes, quick=False)) == (dexes, [])


@pytest.mark.parametrize("version", QUICK)
def test_puts_replaced_instructions_back(version: str) -> None:
    dexes = [plain(), annotated(), trust(), plain("https://other.example.net/", "La/Zero;")]
    content = vdex(version, dexes)
    assert all(quickened(dex).standard() in content for dex in dexes)
    assert read(content) == (dexes, [])


@pytest.mark.parametrize("version", VERSIONS)
def test_files_are_aligned(version: str) -> None:
    """The second one begins at a multiple of four bytes, wherever the first one ends."""
    odd = bytearray(plain() + b"\0")
    odd[0x20:0x24] = struct.pack("<I", len(odd))
    assert read(vdex(version, [bytes(odd), trust()], quick=False)) == ([bytes(odd), trust()], [])


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_section_for_code_there_is_none(version: str) -> None:
    assert read(vdex(version, [], quick=False)) == ([], [])


def test_a_version_that_is_not_known_is_searched() -> None:
    content = vdex("006", [plain()], quick=False).replace(b"vdex006", b"vdex031")
    assert read(content) == ([plain()], ["vdex-version"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_that_is_not_where_it_should_be(version: str) -> None:
    """The first one is kept; a longer size in its header moves where the second should begin."""
    dexes = [plain(), trust()]
    content = bytearray(vdex(version, dexes, quick=False))
    at = content.index(b"dex\n035") + 0x20
    content[at : at + 4] = struct.pack("<I", len(dexes[0]) + 8)
    found, codes = read(bytes(content))
    assert codes == ["bad-code-file"]
    assert [dex[0x28:200] for dex in found] == [dexes[0][0x28:200]]


@pytest.mark.parametrize("version", QUICK)
def test_instructions_stay_quick_where_what_they_named_is_lost(version: str) -> None:
    content = bytearray(vdex(version, [plain()]))
    size_at = 20 if version in ("006", "010") else (20 if version == "019" else 28) + 4 + 8
    (size,) = struct.unpack_from("<I", content, size_at)
    content[size_at : size_at + 4] = struct.pack("<I", size + 0x1000)
    found, codes = read(bytes(content))
    assert (found, codes) == ([quickened(plain()).standard()], ["bad-quickening"])


def test_numbers_that_run_out_are_told() -> None:
    """A method of 006 claims two bytes less than it has, so all that follow are read from a wrong place."""
    content = bytearray(vdex("006", [plain()]))
    dex_size, dependencies = struct.unpack_from("<2I", content, 12)
    at = 28 + dex_size + dependencies
    while not (size := struct.unpack_from("<I", content, at)[0]):
        at += 4
    content[at : at + 4] = struct.pack("<I", size - 2)
    found, codes = read(bytes(content))
    assert (len(found), codes) == (1, ["bad-quickening"])


def test_no_more_dex_files_than_are_allowed() -> None:
    found = read_vdex(memoryview(vdex("027", [plain()] * 101, quick=False)))
    assert (len(found.dexes), [problem.code for problem in found.problems]) == (100, ["too-many-parts"])


@settings(deadline=None, max_examples=150)
@given(
    version=st.sampled_from(VERSIONS),
    compacted=st.booleans(),
    damage=st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 255)), max_size=12),
    cut=st.integers(8, 9000),
)
def test_damaged_files_never_raise(version: str, compacted: bool, damage: list[tuple[int, int]], cut: int) -> None:
    compacted = compacted and version in ("019", "021", "027")
    content = bytearray(vdex(version, [plain(), annotated()], quick=version != "027", compacted=compacted))
    for at, byte in damage:
        content[8 + at % (len(content) - 8)] = byte
    found, _ = read(bytes(content[:cut]))
    assert all(len(dex) <= 8 * len(content) for dex in found)
