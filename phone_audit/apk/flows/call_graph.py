"""Which methods of a package may call which, as arrays; it tells what lies near a sink before anything is followed.

Code units that only look like calls count too. What calls through a class of Android, such as `Runnable.run`, is left
out, and so is an override in another DEX file than what it overrides.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.flows.program import Method

Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]
MAX_LEVELS: Final = 24
"""Calls that are followed one behind another; what lies further away does not count as reached."""
_LISTENERS: Final = 3
"""Objects that are made one in the other, which methods are followed through that make them."""
_ABOVE: Final = 8
"""Classes above one whose methods may be called instead of its own."""
NO_IDS: Final = np.empty(0, dtype=np.int64)


class CallGraph:
    """Methods have one number each: that of the first of their part, plus their row."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._parts = [_Part(index) for index in indexes]
        rows = [index.methods.method.size for index in indexes]
        ids = [index.method_ids.size for index in indexes]
        self._first_row = np.concatenate(([0], np.cumsum(rows, dtype=np.int64)))
        self._first_id = np.concatenate(([0], np.cumsum(ids, dtype=np.int64)))

    def flags(self, methods: Iterable[Method] = ()) -> Flags:
        """Mark methods."""
        found = np.zeros(int(self._first_row[-1]), dtype=np.bool_)
        found[[self.number(method) for method in methods]] = True
        return found

    def number(self, method: Method) -> int:
        """Return the number of a method."""
        return int(self._first_row[method.part]) + method.row

    def naming(self, numbers: Sequence[Collection[int]]) -> Flags:
        """Mark the methods that seem to call one of these method_ids, given for each part."""
        wanted = np.zeros(int(self._first_id[-1]), dtype=np.bool_)
        for first, of_part in zip(self._first_id.tolist(), numbers, strict=False):
            wanted[[first + number for number in of_part]] = True
        callers, called = self._calls
        found = self.flags()
        found[callers[wanted[called]]] = True
        return found

    def callers_of(self, flags: Flags) -> Flags:
        """Mark the methods from which marked ones are reached, and those themselves."""
        callers, called = self._calls
        named, defined = self._targets
        return _reached(flags, (defined, named), (called, callers), int(self._first_id[-1]))

    def leading_to(self, flags: Flags, own: tuple[bytes, ...]) -> Flags:
        """Mark the same, and what makes an object of which a marked method is called later, such as a listener.

        That goes for classes of the package's own, by what their descriptors begin with; for all where nothing is said.
        """
        found = self.callers_of(flags)
        for _ in range(_LISTENERS):
            made = found.copy()
            for part, first in zip(self._parts, self._first_row, strict=False):
                part.mark_constructors(made[first:], own)
            if (made == found).all():
                break
            found = self.callers_of(made)
        return found

    def called_from(self, flags: Flags) -> Flags:
        """Mark the methods that are reached from marked ones, and those themselves."""
        return _reached(flags, self._calls, self._targets, int(self._first_id[-1]))

    @cached_property
    def _calls(self) -> tuple[Ids, Ids]:
        """Return methods with what seem to be calls, and the method_ids that these name."""
        pairs = [part.calls() for part in self._parts]
        rows = [pair[0] + first for pair, first in zip(pairs, self._first_row, strict=False)]
        ids = [pair[1] + first for pair, first in zip(pairs, self._first_id, strict=False)]
        return np.concatenate([NO_IDS, *rows]), np.concatenate([NO_IDS, *ids])

    @cached_property
    def _targets(self) -> tuple[Ids, Ids]:
        """Return method_ids, and the methods that a call of them may reach."""
        named, rows = [NO_IDS], [NO_IDS]
        for part, first_row, first_id in zip(self._parts, self._first_row, self._first_id, strict=False):
            ids, defined = part.targets()
            named.append(ids + first_id)
            rows.append(defined + first_row)
        for ids, defined in self._elsewhere():
            named.append(ids)
            rows.append(defined)
        return np.concatenate(named), np.concatenate(rows)

    def _elsewhere(self) -> Iterable[tuple[Ids, Ids]]:
        """Yield method_ids of classes that another part defines, and those methods."""
        for at, part in enumerate(self._parts):
            for other_at, other in enumerate(self._parts):
                if other_at != at:
                    ids, rows = part.defined_in(other)
                    yield ids + self._first_id[at], rows + self._first_row[other_at]


