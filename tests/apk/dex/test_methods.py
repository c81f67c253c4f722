import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone_audit.apk.dex import methods
from phone_audit.apk.dex.methods import MAX_METHODS, Kind, Methods, read_methods, scan
from tests.apk.dex.builder import uleb128

_ITEM = tuple[list[tuple[int, int]], list[tuple[int, int, int]], list[tuple[int, int, int]]]
_UNITS = (0x001A, 7, 0x001B, 5, 2, 0x0022, 3, 0x0060, 4, 0x0071, 0xFFFF, 0, 0x001B, 9, 1)
_DATA = np.frombuffer(b"\xff\xff" + struct.pack(f"<{len(_UNITS)}H", *_UNITS), np.uint8)


def _item(
    fields: list[tuple[int, int]], direct: list[tuple[int, int, int]], virtual: list[tuple[int, int, int]]
) -> bytes:
    counts = (len(fields), 0, len(direct), len(virtual))
    numbers = [*counts, *(number for one in (*fields, *direct, *virtual) for number in one)]
    return b"".join(uleb128(number) for number in numbers)


def _read(data: bytes, *offsets: int) -> Methods:
    return read_methods(np.frombuffer(data, dtype=np.uint8), np.array(offsets, dtype=np.uint32))


def _rows(methods: Methods) -> list[tuple[int, int, int, int]]:
    columns = (methods.class_def, methods.method, methods.access, methods.code)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_reads_the_methods_of_every_class() -> None:
    first = _item([(1, 9), (2, 9)], [(5, 0x10001, 0x400), (2, 1, 0x500)], [(3, 1, 0)])
    second = _item([], [], [(300, 1, 0x600), (1, 1, 0x12345678)])
    data = b"\xff\xff" + second + first
    assert _rows(_read(data, 2 + len(second), 0, 2)) == [
        (2, 300, 1, 0x600),
        (2, 301, 1, 0x12345678),
        (0, 5, 0x10001, 0x400),
        (0, 7, 1, 0x500),
        (0, 3, 1, 0),
    ]


def test_no_classes_no_methods() -> None:
    assert _rows(_read(b"")) == []
    assert _rows(_read(b"\0\0\0\0", 0)) == []


def test_an_item_outside_or_cut_short_is_lost_and_counted() -> None:
    whole = _item([], [(1, 1, 0x100)], [])
    cut = _item([], [(1, 1, 0x100), (1, 1, 0x200)], [])[:-3]
    data = b"\0" + whole + cut
    methods = _read(data, 1, 1 + len(whole), 5000)
    assert (_rows(methods), methods.lost) == ([(0, 1, 1, 0x100)], 2)


def test_items_in_several_chunks() -> None:
    item = _item([], [(1, 1, 0x100)], [])
    data = b"\0" * 8 + item + b"\0" * (3 << 20) + item
    assert _rows(_read(data, 8, len(data) - len(item))) == [(0, 1, 1, 0x100), (1, 1, 1, 0x100)]


def test_forged_counts_lose_the_item_only() -> None:
    good = _item([], [(1, 1, 0x100)], [])
    for place in range(4):
        counts = [0, 0, 0, 0]
        counts[place] = 0xFFFFFFFF
        forged = b"".join(uleb128(count) for count in counts)
        methods = _read(b"\0" + good + forged + b"\1" * 100, 1, 1 + len(good))
        assert (_rows(methods), methods.lost) == ([(0, 1, 1, 0x100)], 1)


def test_indices_that_overflow_are_out_of_every_range() -> None:
    data = b"\0" + _item([], [(0xFFFFFFFF, 1, 0), (0xFFFFFFFF, 1, 0)], [])
    assert [row[1] for row in _rows(_read(data, 1))] == [0xFFFFFFFF, 0xFFFFFFFF]


def test_classes_that_share_one_item_are_bounded() -> None:
    """Hundreds of classes that all name the same large item must not multiply it."""
    count = 60_000
    item = b"".join(uleb128(number) for number in (0, 0, count, 0)) + b"\1\1\0" * count
    data = b"\0" + item
    tracemalloc.start()
    methods = _read(data, *[1] * 200)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert methods.method.size <= MAX_METHODS
    assert methods.lost == 199
    assert peak < 64 * 2**20


@pytest.mark.parametrize("byte", [b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff"])
def test_any_repeated_byte_is_bounded(byte: bytes) -> None:
    data = byte * (1 << 20)
    methods = _read(data, *range(1, 1 << 20, 97))
    assert methods.method.size <= MAX_METHODS


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=20))
def test_any_bytes(data: bytes, offsets: list[int]) -> None:
    methods = _read(data, *offsets)
    sizes = {column.size for column in (methods.class_def, methods.method, methods.access, methods.code)}
    assert len(sizes) == 1
    assert all(row < len(offsets) for row in methods.class_def.tolist())
    assert struct.calcsize("<I") == methods.code.itemsize


def _found(kind: Kind, high: int = _DATA.size) -> list[tuple[int, int]]:
    """Return the code unit and the number of each place."""
    places = scan(_DATA, 2, high, kind)
    return [((offset - 2) // 2, number) for offset, number in zip(*(column.tolist() for column in places), strict=True)]


def _all_found() -> dict[str, list[tuple[int, int]]]:
    kinds: tuple[Kind, ...] = ("string", "type", "field", "method")
    return {kind: _found(kind) for kind in kinds}


_EXPECTED = {
    "string": [(0, 7), (2, 5 | 2 << 16), (12, 9 | 1 << 16)],
    "type": [(5, 3)],
    "field": [(7, 4)],
    "method": [(9, 0xFFFF)],
}


def test_each_kind_by_its_opcodes() -> None:
    assert _all_found() == _EXPECTED


@pytest.mark.parametrize("chunk", [1, 2, 3, 5])
def test_chunks_do_not_show(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "_UNIT_CHUNK", chunk)
    assert _all_found() == _EXPECTED


@pytest.mark.parametrize(("units", "last"), [(12, (2, 5 | 2 << 16)), (13, (2, 5 | 2 << 16)), (14, (12, 9))])
def test_what_is_cut_by_the_end_of_the_area(units: int, last: tuple[int, int]) -> None:
    """Without its second unit it names nothing; a jumbo number without its upper half is what is left of it."""
    assert _found("string", 2 + 2 * units)[-1] == last
    assert _found("string", 2 + 2 * units + 1)[-1] == last


def test_an_empty_area() -> None:
    assert scan(_DATA, 2, 2, "method").ids.size == 0
    assert scan(_DATA, 0, 0, "string").ids.size == 0
