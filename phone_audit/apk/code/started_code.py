"""Which methods of a package something starts: Android by what the package declares or names, or other code that runs.

What is followed are calls forwards (see `call_search`) from where Android begins: the components that the manifest
switches on and what else it names, classes that other files name (layouts, preferences, plug-ins, services, native
code), and some others (see `roots`). Nothing is told of a package whose manifest could not be read, that loads code
from elsewhere, whose code that runs looks up classes by names which are not constants or has native code that is no
library's (see `class_lookups`), or that is too large. Components that only the package itself can start run where it
names them, or may compute a name (see `component_lookups`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.apk.code.call_search import CallSearch, Pages
from phone_audit.apk.code.class_lookups import LookUps, all_lookups, find_lookups
from phone_audit.apk.code.component_lookups import may_start_any, reads_objects
from phone_audit.apk.code.component_makers import makes_components
from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.code.names_in_files import TooLargeError, names_in_files
from phone_audit.apk.code.roots import Parties, Roots
from phone_audit.apk.code.selectors import Row, Selectors
from phone_audit.apk.dex.descriptors import descriptor_of, java_name
from phone_audit.apk.dex.index import DexIndex
from phone_audit.errors import ApkError
from phone_audit.model.apk import NATIVE_ACTIVITY

_MOST_ROUNDS: Final = 7
"""How often it is looked at what started code looks up; where that starts more code yet, all runs."""
MANY: Final = 500
"""Methods that run, from which on it pays to find out first which of them would end the search."""
_NATIVE: Final = 0x100
_SWITCHES: Final = (b"setComponentEnabledSetting", b"setComponentEnabledSettings")
"""The methods of `PackageManager` that switch components on."""
_BRIDGE: Final = b"addJavascriptInterface"
"""The method of `WebView` that lets pages call an object."""
_COMPONENTS: Final = frozenset({
    b"Landroid/app/Activity;", b"Landroid/app/Application;", b"Landroid/app/Service;",
    b"Landroid/content/BroadcastReceiver;", b"Landroid/content/ContentProvider;",
})  # fmt: skip
"""What Android makes where the manifest names it."""
_READS_OBJECTS: Final = b"Ljava/io/ObjectInputStream;"
"""What makes objects of the classes that the bytes name which it reads."""


class _Undeclared:
    """The components that the manifest does not name, where only Android makes those; none where it was not read."""

    def __init__(self, selectors: Selectors, declared: Collection[str] | None) -> None:
        self._selectors = selectors
        self._declared = declared

    def has(self, descriptor: bytes) -> bool:
        if self._declared is None or java_name(descriptor) in self._declared or self._makes_components:
            return False
        return not _COMPONENTS.isdisjoint(self._selectors.tree.above(descriptor))

    @cached_property
    def _makes_components(self) -> bool:
        """Whether the package brings what makes components itself."""
        return makes_components(self._selectors.tree, self._selectors.defined)


class StartedCode:
    """Answers for the methods of one package.

    Args:
        indexes: all its parts.
        owner_of: whose code a class is.
        named: the classes that the manifest names, in Java form; None where it could not be read.
        others: gives the bytes of the other files, which may name classes.
        off: those of the components that the manifest does not switch on.
        private: those of the components that only the package itself can start: its code or files have to name them.
        are_marked: whether web pages may call none but marked methods of the objects that they are handed.
    """

    def __init__(
        self,
        indexes: Sequence[DexIndex],
        owner_of: OwnerOf,
        named: Collection[str] | None,
        others: Callable[[], Iterable[bytes | memoryview]] = tuple,
        off: Collection[str] = (),
        private: Collection[str] = (),
        *,
        are_marked: bool = False,
    ) -> None:
        self._are_marked = are_marked
        self._private = frozenset(private)
        self._indexes = indexes
        self._owner_of = owner_of
        self._declared = None if named is None else frozenset(named)
        self._off = frozenset() if any(map(_switches_on, indexes)) else frozenset(off)
        self._others = others
        self._roots = Roots(Parties(indexes, owner_of), named or ())
        self._selectors = Selectors(indexes)
        self._tree = self._selectors.tree
        self._looks_ahead = self._reads_objects = False
        self._runs_before = -1
        self._methods_before: frozenset[bytes] = frozenset()
        self._sure: tuple[frozenset[Row], frozenset[bytes]] | None = None
        self._stages: Iterator[Callable[[StartedCode], None]] = iter(_STAGES)

    def starts(self, part: int, row: int) -> bool:
        """Tell whether something starts a method, for all that is known."""
        return self.starts_any({(part, row)})

    def starts_any(self, rows: Collection[Row]) -> bool:
        """Tell whether something starts one of some methods: which of them is found first does not matter."""
        return bool(rows) and self._finds(lambda: not self._search.seen.isdisjoint(rows))

    def is_idle(self, part: int, row: int) -> bool:
        """Tell whether nothing starts a method, as far as is known.

        Of a component that the manifest does not name it is enough that nothing was seen to: Android does not make it.
        """
        if not self.starts(part, row):
            return True
        return self._undeclared.has(self._indexes[part].row_class(row)) and not self.sees(part, row)

    @property
    def is_settled(self) -> bool:
        """Whether all that runs is known."""
        return not self._finds(lambda: False)

    def sees(self, part: int, row: int) -> bool:
        """Tell whether something was seen to start a method; true where the search ended too soon."""
        return self.sees_any({(part, row)})

    def sees_any(self, rows: Collection[Row]) -> bool:
        """Tell whether something was seen to start one of some methods; true where the search ended too soon."""
        return bool(rows) and self._sees(lambda seen, _: not seen.isdisjoint(rows))

    def named(self, class_: str, method: str) -> Collection[Row]:
        """Return the methods of a class, in Java form, with a name and prototype."""
        of_class = self._selectors.rows(_descriptor(class_)).values()
        return [row for rows in of_class for row in rows if self._indexes[row[0]].row_name(row[1]) == method]

    def is_ready(self, descriptor: bytes) -> bool:
        """Tell whether anything that runs uses a class, so that its static fields are filled."""
        return self._finds(lambda: descriptor in self._search.ready)

    def is_seen_ready(self, descriptor: bytes) -> bool:
        """Tell the same of what was seen to run; true where the search ended too soon."""
        return self._sees(lambda _, ready: descriptor in ready)

    def may_hold(self, descriptor: bytes) -> bool:
        """Tell whether code that runs may have a class at hand: by its name, as a value, or by an object of it."""
        return self._finds(lambda: descriptor in self._search.whole or self._search.has_object_of(descriptor))

    @property
    def native(self) -> Sequence[bytes]:
        """The classes with native code that run, after all was followed."""
        return [name for name in self._search.ready if self._tree.has_native(name)]

    @cached_property
    def has_unseen_calls(self) -> bool:
        """Whether native code may call a method, or bytes that are read name a class, though no instruction does."""
        reads = any(_READS_OBJECTS in index.type_ids for index in self._indexes)
        return reads or any(bool(np.any(index.methods.access & _NATIVE)) for index in self._indexes)

    @cached_property
    def _search(self) -> CallSearch:
        return CallSearch(self._selectors, self._roots, pages=self._pages, is_undeclared=self._undeclared.has)

    @cached_property
    def _undeclared(self) -> _Undeclared:
        return _Undeclared(self._selectors, self._declared)

    @property
    def _pages(self) -> Pages:
        if not any(index.strings_equal((_BRIDGE,)) for index in self._indexes):
            return Pages.NONE
        return Pages.MARKED if self._are_marked else Pages.ALL

    @cached_property
    def _lookups(self) -> LookUps:
        """What its code would look up if all of it ran."""
        return all_lookups(self._tree, self._owner_of)

    def _finds(self, is_found: Callable[[], bool]) -> bool:
        """Go on until something is found; also true where it cannot be told."""
        search = self._search
        while not (search.unsettled or is_found()):
            if len(search.seen) > MANY and not self._looks_ahead:
                self._looks_ahead = True
                search.end_at(self._lookups.ending)
            elif not self._goes_on():
                return False
        return True

    def _sees(self, is_found: Callable[[Set[Row], Set[bytes]], bool]) -> bool:
        """Go on until something is found without a doubt, also where anything else may run.

        True where the search ended too soon. `is_found` is handed the methods that run, and the classes that are used.
        """
        search = self._search
        while not (search.cut or self._sure or is_found(search.seen, search.ready)):
            if not self._goes_on():
                return False
        return search.cut or self._sure is None or is_found(*self._sure)

    def _goes_on(self) -> bool:
        """Follow some more; false where nothing is left."""
        if self._search.follow_some():
            return True
        stage = next(self._stages, None)
        if stage is not None:
            stage(self)
        return stage is not None

    def _begin(self) -> None:
        if self._declared is None:
            self._end()
            return
        if NATIVE_ACTIVITY in self._declared - self._off:
            self._give_up()
        for name in self._declared - self._off - self._private:
            self._search.take_made(_descriptor(name))

    def _take_roots(self) -> None:
        for one in self._roots.found:
            self._search.take_whole(one)

    def _take_named_in_files(self) -> None:
        try:
            found = tuple(names_in_files(self._others(), self._selectors.defined))
        except (ApkError, TooLargeError):
            self._end()
            return
        for name in found:
            self._search.take_whole(name)

    def _look_up(self) -> None:
        """Take in what code that runs looks up by name; where nothing new runs since the last time, that was all."""
        search = self._search
        if self._runs_before == len(search.whole) + len(search.seen):
            if not (self._take_unnamed() or self._take_doubtful()):
                self._stages = iter(())
            return
        self._runs_before = len(search.whole) + len(search.seen)
        lookups = self._lookups if self._looks_ahead else LookUps(unknown=True)
        if lookups != LookUps(unknown=False):
            lookups = find_lookups(self._tree, self._owner_of, self._runs)
        search.unsettled |= lookups.unknown
        if lookups.any_method:
            search.open_made()
        search.take_methods(lookups.methods - self._methods_before)
        self._methods_before = lookups.methods

    def _take_unnamed(self) -> bool:
        """Take in what code that runs may start or make though it does not name it; tell whether that is any more."""
        taken = bool(self._private) and may_start_any(self._tree, self._owner_of, self._runs)
        if taken:
            private, self._private = self._private, frozenset()
            for name in private:
                self._search.take_made(_descriptor(name))
        if not self._reads_objects and reads_objects(self._tree, self._owner_of, self._runs):
            self._reads_objects = taken = True
            for one in self._roots.from_bytes:
                self._search.take_whole(one)
        self._runs_before = -1
        return taken

    def _take_doubtful(self) -> bool:
        """Take in what may be made in a way that was not seen, after all else; tell whether that is any more."""
        search = self._search
        new = [name for name in search.doubtful if name not in search.whole]
        before = frozenset(search.seen), frozenset(search.ready)
        for name in new:
            search.take_whole(name)
        if not (search.open_led_to() or new):
            return False
        self._sure = self._sure or before
        self._runs_before = -1
        return True

    def _runs(self, part: int, row: int) -> bool:
        return (part, row) in self._search.seen

    def _give_up(self) -> None:
        self._search.unsettled = True

    def _end(self) -> None:
        self._give_up()
        self._search.cut = True


_STAGES: Final = (
    StartedCode._begin,
    StartedCode._take_roots,
    StartedCode._take_named_in_files,
    *(StartedCode._look_up for _ in range(_MOST_ROUNDS)),
    StartedCode._end,
)
"""What other files name comes late, since it costs most."""


def _switches_on(index: DexIndex) -> bool:
    """Tell whether code may switch components on that the manifest leaves off."""
    return bool(index.strings_equal(_SWITCHES))


def _descriptor(java: str) -> bytes:
    return descriptor_of(java.encode("utf-8", "surrogatepass"))
