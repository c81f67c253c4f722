"""Which methods a call may reach, and which calls may reach a method: by the classes above and below, in all parts."""

import re
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.index import remembered

_STATIC: Final = 0x8
_PRIVATE: Final = 0x2
_TYPE: Final = re.compile(rb"\[*(?:L[^;]*;|.)")
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


class ClassTree(ClassHierarchy):
    """The methods and fields of one package, by the classes that hold them. What is found is kept."""

    @remembered
    def method(self, part: int, number: int) -> Member:
        index = self.indexes[part]
        if number >= index.method_ids.size:
            return Member(b"?", b"?", b"?")
        owner, kind, name = (int(index.method_ids[column][number]) for column in ("class", "type", "name"))
        return Member(index.descriptor(owner), index.raw_string(name), index.prototype(kind).encode("utf-8", "replace"))

    @remembered
    def called(self, part: int, number: int) -> tuple[bytes, bytes]:
        index = self.indexes[part]
        if number >= index.method_ids.size:
            return b"?", b"?"
        return index.class_descriptor(number), index.raw_string(int(index.method_ids["name"][number]))

    @remembered
    def field(self, part: int, number: int) -> Member:
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
        own = self.called(part, number)[0]
        owners = [own, *self.supers(own)] if self.place(own) else []
        member = self.method(part, number) if owners else Member(b"?", b"?", b"?")
        for owner in owners:
            place = self.place(owner)
            if place is None:
                continue
            for id_ in self._same(place[0], member.name, member.kind):
                row = self._row(place[0], id_)
                if row >= 0 and self.indexes[place[0]].class_descriptor(id_) == owner:
                    return Defined(place[0], row)
        return None

    @remembered
    def targets(self, part: int, number: int, opcode: int) -> tuple[Defined, ...]:
        """Return the methods of the package that a call may reach."""
        own = self.found(part, number)
        found = tuple(dict.fromkeys((own, *self._copies(part, number)))) if own else ()
        if opcode in _FIXED or (own and self.access(own) & (_STATIC | _PRIVATE)):
            return found
        return tuple(dict.fromkeys((*found, *self._below(part, number))))

    def _copies(self, part: int, number: int) -> list[Defined]:
        """Return a method in each part, where several parts define its class: which counts is not told apart."""
        owner, _ = self.called(part, number)
        if owner not in self.in_several:
            return []
        member = self.method(part, number)
        return [
            Defined(place, self._row(place, id_))
            for place, index in enumerate(self.indexes)
            for id_ in self._same(place, member.name, member.kind)
            if self._row(place, id_) >= 0 and index.class_descriptor(id_) == owner
        ]

    def _below(self, part: int, number: int) -> list[Defined]:
        """Return the methods that may stand in for a method_id.

        Where the class is not defined here, what derives from any such class is among them, since how those derive from
        each other is not known.
        """
        owner, _ = self.called(part, number)
        is_defined = self.place(owner) is not None
        if is_defined and owner not in self.extended:
            return []
        member = self.method(part, number)
        may_be_inherited = not is_defined or self.is_interface(owner)
        found = []
        for place, index in enumerate(self.indexes):
            same = self._same(place, member.name, member.kind)
            self.looked_at += len(same)
            for id_ in same:
                row = self._row(place, id_)
                owner = index.class_descriptor(id_) if row >= 0 else member.owner
                if owner == member.owner:
                    continue
                if (
                    member.owner in self.above(owner)
                    or (not is_defined and self.outside(owner))
                    or (may_be_inherited and self.stands_in(owner, member.owner))
                ):
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
        if self.related(named, owner) or (self.place(named) is None and bool(self.outside(owner))):
            return True
        return (self.place(named) is None or self.is_interface(named)) and self.stands_in(owner, named)

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
    def calls_any(self, names: tuple[str, ...]) -> bool:
        """Tell whether one of the method_ids has such a name: of any class or, where it has dots, of that class."""
        for index in self.indexes:
            for name in names:
                owner, _, simple = name.rpartition(".")
                at = index.strings_equal([simple.encode()]).get(simple.encode(), -1)
                ids = np.flatnonzero(index.method_ids["name"] == at) if at >= 0 else ()
                kind = index.type_ids.get(f"L{owner.replace('.', '/')};".encode(), -1)
                if any(not owner or int(index.method_ids["class"][id_]) == kind for id_ in ids):
                    return True
        return False

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
        return int(self.indexes[method.part].methods.access[method.row])

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
        rows = self.indexes[part].method_rows
        return int(rows[number]) if number < rows.size else -1
