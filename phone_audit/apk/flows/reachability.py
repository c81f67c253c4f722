"""Which methods of a package run at all: those that something leads to which Android calls."""

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Final, Literal, NamedTuple

import numpy as np

from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import inside, verified
from phone_audit.apk.flows.call_graph import NO_IDS, CallGraph, Flags, Ids
from phone_audit.apk.flows.entry_points import EntryPoints
from phone_audit.apk.flows.program import Method, Program

MAX_ROUNDS: Final = 400
"""Calls one behind another that are followed; where there are more, everything is taken to run."""
_CONST_CLASS: Final = 0x1C
_NEW_INSTANCE: Final = 0x22
_MAKING: Final = (_NEW_INSTANCE, _CONST_CLASS)
_STATIC_FIELDS: Final = range(0x60, 0x6E)
_MADE, _NAMED, _USED = range(3)
"""What code does with a class: makes an object, names it as a value or in a text, uses its static members."""


class Reachability:
    """Answers for the methods of one package.

    Methods are reached by calls; classes by what makes, names or uses them; and of a class that is made, or named, the
    methods are reached that Android calls on its objects.
    """

    def __init__(self, program: Program, graph: CallGraph, entries: EntryPoints) -> None:
        self._program = program
        self._graph = graph
        self._entries = entries

    def running(self, methods: Collection[Method]) -> set[Method]:
        """Return those of some methods that run."""
        graph = self._graph
        wanted = {graph.number(one): one for one in methods}
        left = np.array([*wanted], dtype=np.int64)
        roots = np.concatenate([NO_IDS, *self._roots()])
        left = left[~np.isin(left, roots)]
        if left.size:
            left = left[~self._reached(left, roots)[left]]
        return set(methods) - {wanted[number] for number in left.tolist()}

    def _reached(self, left: Ids, new: Ids) -> Flags:
        """Mark what is reached from some methods, until the ones that are looked for are."""
        edges = self._edges
        leads = self._leading_to(left)
        reached = np.zeros(leads.size, dtype=np.bool_)
        for _ in range(MAX_ROUNDS):
            fresh = np.zeros(leads.size, dtype=np.bool_)
            fresh[new] = True
            new = np.flatnonzero(fresh & leads & ~reached)
            reached[new] = True
            if not new.size or reached[left].all():
                return reached
            calls = [one for node in new[new >= self._graph.nodes].tolist() for one in self._entered(node)]
            found = edges.following(new)
            after = edges.after[found]
            found = self._verified(found[leads[after] & ~reached[after]])
            new = np.concatenate([edges.after[found], *calls])
        return np.ones(leads.size, dtype=np.bool_)

    def _leading_to(self, wanted: Ids) -> Flags:
        """Mark what may lead to methods, also by what only looks like code, so that nothing else is looked at."""
        edges = self._edges.reversed()
        class_of, below = self._class_of, self._below
        first, nodes = self._graph.nodes, self._graph.nodes + 3 * len(self._names)
        found = np.zeros(nodes, dtype=np.bool_)
        new = wanted
        for _ in range(MAX_ROUNDS):
            found[new] = True
            classes = np.unique(np.concatenate((class_of[new[new < class_of.size]], (new[new >= first] - first) // 3)))
            classes = np.concatenate((classes, below.after[below.following(classes)]))
            of_class = (first + 3 * classes[:, None] + np.arange(3)).ravel()
            mark = np.zeros(nodes, dtype=np.bool_)
            mark[edges.after[edges.following(new)]] = True
            mark[of_class] = True
            new = np.flatnonzero(mark & ~found)
            if not new.size:
                return found
        return np.ones(nodes, dtype=np.bool_)

    @cached_property
    def _class_of(self) -> Ids:
        """The number of the class of each method."""
        tables = zip(self._program.indexes, self._class_of_type, strict=True)
        pieces = (_classes(index, "class", table)[index.methods.class_def] for index, table in tables)
        return np.concatenate([NO_IDS, *pieces])

    @cached_property
    def _below(self) -> "_Edges":
        """What derives from each class at once."""
        pieces = []
        for index, table in zip(self._program.indexes, self._class_of_type, strict=True):
            above, below = _classes(index, "super", table), _classes(index, "class", table)
            pieces.append(_Edges.apart(above[above >= 0], below[above >= 0]))
        return _Edges.joined(pieces, len(self._names))

    def _verified(self, found: Ids) -> Ids:
        """Return those edges that are no code, or an instruction and not only something that looks like one."""
        edges = self._edges
        kept = [found[edges.part[found] < 0]]
        for part, index in enumerate(self._program.indexes):
            here = found[edges.part[found] == part]
            here = here[np.argsort(edges.offset[here], kind="stable")]
            sound = [use.offset for use in verified(index, inside(index, edges.offset[here], here))]
            kept.append(here[np.isin(edges.offset[here], sound)])
        return np.concatenate(kept)

    def _roots(self) -> Iterable[Ids]:
        """Yield what runs since Android or native code calls it."""
        entries = self._entries
        yield entries.methods()
        for owner in entries.classes():
            yield entries.constructors(owner)
            yield entries.called_on(owner)

    def _entered(self, node: int) -> Iterable[Ids]:
        """Yield the methods that run since a class is made, named or used."""
        number, how = divmod(node - self._graph.nodes, 3)
        owner, entries = self._names[number], self._entries
        yield entries.initialisers(owner)
        if how == _NAMED and entries.reflects:
            yield entries.methods_of(owner)
        elif how == _NAMED:
            yield entries.constructors(owner)
        if how != _USED:
            yield entries.called_on(owner)

    @cached_property
    def _edges(self) -> "_Edges":
        """What leads to what: methods to method_ids and classes, method_ids to methods and classes."""
        named, defined = self._graph.targets
        pieces = [_Edges.apart(named, defined)]
        is_target = np.zeros(self._graph.nodes, dtype=np.bool_)
        is_target[named] = True
        for part, index in enumerate(self._program.indexes):
            ids = self._graph.ids_of(part)
            owners = self._initialised(part, index.method_ids["class"].astype(np.int64))
            is_target[ids[owners >= 0]] = True
            pieces.append(_Edges.apart(ids[owners >= 0], owners[owners >= 0]))
            methods, called, offsets = self._graph.uses(part, "method")
            sound = called < ids.size
            after = np.where(sound, ids[np.where(sound, called, 0)], -1) if ids.size else np.full(called.size, -1)
            after = np.where((after >= 0) & is_target[after], after, -1)
            pieces.append(_Edges.in_code(methods, after, part, offsets))
            pieces += self._to_classes(part)
        return _Edges.joined(pieces, self._graph.nodes + 3 * len(self._names))

    def _to_classes(self, part: int) -> Iterable["_Edges"]:
        """Yield what leads to classes: code that makes or names them, and that uses their static fields."""
        index = self._program.indexes[part]
        methods, types, offsets = self._graph.uses(part, "type")
        opcodes = index.data[offsets]
        how = np.where(opcodes == _NEW_INSTANCE, _MADE, _NAMED)
        nodes = self._named(part, types, how)
        yield _Edges.in_code(methods, np.where(np.isin(opcodes, _MAKING), nodes, -1), part, offsets)
        methods, strings, offsets = self._graph.uses(part, "string")
        yield _Edges.in_code(methods, self._said(part, strings), part, offsets)
        methods, fields, offsets = self._graph.uses(part, "field")
        owners = index.field_ids["class"].astype(np.int64)
        sound = np.isin(index.data[offsets], [*_STATIC_FIELDS]) & (fields < owners.size)
        nodes = self._initialised(part, owners[fields[sound]])
        yield _Edges.in_code(methods[sound], nodes, part, offsets[sound])

    def _initialised(self, part: int, types: Ids) -> Ids:
        """Return the nodes of classes that do something when they are first used, -1 for those of others."""
        nodes = self._named(part, types, _USED)
        return np.where(np.isin(nodes, self._with_initialisers), nodes, -1)

    @cached_property
    def _with_initialisers(self) -> list[int]:
        first = self._graph.nodes + _USED
        return [first + 3 * self._numbers[name] for name in self._entries.with_initialisers()]

    def _named(self, part: int, types: Ids, how: Ids | int) -> Ids:
        """Return the nodes of the classes that type indexes stand for, -1 for those of others."""
        table = self._class_of_type[part]
        numbers = table[np.minimum(types, table.size - 1)]
        return np.where(numbers >= 0, self._graph.nodes + 3 * numbers + how, -1)

    @cached_property
    def _class_of_type(self) -> list[Ids]:
        """For each part the number of the class by type index, -1 where it is not defined; at the end that of `?`."""
        known = self._numbers
        return [
            np.array([known.get(name, -1) for name in (*index.descriptors(), b"?")]) for index in self._program.indexes
        ]

    def _said(self, part: int, strings: Ids) -> Ids:
        """Return the nodes of the classes that texts name, -1 for other texts."""
        index = self._program.indexes[part]
        keys, places = np.unique(strings, return_inverse=True)
        known = [self._by_text.get(index.raw_string(one), -1) for one in keys.tolist()]
        numbers = np.array(known, dtype=np.int64)[places]
        return np.where(numbers >= 0, self._graph.nodes + 3 * numbers + _NAMED, -1)

    @cached_property
    def _names(self) -> list[bytes]:
        """The classes that are defined, each once."""
        return list(dict.fromkeys(name for index in self._program.indexes for name in index.defined_classes()))

    @cached_property
    def _numbers(self) -> dict[bytes, int]:
        return {name: number for number, name in enumerate(self._names)}

    @cached_property
    def _by_text(self) -> dict[bytes, int]:
        """The numbers of classes by their names in texts."""
        return {name[1:-1].replace(b"/", b"."): number for name, number in self._numbers.items()}


def _classes(index: DexIndex, column: Literal["class", "super"], table: Ids) -> Ids:
    """Return the numbers that a table has for the types in a column of class_defs."""
    found: Ids = table[np.minimum(index.part.class_defs[column], table.size - 1)]
    return found


class _Edges(NamedTuple):
    """What leads to which node, and the part and the offset in bytes of the code that says so; part -1 if none does.

    Where they are sorted, `begins` says where the edges of each node begin.
    """

    before: Ids
    after: Ids
    part: Ids
    offset: Ids
    begins: Ids = NO_IDS

    @classmethod
    def apart(cls, before: Ids, after: Ids) -> "_Edges":
        """Return edges that no code says."""
        return cls(before, after, np.full(before.size, -1), np.zeros(before.size, dtype=np.int64))

    @classmethod
    def in_code(cls, before: Ids, after: Ids, part: int, offset: Ids) -> "_Edges":
        """Return those edges that lead somewhere."""
        sound = after >= 0
        return cls(before[sound], after[sound], np.full(int(sound.sum()), part), offset[sound])

    @classmethod
    def joined(cls, pieces: Sequence["_Edges"], nodes: int) -> "_Edges":
        """Return all edges, sorted by where they begin."""
        before, after, part, offset = (np.concatenate([piece[at] for piece in pieces]) for at in range(4))
        order = np.argsort(before, kind="stable")
        begins = np.searchsorted(before[order], np.arange(nodes + 1))
        return cls(before[order], after[order], part[order], offset[order], begins)

    def reversed(self) -> "_Edges":
        """Return the same edges the other way round."""
        other = _Edges(self.after, self.before, self.part, self.offset)
        return _Edges.joined([other], self.begins.size - 1)

    def following(self, nodes: Ids) -> Ids:
        """Return the rows of the edges that begin at nodes."""
        low, count = self.begins[nodes], self.begins[nodes + 1] - self.begins[nodes]
        return np.repeat(low - np.cumsum(count) + count, count) + np.arange(int(count.sum()))