class _Part:
    """The calls of one part of a DEX file."""

    def __init__(self, index: DexIndex) -> None:
        self._index = index
        ids = index.method_ids
        self._owner, self._name, self._kind = (ids[column].astype(np.int64) for column in ("class", "name", "type"))

    def calls(self) -> tuple[Ids, Ids]:
        """Return rows of methods and the method_ids that they seem to name."""
        places, bodies = self._index.places("method"), self._index.bodies
        if not bodies.code.size:
            return NO_IDS, NO_IDS
        body = np.searchsorted(bodies.code, places.offsets.astype(np.int64), side="right") - 1
        sound = (body >= 0) & (places.ids < self._owner.size)
        rows = bodies.rows[bodies.first[body[sound]]].astype(np.int64)
        return rows, places.ids[sound].astype(np.int64)

    def targets(self) -> tuple[Ids, Ids]:
        """Return method_ids, and rows of the methods that a call of them may reach."""
        numbers = np.flatnonzero(self._index.method_rows >= 0)
        named, rows = [numbers], [self._index.method_rows[numbers]]
        own = np.flatnonzero(self._is_defined[self._owner]) if self._owner.size else NO_IDS
        above = self._owner[own]
        for _ in range(_ABOVE):
            above = self._above[above]
            own, above = own[above >= 0], above[above >= 0]
            if not own.size:
                break
            self._pair(own, above, named, rows)
        self._pair(*self._interfaces(), named, rows)
        return np.concatenate(named), np.concatenate(rows)

    def mark_constructors(self, flags: Flags, own: tuple[bytes, ...]) -> None:
        """Mark the constructors of own classes that have a marked method; the flags begin with those of this part."""
        if not self._owner.size:
            return
        ids = np.minimum(self._index.methods.method.astype(np.int64), self._owner.size - 1)  # as a damaged table says
        owners, of_part = self._owner[ids], flags[: ids.size]
        name = self._index.strings_equal((b"<init>",)).get(b"<init>", -1)
        kinds = [
            kind
            for kind in np.unique(owners[of_part]).tolist()
            if not own or self._index.descriptor(kind).startswith(own)
        ]
        of_part |= (self._name[ids] == name) & np.isin(owners, kinds)

    def _pair(self, own: Ids, above: Ids, named: list[Ids], rows: list[Ids]) -> None:
        """Pair the methods of classes with what stands under the same name in a class or interface above."""
        found = self._find(above, self._name[own], self._kind[own])
        hit = found >= 0
        own, found = own[hit], found[hit]
        for call, target in ((found, own), (own, found)):
            is_defined = self._index.method_rows[target] >= 0
            named.append(call[is_defined])
            rows.append(self._index.method_rows[target[is_defined]])

    def _interfaces(self) -> tuple[Ids, Ids]:
        """Return method_ids of classes, each with an interface of its class that is defined here."""
        defs = self._index.part.class_defs
        listed = [
            (int(defs["class"][row]), self._index.type_ids.get(above, -1))
            for row in np.flatnonzero(defs["interfaces"]).tolist()
            for above in self._index.parents(row)[1:]
        ]
        pairs = np.array([pair for pair in listed if pair[1] >= 0 and self._is_defined[pair[1]]], dtype=np.int64)
        if not pairs.size:
            return NO_IDS, NO_IDS
        low = np.searchsorted(self._owner, pairs[:, 0], side="left")
        count = np.maximum(np.searchsorted(self._owner, pairs[:, 0], side="right") - low, 0)  # unsorted where damaged
        at = np.repeat(low - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
        return at, np.repeat(pairs[:, 1], count)

    def defined_in(self, other: "_Part") -> tuple[Ids, Ids]:
        """Return method_ids of classes that only another part defines, and rows of that part of the same name."""
        theirs = other._index.type_ids
        pairs = [(mine, theirs[name]) for name, mine in self._index.type_ids.items() if name in theirs]
        pairs = [(mine, there) for mine, there in pairs if other._is_defined[there] and not self._is_defined[mine]]
        if not pairs or not self._owner.size:
            return NO_IDS, NO_IDS
        table = np.full(self._is_defined.size, -1, dtype=np.int64)
        table[[mine for mine, _ in pairs]] = [there for _, there in pairs]
        own = np.flatnonzero(table[self._owner] >= 0)
        names, inverse = np.unique(self._name[own], return_inverse=True)
        texts = [self._index.raw_string(number) for number in names.tolist()]
        known = other._index.strings_equal(texts)
        there = np.array([*(known.get(text, -1) for text in texts), -1], dtype=np.int64)[inverse]
        wanted = table[self._owner[own]] << 31 ^ there
        keys = other._keys >> 16
        low = np.searchsorted(keys, wanted, side="left")
        count = np.where(there >= 0, np.searchsorted(keys, wanted, side="right") - low, 0)
        rows = other._index.method_rows[np.repeat(low - np.cumsum(count) + count, count) + np.arange(int(count.sum()))]
        calls = np.repeat(own, count)
        return calls[rows >= 0], rows[rows >= 0]

    def _find(self, owner: Ids, name: Ids, kind: Ids) -> Ids:
        """Return the method_id of each class, name and prototype, -1 where there is none."""
        keys = self._keys
        wanted = owner << 47 ^ name << 16 ^ kind
        at = np.minimum(np.searchsorted(keys, wanted), max(0, keys.size - 1))
        sound = (name >= 0) & (kind >= 0)
        return np.where(sound & (keys[at] == wanted), at, -1) if keys.size else np.full(owner.size, -1)

    @cached_property
    def _keys(self) -> Ids:
        """One number for each method_id, ascending in every file that Android loads."""
        return self._owner << 47 ^ self._name << 16 ^ self._kind

    @cached_property
    def _is_defined(self) -> Flags:
        """Mark the types that are defined here."""
        return np.not_equal(self._above, -2)

    @cached_property
    def _above(self) -> Ids:
        """For each type the one above it where that is defined too, else -1; -2 for what is not defined here."""
        defs = self._index.part.class_defs
        size = max(self._index.part.type_strings.size, int(self._owner.max(initial=0)) + 1)
        above = np.full(size, -2, dtype=np.int64)
        sound = defs["class"] < size
        above[defs["class"][sound]] = -1
        inside = sound & (defs["super"] < size)
        inside[inside] = above[defs["super"][inside]] > -2
        above[defs["class"][inside]] = defs["super"][inside]
        return above


def _reached(flags: Flags, to_ids: tuple[Ids, Ids], from_ids: tuple[Ids, Ids], size: int) -> Flags:
    """Mark what is reached from marked methods along pairs of methods and method_ids, and of these and methods."""
    found = flags.copy()
    ids = np.zeros(size, dtype=np.bool_)
    (before, named), (called, after) = to_ids, from_ids
    for _ in range(MAX_LEVELS):
        hit = found[before]
        ids[named[hit]] = True
        before, named = before[~hit], named[~hit]
        hit = ids[called]
        new = after[hit]
        if found[new].all():
            break
        found[new] = True
        called, after = called[~hit], after[~hit]
    return found
