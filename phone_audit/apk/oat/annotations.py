"""The annotations of a compact DEX, written behind the tables of a standard one.

Source: dex-format, "annotations_directory_item" and what it names. Compact DEX keeps them as they are, with offsets
that count from its data section.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.oat.output import Kind, Output
from phone_audit.apk.oat.reading import CodeFileError, word
from phone_audit.apk.oat.values import end_of_annotation

_MOST: Final = 1 << 16
"""Members of one class, or annotations of one of them."""

Item = TypeVar("Item")


class _Directory(NamedTuple):
    """Offset of the set of the class; member index and offset of its set; the same of lists for parameters."""

    own: int
    fields: int
    members: tuple[tuple[int, int], ...]
    parameters: tuple[tuple[int, int], ...]


class Annotations:
    """Takes annotations over.

    Args:
        data: the data section; hostile.
        output: where they are written.

    Attributes:
        lost: how many items could not be read.
    """

    def __init__(self, data: memoryview, output: Output) -> None:
        self._data = data
        self._output = output
        self.lost = 0

    def moved(self, directories: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Write the directories at these offsets and all that they name; give where they stand now, 0 for none.

        Raises:
            CodeFileError: there is no room left.
        """
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
