"""Which methods of a package run at all: those that something leads to which Android calls."""

from collections.abc import Collection
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.apk.behaviours.lookup import LeafQuery, Lookup
from phone_audit.apk.dex.descriptors import is_of_android, java_name
from phone_audit.apk.dex.index import remembered
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.taint_rules import ENTRY_NAMES
from phone_audit.knowledge.schema.behaviour import Leaf

_LEVELS: Final = 6
"""Calls that are followed backwards; what is called from further away is taken to run."""
_MOST_CALLERS: Final = 100
"""What more methods than these may lead to is taken to run."""
_COMPONENTS: Final = frozenset(
    {
        "android.app.Activity", "android.app.Service", "android.app.IntentService", "android.content.BroadcastReceiver",
        "android.content.ContentProvider", "android.app.ListActivity",
    }
)  # fmt: skip
_PRIVATE_OR_STATIC: Final = 0x2 | 0x8
_VIEW_HANDLER: Final = "(Landroid/view/View;)V"
_NATIVE: Final = 0x100
_CONST_CLASS: Final = 0x1C
_NEW_INSTANCE: Final = 0x22
_MOST_BELOW: Final = 100
"""A component with more classes below it than these is taken to be made."""
_NOTHING_TO_OVERRIDE: Final = frozenset(
    {b"Ljava/lang/Object;", b"Ljava/lang/Enum;", b"Ljava/lang/Cloneable;", b"Ljava/io/Serializable;", b"?"}
)
"""Classes and interfaces above one that give it no method to override but those of any object."""
_OF_ANY_OBJECT: Final = frozenset({"equals", "finalize", "hashCode", "toString"})
_REFLECTION: Final = (
    b"Ljava/lang/reflect/Method;",
    b"Ljava/lang/reflect/Constructor;",
    b"Ljava/lang/invoke/MethodHandle;",
)
"""Types that code needs to call what it looks up by a name."""
_BY_CLASS: Final = LeafQuery([Leaf("call", "java.lang.Class.newInstance")])
_LOADS: Final = LeafQuery(
    Leaf("call", f"java.lang.{name}")
    for name in ("System.load", "System.loadLibrary", "Runtime.load", "Runtime.loadLibrary")
)
"""What loads native code, which may call any method when it is loaded."""


