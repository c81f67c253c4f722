"""What annotations say: the classes and texts that they name as values, and which classes and methods bear some.

Source: dex-format, "annotation_item", "annotations_directory_item", "encoded_value encoding".
"""

import struct
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from typing import Final

import numpy as np

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.methods import uleb128

_MAP_OFFSET: Final = 0x34
_MAP_ITEM: Final = struct.Struct("<HHII")
_MOST_KINDS: Final = 64
_ANNOTATION_ITEM: Final = 0x2004
_RUNTIME: Final = 1
"""VISIBILITY_RUNTIME: what code may ask for while it runs."""
_BY_COMPILER: Final = 2
"""VISIBILITY_SYSTEM: what compilers say of classes, such as which stand inside of which."""
_STRING, _TYPE, _ARRAY, _ANNOTATION = 0x17, 0x18, 0x1C, 0x1D
_BOOLEAN: Final = 0x1F
_NO_BYTES: Final = frozenset({0x1E, _BOOLEAN})
"""null and booleans, whose value stands in the head."""
_DIRECTORY: Final = struct.Struct("<IIII")
_OF_MEMBER: Final = struct.Struct("<II")
_COUNT: Final = struct.Struct("<I")
_INTERFACE: Final = 0x200
_MOST_OF_ONE: Final = 64
"""Annotations of one member that are looked at."""
_MOST: Final = 1_000_000
"""Values that are read of one file."""
_DEPTH: Final = 16


def types_in_annotations(index: DexIndex) -> set[int] | None:
    """Return the numbers of the types that values in annotations name, but for those by the compiler.

    None where annotations cannot be read to their end.
    """
    reader = _read(index)
    return None if reader is None else reader.types


def _read(index: DexIndex, strings: Collection[int] = ()) -> "_Reader | None":
    reader = _Reader(memoryview(index.data.data).cast("B"), strings)
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
        with suppress(struct.error):
            for method, offset in _methods_of(data, at):
                left -= 1
                if left < 0:
                    return frozenset(found)
                if not _types_of_set(data, offset).isdisjoint(types):
                    found.add(method)
    return frozenset(found)


def annotated_methods(index: DexIndex, class_def: int) -> Iterator[tuple[int, frozenset[int] | None]]:
    """Yield the method_ids of a class that bear annotations, and the types that stay when it runs; up to damage.

    None stands for any type, where annotations cannot be read or are more than a compiler writes.
    """
    data, at = memoryview(index.data.data).cast("B"), int(index.part.class_defs["annotations"][class_def])
    with suppress(struct.error):
        for method, offset in _methods_of(data, at) if at else ():
            if method < index.method_rows.size:
                yield method, _kept_types(data, offset)


def _kept_types(data: memoryview, at: int) -> frozenset[int] | None:
    """Return the types of the annotations of an annotation_set_item that can be read while the code runs."""
    try:
        offsets = _offsets(data, at)
        kept = frozenset(uleb128(data, one + 1)[0] for one in offsets if data[one] == _RUNTIME)
    except (struct.error, IndexError):
        return None
    return None if len(offsets) == _MOST_OF_ONE else kept


def _methods_of(data: memoryview, at: int) -> Iterator[tuple[int, int]]:
    """Yield the methods of an annotations_directory_item, each with where its annotations stand."""
    _, fields, methods, _ = _DIRECTORY.unpack_from(data, at)
    begin = at + _DIRECTORY.size + _OF_MEMBER.size * fields
    return _OF_MEMBER.iter_unpack(data[begin : begin + _OF_MEMBER.size * methods])


