"""The methods of one class with their code, one number after the other, so that they can be written anew.

Source: dex-format, "class_data_item". Compact DEX keeps it, with offsets into its data section (AOSP
`art/libdexfile/dex/compact_dex_file.h`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from phone_audit.apk.oat.reading import CodeFileError, to_uleb128, uleb128

_MOST: Final = 1 << 16
"""Fields or methods of one class: instructions number them with 16 bits."""


@dataclass(frozen=True, slots=True)
class Method:
    """An encoded_method: `index` into method_ids, the `step` that leads to it, flags, and offset of the code."""

    index: int
    step: int
    access: int
    code: int


@dataclass(frozen=True, slots=True)
class ClassData:
    """A class_data_item; it stands at `start` and fills `size` bytes; `fields` are the bytes of its fields."""

    static_fields: int
    instance_fields: int
    fields: bytes
    direct: tuple[Method, ...]
    virtual: tuple[Method, ...]
    start: int
    size: int

    def methods(self) -> Iterator[Method]:
        """Yield all methods in the order of the file."""
        yield from self.direct
        yield from self.virtual

    def moved(self, codes: Mapping[int, int]) -> bytes:
        """Write the item with other offsets of code; what is not in `codes` has none."""
        counts = (self.static_fields, self.instance_fields, len(self.direct), len(self.virtual))
        content = bytearray(b"".join(map(to_uleb128, counts)) + self.fields)
        for method in self.methods():
            content += to_uleb128(method.step) + to_uleb128(method.access) + to_uleb128(codes.get(method.code, 0))
        return bytes(content)


def read_class_data(data: memoryview, at: int) -> ClassData:
    """Read the item at an offset.

    Raises:
        CodeFileError: it is not whole.
    """
    start = at
    counts = []
    for _ in range(4):
        count, at = uleb128(data, at)
        counts.append(count)
    if max(counts) > _MOST:
        raise CodeFileError("A class has more members than can be named.")
    begin = at
    for _ in range(2 * (counts[0] + counts[1])):
        _, at = uleb128(data, at)
    fields = bytes(data[begin:at])
    direct, at = _methods(data, at, counts[2])
    virtual, at = _methods(data, at, counts[3])
    return ClassData(counts[0], counts[1], fields, direct, virtual, start, at - start)


def _methods(data: memoryview, at: int, count: int) -> tuple[tuple[Method, ...], int]:
    methods = []
    index = 0
    for _ in range(count):
        step, at = uleb128(data, at)
        access, at = uleb128(data, at)
        code, at = uleb128(data, at)
        index += step
        methods.append(Method(index, step, access, code))
    return tuple(methods), at
