"""What a DEX file defines and names, by number: strings, types, methods, fields and the code of each method."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection
from functools import cached_property, wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.file import DexFile, Part, Section
from phone_audit.apk.dex.methods import CODE_HEADER as CODE_HEADER
from phone_audit.apk.dex.methods import (
    Bodies,
    Kind,
    Methods,
    Places,
    find_bodies,
    read_code,
    read_fields,
    read_methods,
    scan,
)
from phone_audit.apk.dex.methods import Code as Code
from phone_audit.apk.dex.strings import decode

MEMBER_ID: Final = np.dtype([("class", "<u2"), ("type", "<u2"), ("name", "<u4")])
"""method_id_item and field_id_item: type index of the class; index of the prototype, or of the field's type; string
index of the name."""
PROTO_ID: Final = np.dtype([("shorty", "<u4"), ("return", "<u4"), ("parameters", "<u4")])

_MAX_IDS: Final = 1 << 16
_LONGEST_PROTOTYPE: Final = 0xFFFF
"""Bytes; what a Java compiler can write. A forged file could name a type of megabytes for each parameter."""
_WHOLE: Final = 1 << 32
_NO_NAME: Final = b"?"

Ids = NDArray[np.intp]


Owner = TypeVar("Owner")
Result = TypeVar("Result")
Args = ParamSpec("Args")


def remembered(method: Callable[Concatenate[Owner, Args], Result]) -> Callable[Concatenate[Owner, Args], Result]:
    """Keep what a method returns on its object, by its arguments (given by position), so that it goes with the object.

    `functools.cache` would hold the object in a circle, and with it the bytes of the file.
    """
    place = f"_remembered_{method.__name__}"

    @wraps(method)
    def answer(self: Owner, /, *args: Args.args, **none: Args.kwargs) -> Result:
        try:
            found: Result = self.__dict__[place][args]
        except KeyError:
            found = method(self, *args, **none)
            self.__dict__.setdefault(place, {})[args] = found
        return found

    return answer


class DexIndex:
    """The tables of one part of a DEX file. Nothing is read before it is asked for, and then kept.

    Every number that the file holds may be forged. A name that cannot be looked up is `?`.
    """

    def __init__(self, file: DexFile, part: Part) -> None:
        self.file = file
        self.part = part
        self.data = file.data
        self._view = memoryview(file.data.data).cast("B") if file.data.size else memoryview(b"")

    @property
    def name(self) -> str:
        """The entry, such as `classes2.dex`."""
        return self.file.name

    @cached_property
    def methods(self) -> Methods:
        """The methods that are defined here, one row each."""
        return read_methods(self.data, self.part.class_defs["class_data"])

    @cached_property
    def method_ids(self) -> NDArray[np.void]:
        """Every method that is named here, records of MEMBER_ID."""
        return self._table(self.part.header.methods, MEMBER_ID)

    @cached_property
    def field_ids(self) -> NDArray[np.void]:
        """Every field that is named here, records of MEMBER_ID."""
        return self._table(self.part.header.fields, MEMBER_ID)

    @cached_property
    def proto_ids(self) -> NDArray[np.void]:
        """Every prototype, records of PROTO_ID."""
        return self._table(self.part.header.protos, PROTO_ID)

    @cached_property
    def bodies(self) -> Bodies:
        """The code_items of the methods."""
        return find_bodies(self.data, self.methods.code)

    @remembered
    def places(self, kind: Kind) -> Places:
        """Return the code units that look like instructions naming such a number; see `xrefs`."""
        return scan(self.data, *self.bodies.area(), kind)

    @cached_property
    def type_ids(self) -> dict[bytes, int]:
        """Type index by descriptor (`Lcom/example/A;`); the first one where a damaged table has several."""
        names = self._type_names
        pairs = zip(reversed(names), reversed(range(len(names))), strict=True)
        return {name: index for name, index in pairs if name is not None}

    @cached_property
    def class_rows(self) -> dict[int, int]:
        """Row of class_defs by type index; the first one where a damaged table has several."""
        types = self.part.class_defs["class"].tolist()
        return dict(zip(reversed(types), range(len(types) - 1, -1, -1), strict=True))

    @cached_property
    def method_rows(self) -> Ids:
        """Row of `methods` by method_id, -1 where the method is not defined here."""
        rows = np.full(self.method_ids.size, -1, dtype=np.int64)
        defined = self.methods.method
        sound = np.flatnonzero(defined < rows.size)
        rows[defined[sound]] = sound
        return rows

    def string(self, index: int) -> str:
        return decode(self.raw_string(index))

    def raw_string(self, index: int, most: int = _WHOLE) -> bytes:
        """Return the undecoded text of a string index, or its first bytes."""
        rows, starts, ends = self._extents
        if rows is not None:
            items = self.part.string_items
            if index >= items.size or items[index] >= self.data.size:
                return _NO_NAME
            index = int(rows[index])
        elif index >= len(starts):
            return _NO_NAME
        return bytes(self._view[starts[index] : min(ends[index], starts[index] + most)])

    def string_ids(self, offsets: Collection[int]) -> dict[int, int]:
        """Return the string index for each offset of a string_data_item that this part names.

        Where a damaged table has several for one offset, it is the first.
        """
        wanted = np.unique(np.fromiter(offsets, dtype=np.uint32))
        items = self.part.string_items
        if not wanted.size or not items.size:
            return {}
        at = np.minimum(np.searchsorted(wanted, items), wanted.size - 1)
        hits = np.flatnonzero(wanted[at] == items)
        return {int(items[index]): int(index) for index in hits[::-1]}

    def strings_equal(self, texts: Collection[bytes]) -> dict[bytes, int]:
        """Return the string index for each of these texts that is there."""
        pairs = ((text, self._find_string(text)) for text in texts)
        return {text: index for text, index in pairs if index is not None}

    def continues(self, text: bytes) -> bool:
        """Tell whether there is a text that begins with this one and goes on."""
        size, enough = self.part.string_items.size, 2 * len(text) + 2
        low = bisect_right(range(size), _sortable(text), key=lambda index: _sortable(self.raw_string(index, enough)))
        return low < size and self.raw_string(low, enough).startswith(text)

    def descriptor(self, type_id: int) -> bytes:
        """Return the descriptor of a type index, such as `Lcom/example/A;`."""
        names = self._type_names
        return (names[type_id] if type_id < len(names) else None) or _NO_NAME

    def class_descriptor(self, method_id: int) -> bytes:
        classes, _, _ = self.method_columns
        return self.descriptor(classes[method_id]) if method_id < len(classes) else _NO_NAME

    def method_name(self, method_id: int) -> str:
        """Return name and descriptor of a method_id, such as `send(Landroid/content/Context;)V`."""
        _, prototypes, names = self.method_columns
        if method_id >= len(names):
            return "?"
        return self.string(names[method_id]) + self.prototype(prototypes[method_id])

    def simple_name(self, method_id: int) -> str:
        """Return the name of a method_id alone, such as `send`."""
        _, _, names = self.method_columns
        return self.string(names[method_id]) if method_id < len(names) else "?"

    @remembered
    def prototype(self, proto_id: int) -> str:
        """Return the descriptor of a prototype, such as `(I[J)V`."""
        if proto_id >= self.proto_ids.size:
            return "(?)?"
        proto = self.proto_ids[proto_id]
        numbers = (*self._type_list(int(proto["parameters"])), int(proto["return"]))
        types = [self.descriptor(number) for number in numbers]
        if sum(map(len, types)) > _LONGEST_PROTOTYPE:
            return "(?)?"
        return decode(b"(" + b"".join(types[:-1]) + b")" + types[-1])

    def field_name(self, field_id: int) -> str:
        """Return class, name and type of a field_id, such as `Lcom/example/A;->host:Ljava/lang/String;`."""
        owners, kinds, names = self.field_columns
        if field_id >= len(names):
            return "?"
        owner, kind = self.descriptor(owners[field_id]), self.descriptor(kinds[field_id])
        return decode(owner + b"->" + self.raw_string(names[field_id]) + b":" + kind)

    def row_class(self, row: int) -> bytes:
        """Return the descriptor of the class that defines a row of `methods`."""
        return self.defined_class(int(self.methods.class_def[row]))

    def defined_class(self, class_def: int) -> bytes:
        return self.descriptor(self._defined[class_def])

    def parents(self, class_def: int) -> list[bytes]:
        record = self.part.class_defs[class_def]
        numbers = (int(record["super"]), *self._type_list(int(record["interfaces"])))
        return [self.descriptor(number) for number in numbers]

    @remembered
    def declared_fields(self, class_def: int) -> frozenset[int]:
        """Return the field_ids that a row of class_defs declares."""
        return frozenset(read_fields(self._view, int(self.part.class_defs["class_data"][class_def])))

    def row_name(self, row: int) -> str:
        return self.method_name(int(self.methods.method[row]))

    def code(self, row: int) -> Code | None:
        """Return the code of a row of `methods`; None where it has none, or where it does not lie in the file."""
        return self.code_at(int(self.methods.code[row]))

    def code_at(self, offset: int) -> Code | None:
        return read_code(self._view, offset)

    @cached_property
    def _type_names(self) -> list[bytes | None]:
        """Descriptor by type index."""
        return self.file.type_names[self.file.parts.index(self.part)]

    @cached_property
    def _extents(self) -> tuple[Ids | None, memoryview, memoryview]:
        """Row of `Strings` by string index, None where both are the same; and where the texts begin and end."""
        strings, items = self.file.strings, self.part.string_items
        rows = None if np.array_equal(items, strings.items) else np.searchsorted(strings.items, items)
        return rows, memoryview(strings.starts.data), memoryview(strings.ends.data)

    @cached_property
    def method_columns(self) -> tuple[memoryview, memoryview, memoryview]:
        """Class, prototype and name by method_id."""
        return _columns(self.method_ids)

    @cached_property
    def field_columns(self) -> tuple[memoryview, memoryview, memoryview]:
        """Class, type and name by field_id."""
        return _columns(self.field_ids)

    @cached_property
    def _defined(self) -> memoryview:
        """Type index by row of class_defs."""
        return _column(self.part.class_defs, "class")

    def _find_string(self, text: bytes) -> int | None:
        """Search the string table, which Android only loads when it is in order."""
        size, enough = self.part.string_items.size, 2 * len(text) + 2
        low = bisect_left(range(size), _sortable(text), key=lambda index: _sortable(self.raw_string(index, enough)))
        return low if low < size and self.raw_string(low) == text else None

    def _type_list(self, offset: int) -> list[int]:
        """Read a type_list: at most the 255 parameters that an invocation can pass."""
        if offset == 0 or offset % 4 or offset + 4 > self.data.size:
            return []
        size = int.from_bytes(self._view[offset : offset + 4], "little")
        size = min(size, 255, (self.data.size - offset - 4) // 2)
        return self._view[offset + 4 : offset + 4 + 2 * size].cast("H").tolist() if size else []

    def _table(self, section: Section, item: np.dtype[Any]) -> NDArray[np.void]:
        """Return the items of a table as a view of the file, no more of them than the file holds and 16 bits number."""
        room = max(0, self.data.size - section.offset) // item.itemsize
        count = min(section.size, room, _MAX_IDS)
        return np.frombuffer(self._view, item, count, section.offset) if count else np.empty(0, item)


def _columns(ids: NDArray[np.void]) -> tuple[memoryview, memoryview, memoryview]:
    return _column(ids, "class"), _column(ids, "type"), _column(ids, "name")


def _column(table: NDArray[np.void], name: str) -> memoryview:
    """Return a copy of a column, wherever the table stands; single numbers are read from it far faster."""
    return memoryview(table[name].astype(table.dtype[name].newbyteorder("=")).data)


def _sortable(text: bytes) -> bytes:
    """Return what sorts like the UTF-16 of a text: its bytes, but for U+0000, which modified UTF-8 writes as two."""
    return text.replace(b"\xc0\x80", b"\0")


def index_file(file: DexFile) -> tuple[DexIndex, ...]:
    """Return one index for each part of a file."""
    return tuple(DexIndex(file, part) for part in file.parts)