class Reachability:
    """Answers for the methods of one package, of which the components are known that are switched on, or None."""

    def __init__(self, program: Program, components: Collection[str] | None) -> None:
        self._program = program
        self._components = components
        self._callers: dict[Method, set[Method]] = {}

    def runs(self, method: Method) -> bool:
        """Tell whether a method runs, as far as calls can be followed backwards."""
        seen = {method}
        level = [method]
        for _ in range(_LEVELS):
            if any(self._is_entry(one) for one in level):
                return True
            unknown = [one for one in level if one not in self._callers]
            self._callers.update(self._program.callers(unknown))
            following = {caller for one in level for caller in self._callers[one]} - seen
            if not following:
                return False
            seen |= following
            if len(following) > _MOST_CALLERS:
                return True
            level = sorted(following)
        return True

    @cached_property
    def has_unseen_calls(self) -> bool:
        """Whether native code or reflection may call what no instruction was seen to call."""
        return self._reflects or self._loads_native or bool(self._with_native)

    def _is_entry(self, method: Method) -> bool:
        named = self._program.name_of(method)
        if named.name == "<clinit>" or named.owner in self._with_native:
            return True
        if self._reflects and self._is_named(named.owner):
            return True
        is_component = bool({java_name(one) for one in self._program.above(named.owner)} & _COMPONENTS)
        if is_component and not self._may_be_made(named.owner):
            return False
        return self._is_called_from_outside(method, is_component=is_component)

    def _is_called_from_outside(self, method: Method, *, is_component: bool) -> bool:
        """Tell whether a method may override one of a class of Android, by which Android calls it."""
        if self._program.access(method) & _PRIVATE_OR_STATIC:
            return False
        named = self._program.name_of(method)
        above = self._program.above(named.owner)
        if named.name == "<init>":
            return is_component or b"Landroid/app/Application;" in above
        if named.name in _OF_ANY_OBJECT:
            return True
        outside = {one for one in above if self._program.place(one) is None or is_of_android(one)}
        if outside - _NOTHING_TO_OVERRIDE:
            return True
        is_usual = named.name.startswith("on") or named.name in ENTRY_NAMES or named.proto == _VIEW_HANDLER
        return is_usual and outside != {b"Ljava/lang/Object;"}

    def _may_be_made(self, owner: bytes) -> bool:
        """Tell whether Android makes a component, which the manifest names, or code makes or names it."""
        return self._components is None or self._switched_on(owner) or self._is_made_by_code(owner)

    @remembered
    def _is_made_by_code(self, owner: bytes) -> bool:
        """Tell whether code makes or names a class or one below it, as for `registerReceiver`."""
        found = self._below(owner)
        return len(found) > _MOST_BELOW or any(one in self._made or self._is_named(one) for one in found)

    def _is_named(self, owner: bytes) -> bool:
        """Tell whether code names a class as a value or in a text."""
        name = owner[1:-1].replace(b"/", b".")
        return owner in self._values or any(index.strings_equal([name]) for index in self._program.indexes)

    def _below(self, owner: bytes) -> set[bytes]:
        """Return a class and those that derive from it, up to a few more than are looked at."""
        found, left = {owner}, [owner]
        while left and len(found) <= _MOST_BELOW:
            above = left.pop()
            for index in self._program.indexes:
                defs = index.part.class_defs
                rows = np.flatnonzero(defs["super"] == index.type_ids.get(above, -1))
                new = {index.defined_class(row) for row in rows[: _MOST_BELOW + 1].tolist()} - found
                found |= new
                left.extend(sorted(new))
        return found

    @cached_property
    def _values(self) -> frozenset[bytes]:
        return self._in_code(_CONST_CLASS)

    @cached_property
    def _made(self) -> frozenset[bytes]:
        return self._in_code(_NEW_INSTANCE)

    def _in_code(self, opcode: int) -> frozenset[bytes]:
        """Return the classes in such instructions; code units that only look like one count too."""
        found: set[bytes] = set()
        for index in self._program.indexes:
            places = index.places("type")
            ids = np.unique(places.ids[index.data[places.offsets] == opcode])
            found.update(map(index.descriptor, ids.tolist()))
        return frozenset(found)

    @cached_property
    def _reflects(self) -> bool:
        indexes = self._program.indexes
        if any(name in index.type_ids for index in indexes for name in _REFLECTION):
            return True
        return any(Lookup(index).find(_BY_CLASS).methods for index in indexes)

    @cached_property
    def _loads_native(self) -> bool:
        return any(Lookup(index).find(_LOADS).methods for index in self._program.indexes)

    @cached_property
    def _with_native(self) -> frozenset[bytes]:
        """The classes with native methods; native code may call any of their methods."""
        return frozenset(
            index.row_class(row)
            for index in self._program.indexes
            for row in np.flatnonzero(index.methods.access & _NATIVE).tolist()
        )

    def _switched_on(self, owner: bytes) -> bool:
        """Tell whether the manifest names a class, or a class below it.

        A name of the manifest that no class bears may have been meant for one in another Java package.
        """
        assert self._components is not None  # noqa: S101 - asked only where it is known
        name = java_name(owner)
        if name in self._components or name.rpartition(".")[2] in self._without_class:
            return True
        descriptors = (f"L{name.replace('.', '/')};".encode() for name in self._components)
        return any(owner in self._program.above(one) for one in descriptors)

    @cached_property
    def _without_class(self) -> set[str]:
        """The simple names that the manifest gives to components and that no class bears under its whole name."""
        found = ((name, self._program.place(f"L{name.replace('.', '/')};".encode())) for name in self._components or ())
        return {name.rpartition(".")[2] for name, place in found if place is None}
