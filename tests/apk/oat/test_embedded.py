"""DEX files inside OAT files."""

import struct

import pytest

from fixtures.oat.vdex import oat
from tests.apk.oat.samples import plain, read, trust


@pytest.mark.parametrize("wide", [False, True])
def test_gives_the_files(wide: bool) -> None:
    assert read(oat([plain(), trust()], wide=wide)) == ([plain(), trust()], [])


def test_an_oat_file_whose_code_is_elsewhere() -> None:
    assert read(oat([])) == ([], [])


def test_what_only_begins_like_a_dex_file_is_none() -> None:
    longer = bytearray(plain())
    longer[0x20:0x24] = struct.pack("<I", 0x7FFFFFFF)
    assert read(oat([b"dex\n035\0" + bytes(0x70), bytes(longer), trust()])) == ([trust()], [])


def test_a_file_that_an_application_carries_as_a_text_is_not_taken_apart() -> None:
    """One DEX file inside another belongs to the outer one."""
    outer = bytearray(plain())
    outer += trust()
    outer[0x20:0x24] = struct.pack("<I", len(outer))
    assert read(oat([bytes(outer)])) == ([bytes(outer)], [])
