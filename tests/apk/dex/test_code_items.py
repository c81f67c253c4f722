import struct

import numpy as np
import pytest

from phone_audit.apk.dex import code_items
from phone_audit.apk.dex.code_items import Kind, scan

_UNITS = (0x001A, 7, 0x001B, 5, 2, 0x0022, 3, 0x0060, 4, 0x0071, 0xFFFF, 0, 0x001B, 9, 1)
_DATA = np.frombuffer(b"\xff\xff" + struct.pack(f"<{len(_UNITS)}H", *_UNITS), np.uint8)


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
    monkeypatch.setattr(code_items, "_CHUNK", chunk)
    assert _all_found() == _EXPECTED


@pytest.mark.parametrize(("units", "last"), [(12, (2, 5 | 2 << 16)), (13, (2, 5 | 2 << 16)), (14, (12, 9))])
def test_what_is_cut_by_the_end_of_the_area(units: int, last: tuple[int, int]) -> None:
    """Without its second unit it names nothing; a jumbo number without its upper half is what is left of it."""
    assert _found("string", 2 + 2 * units)[-1] == last
    assert _found("string", 2 + 2 * units + 1)[-1] == last


def test_an_empty_area() -> None:
    assert scan(_DATA, 2, 2, "method").ids.size == 0
    assert scan(_DATA, 0, 0, "string").ids.size == 0
