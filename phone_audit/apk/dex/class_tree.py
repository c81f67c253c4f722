"""Which methods a call may reach, and which calls may reach a method: by the classes above and below, in all parts."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.file import types_in
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.xrefs import users_of

_MAX_ABOVE: Final = 64
"""Classes and interfaces above one that are looked at."""
_STATIC: Final = 0x8
_PRIVATE: Final = 0x2
_INTERFACE: Final = 0x200
_CONST_CLASS: Final = 0x1C
_MAX_NAMED: Final = 200
_COST_OF_NAME: Final = 100
"""What a search for the uses of a class costs, in what `looked_at` counts."""
_PROXY: Final = b"Ljava/lang/reflect/Proxy;"
_TYPE: Final = re.compile(rb"\[*(?:L[^;]*;|.)")
_OBJECT: Final = b"Ljava/lang/Object;"
_FIXED: Final = frozenset({0x6F, 0x70, 0x71, 0x75, 0x76, 0x77})
"""invoke-super, invoke-direct and invoke-static, which call one method whatever the object is."""

Ids = NDArray[np.int64]


class Defined(NamedTuple):
    """A method with a body, or an abstract one: number of the part, row of `DexIndex.methods`."""

    part: int
    row: int


class Member(NamedTuple):
    """A method or a field by its names, which hold in all parts; `kind` is the prototype, or the type of the field."""

    owner: bytes
    name: bytes
    kind: bytes


def _shorty(kind: bytes) -> bytes:
    """Return the short form of a prototype: one letter each, the result first. Source: dex-format, "shorty_item"."""
    parameters, _, result = kind.removeprefix(b"(").rpartition(b")")
    return b"".join(b"L" if one[:1] in b"L[" else one[:1] for one in (result, *_TYPE.findall(parameters)) if one)


class ClassTree:
    """The classes of one package, above and below each other. What is found is kept."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self.indexes = indexes
        self.looked_at = 0
        """Methods, fields and classes that were looked at in all, so that a caller can stop."""

    @remembered
    def place(self, descriptor: bytes) -> tuple[int, int] | None:
        """Return part and row of class_defs of a class that is defined, the first of several; None for others."""
        for part, (index, rows) in enumerate(zip(self.indexes, self._class_rows, strict=True)):
            row = rows.get(index.type_ids.get(descriptor, -1))
            if row is not None:
                return part, row
        return None

    @remembered
    def above(self, descriptor: bytes) -> frozenset[bytes]:
        """Return the classes and interfaces above a class, as far as classes are defined here; Object is left out."""
        found: set[bytes] = set()
        left = [descriptor]
        while left and len(found) < _MAX_ABOVE:
            place = self.place(left.pop())
            parents = self.indexes[place[0]].parents(place[1]) if place else []
            left.extend(parent for parent in parents if parent not in found)
            found.update(parents)
        return frozenset(found - {_OBJECT, b"?"})

    @remembered
    def outside(self, descriptor: bytes) -> frozenset[bytes]:
        """Return those of a class and the classes above it that are not defined here."""
        return frozenset(one for one in (descriptor, *self.above(descriptor)) if self.place(one) is None)

    @remembered
    def base_outside(self, descriptor: bytes) -> bytes:
        """Return the nearest superclass that is not defined here; a class that is not defined is its own."""
        for _ in range(_MAX_ABOVE):
            place = self.place(descriptor)
            if place is None:
                break
            index = self.indexes[place[0]]
            descriptor = index.descriptor(int(index.part.class_defs["super"][place[1]]))
        return descriptor

    def related(self, one: bytes, other: bytes) -> bool:
        """Tell whether one class is the other, or stands above or below it."""
        return one == other or other in self.above(one) or one in self.above(other)

    @remembered
    def method(self, part: int, number: int) -> Member:
        """Return the names of a method_id."""
        index = self.indexes[part]
        if number >= index.method_ids.size:
            return Member(b"?", b"?", b"?")
        owner, kind, name = (int(index.method_ids[column][number]) for column in ("class", "type", "name"))
        return Member(index.descriptor(owner), index.raw_string(name), index.prototype(kind).encode("utf-8", "replace"))

    @remembered
    def called(self, part: int, number: int) -> tuple[bytes, bytes]:
        """Return the class and the name of a method_id."""
        index = self.indexes[part]
        if number >= index.method_ids.size:
            return b"?", b"?"
        return index.class_descriptor(number), index.raw_string(int(index.method_ids["name"][number]))

    @remembered
    def field(self, part: int, number: int) -> Member:
        """Return the names of a field_id."""
        index = self.indexes[part]
        if number >= index.field_ids.size:
            return Member(b"?", b"?", b"?")
        owner, kind, name = (int(index.field_ids[column][number]) for column in ("class", "type", "name"))
        return Member(index.descriptor(owner), index.raw_string(name), index.descriptor(kind))

    @remembered
    def found(self, part: int, number: int) -> Defined | None:
        """Return the method that a method_id means: its own class's, or that of the nearest class above."""
        row = self._row(part, number)
        if row >= 0:
            return Defined(part, row)
        owners = self._supers(self.called(part, number)[0])
        member = self.method(part, number) if owners else Member(b"?", b"?", b"?")
        for owner in owners:
            place = self.place(owner)
            for id_ in self._same(place[0], member.name, member.kind) if place else ():
                row = self._row(place[0], id_) if place else -1
                if row >= 0 and self.indexes[place[0]].class_descriptor(id_) == owner:  # type: ignore[index]
                    return Defined(place[0], row)  # type: ignore[index]
        return None

    @remembered
    def targets(self, part: int, number: int, opcode: int) -> tuple[Defined, ...]:
        """Return the methods of the package that a call may reach."""
        own = self.found(part, number)
        found = (own,) if own else ()
        if opcode in _FIXED or (own and self.access(own) & (_STATIC | _PRIVATE)):
            return found
        return tuple(dict.fromkeys((*found, *self._below(part, number))))

    def _below(self, part: int, number: int) -> list[Defined]:
        """Return the methods that may stand in for a method_id.

        Where the class is not defined here, what derives from any such class is among them, since how those derive from
        each other is not known.
        """
        owner, _ = self.called(part, number)
        is_defined = self.place(owner) is not None
        if is_defined and owner not in self._extended:
            return []
        member = self.method(part, number)
        found = []
        for place, index in enumerate(self.indexes):
            same = self._same(place, member.name, member.kind)
            self.looked_at += len(same)
            for id_ in same:
                row = self._row(place, id_)
                owner = index.class_descriptor(id_) if row >= 0 else member.owner
                if owner == member.owner:
                    continue
                if member.owner in self.above(owner) or (not is_defined and self.outside(owner)):
                    found.append(Defined(place, row))
        return found

    def calls_of(self, method: Defined) -> list[tuple[int, int]]:
        """Return part and number of the method_ids through which a method may be called."""
        index = self.indexes[method.part]
        number = int(index.methods.method[method.row])
        member = self.method(method.part, number)
        self.looked_at += sum(len(self._same(part, member.name, member.kind)) for part in range(len(self.indexes)))
        return [
            (part, id_)
            for part, other in enumerate(self.indexes)
            for id_ in self._same(part, member.name, member.kind)
            if (part == method.part and id_ == number) or self._may_mean(other.class_descriptor(id_), member.owner)
        ]

    def _may_mean(self, named: bytes, owner: bytes) -> bool:
        return self.related(named, owner) or (self.place(named) is None and bool(self.outside(owner)))

    @remembered
    def same_fields(self, member: Member) -> list[tuple[int, int]]:
        """Return part and number of the field_ids that may be one field: of this class, or one above or below it."""
        found = []
        for part, index in enumerate(self.indexes):
            name = self._string(part, member.name)
            kind = index.type_ids.get(member.kind, -1)
            ids = index.field_ids
            same = np.flatnonzero((ids["name"] == name) & (ids["type"] == kind)) if min(name, kind) >= 0 else ()
            self.looked_at += len(same)
            found += [
                (part, int(id_)) for id_ in same if self.related(index.descriptor(int(ids["class"][id_])), member.owner)
            ]
        return found

    @remembered
    def is_named(self, owner: bytes) -> bool:
        """Tell whether code names a class as a value or in a text, by which its members could be looked up."""
        self.looked_at += _COST_OF_NAME
        name = owner[1:-1].replace(b"/", b".")
        for index in self.indexes:
            if index.strings_equal([name]):
                return True
            number = index.type_ids.get(owner)
            uses = users_of(index, "type", [number], _MAX_NAMED)[number] if number is not None else ()
            if len(uses) == _MAX_NAMED or any(int(index.data[use.offset]) == _CONST_CLASS for use in uses):
                return True
        return False

    @remembered
    def may_be_proxied(self, owner: bytes) -> bool:
        """Tell whether an object that is made while the code runs may stand in for an interface of the package."""
        place = self.place(owner)
        if place is None or not int(self.indexes[place[0]].part.class_defs["access"][place[1]]) & _INTERFACE:
            return False
        return any(_PROXY in index.type_ids for index in self.indexes) and self.is_named(owner)

    @remembered
    def named(self, owner: bytes, name: bytes) -> tuple[Defined, ...]:
        """Return the methods of a class, or of what derives from it, with one name and any prototype."""
        found = []
        for part, index in enumerate(self.indexes):
            at = self._string(part, name)
            for id_ in np.flatnonzero(index.method_ids["name"] == at).tolist() if at >= 0 else ():
                row = self._row(part, id_)
                if row >= 0 and self.related(index.class_descriptor(id_), owner):
                    found.append(Defined(part, row))
        return tuple(found)

    def access(self, method: Defined) -> int:
        """Return the access flags."""
        return int(self.indexes[method.part].methods.access[method.row])

    def _supers(self, descriptor: bytes) -> list[bytes]:
        found: list[bytes] = []
        place = self.place(descriptor)
        while place is not None and len(found) < _MAX_ABOVE:
            index = self.indexes[place[0]]
            descriptor = index.descriptor(int(index.part.class_defs["super"][place[1]]))
            found.append(descriptor)
            place = self.place(descriptor)
        return found

    @remembered
    def _same(self, part: int, name: bytes, kind: bytes) -> list[int]:
        """Return the method_ids of one part with this name and prototype."""
        at = self._string(part, name)
        short = self._string(part, _shorty(kind)) if at >= 0 else -1
        result = self.indexes[part].type_ids.get(kind.rpartition(b")")[2], -1)
        if min(short, result) < 0:
            return []
        _, types, shorts, results = self._columns[part]
        rows = self._of_name(part, at)
        rows = rows[(shorts[types[rows]] == short) & (results[types[rows]] == result)]
        protos = [number for number in np.unique(types[rows]).tolist() if self._prototype(part, number) == kind]
        found: list[int] = rows[np.isin(types[rows], protos)].tolist()
        self.looked_at += len(found)
        return found

    @remembered
    def _of_name(self, part: int, name: int) -> Ids:
        """Return the method_ids of one part with a name, of which the prototype is in the table."""
        names, types, shorts, _ = self._columns[part]
        rows = np.flatnonzero(names == name).astype(np.int64)
        return rows[types[rows] < shorts.size]

    @cached_property
    def _columns(self) -> list[tuple[Ids, Ids, Ids, Ids]]:
        """For each part name and prototype of each method_id, and short form and result of each prototype."""
        return [
            (
                index.method_ids["name"].astype(np.int64),
                index.method_ids["type"].astype(np.int64),
                index.proto_ids["shorty"].astype(np.int64),
                index.proto_ids["return"].astype(np.int64),
            )
            for index in self.indexes
        ]

    @remembered
    def _prototype(self, part: int, number: int) -> bytes:
        return self.indexes[part].prototype(number).encode("utf-8", "replace")

    @remembered
    def _string(self, part: int, text: bytes) -> int:
        return self.indexes[part].strings_equal([text]).get(text, -1)

    def _row(self, part: int, number: int) -> int:
        rows = self._rows[part]
        return int(rows[number]) if number < rows.size else -1

    @cached_property
    def _rows(self) -> list[Ids]:
        """For each part the row of the method that is defined for each method_id, or -1."""
        tables = []
        for index in self.indexes:
            rows = np.full(index.method_ids.size, -1, dtype=np.int64)
            defined = index.methods.method
            sound = np.flatnonzero(defined < rows.size)
            rows[defined[sound]] = sound
            tables.append(rows)
        return tables

    @cached_property
    def _class_rows(self) -> list[dict[int, int]]:
        """For each part the row of class_defs by type index; the first where a damaged table has several."""
        tables = []
        for index in self.indexes:
            types = index.part.class_defs["class"].tolist()
            tables.append(dict(zip(reversed(types), range(len(types) - 1, -1, -1), strict=True)))
        return tables

    @cached_property
    def _extended(self) -> frozenset[bytes]:
        """Classes and interfaces that something may derive from."""
        found: set[bytes] = set()
        for index in self.indexes:
            found.update(map(index.descriptor, types_in(index.part, "super")))
            defs = index.part.class_defs
            open_ones = np.flatnonzero(defs["access"] & (_INTERFACE | 0x400)).tolist()
            found.update(map(index.defined_class, open_ones))
        return frozenset(found)
