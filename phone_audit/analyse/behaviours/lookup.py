"""Which numbers of a DEX file stand for the calls, fields, strings and classes that rules name."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.analyse.dex.index import DexIndex
from phone_audit.knowledge.behaviour_schema import Leaf

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
_MOST_STRINGS: Final = 64
"""Strings of one DEX file that are looked at for one beginning."""

Numbers = dict[int, tuple[Leaf, ...]]


class Named(NamedTuple):
    """What of the leaves a part of a DEX file names.

    Attributes:
        methods: leaves by method_id.
        fields: leaves by field_id.
        strings: leaves by string index.
        classes: leaves by row of class_defs.
    """

    methods: Numbers
    fields: Numbers
    strings: Numbers
    classes: Numbers


class Lookup:
    """Finds leaves in one part. The time goes by the leaves that are there, not by the size of the part."""

    def __init__(self, index: DexIndex) -> None:
        self._index = index

    def named(self, leaves: Iterable[Leaf]) -> Named:
        """Look up calls, fields and derived classes; the strings are left for `strings`."""
        members: dict[str, dict[str, set[str]]] = {"call": {}, "field": {}}
        extends = {}
        for leaf in leaves:
            if leaf.kind in members:
                owner, _, name = leaf.text.rpartition(".")
                members[leaf.kind].setdefault(owner, set()).add(name)
            elif leaf.kind == "extends":
                extends[leaf.text] = leaf
        return Named(self._methods(members["call"]), self._fields(members["field"]), {}, self._classes(extends))

    def strings(self, leaves: Iterable[Leaf]) -> Numbers:
        """Look up strings and beginnings of strings."""
        found: dict[int, list[Leaf]] = {}
        for leaf in leaves:
            if leaf.kind in ("string", "string_start"):
                for number in self._string_numbers(leaf.text.encode(), whole=leaf.kind == "string"):
                    found.setdefault(number, []).append(leaf)
        return _frozen(found)

    def _methods(self, wanted: Mapping[str, set[str]]) -> Numbers:
        types = self._types_standing_for(wanted)
        ids = self._index.method_ids
        if not types or not ids.size:
            return {}
        roots, owners = self._roots, ids["class"]
        owners = np.minimum(owners, roots.size - 1)
        overridden = np.zeros(ids.size, dtype=np.bool_)
        defined = self._index.methods.method
        overridden[defined[defined < ids.size]] = True
        asked = np.zeros(roots.size, dtype=np.bool_)
        asked[list(types)] = True
        found: dict[int, list[Leaf]] = {}
        for number in np.flatnonzero(asked[roots[owners]] & ~overridden).tolist():
            name = self._index.raw_string(int(ids["name"][number])).decode("utf-8", "replace")
            owner = int(owners[number])
            root = int(roots[owner])
            for java in types[root]:
                if name in wanted[java] and (owner == root or name != "<init>"):
                    found.setdefault(number, []).append(Leaf("call", f"{java}.{name}"))
        return _frozen(found)

    def _fields(self, wanted: Mapping[str, set[str]]) -> Numbers:
        ids = self._index.field_ids
        found: dict[int, list[Leaf]] = {}
        for java, names in wanted.items():
            type_id = self._index.type_ids.get(_descriptor(java))
            if type_id is None:
                continue
            for number in np.flatnonzero(ids["class"] == type_id).tolist():
                name = self._index.raw_string(int(ids["name"][number])).decode("utf-8", "replace")
                if name in names:
                    found.setdefault(number, []).append(Leaf("field", f"{java}.{name}"))
        return _frozen(found)

    def _classes(self, wanted: Mapping[str, Leaf]) -> Numbers:
        types = self._types_standing_for(wanted)
        defined = self._index.part.class_defs["class"]
        if not types or not defined.size:
            return {}
        roots = self._roots
        found: dict[int, list[Leaf]] = {}
        for type_id, javas in types.items():
            rows = np.flatnonzero((defined < roots.size) & (roots[np.minimum(defined, roots.size - 1)] == type_id))
            for row in rows.tolist():
                if int(defined[row]) != type_id:
                    found.setdefault(row, []).extend(wanted[java] for java in javas)
        return _frozen(found)

    def _types_standing_for(self, wanted: Iterable[str]) -> dict[int, list[str]]:
        """Give for each type index that is one of the wanted classes, or a class of Android below it, what it is."""
        names = {java: [java] for java in wanted}
        for below, above in _DERIVED.items():
            if above in names:
                names.setdefault(below, []).append(above)
        found = {}
        for java, stands_for in names.items():
            type_id = self._index.type_ids.get(_descriptor(java))
            if type_id is not None:
                found[type_id] = [name for name in stands_for if name in names]
        return {type_id: [name for name in known if name in set(wanted)] for type_id, known in found.items()}

    @property
    def _roots(self) -> NDArray[np.int64]:
        """For each type the first type above it that is not defined here; the type itself if it is not."""
        size = self._index.part.type_strings.size
        above = np.arange(size, dtype=np.int64)
        defs = self._index.part.class_defs
        sound = (defs["class"] < size) & (defs["super"] < size)
        above[defs["class"][sound]] = defs["super"][sound]
        for _ in range(_DOUBLINGS):
            above = above[above]
        return above

    def _string_numbers(self, text: bytes, *, whole: bool) -> Iterator[int]:
        """Search the string table, which Android only loads when it is in order.

        Modified UTF-8 sorts like UTF-16 except around U+0000, which no rule names.
        """
        low, high = 0, self._index.part.string_items.size
        while low < high:
            middle = (low + high) // 2
            if self._index.raw_string(middle) < text:
                low = middle + 1
            else:
                high = middle
        for number in range(low, min(low + _MOST_STRINGS, self._index.part.string_items.size)):
            found = self._index.raw_string(number)
            if not found.startswith(text):
                return
            if not whole or found == text:
                yield number


def _descriptor(java: str) -> bytes:
    return f"L{java.replace('.', '/')};".encode()


def _frozen(found: Mapping[int, list[Leaf]]) -> Numbers:
    return {number: tuple(leaves) for number, leaves in found.items()}
