"""Which numbers of a DEX file stand for the calls, fields, strings and classes that rules name."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.descriptors import is_of_android
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.knowledge.schema.behaviour import Leaf

_CONTEXT: Final = "android.content.Context"
_DERIVED: Final[Mapping[str, str]] = {
    "android.app.Activity": _CONTEXT,
    "android.app.Application": _CONTEXT,
    "android.app.IntentService": _CONTEXT,
    "android.app.ListActivity": _CONTEXT,
    "android.app.Service": _CONTEXT,
    "android.content.ContextWrapper": _CONTEXT,
    "android.preference.PreferenceActivity": _CONTEXT,
    "android.accessibilityservice.AccessibilityService": _CONTEXT,
    "android.net.VpnService": _CONTEXT,
    "android.app.admin.DeviceAdminReceiver": "android.content.BroadcastReceiver",
    "android.appwidget.AppWidgetProvider": "android.content.BroadcastReceiver",
}
"""Classes of Android that packages derive from, and the class above them that rules name. Source: Android reference."""
_DOUBLINGS: Final = 6
"""A class may stand 64 classes below one of Android's."""

Numbers = Mapping[int, Sequence[Leaf]]
Members = dict[bytes, Leaf]
Known = TypeVar("Known")


class LeafNumbers(NamedTuple):
    """What a part of a DEX file names: leaves by method_id, by field_id, by string index, and by row of class_defs."""

    methods: Numbers
    fields: Numbers
    strings: Numbers
    classes: Numbers


class LeafQuery:
    """Calls, fields and derived classes to look for, by the descriptor of the class that they belong to.

    Attributes:
        calls: for each class the leaves by the name of the method. A class of Android that derives from one that is
            named inherits its methods.
        fields: for each class the leaves by the name of the field.
        classes: for each class what it is to be derived from it.
    """

    def __init__(self, leaves: Iterable[Leaf]) -> None:
        members: dict[str, dict[str, Members]] = {"call": {}, "field": {}}
        extends = {}
        for leaf in leaves:
            if leaf.kind in members:
                owner, _, name = leaf.text.rpartition(".")
                members[leaf.kind].setdefault(owner, {})[name.encode()] = leaf
            elif leaf.kind == "extends":
                extends[leaf.text] = leaf
        self.calls = _with_derived(members["call"])
        self.fields = {_descriptor(owner): known for owner, known in members["field"].items()}
        self.classes = _with_derived(extends)


