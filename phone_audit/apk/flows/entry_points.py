"""Where Android enters the code of a package: classes that it makes itself, and methods that it calls on an object.

Methods are told by the numbers that the graph of calls gives them.
"""

from collections.abc import Callable, Collection
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.apk.behaviours.lookup import LeafQuery, Lookup
from phone_audit.apk.dex.descriptors import is_of_android
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.flows.call_graph import NO_IDS, CallGraph, Flags, Ids
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.taint_rules import ENTRY_NAMES
from phone_audit.knowledge.schema.behaviour import Leaf

_COMPONENTS: Final = (
    b"Landroid/app/Activity;", b"Landroid/app/Service;", b"Landroid/app/IntentService;", b"Landroid/app/ListActivity;",
    b"Landroid/content/BroadcastReceiver;", b"Landroid/content/ContentProvider;",
)  # fmt: skip
_MADE_BY_ANDROID: Final = (
    b"Landroid/app/DialogFragment;", b"Landroid/app/Fragment;", b"Landroid/app/ListFragment;",
    b"Landroid/preference/", b"Landroid/view/", b"Landroid/webkit/WebView;", b"Landroid/widget/",
)  # fmt: skip
"""Classes whose heirs Android creates for a layout. Source: Android API reference."""
_PRIVATE: Final = 0x2
_STATIC: Final = 0x8
_NATIVE: Final = 0x100
_CONSTRUCTOR: Final = 0x10000
_NOT_CALLED: Final = _PRIVATE | _STATIC | _CONSTRUCTOR
_MOST_ABOVE: Final = 8
"""Classes above one that the graph of calls knows of."""
_MAIN: Final = ("main", "([Ljava/lang/String;)V")
_VIEW_HANDLER: Final = "(Landroid/view/View;)V"
_OBJECT: Final = b"Ljava/lang/Object;"
_NOTHING_TO_OVERRIDE: Final = frozenset(
    {_OBJECT, b"Ljava/lang/Enum;", b"Ljava/lang/Cloneable;", b"Ljava/io/Serializable;", b"?"}
)
"""Classes and interfaces above one that give it no method to override but those of any object."""
_OF_ANY_OBJECT: Final = frozenset({b"equals", b"finalize", b"hashCode", b"toString"})
_REFLECTION: Final = (
    b"Ljava/lang/reflect/Method;",
    b"Ljava/lang/reflect/Constructor;",
    b"Ljava/lang/invoke/MethodHandle;",
)
"""Types that code needs to call what it looks up by a name."""
_READS_OBJECTS: Final = b"Ljava/io/ObjectInputStream;"
"""What makes objects of the classes that the bytes name which it reads."""
_BY_CLASS: Final = LeafQuery([Leaf("call", "java.lang.Class.newInstance")])
_LOOKS_UP: Final = LeafQuery(Leaf("call", f"java.lang.{name}") for name in ("Class.forName", "ClassLoader.loadClass"))
"""What runs the initialiser of a class by its name, which may be put together."""
_LOADS: Final = LeafQuery(
    Leaf("call", f"java.lang.{name}")
    for name in ("System.load", "System.loadLibrary", "Runtime.load", "Runtime.loadLibrary")
)
"""What loads native code, which may call any method when it is loaded."""
_SWITCH: Final = LeafQuery(
    Leaf("call", f"android.content.pm.PackageManager.setComponentEnabledSetting{plural}") for plural in ("", "s")
)
"""What switches components on that the manifest leaves off."""


