"""The classes of one package, above and below each other, in all parts."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.apk.dex.file import types_in
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.instructions import CONST_CLASS, NEW_INSTANCE
from phone_audit.apk.dex.xrefs import users_of

_MAX_ABOVE: Final = 64
"""Classes and interfaces above one that are looked at."""
_MAX_BELOW: Final = 200
"""Classes below one that are looked at."""
_MAX_BELOW_IN_ALL: Final = 20_000
"""The same for all classes together; of further ones it is taken that any class may stand in."""
_NATIVE: Final = 0x100
_INTERFACE: Final = 0x200
_MAX_NAMED: Final = 200
_COST_OF_NAME: Final = 100
"""What a search for the uses of a class costs, in what `looked_at` counts."""
_PROXY: Final = b"Ljava/lang/reflect/Proxy;"
_OBJECT: Final = b"Ljava/lang/Object;"


class ClassHierarchy:
    """Which classes stand above and below each other. What is found is kept.

    Classes in `android` are Android's: Android loads its own, whatever a package brings along under that name.
    """

    def __init__(self, indexes: Sequence[DexIndex], android: Collection[bytes] = ()) -> None:
        self.indexes = indexes
        self._android = android
        self._seen_below = 0
        self.looked_at = 0
        """Methods, fields and classes that were looked at in all, so that a caller can stop."""

    @remembered
    def place(self, descriptor: bytes) -> tuple[int, int] | None:
        """Return part and row of class_defs of a class that is defined, the first of several; None for others."""
        return None if descriptor in self._android else self.brought_place(descriptor)

    def brought_place(self, descriptor: bytes) -> tuple[int, int] | None:
        """Return the same, also of a class that counts as Android's."""
        for part, index in enumerate(self.indexes):
            row = index.class_rows.get(index.type_ids.get(descriptor, -1))
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
        return one == other or other in self.above(one) or one in self.above(other)

    def stands_in(self, owner: bytes, interface: bytes) -> bool:
        """Tell whether a class below another one inherits its methods for an interface, which may be unknown here."""
        found = self._interfaces_below(owner)
        if found is None or interface in found:
            return True
        return self.place(interface) is None and any(self.place(one) is None for one in found)

    @remembered
    def _interfaces_below(self, owner: bytes) -> frozenset[bytes] | None:
        """Return what stands above the classes below one; None where those are more than are looked at."""
        most = min(_MAX_BELOW, _MAX_BELOW_IN_ALL - self._seen_below)
        below = self._classes_below(owner, most)
        if below is None:
            self._seen_below += most
            return None
        self._seen_below += len(below)
        self.looked_at += len(below)
        return frozenset().union(*map(self.above, below))

    def _classes_below(self, owner: bytes, most: int) -> set[bytes] | None:
        """Return the classes below one; None where those are more than `most`."""
        below: set[bytes] = set()
        left = [owner]
        while left:
            for child in self._children.get(left.pop(), ()):
                if child not in below:
                    below.add(child)
                    left.append(child)
            if len(below) > most:
                return None
        return below

    @remembered
    def places_that_make(self, owner: bytes) -> int:
        """Return how many instructions make objects of a class or of one below it; of too many classes each counts."""
        below = self._classes_below(owner, _MAX_BELOW)
        if below is None:
            return _MAX_BELOW
        return sum(_makers(index, {owner, *below}) for index in self.indexes)

    def is_interface(self, owner: bytes) -> bool:
        place = self.place(owner)
        return place is not None and bool(int(self.indexes[place[0]].part.class_defs["access"][place[1]]) & _INTERFACE)

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
            if len(uses) == _MAX_NAMED or any(int(index.data[use.offset]) == CONST_CLASS for use in uses):
                return True
        return False

    def has_native(self, owner: bytes) -> bool:
        """Tell whether a class, or one above it, has methods in native code."""
        return not self._native.isdisjoint((owner, *self.above(owner)))

    @remembered
    def may_be_proxied(self, owner: bytes) -> bool:
        """Tell whether an object that is made while the code runs may stand in for an interface of the package."""
        if not self.is_interface(owner):
            return False
        return any(_PROXY in index.type_ids for index in self.indexes) and self.is_named(owner)

    def supers(self, descriptor: bytes) -> list[bytes]:
        found: list[bytes] = []
        place = self.place(descriptor)
        while place is not None and len(found) < _MAX_ABOVE:
            index = self.indexes[place[0]]
            descriptor = index.descriptor(int(index.part.class_defs["super"][place[1]]))
            found.append(descriptor)
            place = self.place(descriptor)
        return found

    @cached_property
    def in_several(self) -> frozenset[bytes]:
        """Classes that several parts define."""
        count = Counter(
            name
            for index in (self.indexes if len(self.indexes) > 1 else ())
            for name in map(index.descriptor, types_in(index.part, "class"))
        )
        return frozenset(name for name, parts in count.items() if parts > 1)

    @cached_property
    def _native(self) -> frozenset[bytes]:
        return frozenset(
            index.row_class(row)
            for index in self.indexes
            for row in np.flatnonzero(index.methods.access & _NATIVE).tolist()
        )

    @cached_property
    def _children(self) -> dict[bytes, list[bytes]]:
        """For each class those that derive from it at once."""
        found: dict[bytes, list[bytes]] = defaultdict(list)
        for index in self.indexes:
            defs = index.part.class_defs
            for one, parent in zip(defs["class"].tolist(), defs["super"].tolist(), strict=True):
                found[index.descriptor(parent)].append(index.descriptor(one))
        return found

    @cached_property
    def extended(self) -> frozenset[bytes]:
        """Classes and interfaces that something may derive from."""
        found: set[bytes] = set()
        for index in self.indexes:
            found.update(map(index.descriptor, types_in(index.part, "super")))
            defs = index.part.class_defs
            open_ones = np.flatnonzero(defs["access"] & (_INTERFACE | 0x400)).tolist()
            found.update(map(index.defined_class, open_ones))
        return frozenset(found)


def _makers(index: DexIndex, names: Collection[bytes]) -> int:
    numbers = [number for name in names if (number := index.type_ids.get(name)) is not None]
    uses = (use for of_type in users_of(index, "type", numbers).values() for use in of_type)
    return sum(int(index.data[use.offset]) == NEW_INSTANCE for use in uses)
