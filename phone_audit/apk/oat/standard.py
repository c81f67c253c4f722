"""A standard DEX file with the instructions that ART replaced put back, and the class_data that names its code.

Source: dex-format, "class_data_item". Compact DEX keeps it, with offsets into its data section (AOSP
`art/libdexfile/dex/compact_dex_file.h`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.file import CLASS_DEF, Problem
from phone_audit.apk.oat.binary import CodeFileError, to_uleb128, uleb128, word
from phone_audit.apk.oat.quickening import QuickeningInfo, restore

_MOST: Final = 1 << 16
"""Fields or methods of one class: instructions number them with 16 bits."""
CLASS_DEFS_AT: Final = 0x60
_CODE_HEADER: Final = 16
_UNITS_AT: Final = 12
_DAMAGED: Final = 1 << 16
"""Bytes that a damaged item counts as: so many may have been read before the damage."""


@dataclass(frozen=True, slots=True)
class Method:
    """An encoded_method: `index` into method_ids, the `step` that leads to it, flags, and offset of the code."""

    index: int
    step: int
    access: int
    code: int


@dataclass(frozen=True, slots=True)
class ClassData:
    """A class_data_item of `size` bytes at `start`; `head` are the numbers of its members, and its fields."""

    head: bytes
    methods: tuple[Method, ...]
    start: int
    size: int

    def moved(self, codes: Mapping[int, int]) -> bytes:
        """Write the item with other offsets of code; what is not in `codes` has none."""
        content = bytearray(self.head)
        for method in self.methods:
            content += to_uleb128(method.step) + to_uleb128(method.access) + to_uleb128(codes.get(method.code, 0))
        return bytes(content)


def read_class_data(data: memoryview, start: int) -> ClassData:
    at = start
    counts = []
    for _ in range(4):
        count, at = uleb128(data, at)
        counts.append(count)
    if max(counts) > _MOST:
        raise CodeFileError("A class has more members than can be named.")
    for _ in range(2 * (counts[0] + counts[1])):
        _, at = uleb128(data, at)
    head = bytes(data[start:at])
    methods = []
    for count in counts[2:]:
        index = 0
        for _ in range(count):
            step, at = uleb128(data, at)
            access, at = uleb128(data, at)
            code, at = uleb128(data, at)
            index += step
            methods.append(Method(index, step, access, code))
    return ClassData(head, tuple(methods), start, at - start)


def restored(main: memoryview, quickening: QuickeningInfo | None) -> tuple[bytes | memoryview, tuple[Problem, ...]]:
    """Return the DEX file as it was before ART changed it, and what could not be put back.

    Time is bounded by the bytes, however methods overlap. It is copied only where something was replaced.
    """
    if quickening is None:
        return main, ()
    content = bytearray(main)
    done: set[int] = set()
    room = len(main)
    lost, first = 0, ""
    for method in (method for data in class_datas(main, main) for method in data.methods if method.code):
        try:
            recorded = quickening.of(method.index, method.code)
            if recorded is not None and method.code not in done:
                done.add(method.code)
                units = _units(memoryview(content), method.code, room)
                room -= units.nbytes
                restore(units, recorded)
        except CodeFileError as error:
            lost, first = lost + 1, first or error.message
    return bytes(content), (not_restored(lost, first),) if lost else ()


def _units(content: memoryview, code: int, room: int) -> memoryview:
    """Return the code units of a code_item, no more than `room` bytes."""
    begin = code + _CODE_HEADER
    size = 2 * word(content, code + _UNITS_AT)
    if begin + size > len(content) or size > room:
        raise CodeFileError("Its methods lie on top of each other, or outside the file.", "overlap")
    return content[begin : begin + size].cast("H")


def not_restored(lost: int, first: str) -> Problem:
    """Say that some methods still have quick instructions, which name neither fields nor methods."""
    return Problem("bad-quickening", f"The instructions of {lost} methods could not all be put back. {first}")


def class_datas(main: memoryview, data: memoryview) -> Iterator[ClassData]:
    """Yield the class_data_item of each class in the order of class_defs; those that are damaged are left out.

    It ends early where the items are longer than the file together, which no tool writes. `main` holds the header and
    the tables; the offsets in class_defs count from `data`.
    """
    room = len(data)
    for offset in table(main, CLASS_DEFS_AT, CLASS_DEF)["class_data"].tolist():
        if not 0 < offset < len(data):
            continue
        try:
            item = read_class_data(data, offset)
        except CodeFileError:
            room -= _DAMAGED
            continue
        room -= item.size
        if room < 0:
            return
        yield item


def table(main: memoryview, field: int, item: np.dtype[Any]) -> NDArray[Any]:
    """Return a table that the header names at `field` (a count and an offset), as far as it lies in the file."""
    size, at = word(main, field), word(main, field + 4)
    count = min(size, max(0, len(main) - at) // item.itemsize)
    return np.frombuffer(main, item, count, at) if count else np.empty(0, item)