def classes_annotated_with(index: DexIndex, strings: Collection[int], most: int) -> dict[int, list[int]]:
    """Return for each string index rows of class_defs with an annotation, of it or of a member, that holds it.

    Nothing where annotations cannot be read to their end.

    Args:
        index: the part.
        strings: string indexes.
        most: rows that are listed of one.
    """
    found: dict[int, list[int]] = {number: [] for number in sorted(strings)}
    reader = _read(index, frozenset(strings)) if strings else None
    if reader is None or not reader.strings:
        return found
    held = _Directories(memoryview(index.data.data).cast("B"), reader.strings)
    missing = set().union(*reader.strings.values())
    directories = index.part.class_defs["annotations"]
    for row in np.flatnonzero(directories).tolist():
        for number in held.strings_at(int(directories[row])) & missing:
            found[number].append(row)
            if len(found[number]) >= most:
                missing.discard(number)
        if not missing:
            break
    return found


class _Directories:
    """Looks up which strings the annotations of a class and its members hold; `holding` gives them by annotation."""

    def __init__(self, data: memoryview, holding: Mapping[int, Set[int]]) -> None:
        self._data = data
        self._holding = holding
        self._left = _MOST
        self._known: dict[int, frozenset[int]] = {}

    def strings_at(self, at: int) -> frozenset[int]:
        """Return the strings by the offset of an annotations_directory_item, as far as that can be read."""
        if at not in self._known:
            found: set[int] = set()
            with suppress(struct.error):
                for item in self._items(at):
                    found |= self._holding.get(item, set())
            self._known[at] = frozenset(found)
        return self._known[at]

    def _items(self, at: int) -> Iterator[int]:
        """Yield the offsets of the annotations."""
        data = self._data
        of_class, fields, methods, parameters = _DIRECTORY.unpack_from(data, at)
        yield from self._of_set(of_class)
        at += _DIRECTORY.size
        for number in range(fields + methods + parameters):
            _, offset = _OF_MEMBER.unpack_from(data, at + _OF_MEMBER.size * number)
            sets = [offset] if number < fields + methods else _offsets(data, offset)
            for one in sets:
                yield from self._of_set(one)
            self._left -= 1
            if self._left < 0:
                return

    def _of_set(self, at: int) -> Sequence[int]:
        found = _offsets(self._data, at) if at and self._left > 0 else ()
        self._left -= 1 + len(found)
        return found


def _offsets(data: memoryview, at: int) -> Sequence[int]:
    """Return what an annotation_set_item or an annotation_set_ref_list refers to."""
    (count,) = _COUNT.unpack_from(data, at)
    return struct.unpack_from(f"<{min(count, _MOST_OF_ONE)}I", data, at + _COUNT.size)


def _types_of_set(data: memoryview, at: int) -> set[int]:
    """Return the types of the annotations of one annotation_set_item; struct.error where it breaks off."""
    return {uleb128(data, offset + 1)[0] for offset in _offsets(data, at) if offset + 1 < len(data)}


class _UnreadError(Exception):
    """More than is read, or nothing that a compiler writes."""


class _Reader:
    def __init__(self, data: memoryview, strings: Collection[int]) -> None:
        self._data = data
        self._wanted = strings
        self._left = _MOST
        self._keeps = False
        self.at = 0
        self.types: set[int] = set()
        self.booleans: set[tuple[int, int, bool]] = set()
        self.strings: dict[int, set[int]] = defaultdict(set)
        self._item = 0

    def items(self) -> list[tuple[int, int]]:
        """Return count and offset of the annotations of the file."""
        (at,) = struct.unpack_from("<I", self._data, _MAP_OFFSET)
        (kinds,) = struct.unpack_from("<I", self._data, at)
        if not at or not 0 < kinds <= _MOST_KINDS:
            raise _UnreadError
        rows = [_MAP_ITEM.unpack_from(self._data, at + 4 + _MAP_ITEM.size * number) for number in range(kinds)]
        return list(dict.fromkeys((count, offset) for kind, _, count, offset in rows if kind == _ANNOTATION_ITEM))

    def annotation_item(self) -> None:
        self._left -= 1
        self._item, self._keeps = self.at, self._data[self.at] != _BY_COMPILER
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
            number = int.from_bytes(self._data[self.at : self.at + size], "little")
            if kind == _TYPE and self._keeps:
                self.types.add(number)
            elif kind == _STRING and number in self._wanted:
                self.strings[self._item].add(number)
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
