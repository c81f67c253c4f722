"""What annotations say: the classes that they name as values, and the methods of interfaces that bear some.

Source: dex-format, "annotation_item", "annotations_directory_item", "encoded_value encoding".
"""

import struct
from collections.abc import Collection
from typing import Final

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.methods import uleb128

_MAP_OFFSET: Final = 0x34
_MAP_ITEM: Final = struct.Struct("<HHII")
_MOST_KINDS: Final = 64
_ANNOTATION_ITEM: Final = 0x2004
_BY_COMPILER: Final = 2
"""VISIBILITY_SYSTEM: what compilers say of classes, such as which stand inside of which."""
_TYPE, _ARRAY, _ANNOTATION = 0x18, 0x1C, 0x1D
_BOOLEAN: Final = 0x1F
_NO_BYTES: Final = frozenset({0x1E, _BOOLEAN})
"""null and booleans, whose value stands in the head."""
_DIRECTORY: Final = struct.Struct("<IIII")
_OF_MEMBER: Final = struct.Struct("<II")
_COUNT: Final = struct.Struct("<I")
_INTERFACE: Final = 0x200
_MOST_OF_ONE: Final = 64
"""Annotations of one method that are looked at."""
_MOST: Final = 1_000_000
"""Values that are read of one file."""
_DEPTH: Final = 16


def types_in_annotations(index: DexIndex) -> set[int] | None:
    """Return the numbers of the types that values in annotations name, but for those by the compiler.

    None where annotations cannot be read to their end.
    """
    reader = _read(index)
    return None if reader is None else reader.types


def _read(index: DexIndex) -> "_Reader | None":
    reader = _Reader(memoryview(index.data.data).cast("B"))
    try:
        for count, at in reader.items():
            reader.at = at
            for _ in range(count):
                reader.annotation_item()
    except (IndexError, struct.error, RecursionError, _UnreadError):
        return None
    return reader


def booleans_in_annotations(index: DexIndex) -> set[tuple[int, int, bool]] | None:
    """Return the booleans in annotations, those that hold by default among them: numbers of type and name, and value.

    None where annotations cannot be read to their end.
    """
    reader = _read(index)
    return None if reader is None else reader.booleans


def methods_with(index: DexIndex, types: Collection[int]) -> frozenset[int]:
    """Return the method_ids of interfaces that bear an annotation of one of some types, as far as they can be read."""
    data, left = memoryview(index.data.data).cast("B"), _MOST
    found: set[int] = set()
    defs = index.part.class_defs
    interfaces = (defs["access"] & _INTERFACE != 0) & (defs["annotations"] != 0)
    for at in defs["annotations"][interfaces].tolist() if types else ():
        try:
            _, fields, methods, _ = _DIRECTORY.unpack_from(data, at)
            left -= methods
            if left < 0:
                break
            begin = at + _DIRECTORY.size + _OF_MEMBER.size * fields
            for method, offset in _OF_MEMBER.iter_unpack(data[begin : begin + _OF_MEMBER.size * methods]):
                if not _types_of_set(data, offset).isdisjoint(types):
                    found.add(method)
        except struct.error:
            continue
    return frozenset(found)


def _types_of_set(data: memoryview, at: int) -> set[int]:
    """Return the types of the annotations of one annotation_set_item; struct.error where it breaks off."""
    (count,) = _COUNT.unpack_from(data, at)
    offsets = struct.unpack_from(f"<{min(count, _MOST_OF_ONE)}I", data, at + _COUNT.size)
    return {uleb128(data, offset + 1)[0] for offset in offsets if offset + 1 < len(data)}


class _UnreadError(Exception):
    """More than is read, or nothing that a compiler writes."""


class _Reader:
    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._left = _MOST
        self._keeps = False
        self.at = 0
        self.types: set[int] = set()
        self.booleans: set[tuple[int, int, bool]] = set()

    def items(self) -> list[tuple[int, int]]:
        """Return count and offset of the annotations of the file."""
        (at,) = struct.unpack_from("<I", self._data, _MAP_OFFSET)
        (kinds,) = struct.unpack_from("<I", self._data, at)
        if not at or not 0 < kinds <= _MOST_KINDS:
            raise _UnreadError
        rows = [_MAP_ITEM.unpack_from(self._data, at + 4 + _MAP_ITEM.size * number) for number in range(kinds)]
        return [(count, offset) for kind, _, count, offset in rows if kind == _ANNOTATION_ITEM]

    def annotation_item(self) -> None:
        self._keeps = self._data[self.at] != _BY_COMPILER
        self.at += 1
        self._annotation(_DEPTH)

    def _annotation(self, depth: int) -> None:
        kind = self._number()
        for _ in range(self._number()):
            name, head = self._number(), self._data[self.at]
            if head & 0x1F == _BOOLEAN:
                self.booleans.add((kind, name, bool(head >> 5)))
            self._value(depth)

    def _value(self, depth: int) -> None:
        self._left -= 1
        if self._left < 0 or depth < 0:
            raise _UnreadError
        head = self._data[self.at]
        kind, size = head & 0x1F, (head >> 5) + 1
        self.at += 1
        if kind == _ARRAY:
            for _ in range(self._number()):
                self._value(depth - 1)
        elif kind == _ANNOTATION:
            self._annotation(depth - 1)
        elif kind not in _NO_BYTES:
            if kind == _TYPE and self._keeps:
                self.types.add(int.from_bytes(self._data[self.at : self.at + size], "little"))
            self.at += size

    def _number(self) -> int:
        value = 0
        for place in range(5):
            byte = self._data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                break
        return value
