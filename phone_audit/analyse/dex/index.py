"""What a DEX file defines and names, by number: strings, types, methods, fields and the code of each method."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.analyse.dex.descriptors import java_name
from phone_audit.analyse.dex.file import DexFile, Part
from phone_audit.analyse.dex.header import Section
from phone_audit.analyse.dex.instructions import Units
from phone_audit.analyse.dex.methods import Methods, read_methods
from phone_audit.analyse.dex.mutf8 import decode
from phone_audit.analyse.dex.scan import Kind, Places, scan

MEMBER_ID: Final = np.dtype([("class", "<u2"), ("type", "<u2"), ("name", "<u4")])
"""method_id_item and field_id_item: type index of the class; index of the prototype, or of the field's type; string
index of the name."""
PROTO_ID: Final = np.dtype([("shorty", "<u4"), ("return", "<u4"), ("parameters", "<u4")])

_MAX_IDS: Final = 1 << 16
CODE_HEADER: Final = 16
"""Bytes of a code_item before its instructions."""
_NO_NAME: Final = b"?"
_NO_UNITS: Final = memoryview(b"").cast("H")

Ids = NDArray[np.intp]


class Code(NamedTuple):
    """The code of one method.

    Attributes:
        offset: where the instructions begin, bytes from the start of the file.
        units: the instructions, as many as are in the file.
        registers: registers that the method uses.
        ins: how many of them, the last ones, hold its arguments.
        tries: blocks with exception handlers.
    """

    offset: int
    units: Units
    registers: int
    ins: int
    tries: int


@dataclass(frozen=True, eq=False)
class Bodies:
    """Where instructions stand, each code_item once, by ascending offset.

    Attributes:
        code: offset of the code_item, bytes from the start of the file.
        units: code units that are in the file.
        rows: rows of the methods, sorted by code_item.
        first: for each code_item where its rows begin in `rows`; one entry more than there are items.
    """

    code: NDArray[np.int64]
    units: NDArray[np.int64]
    rows: Ids
    first: Ids


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
        """The code_items of the methods; those that do not lie in the file, whole header and aligned, are left out."""
        code = self.methods.code.astype(np.int64)
        rows = np.flatnonzero((code > 0) & (code % 2 == 0) & (code <= self.data.size - CODE_HEADER))
        rows = rows[np.argsort(code[rows], kind="stable")]
        items = code[rows]
        first = np.flatnonzero(np.append(True, items[1:] > items[:-1])[: items.size])
        offsets = items[first]
        announced = self._words(offsets + 12)
        units = np.minimum(announced, (self.data.size - offsets - CODE_HEADER) // 2)
        return Bodies(offsets, units, rows, np.append(first, rows.size))

    @cached_property
    def places(self) -> dict[Kind, Places]:
        """Code units that look like instructions naming a string, type, field or method; see `xrefs`."""
        bodies = self.bodies
        low = int(bodies.code[0]) if bodies.code.size else 0
        high = int((bodies.code + CODE_HEADER + 2 * bodies.units).max(initial=0))
        return scan(self.data, low, high, self.part.string_items.size)

    @cached_property
    def type_ids(self) -> dict[bytes, int]:
        """Type index by descriptor (`Lcom/example/A;`); the first one where a damaged table has several."""
        return {name: index for index, name in reversed(list(enumerate(self._type_names))) if name is not None}

    def string(self, index: int) -> str:
        """Give the text of a string index."""
        return decode(self.raw_string(index))

    def raw_string(self, index: int) -> bytes:
        """Give the undecoded text of a string index."""
        items = self.part.string_items
        if index >= items.size or items[index] >= self.data.size:
            return _NO_NAME
        strings, rows = self.file.strings, self._rows
        at = index if rows is None else rows[index]
        return bytes(self._view[int(strings.starts[at]) : int(strings.ends[at])])

    def string_ids(self, offsets: Collection[int]) -> dict[int, int]:
        """Give the string index for each offset of a string_data_item that this part names.

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
        """Give the string index for each of these texts that is there."""
        found = {}
        for text in texts:
            index = self._find_string(text)
            if index is not None:
                found[text] = index
        return found

    def descriptor(self, type_id: int) -> bytes:
        """Give the descriptor of a type index, such as `Lcom/example/A;`."""
        names = self._type_names
        return (names[type_id] if type_id < len(names) else None) or _NO_NAME

    def class_of(self, method_id: int) -> str:
        """Give the class of a method_id in Java form, such as `com.example.A$B`."""
        return java_name(self.class_descriptor(method_id))

    def class_descriptor(self, method_id: int) -> bytes:
        """Give the class of a method_id as a descriptor."""
        ids = self.method_ids
        return self.descriptor(int(ids["class"][method_id])) if method_id < ids.size else _NO_NAME

    def method_name(self, method_id: int) -> str:
        """Give name and descriptor of a method_id, such as `send(Landroid/content/Context;)V`."""
        ids = self.method_ids
        if method_id >= ids.size:
            return "?"
        return self.string(int(ids["name"][method_id])) + self.prototype(int(ids["type"][method_id]))

    def prototype(self, proto_id: int) -> str:
        """Give the descriptor of a prototype, such as `(I[J)V`."""
        if proto_id >= self.proto_ids.size:
            return "(?)?"
        proto = self.proto_ids[proto_id]
        parameters = b"".join(self.descriptor(number) for number in self._type_list(int(proto["parameters"])))
        return decode(b"(" + parameters + b")" + self.descriptor(int(proto["return"])))

    def field_name(self, field_id: int) -> str:
        """Give class, name and type of a field_id, such as `Lcom/example/A;->host:Ljava/lang/String;`."""
        ids = self.field_ids
        if field_id >= ids.size:
            return "?"
        owner, kind, name = (int(ids[column][field_id]) for column in ("class", "type", "name"))
        return decode(self.descriptor(owner) + b"->" + self.raw_string(name) + b":" + self.descriptor(kind))

    def row_class(self, row: int) -> bytes:
        """Give the descriptor of the class that defines a row of `methods`."""
        return self.defined_class(int(self.methods.class_def[row]))

    def defined_class(self, class_def: int) -> bytes:
        """Give the descriptor of a row of class_defs."""
        return self.descriptor(int(self.part.class_defs["class"][class_def]))

    def interfaces(self, class_def: int) -> list[bytes]:
        """Give the descriptors of the interfaces that a row of class_defs says it implements."""
        offset = int(self.part.class_defs["interfaces"][class_def])
        return [self.descriptor(number) for number in self._type_list(offset)]

    def row_name(self, row: int) -> str:
        """Give name and descriptor of a row of `methods`."""
        return self.method_name(int(self.methods.method[row]))

    def code(self, row: int) -> Code | None:
        """Give the code of a row of `methods`; None where it has none, or where it does not lie in the file."""
        return self.code_at(int(self.methods.code[row]))

    def code_at(self, offset: int) -> Code | None:
        """Give the code_item at an offset. Source: dex-format, "code_item"."""
        if offset == 0 or offset % 2 or offset + CODE_HEADER > self.data.size:
            return None
        registers, ins, _, tries = self._view[offset : offset + 8].cast("H")
        begin = offset + CODE_HEADER
        announced = int.from_bytes(self._view[offset + 12 : begin], "little")
        size = min(announced, (self.data.size - begin) // 2)
        units = self._view[begin : begin + 2 * size].cast("H") if size else _NO_UNITS
        return Code(begin, units, registers, ins, tries)

    def methods_of(self, class_descriptor: bytes, names: Collection[bytes] | None = None) -> Ids:
        """Give the method_ids of a class, of any name or of these names only."""
        type_id = self.type_ids.get(class_descriptor)
        if type_id is None:
            return np.empty(0, dtype=np.intp)
        ids = np.flatnonzero(self.method_ids["class"] == type_id)
        if names is None:
            return ids
        wanted = list(self.strings_equal(names).values())
        return ids[np.isin(self.method_ids["name"][ids], wanted)]

    @cached_property
    def _type_names(self) -> list[bytes | None]:
        """Descriptor by type index."""
        return self.file.type_names[self.file.parts.index(self.part)]

    @cached_property
    def _rows(self) -> NDArray[np.intp] | None:
        """Row of `Strings` by string index; None where both are the same."""
        items, known = self.part.string_items, self.file.strings.items
        return None if np.array_equal(items, known) else np.searchsorted(known, items)

    def _find_string(self, text: bytes) -> int | None:
        """Search the string table, which Android only loads when it is in order (by UTF-16, unlike bytes)."""
        low, high = 0, self.part.string_items.size
        key = _utf16(text)
        while low < high:
            middle = (low + high) // 2
            if _utf16(self.raw_string(middle)) < key:
                low = middle + 1
            else:
                high = middle
        return low if low < self.part.string_items.size and self.raw_string(low) == text else None

    def _type_list(self, offset: int) -> list[int]:
        """Read a type_list: at most the 255 parameters that an invocation can pass."""
        if offset == 0 or offset % 4 or offset + 4 > self.data.size:
            return []
        size = int.from_bytes(self._view[offset : offset + 4], "little")
        size = min(size, 255, (self.data.size - offset - 4) // 2)
        return self._view[offset + 4 : offset + 4 + 2 * size].cast("H").tolist() if size else []

    def _words(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Read 32-bit numbers at offsets that lie in the file."""
        if not np.any(offsets % 4):
            whole = self.data[: self.data.size // 4 * 4].view("<u4")
            return whole[offsets // 4].astype(np.int64)
        word = np.zeros(offsets.size, dtype=np.int64)
        for place in range(4):
            word |= self.data[offsets + place].astype(np.int64) << (8 * place)
        return word

    def _table(self, section: Section, item: np.dtype[Any]) -> NDArray[np.void]:
        """Give the items of a table as a view of the file, no more of them than the file holds and 16 bits number."""
        room = max(0, self.data.size - section.offset) // item.itemsize
        count = min(section.size, room, _MAX_IDS)
        return np.frombuffer(self._view, item, count, section.offset) if count else np.empty(0, item)


def _utf16(text: bytes) -> bytes:
    return decode(text).encode("utf-16-be", "surrogatepass")


def index_file(file: DexFile) -> tuple[DexIndex, ...]:
    """Give one index for each part of a file."""
    return tuple(DexIndex(file, part) for part in file.parts)
