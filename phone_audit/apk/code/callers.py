"""Who calls a method: calls that name it, on its class or on one above or below it, and texts that name its class."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.xrefs import Kind, Use, candidates, verified

MAX_CALLS: Final = 20_000
"""Calls of one package that are looked at; where there are more, what was asked for counts as called."""
MAX_SEARCHES: Final = 1_000
"""Searches of one part for instructions; each costs time by its size."""
_ABOVE: Final = 64
"""Classes and interfaces that are looked at above one; more are forged."""
_BELOW: Final = 256
"""Classes that are looked at below one."""
_NEW: Final = b"<init>"


class Method(NamedTuple):
    """A defined method: number of the part, row of `DexIndex.methods`."""

    part: int
    row: int


class Site(NamedTuple):
    """An instruction, by the method that holds it."""

    method: Method
    unit: int
    offset: int


class Callers:
    """Looks up calls in all parts of a package. `cut` tells whether there were too many calls or classes to see all."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self.indexes = indexes
        self.cut = False
        self._left = MAX_CALLS
        self._searches = MAX_SEARCHES

    def of(self, methods: Collection[Method]) -> Iterator[tuple[Method, Site]]:
        """Yield each call that may reach one of the methods, with it."""
        asked: dict[tuple[bytes, str], list[Method]] = {}
        for method in methods:
            index = self.indexes[method.part]
            number = int(index.methods.method[method.row])
            asked.setdefault((_name(index, number), _prototype(index, number)), []).append(method)
        for part, index in enumerate(self.indexes):
            wanted = self._numbers(index, asked)
            for use in self._uses(part, "method", wanted):
                site = site_of(part, use)
                yield from ((method, site) for method in wanted[use.id] if method != site.method)

    def uses(self, kind: Kind, names: Iterable[bytes]) -> Iterator[tuple[bytes, Site]]:
        """Yield each instruction that names one of these strings, or of these types by their descriptors."""
        wanted = tuple(names)
        for part, index in enumerate(self.indexes):
            if kind == "type":
                ids = {index.type_ids[name]: name for name in wanted if name in index.type_ids}
            else:
                ids = {number: name for name, number in index.strings_equal(wanted).items()}
            for use in self._uses(part, kind, ids):
                yield ids[use.id], site_of(part, use)

    def sites(self, part: int, kind: Kind, ids: Collection[int]) -> Iterator[Site]:
        """Yield each instruction of one part that names one of the numbers."""
        yield from (site_of(part, use) for use in self._uses(part, kind, ids))

    def users_of_class(self, descriptor: bytes) -> Iterator[Site]:
        """Yield each instruction that calls a method of a class, reads or fills its fields, or makes an instance."""
        for part, index in enumerate(self.indexes):
            kind = index.type_ids.get(descriptor)
            if kind is not None:
                yield from self.sites(part, "method", np.flatnonzero(index.method_ids["class"] == kind).tolist())
                yield from self.sites(part, "field", np.flatnonzero(index.field_ids["class"] == kind).tolist())
                yield from self.sites(part, "type", [kind])

    def class_of(self, method: Method) -> bytes:
        """Return the descriptor of the class that defines a method."""
        return self.indexes[method.part].row_class(method.row)

    @remembered
    def above(self, descriptor: bytes) -> frozenset[bytes]:
        """Return all classes and interfaces above a class, as far as classes are defined here."""
        found: set[bytes] = set()
        left = [descriptor]
        while left and len(found) < _ABOVE:
            new = [name for name in self._parents(left.pop()) if name not in found]
            found.update(new)
            left.extend(new)
        return frozenset(found)

    @remembered
    def is_defined(self, descriptor: bytes) -> bool:
        """Tell whether the package has code of a class."""
        return any(_row(index, descriptor) is not None for index in self.indexes)

    def _uses(self, part: int, kind: Kind, ids: Collection[int]) -> Iterator[Use]:
        if not ids:
            return
        if not self._searches:
            self.cut = True
            return
        self._searches -= 1
        index = self.indexes[part]
        for use in verified(index, candidates(index, kind, ids)):
            if not self._left:
                self.cut = True
                return
            self._left -= 1
            yield use

    def _numbers(self, index: DexIndex, asked: dict[tuple[bytes, str], list[Method]]) -> dict[int, list[Method]]:
        """Return the methods asked for by the method_ids through which they can be called."""
        names = index.strings_equal({name for name, _ in asked})
        if not names:
            return {}
        owners = {
            owner for methods in asked.values() for method in methods for owner in self.kin(self.class_of(method))
        }
        types = [index.type_ids[owner] for owner in owners if owner in index.type_ids]
        ids = index.method_ids
        found: dict[int, list[Method]] = {}
        for number in np.flatnonzero(np.isin(ids["class"], types) & np.isin(ids["name"], [*names.values()])).tolist():
            methods = asked.get((_name(index, number), _prototype(index, number)), ())
            owner = index.class_descriptor(number)
            if reached := [method for method in methods if self._reaches(owner, method)]:
                found[number] = reached
        return found

    def _reaches(self, owner: bytes, method: Method) -> bool:
        """Tell whether a call on a class can reach a method."""
        own = self.class_of(method)
        index = self.indexes[method.part]
        new = _name(index, int(index.methods.method[method.row])) == _NEW
        return owner == own or (not new and owner in self.kin(own))

    @remembered
    def kin(self, descriptor: bytes) -> frozenset[bytes]:
        """Return a class, those below it, and those above it of which the package has code."""
        above = {name for name in self.above(descriptor) if self.is_defined(name)}
        return frozenset({descriptor, *above, *self.below(descriptor)})

    @remembered
    def below(self, descriptor: bytes) -> frozenset[bytes]:
        """Return the classes that derive from a class."""
        found: set[bytes] = set()
        left = [descriptor]
        while left and len(found) < _BELOW:
            name = left.pop()
            for index in self.indexes:
                number = index.type_ids.get(name, -1)
                rows = np.flatnonzero(index.part.class_defs["super"] == number)[:_BELOW].tolist()
                new = {index.defined_class(row) for row in rows} - found
                found |= new
                left.extend(new)
        self.cut |= len(found) >= _BELOW
        return frozenset(found)

    @remembered
    def _parents(self, name: bytes) -> tuple[bytes, ...]:
        for index in self.indexes:
            row = _row(index, name)
            if row is not None:
                return tuple(index.parents(row))
        return ()


def site_of(part: int, use: Use) -> Site:
    """Return an instruction that was found in a part."""
    return Site(Method(part, use.row), use.unit, use.offset)


def _row(index: DexIndex, descriptor: bytes) -> int | None:
    """Return the row of class_defs of a class, the first of several."""
    number = index.type_ids.get(descriptor)
    if number is None:
        return None
    rows = np.flatnonzero(index.part.class_defs["class"] == number)
    return int(rows[0]) if rows.size else None


def _name(index: DexIndex, number: int) -> bytes:
    return index.raw_string(int(index.method_ids["name"][number])) if number < index.method_ids.size else b"?"


def _prototype(index: DexIndex, number: int) -> str:
    return index.prototype(int(index.method_ids["type"][number])) if number < index.method_ids.size else "?"
