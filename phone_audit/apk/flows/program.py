"""The code of a package as a whole: methods, classes above and below each other, callers."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.index import Code, DexIndex
from phone_audit.apk.dex.xrefs import Kind, candidates, verified
from phone_audit.apk.flows.names import Named, Names

MAX_TARGETS: Final = 6
"""Methods that one call is followed into."""
_MAX_ABOVE: Final = 64
_INTERFACE_OR_ABSTRACT: Final = 0x200 | 0x400
_GETS: Final = frozenset({*range(0x52, 0x59), *range(0x60, 0x67)})


class Method(NamedTuple):
    """A defined method: number of the part, row of `DexIndex.methods`."""

    part: int
    row: int


class Program:
    """Looks up what flows ask about; everything is found when first asked for, and kept.

    Attributes:
        indexes: the parts of its DEX files.
        names: what they name.
    """

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self.indexes = indexes
        self.names = Names(indexes)
        self._places: dict[bytes, tuple[int, int] | None] = {}
        self._above: dict[bytes, frozenset[bytes]] = {}
        self._found: dict[tuple[bytes, str, str], Method | None] = {}
        self._overriding: dict[Named, list[Method]] = {}

    def place(self, descriptor: bytes) -> tuple[int, int] | None:
        """Return part and row of class_defs of a class that is defined.

        The first one counts. None for other classes.
        """
        if descriptor not in self._places:
            self._places[descriptor] = self._find_place(descriptor)
        return self._places[descriptor]

    def _find_place(self, descriptor: bytes) -> tuple[int, int] | None:
        for part, (index, rows) in enumerate(zip(self.indexes, self._class_rows, strict=True)):
            row = rows.get(index.type_ids.get(descriptor, -1))
            if row is not None:
                return part, row
        return None

    @cached_property
    def _class_rows(self) -> list[dict[int, int]]:
        """For each part the row of class_defs by type index; the first where a damaged table has several."""
        tables = []
        for index in self.indexes:
            types = index.part.class_defs["class"].tolist()
            tables.append(dict(zip(reversed(types), range(len(types) - 1, -1, -1), strict=True)))
        return tables

    @cached_property
    def _derived_from(self) -> list[set[int]]:
        """For each part the types that a class derives from, and its interfaces and abstract classes."""
        found = []
        for index in self.indexes:
            defs = index.part.class_defs
            open_ones = defs["class"][(defs["access"] & _INTERFACE_OR_ABSTRACT) != 0]
            found.append({*defs["super"].tolist(), *open_ones.tolist()})
        return found

    def name_of(self, method: Method) -> Named:
        """Return class, name and prototype of a defined method."""
        index = self.indexes[method.part]
        owner = index.row_class(method.row)
        return self.names.named(method.part, int(index.methods.method[method.row]))._replace(owner=owner)

    def access(self, method: Method) -> int:
        """Return the access flags."""
        return int(self.indexes[method.part].methods.access[method.row])

    def code(self, method: Method) -> Code | None:
        """Return its code, or None."""
        return self.indexes[method.part].code(method.row)

    def is_under(self, below: bytes, above: bytes) -> bool:
        """Tell whether a class is another one or derives from it, as far as classes are defined here."""
        return below == above or above in self.above(below)

    def at(self, part: int, number: int) -> Method | None:
        """Return the method that is defined in the same part for a method_id."""
        rows = self._rows[part]
        row = int(rows[number]) if number < rows.size else -1
        return Method(part, row) if row >= 0 else None

    def users(self, kind: Kind, ids: Sequence[Collection[int]]) -> Iterator[tuple[Method, int, int]]:
        """Yield method, number and offset of each instruction that names one of the numbers, part by part."""
        for part, (index, wanted) in enumerate(zip(self.indexes, ids, strict=True)):
            if wanted:
                for use in verified(index, candidates(index, kind, wanted)):
                    yield Method(part, use.row), use.id, use.offset

    def reads(self, method: Method, offset: int) -> bool:
        """Tell whether the instruction at an offset, which names a field, gets its value and does not put one there."""
        opcode = int(self.indexes[method.part].data[offset])
        return opcode in _GETS

    def callers(self, methods: Iterable[Method], *, by_own: bool = False) -> dict[Method, set[Method]]:
        """Return for each method those that call it, or may call it by a class above or below it.

        Args:
            methods: which.
            by_own: leave out those that name a class of Android, such as `Runnable.run`; they are too many.
        """
        ids: list[dict[int, list[Method]]] = [{} for _ in self.indexes]
        found: dict[Method, set[Method]] = {}
        for method in methods:
            found[method] = set()
            for part, number in self._ids_for(self.name_of(method)):
                if by_own and self.place(self.indexes[part].class_descriptor(number)) is None:
                    continue
                ids[part].setdefault(number, []).append(method)
        for caller, number, _ in self.users("method", ids):
            for method in ids[caller.part][number]:
                if caller != method:
                    found[method].add(caller)
        return found

    def defined(self, part: int, name: str, proto: str) -> list[Method]:
        """Return the methods of one part that are defined under this name and prototype."""
        found = (self.at(part, number) for number in self.names.same_name(part, name, proto))
        return [method for method in found if method]

    def _ids_for(self, named: Named) -> Iterator[tuple[int, int]]:
        for part, index in enumerate(self.indexes):
            if named.name == "<init>":
                kind = index.type_ids.get(named.owner, -1)
                same = [
                    n
                    for n in self.names.of_class(part, kind, named.name)
                    if self.names.named(part, n).proto == named.proto
                ]
                yield from ((part, number) for number in same)
                continue
            for number in self.names.same_name(part, named.name, named.proto):
                owner = index.class_descriptor(number)
                if self.is_under(named.owner, owner) or self.is_under(owner, named.owner):
                    yield part, number

    def above(self, descriptor: bytes) -> frozenset[bytes]:
        """Return all classes and interfaces above a class, as far as classes are defined here."""
        if descriptor not in self._above:
            self._above[descriptor] = self._find_above(descriptor)
        return self._above[descriptor]

    def _find_above(self, descriptor: bytes) -> frozenset[bytes]:
        found: set[bytes] = set()
        left = [descriptor]
        while left and len(found) < _MAX_ABOVE:
            place = self.place(left.pop())
            if place is None:
                continue
            index, row = self.indexes[place[0]], place[1]
            parents = [index.descriptor(int(index.part.class_defs["super"][row])), *index.interfaces(row)]
            left.extend(parent for parent in parents if parent not in found)
            found.update(parents)
        return frozenset(found)

    @cached_property
    def _rows(self) -> list[NDArray[np.int64]]:
        """For each part the row of the method that is defined for each method_id, or -1."""
        tables = []
        for index in self.indexes:
            rows = np.full(index.method_ids.size, -1, dtype=np.int64)
            defined = index.methods.method
            sound = np.flatnonzero(defined < rows.size)
            rows[defined[sound]] = sound
            tables.append(rows)
        return tables

    def find(self, owner: bytes, name: str, proto: str) -> Method | None:
        """Find a method in a class or the classes above it."""
        key = (owner, name, proto)
        if key not in self._found:
            self._found[key] = self._find(owner, name, proto)
        return self._found[key]

    def _find(self, owner: bytes, name: str, proto: str) -> Method | None:
        for _ in range(_MAX_ABOVE):
            place = self.place(owner)
            if place is None:
                return None
            part, row = place
            found = self._own_method(part, row, name, proto)
            if found:
                return found
            index = self.indexes[part]
            owner = index.descriptor(int(index.part.class_defs["super"][row]))
        return None

    def _own_method(self, part: int, row: int, name: str, proto: str) -> Method | None:
        kind = int(self.indexes[part].part.class_defs["class"][row])
        for number in self.names.of_class(part, kind, name):
            method = self.at(part, number)
            if method and self.names.named(part, number).proto == proto:
                return method
        return None

    def overriding(self, named: Named) -> list[Method]:
        """Return the methods of classes below that a call through `named` may reach."""
        if named not in self._overriding:
            self._overriding[named] = self._find_overriding(named)
        return self._overriding[named]

    def _find_overriding(self, named: Named) -> list[Method]:
        found: list[Method] = []
        kinds = (index.type_ids.get(named.owner, -1) for index in self.indexes)
        if not any(kind in derived for kind, derived in zip(kinds, self._derived_from, strict=True)):
            return found
        for part, index in enumerate(self.indexes):
            for number in self.names.same_name(part, named.name, named.proto):
                owner = index.class_descriptor(number)
                method = self.at(part, number)
                if method and owner != named.owner and named.owner in self.above(owner):
                    found.append(method)
        return found[:MAX_TARGETS]