class Lookup:
    """Finds leaves in one part. The time goes by the leaves that are there, not by the size of the part."""

    def __init__(self, index: DexIndex) -> None:
        self._index = index

    def find(self, wanted: LeafQuery) -> LeafNumbers:
        """Look up calls, fields and derived classes; the strings are left for `strings`."""
        return LeafNumbers(self._methods(wanted.calls), self._fields(wanted.fields), {}, self._classes(wanted.classes))

    def strings(self, leaves: Iterable[Leaf]) -> Numbers:
        found: dict[int, list[Leaf]] = defaultdict(list)
        for leaf in leaves:
            if leaf.kind in ("string", "string_start"):
                for number in self._string_numbers(leaf.text.encode(), whole=leaf.kind == "string"):
                    found[number].append(leaf)
        return found

    def _methods(self, wanted: Mapping[bytes, Sequence[Members]]) -> Numbers:
        types = self._types(wanted)
        ids = self._index.method_ids
        if not types or not ids.size:
            return {}
        all_roots, shadows = self._roots_for(types)
        owners = np.minimum(ids["class"], all_roots.size - 1)  # the last type where a damaged table names none
        hits = np.flatnonzero(_flags(types, all_roots.size)[all_roots][owners])
        hits = hits[~self._defined[hits] | np.isin(owners[hits], shadows)]
        roots = all_roots[owners[hits]]
        found: dict[int, list[Leaf]] = defaultdict(list)
        columns = (column.tolist() for column in (hits, ids["name"][hits], owners[hits], roots))
        for number, name_id, owner, root in zip(*columns, strict=True):
            name = self._name(name_id)
            for members in types[root]:
                if name in members and (owner == root or name != b"<init>"):
                    found[number].append(members[name])
        self._add_brought(found, types)
        return found

    def _add_brought(self, found: dict[int, list[Leaf]], types: Mapping[int, Sequence[Members]]) -> None:
        """Add the calls of library classes that the package brings along: what derives from them counts as before."""
        ids = self._index.method_ids
        defined = np.unique(self._index.part.class_defs["class"])
        brought = [one for one in types if not is_of_android(self._index.descriptor(one))]
        hits = np.flatnonzero(np.isin(ids["class"], np.intersect1d(brought, defined)))
        owners, names = ids["class"][hits].tolist(), ids["name"][hits].tolist()
        for number, owner, name_id in zip(hits.tolist(), owners, names, strict=True):
            name = self._name(name_id)
            leaves = [members[name] for members in types[owner] if name in members]
            if leaves:
                found[number] += [leaf for leaf in leaves if leaf not in found[number]]

    def _fields(self, wanted: Mapping[bytes, Members]) -> Numbers:
        types = self._types(wanted)
        if not types:
            return {}
        ids = self._index.field_ids
        found: dict[int, Sequence[Leaf]] = {}
        owners = ids["class"]
        hits = np.flatnonzero(_flags(types, self._roots.size)[np.minimum(owners, self._roots.size - 1)])
        for number, name_id, owner in zip(*(c.tolist() for c in (hits, ids["name"][hits], owners[hits])), strict=True):
            leaf = types[owner].get(self._name(name_id)) if owner in types else None
            if leaf is not None:
                found[number] = (leaf,)
        return found

    def _classes(self, wanted: Mapping[bytes, Sequence[Leaf]]) -> Numbers:
        types = self._types(wanted)
        defined = self._index.part.class_defs["class"]
        if not types or not defined.size:
            return {}
        roots, _ = self._roots_for(types)
        inside = np.minimum(defined, roots.size - 1)
        standing = _flags(types, roots.size)[roots][inside]
        rows = np.flatnonzero(standing & (roots[inside] != defined) & (defined < roots.size))
        return {row: types[root] for row, root in zip(rows.tolist(), roots[defined[rows]].tolist(), strict=True)}

    def _types(self, wanted: Mapping[bytes, Known]) -> dict[int, Known]:
        """Return what is known of the wanted classes by type index, for those that are named here."""
        ids = self._index.type_ids
        return {ids[descriptor]: known for descriptor, known in wanted.items() if descriptor in ids}

    def _roots_for(self, types: Collection[int]) -> tuple[NDArray[np.int64], list[int]]:
        """Return `_roots`, and the types among these that are Android's although the package brings some along."""
        defined = set(self._index.part.class_defs["class"].tolist())
        shadows = [one for one in types if one in defined and is_of_android(self._index.descriptor(one))]
        return (self._roots_without(shadows) if shadows else self._roots), shadows

    @remembered
    def _name(self, number: int) -> bytes:
        return self._index.raw_string(number)

    @cached_property
    def _defined(self) -> NDArray[np.bool_]:
        """Mark the methods that are defined here, and so are not those of the class above."""
        flags = np.zeros(self._index.method_ids.size, dtype=np.bool_)
        defined = self._index.methods.method
        flags[defined[defined < flags.size]] = True
        return flags

    @cached_property
    def _roots(self) -> NDArray[np.int64]:
        """For each type the first type above it that is not defined here; the type itself if it is not."""
        return self._roots_without(())

    def _roots_without(self, shadows: Sequence[int]) -> NDArray[np.int64]:
        """Return the same where some types do not count as defined."""
        size = self._index.part.type_strings.size
        above = np.arange(size, dtype=np.int64)
        defs = self._index.part.class_defs
        sound = (defs["class"] < size) & (defs["super"] < size)
        above[defs["class"][sound]] = defs["super"][sound]
        above[list(shadows)] = shadows
        for _ in range(_DOUBLINGS):
            above = above[above]
        return above

    def _string_numbers(self, text: bytes, *, whole: bool) -> Iterator[int]:
        """Search the string table, which Android only loads in order: that of UTF-16, but for U+0000."""
        size = self._index.part.string_items.size
        low = bisect_left(range(size), text, key=self._name)
        for number in range(low, size):
            found = self._name(number)
            if not found.startswith(text):
                return
            if not whole or found == text:
                yield number


def _with_derived(known: Mapping[str, Known]) -> dict[bytes, tuple[Known, ...]]:
    """Return what is known of each class by its descriptor, and of the classes of Android that derive from it."""
    found = {_descriptor(java): [one] for java, one in known.items()}
    for below, above in _DERIVED.items():
        if above in known:
            found.setdefault(_descriptor(below), []).append(known[above])
    return {descriptor: tuple(several) for descriptor, several in found.items()}


def _flags(numbers: Collection[int], size: int) -> NDArray[np.bool_]:
    flags = np.zeros(size, dtype=np.bool_)
    flags[list(numbers)] = True
    return flags


def _descriptor(java: str) -> bytes:
    return f"L{java.replace('.', '/')};".encode()
