"""Whether code that runs may start or make what it does not name: by a name that it computes, or in bytes it reads."""

import re
from collections.abc import Callable
from typing import Final

import numpy as np

from phone_audit.apk.code.class_lookups import Runs, follow_names
from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.code.lookup_kinds import LookUp
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.xrefs import MAX_USES, users_of

_INTENT: Final = b"Landroid/content/Intent;"
_COMPONENT: Final = b"Landroid/content/ComponentName;"
_BY_NAME: Final = (
    LookUp("component", re.compile(_INTENT), b"setClassName", None),
    LookUp("component", re.compile(_COMPONENT), b"<init>", None),
)
"""What takes the name of a component. Source: Android reference."""
_FROM_TEXT: Final = (
    b"parseUri", b"parseIntent", b"getIntent", b"getIntentOld", b"unflattenFromString", b"createRelative",
    b"readFromParcel",
)  # fmt: skip
"""What of these classes makes one of a text, in which the name may be short, or of what was written elsewhere."""
_READING: Final = (b"readObject", b"readUnshared", b"unmarshall")
"""What makes objects of classes that bytes name, or what they are read from. Sources: Java and Android reference."""
_HANDED: Final = frozenset({0x1C, 0x1F})
"""const-class and check-cast: how an intent that others made is taken out of what was handed over."""


def may_start_any(tree: ClassHierarchy, owner_of: OwnerOf, runs: Runs) -> bool:
    """Tell whether any component of the package may be started, by what code says that is no library's and runs."""
    if follow_names(tree, owner_of, runs, _BY_NAME).unknown:
        return True
    return _any_runs(tree, owner_of, runs, _taking_made)


def reads_objects(tree: ClassHierarchy, owner_of: OwnerOf, runs: Runs) -> bool:
    """Tell whether code that is no library's and runs makes objects of bytes."""
    return _any_runs(tree, owner_of, runs, _reading)


def _any_runs(tree: ClassHierarchy, owner_of: OwnerOf, runs: Runs, rows: Callable[[DexIndex], list[int]]) -> bool:
    return any(
        runs(part, row) and owner_of(java_name(index.row_class(row))).party != "library"
        for part, index in enumerate(tree.indexes)
        for row in rows(index)
    )


def _reading(index: DexIndex) -> list[int]:
    """Return the methods that read objects."""
    named = list(index.strings_equal(_READING).values())
    calls = users_of(index, "method", np.flatnonzero(np.isin(index.method_ids["name"], named)).tolist()).values()
    return _sharing(index, [use.row for uses in calls for use in uses])


def _taking_made(index: DexIndex) -> list[int]:
    """Return the methods that take an intent or the name of a component that others made."""
    kinds = [number for name in (_INTENT, _COMPONENT) if (number := index.type_ids.get(name)) is not None]
    if not kinds:
        return []
    ids = index.method_ids
    named = list(index.strings_equal(_FROM_TEXT).values())
    wanted = np.flatnonzero(np.isin(ids["class"], kinds) & np.isin(ids["name"], named)).tolist()
    calls = users_of(index, "method", wanted).values()
    types = users_of(index, "type", kinds).values()
    found = [use.row for uses in calls for use in uses]
    for uses in types:
        found += [use.row for use in uses if len(uses) == MAX_USES or _opcode(index, use.row, use.unit) in _HANDED]
    return _sharing(index, found)


def _sharing(index: DexIndex, rows: list[int]) -> list[int]:
    """Return the methods that have the instructions of some."""
    found: list[int] = np.flatnonzero(np.isin(index.methods.code, index.methods.code[rows])).tolist() if rows else []
    return found


def _opcode(index: DexIndex, row: int, unit: int) -> int:
    code = index.code(row)
    return code.units[unit] & 0xFF if code is not None else -1