class EntryPoints:
    """Answers for the classes of one package.

    Args:
        program: its code.
        graph: its calls.
        components: names of the components that are switched on, None where that is not known.
        named: other classes that the manifest names.
    """

    def __init__(
        self, program: Program, graph: CallGraph, components: Collection[str] | None, named: Collection[str]
    ) -> None:
        self._program = program
        self._graph = graph
        self._components = components
        self._named = named

    def classes(self) -> set[bytes]:
        """Return the classes of which Android makes objects itself, as far as they are defined here."""
        if self._components is None:
            return {index.defined_class(row) for index in self._program.indexes for row in _class_rows(index)}
        components = self._heirs(lambda name: name in _COMPONENTS)
        made = self._heirs(lambda name: name.startswith(_MADE_BY_ANDROID))
        made = made | components if self._finds(_SWITCH) else made - components
        named = (f"L{name.replace('.', '/')};".encode("utf-8", "replace") for name in (*self._components, *self._named))
        return made.union(name for name in named if self._program.place(name) is not None)

    def methods(self) -> Ids:
        """Return what runs by itself: programs that a shell starts, and all methods of classes with native methods."""
        program, found = self._program, []
        for part, index in enumerate(program.indexes):
            methods, first = index.methods, self._graph.first_row(part)
            with_native = np.unique(methods.class_def[(methods.access & _NATIVE) != 0])
            found.append(np.flatnonzero(np.isin(methods.class_def, with_native)) + first)
            found.append(np.array([first + one.row for one in program.defined(part, *_MAIN)], dtype=np.int64))
        return np.concatenate([NO_IDS, *found])

    def with_initialisers(self) -> set[bytes]:
        """Return the classes that do something when they are first used."""
        both = _STATIC | _CONSTRUCTOR
        indexes = self._program.indexes
        rows = ((index, np.flatnonzero((index.methods.access & both) == both).tolist()) for index in indexes)
        return {index.row_class(row) for index, found in rows for row in found}

    @remembered
    def constructors(self, owner: bytes) -> Ids:
        """Return the constructors of a class, which Android calls where it makes an object, and its initialiser."""
        methods = self.methods_of(owner)
        found: Ids = methods[(self._access[methods] & _CONSTRUCTOR) != 0]
        return found

    @remembered
    def initialisers(self, owner: bytes) -> Ids:
        """Return what runs when a class is first used."""
        methods = self.constructors(owner)
        found: Ids = methods[(self._access[methods] & _STATIC) != 0]
        return found

    @remembered
    def called_on(self, owner: bytes) -> Ids:
        """Return the methods that Android may call on an object of a class: its own, and those that it inherits."""
        program = self._program
        outside = {one for one in program.above(owner) if program.place(one) is None or is_of_android(one)}
        line = self._line(owner)
        virtual: Ids = np.concatenate([NO_IDS, *map(self._virtual, line)])
        if outside - _NOTHING_TO_OVERRIDE or self._calls_stay_unseen(line):
            return virtual
        wanted = self._of_any_object[virtual]
        if outside != {_OBJECT}:
            wanted = wanted | np.array(
                [self._is_usual(self._graph.method(one)) for one in virtual.tolist()], dtype=bool
            )
        called: Ids = virtual[wanted]
        return called

    def _is_usual(self, method: Method) -> bool:
        """Tell whether a method has a name that those of listeners have."""
        named = self._program.name_of(method)
        return named.name.startswith("on") or named.name in ENTRY_NAMES or named.proto == _VIEW_HANDLER

    @cached_property
    def _of_any_object(self) -> Flags:
        """Mark the methods that any object has."""
        found = self._graph.flags()
        for part, index in enumerate(self._program.indexes):
            names = [*index.strings_equal(_OF_ANY_OBJECT).values()]
            rows = index.method_rows[np.isin(index.method_ids["name"], names)]
            found[rows[rows >= 0] + self._graph.first_row(part)] = True
        return found

    @cached_property
    def _access(self) -> Ids:
        """The access flags of each method."""
        return np.concatenate([NO_IDS, *(index.methods.access for index in self._program.indexes)])

    def _calls_stay_unseen(self, line: list[bytes]) -> bool:
        """Tell whether the graph of calls may lack calls by a class or interface above: in another part, or far off."""
        program = self._program
        if len(line) > _MOST_ABOVE:
            return True
        places = [program.place(one) for one in line]
        if len({place[0] for place in places if place}) > 1:
            return True
        for at, place in enumerate(places):
            interfaces = program.indexes[place[0]].parents(place[1])[1:] if place else ()
            defined = [(one, program.place(one)) for one in interfaces]
            for one, where in defined:
                if where is None:
                    continue
                if at < len(line) - 1 or where[0] != (place or where)[0] or program.above(one) - _NOTHING_TO_OVERRIDE:
                    return True
        return False

    def _line(self, owner: bytes) -> list[bytes]:
        """Return a class and the classes above it that are defined here."""
        found: list[bytes] = []
        place = self._program.place(owner)
        while place is not None and owner not in found and len(found) <= _MOST_ABOVE:
            found.append(owner)
            index = self._program.indexes[place[0]]
            owner = index.descriptor(int(index.part.class_defs["super"][place[1]]))
            place = self._program.place(owner)
        return found

    @remembered
    def methods_of(self, owner: bytes) -> Ids:
        """Return the methods that a class defines."""
        place = self._program.place(owner)
        if place is None:
            return NO_IDS
        part, class_row = place
        order, begins = self._by_class[part]
        return order[begins[class_row] : begins[class_row + 1]]

    def _virtual(self, owner: bytes) -> Ids:
        methods = self.methods_of(owner)
        found: Ids = methods[(self._access[methods] & _NOT_CALLED) == 0]
        return found

    @cached_property
    def _by_class(self) -> list[tuple[Ids, list[int]]]:
        """For each part the methods by class, and where those of each class begin."""
        found = []
        for part, index in enumerate(self._program.indexes):
            owners = index.methods.class_def
            order = np.argsort(owners, kind="stable")
            begins = np.searchsorted(owners[order], np.arange(index.part.class_defs.size + 1))
            found.append((order + self._graph.first_row(part), begins.tolist()))
        return found

    def _heirs(self, is_wanted: Callable[[bytes], bool]) -> set[bytes]:
        """Return the defined classes that are, or derive from, a class or interface with such a name."""
        indexes = self._program.indexes
        names = {name for index in indexes for name in index.type_ids if is_wanted(name)}
        found = {name for name in names if self._program.place(name) is not None}
        while names:
            below = {one for index in indexes for one in _derived(index, names)} - found
            found |= below
            names = below
        return found

    @cached_property
    def reflects(self) -> bool:
        """Whether code may call what it looks up by a name."""
        indexes = self._program.indexes
        return any(name in index.type_ids for index in indexes for name in _REFLECTION) or self._finds(_BY_CLASS)

    @cached_property
    def has_unseen_calls(self) -> bool:
        """Whether native code or reflection may call what no instruction was seen to call."""
        reads = any(_READS_OBJECTS in index.type_ids for index in self._program.indexes)
        native = any(np.any(index.methods.access & _NATIVE) for index in self._program.indexes)
        return reads or native or self.reflects or self._finds(_LOOKS_UP) or self._finds(_LOADS)

    def _finds(self, wanted: LeafQuery) -> bool:
        return any(Lookup(index).find(wanted).methods for index in self._program.indexes)


def _class_rows(index: DexIndex) -> range:
    return range(index.part.class_defs.size)


def _derived(index: DexIndex, names: Collection[bytes]) -> list[bytes]:
    """Return the classes of one part that derive from one of some classes at once."""
    wanted = [index.type_ids[name] for name in names if name in index.type_ids]
    rows = np.flatnonzero(np.isin(index.part.class_defs["super"], wanted))
    return [index.defined_class(row) for row in rows.tolist()]
