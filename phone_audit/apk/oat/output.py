"""The data section of a DEX file that is written, and its map. Source: dex-format, "map_list" and "Type codes"."""

import struct
from enum import Enum
from typing import Final

from phone_audit.apk.oat.reading import CodeFileError

HEADER: Final = 0x70
"""Bytes of the header of a standard DEX file."""


_DAMAGED: Final = 1 << 16
"""Bytes that a damaged item counts as."""


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

    @property
    def text(self) -> str:
        """The plural, for a sentence."""
        return {Kind.STRING: "strings", Kind.TYPE_LIST: "lists of types", Kind.ARRAY: "lists of values"}.get(
            self, "items"
        )


class Output:
    """What is written behind the tables.

    Args:
        at: where it begins, bytes from the start of the file.
        room: bytes that the whole file may have.
    """

    def __init__(self, at: int, room: int) -> None:
        self.content = bytearray()
        self._at = at
        self._room = room
        self._first: dict[int, int] = {}
        self._counts: dict[int, int] = {}

    def put(self, kind: Kind, content: bytes, align: int) -> int:
        """Write an item; items of one kind have to follow each other. Gives where it stands in the file.

        Raises:
            CodeFileError: there is no room left.
        """
        self.content += b"\0" * (-(self._at + len(self.content)) % align)
        place = self._at + len(self.content)
        self.content += content
        number = kind.value
        self._first.setdefault(number, place)
        self._counts[number] = self._counts.get(number, 0) + 1
        self.spend(len(content))
        return place

    def spend(self, size: int) -> None:
        """Count bytes that were read or written.

        Raises:
            CodeFileError: they are more than a file in order can have, so its parts lie on top of each other.
        """
        self._room -= size
        if self._room < 0:
            raise CodeFileError("Its parts lie on top of each other; it was not read.", "overlap")

    def spend_on_damage(self, at: int, size: int) -> None:
        """Count an item that is damaged: much of it may have been read in vain, unless it lies outside `size` bytes.

        Raises:
            CodeFileError: as `spend`.
        """
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
