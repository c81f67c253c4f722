"""What is written behind the tables of a standard DEX file: its data section with the map, and annotations.

Source: dex-format, "map_list", "Type codes", "annotations_directory_item" and what it names. Compact DEX keeps
annotations as they are, with offsets that count from its data section.
"""

import struct
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.oat.binary import CodeFileError, end_of_annotation, word

HEADER: Final = 0x70
"""Bytes of the header of a standard DEX file."""
_DAMAGED: Final = 1 << 16
"""Bytes that a damaged item counts as."""
_MOST: Final = 1 << 16
"""Members of one class, or annotations of one of them."""

Item = TypeVar("Item")


class Kind(Enum):
    """What an item is, by its number in the map."""

    HEADER = 0x0000
    STRING_ID = 0x0001
    TYPE_ID = 0x0002
    PROTO_ID = 0x0003
    FIELD_ID = 0x0004
    METHOD_ID = 0x0005
    CLASS_DEF = 0x0006
    CALL_SITE_ID = 0x0007
    METHOD_HANDLE = 0x0008
    MAP = 0x1000
    TYPE_LIST = 0x1001
    SET_REFERENCES = 0x1002
    ANNOTATION_SET = 0x1003
    CLASS_DATA = 0x2000
    CODE = 0x2001
    STRING = 0x2002
    ANNOTATION = 0x2004
    ARRAY = 0x2005
    DIRECTORY = 0x2006


class Output:
    """What is written behind the tables, from offset `at` on; the whole file may have `room` bytes."""

    def __init__(self, at: int, room: int) -> None:
        self.content = bytearray()
        self._at = at
        self._room = room
        self._first: dict[int, int] = {}
        self._counts: dict[int, int] = {}

    def put(self, kind: Kind, content: bytes, align: int) -> int:
        """Write an item; items of one kind have to follow each other. Return where it stands in the file."""
        self.content += b"\0" * (-(self._at + len(self.content)) % align)
        place = self._at + len(self.content)
        self.content += content
        number = kind.value
        self._first.setdefault(number, place)
        self._counts[number] = self._counts.get(number, 0) + 1
        self.spend(len(content))
        return place

    def spend(self, size: int) -> None:
        """Count bytes read or written; parts that are longer than any file in order lie on top of each other."""
        self._room -= size
        if self._room < 0:
            raise CodeFileError("Its parts lie on top of each other; it was not read.", "overlap")

    def spend_on_damage(self, at: int, size: int) -> None:
        """Count a damaged item: much of it may have been read in vain, unless it lies outside `size` bytes."""
        if at < size:
            self.spend(_DAMAGED)

    def put_map(self, tables: list[tuple[Kind, int, int]]) -> int:
        """Write the map: the tables (kind, number of items, offset), then what was put. Gives where it stands."""
        items = [(Kind.HEADER.value, 1, 0), *((kind.value, count, at) for kind, count, at in tables if count)]
        items += sorted(
            ((kind, self._counts[kind], first) for kind, first in self._first.items()), key=lambda item: item[2]
        )
        place = self._at + len(self.content) + -(self._at + len(self.content)) % 4
        items.append((Kind.MAP.value, 1, place))
        content = struct.pack("<I", len(items))
        content += b"".join(struct.pack("<HHII", kind, 0, count, at) for kind, count, at in items)
        return self.put(Kind.MAP, content, 4)


class _Directory(NamedTuple):
    """Offset of the set of the class; member index and offset of its set; the same of lists for parameters."""

    own: int
    fields: int
    members: tuple[tuple[int, int], ...]
    parameters: tuple[tuple[int, int], ...]


class Annotations:
    """Takes annotations over from a data section; `lost` items could not be read."""

    def __init__(self, data: memoryview, output: Output) -> None:
        self._data = data
        self._output = output
        self.lost = 0

    def moved(self, directories: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Write the directories at these offsets and all that they name; return where they stand now, 0 for none."""
        read = self._each(set(directories.tolist()), self._directory)
        references = self._each({at for one in read.values() for _, at in one.parameters}, self._list)
        named = {at for one in read.values() for at in (one.own, *(place for _, place in one.members))}
        sets = self._each(named.union(*references.values()), self._list)
        single = self._each(set().union(*sets.values()), self._annotation)
        items = {at: self._output.put(Kind.ANNOTATION, content, 1) for at, content in single.items()}
        moved_sets = self._write_lists(Kind.ANNOTATION_SET, sets, items)
        moved_references = self._write_lists(Kind.SET_REFERENCES, references, moved_sets)
        places = {
            at: self._output.put(Kind.DIRECTORY, _written(one, moved_sets, moved_references), 4)
            for at, one in read.items()
        }
        return np.array([places.get(at, 0) for at in directories.tolist()], dtype=np.uint32)

    def _each(self, offsets: set[int], read: Callable[[int], Item]) -> dict[int, Item]:
        """Read what stands at each offset, by ascending offset; what is damaged is counted and left out."""
        found = {}
        for at in sorted(offsets - {0}):
            try:
                found[at] = read(at)
            except CodeFileError:
                self.lost += 1
                self._output.spend_on_damage(at, len(self._data))
        return found

    def _directory(self, at: int) -> _Directory:
        own, fields, methods, parameters = (word(self._data, at + 4 * place) for place in range(4))
        if max(fields, methods, parameters) > _MOST:
            raise CodeFileError("A class has more annotated members than can be named.")
        pairs = self._words(at + 16, 2 * (fields + methods + parameters))
        both = tuple(zip(pairs[::2], pairs[1::2], strict=True))
        return _Directory(own, fields, both[: fields + methods], both[fields + methods :])

    def _list(self, at: int) -> tuple[int, ...]:
        """Read an annotation_set_item or an annotation_set_ref_list: a count, and offsets."""
        return self._words(at + 4, min(word(self._data, at), _MOST))

    def _words(self, at: int, count: int) -> tuple[int, ...]:
        self._output.spend(4 * count)
        if at + 4 * count > len(self._data):
            raise CodeFileError("A list of annotations lies outside the file.")
        return struct.unpack_from(f"<{count}I", self._data, at)

    def _annotation(self, at: int) -> bytes:
        return bytes(self._data[at : end_of_annotation(self._data, at + 1)])

    def _write_lists(
        self, kind: Kind, lists: Mapping[int, tuple[int, ...]], moved: Mapping[int, int]
    ) -> dict[int, int]:
        """Write lists of offsets. A list of sets keeps its length; in a set what is damaged is left out."""
        places = {}
        for at, offsets in lists.items():
            now = [moved.get(offset, 0) for offset in offsets]
            if kind is Kind.ANNOTATION_SET:
                now = [place for place in now if place]
            places[at] = self._output.put(kind, struct.pack(f"<{len(now) + 1}I", len(now), *now), 4)
        return places


def _written(one: _Directory, sets: Mapping[int, int], references: Mapping[int, int]) -> bytes:
    members = [(number, sets.get(at, 0)) for number, at in one.members]
    kept = [pair for pair in members[: one.fields] if pair[1]], [pair for pair in members[one.fields :] if pair[1]]
    parameters = [(number, place) for number, at in one.parameters if (place := references.get(at, 0))]
    content = struct.pack("<4I", sets.get(one.own, 0), len(kept[0]), len(kept[1]), len(parameters))
    return content + b"".join(struct.pack("<2I", *pair) for pair in (*kept[0], *kept[1], *parameters))
