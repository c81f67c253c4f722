"""The methods that classes define and that calls ask for, by numbers that hold in all parts of a package."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from phone_audit.apk.dex.annotations import annotated_methods
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.index import DexIndex, remembered

Selector = int
"""The number of a name and a prototype, by which an object is asked for a method."""
Row = tuple[int, int]
"""Number of the part, row of `DexIndex.methods`."""


class Selectors:
    """Looks up the methods of one package; what is found is kept. `tree` are its classes."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes
        self.tree = ClassHierarchy(indexes)
        self._numbers: dict[tuple[bytes, str], Selector] = {}
        self._of_class: dict[bytes, dict[Selector, list[Row]]] = {}
        self.names: list[bytes] = []
        self.prototypes: list[str] = []
        """Name and prototype by the number of each selector that was met."""

    def number(self, name: bytes, prototype: str) -> Selector:
        """Return the number of a name and a prototype."""
        found = self._numbers.setdefault((name, prototype), len(self.names))
        if found == len(self.names):
            self.names.append(name)
            self.prototypes.append(prototype)
        return found

    def asked_for(self, part: int, number: int) -> tuple[bytes, Selector]:
        """Return the class and the selector of a method_id."""
        known = self._method_ids[part]
        if number >= len(known):
            return b"?", self.number(b"?", "?")
        found = known[number]
        if found is None:
            owners, prototypes, names = self._indexes[part].method_columns
            selector = self._of_numbers(part, names[number], prototypes[number])
            found = known[number] = (self._indexes[part].descriptor(owners[number]), selector)
        return found

    def rows(self, name: bytes) -> dict[Selector, list[Row]]:
        """Return the methods that a class defines, in all parts."""
        found = self._of_class.get(name)
        if found is None:
            found = self._of_class[name] = {}
            for part, class_def in self.defined.get(name, ()):
                methods, rows, ends = self._methods[part]
                for row in rows[ends[class_def] : ends[class_def + 1]]:
                    found.setdefault(self.asked_for(part, methods[row])[1], []).append((part, row))
        return found

    def annotated(self, name: bytes) -> Iterator[tuple[Row, frozenset[bytes] | None]]:
        """Yield the methods of a class that bear annotations, and which can be read while the package runs.

        None stands for any: they could not be read.
        """
        for part, class_def in self.defined.get(name, ()):
            index = self._indexes[part]
            for method, kept in annotated_methods(index, class_def):
                if (row := int(index.method_rows[method])) >= 0:
                    yield (part, row), None if kept is None else frozenset(map(index.descriptor, kept))

    @cached_property
    def defined(self) -> dict[bytes, list[tuple[int, int]]]:
        """For each class that is defined, the parts with its row of class_defs."""
        found: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
        for part, index in enumerate(self._indexes):
            for class_def, number in enumerate(index.part.class_defs["class"].tolist()):
                found[index.descriptor(number)].append((part, class_def))
        return found

    @cached_property
    def _methods(self) -> list[tuple[list[int], list[int], list[int]]]:
        """For each part the method_ids of the methods; their rows by class, and where each class begins there."""
        found = []
        for index in self._indexes:
            order = np.argsort(index.methods.class_def, kind="stable")
            bounds = np.searchsorted(index.methods.class_def[order], np.arange(index.part.class_defs.size + 1))
            found.append((index.methods.method.tolist(), order.tolist(), bounds.tolist()))
        return found

    @cached_property
    def _method_ids(self) -> list[list[tuple[bytes, Selector] | None]]:
        """Class and selector by the method_ids of each part, once they were looked up."""
        return [[None] * index.method_ids.size for index in self._indexes]

    @remembered
    def _of_numbers(self, part: int, name: int, prototype: int) -> Selector:
        return self.number(self._indexes[part].raw_string(name), self._indexes[part].prototype(prototype))
