"""The search forwards for methods that run, from those and from classes that are taken to.

A method counts as called where a call that runs may reach it on an object that is made by code that runs. A class that
code names, as a value or in a text, is taken to be made, and all its methods to be called; so are native code's own.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import Enum
from typing import Final

import numpy as np

from phone_audit.apk.code.class_values import ClassValues
from phone_audit.apk.code.roots import Roots
from phone_audit.apk.code.selectors import Row, Selector, Selectors
from phone_audit.apk.dex.descriptors import descriptor_of, may_be_of_android
from phone_audit.apk.dex.index import DexIndex, remembered
from phone_audit.apk.dex.instructions import (
    CONST_CLASS,
    CONST_STRING,
    CONST_STRING_JUMBO,
    NEW_INSTANCE,
    PAYLOADS,
    WIDTHS,
    Units,
    payload_width,
)

_MOST: Final = 30_000
"""Methods that are followed; where more run, all do."""
_MOST_LOOKED_UP: Final = 1_000_000
"""Made classes that are looked at for what is called; where there are more, all methods run."""
_MOST_WALKED: Final = 20_000_000
"""Methods that made classes have or are asked for, all together; the same."""
_MANY_ABOVE: Final = 50
"""Classes above one of which some may be left out."""
_AT_ONCE: Final = 100
"""Methods that are followed before it is looked whether that was enough."""
_LONGEST_NAME: Final = 1 << 16
"""Bytes of a text that may name a class."""
_STATIC: Final = 0x8
_PRIVATE: Final = 0x2
_OBJECT: Final = b"Ljava/lang/Object;"

_VIRTUAL: Final = frozenset({0x6E, 0x72, 0x74, 0x78})
"""invoke-virtual and invoke-interface."""
_UNSEEN_TARGETS: Final = frozenset({0xFA, 0xFB, 0xFC, 0xFD})
"""invoke-polymorphic and invoke-custom."""
_STATIC_FIELDS: Final = range(0x60, 0x6E)
_WANTED: Final = frozenset(
    {CONST_STRING, CONST_STRING_JUMBO, NEW_INSTANCE, CONST_CLASS}
    | {*_STATIC_FIELDS, *range(0x6E, 0x73), *range(0x74, 0x79), *_UNSEEN_TARGETS}
)
_OUTSIDE: Final = {
    _OBJECT: frozenset({b"equals", b"hashCode", b"toString", b"finalize", b"clone"}),
    b"Ljava/lang/Cloneable;": frozenset(),
    b"Ljava/io/Serializable;": frozenset(),
    b"Ljava/lang/annotation/Annotation;": frozenset(),
    b"Ljava/lang/AutoCloseable;": frozenset({b"close"}),
    b"Ljava/io/Closeable;": frozenset({b"close"}),
    b"Ljava/lang/Comparable;": frozenset({b"compareTo"}),
    b"Ljava/lang/Runnable;": frozenset({b"run"}),
    b"Ljava/util/concurrent/Callable;": frozenset({b"call"}),
}
"""The methods that Android calls through common classes; through any other it may call each. Source: Java reference."""
_FOR_PAGES: Final = b"/JavascriptInterface;"
"""What a method bears that a web page may call, of Android's WebView and of others that packages bring."""
_OF_ANNOTATIONS: Final = 8
"""What it counts for to look at the annotations of one method."""
_BY_SERIALISATION: Final = frozenset({
    b"readObject", b"readObjectNoData", b"writeObject", b"readResolve", b"writeReplace",
})  # fmt: skip
_BY_NAME: Final = frozenset({b"<init>", b"values"})
"""What makes another object of a class, or lists those of an enum: Android does for fragments, `EnumSet` for enums."""
_OF_LAYOUTS: Final = ("(Landroid/view/View;)", "(Landroid/view/MenuItem;)")
"""What methods take that a layout or a menu names as `onClick`; whatever they give back, and static ones as well."""


class Pages(Enum):
    """Which methods of an object that it is handed a web page may call. Source: WebView.addJavascriptInterface."""

    NONE = "none"
    MARKED = "those that bear JavascriptInterface"
    ALL = "all"


class CallSearch:
    """What was found to run in one package so far.

    Args:
        selectors: its methods and classes.
        roots: tells which classes run with others.
        pages: which methods of an object a web page may call.
        is_undeclared: whether a class is a component that the manifest does not name, so that no Intent starts it.

    Attributes:
        seen: methods that run.
        ready: classes that are used, so that their static fields are filled.
        whole: classes of which all methods run.
        unsettled: whether anything may run.
        cut: whether the search ended before all was followed.
        doubtful: classes that code names though Android does not make them: components that the manifest does not name.
    """

    def __init__(
        self,
        selectors: Selectors,
        roots: Roots,
        *,
        pages: Pages = Pages.NONE,
        is_undeclared: Callable[[bytes], bool] = lambda _: False,
    ) -> None:
        self._selectors = selectors
        self._tree = selectors.tree
        self._indexes = self._tree.indexes
        self._roots = roots
        self._pages = pages
        self._is_undeclared = is_undeclared
        self.seen: set[Row] = set()
        self.ready: set[bytes] = set()
        self.whole: set[bytes] = set()
        self.unsettled = False
        self.cut = False
        self.doubtful: list[bytes] = []
        self._waiting: list[Row] = []
        self._made: set[bytes] = set()
        self._asked: dict[bytes, set[Selector]] = defaultdict(set)
        self._below: dict[bytes, dict[bytes, None]] = defaultdict(dict)
        self._definers: dict[Selector, list[bytes]] = defaultdict(list)
        self._answering: set[bytes] = set()
        self._open: set[bytes] = set()
        self._named: set[bytes] = set()
        self._marked: set[bytes] = set()
        self._called: set[tuple[bytes, frozenset[bytes]]] = set()
        self._taken: list[set[tuple[int, int]]] = [set() for _ in self._indexes]
        self._looked_up = 0
        self._walked = 0
        self._used: list[bytes] = []
        self._ending: frozenset[Row] = frozenset()
        self._has_many_above = False
        self._is_made_open = False
        self._led_to: dict[bytes, None] = {}
        self._is_led_to_open = False

    def has_object_of(self, name: bytes) -> bool:
        """Tell whether a class was made that is, or derives from, a class."""
        return bool(self._below.get(name))

    def end_at(self, rows: Collection[Row]) -> None:
        """Take it that anything may run as soon as one of some methods does."""
        self._ending = frozenset(rows)
        self.unsettled |= not self._ending.isdisjoint(self.seen)

    def follow_some(self) -> bool:
        """Follow some methods; false where none is left."""
        while self._used:
            self.take_whole(self._used.pop())
        rows, self._waiting = self._waiting[-_AT_ONCE:], self._waiting[:-_AT_ONCE]
        for row in rows:
            self._process(row)
        is_much = len(self.seen) > _MOST or self._looked_up > _MOST_LOOKED_UP or self._walked > _MOST_WALKED
        self.cut |= is_much
        self.unsettled |= self.cut or not self._ending.isdisjoint(self.seen)
        return bool(rows)

    def take_methods(self, names: Collection[bytes]) -> None:
        """Take all methods with one of these names as called."""
        for part, index in enumerate(self._indexes):
            numbers = list(index.strings_equal(names).values())
            wanted = np.isin(index.method_ids["name"], numbers)
            defined = index.methods.method
            sound = np.flatnonzero(defined < wanted.size)
            self._reach_all((part, row) for row in sound[wanted[defined[sound]]].tolist())

    def take_made(self, name: bytes) -> None:
        """Take a class as made by Android, which calls its constructors and what it may override."""
        self._make(name)
        for selector, rows in self._selectors.rows(name).items():
            if self._selectors.names[selector] == b"<init>":
                self._reach_all(rows)

    def open_made(self) -> None:
        """Take all methods of what is made, now and later, as called; also those that it inherits."""
        if not self._is_made_open:
            self._is_made_open = True
            self._used += {one for name in (*self._made, *self.whole) for one in (name, *self._tree.above(name))}

    def open_led_to(self) -> bool:
        """Take all methods of made objects as called that a library may call; tell whether these are any more."""
        if self._is_led_to_open:
            return False
        self._is_led_to_open = True
        for name in self._led_to:
            self._open_all(name)
        return bool(self._waiting)

    def take_whole(self, name: bytes) -> None:
        """Take a class as made, and all its methods as called."""
        if name in self.whole or name not in self._selectors.defined:
            return
        self.whole.add(name)
        self._make(name)
        for rows in self._selectors.rows(name).values():
            self._reach_all(rows)

    def _process(self, row: Row) -> None:
        index = self._indexes[row[0]]
        code = index.code(row[1])
        if code is None:
            return
        known, values = self._taken[row[0]], ClassValues(index, code)
        for reference in _references(code.units):
            if reference in known:
                continue
            known.add(reference)
            opcode, number = reference
            if opcode in (CONST_STRING, CONST_STRING_JUMBO):
                if (named := self._class_in_text(row[0], number)) is not None:
                    self._name(named)
            elif opcode == NEW_INSTANCE:
                self._make(index.descriptor(number))
            elif opcode == CONST_CLASS and self._runs_nothing(index, values, number):
                known.discard(reference)
            elif opcode == CONST_CLASS:
                self._name(index.descriptor(number).lstrip(b"["))
            elif opcode in _UNSEEN_TARGETS:
                self.unsettled = True
            elif opcode in _STATIC_FIELDS:
                self._use(self._field_owner(row[0], number))
            else:
                self._call(opcode, row[0], number)

    def _name(self, name: bytes) -> None:
        """Take a class as handed about: by its name, or as a value."""
        if self._is_undeclared(name):
            self.doubtful.append(name)
        else:
            self.take_whole(name)

    def _runs_nothing(self, index: DexIndex, values: ClassValues, number: int) -> bool:
        """Tell whether a method takes a class so that none of its methods runs for it."""
        if values.is_lock(number) or values.is_label(number):
            return True
        return self._is_undeclared(index.descriptor(number)) and values.is_target(number)

    def _call(self, opcode: int, part: int, number: int) -> None:
        owner, selector = self._selectors.asked_for(part, number)
        if owner in self._selectors.defined:
            self._reach_all(self._resolved(owner, selector))
        if opcode not in _VIRTUAL:
            self._use(owner)
        elif selector not in self._asked[owner]:
            self._asked[owner].add(selector)
            if selector in self._definers and (owner in self._below or self._has_many_above):
                self._definers[selector] = list(self._not_reached(selector, owner))

    def _not_reached(self, selector: Selector, owner: bytes) -> Iterator[bytes]:
        """Reach what answers a call on a class; yield the classes whose methods nothing has reached even so."""
        for name in self._definers[selector]:
            rows = self._selectors.rows(name)[selector]
            if self.seen.issuperset(rows):
                continue
            if self._made_of_both(name, owner):
                self._reach_all(rows)
            else:
                yield name

    def _made_of_both(self, one: bytes, other: bytes) -> bool:
        """Tell whether a class that was made derives from both."""
        some, others = (self._below.get(name, {}).keys() for name in (one, other))
        self._looked_up += 1 + min(len(some), len(others))
        return not some.isdisjoint(others) or (self._has_many_above and other in self._tree.above(one))

    def _make(self, name: bytes) -> None:
        """Take a class as made: its methods answer what is asked of the classes above it."""
        if name in self._made:
            return
        self._made.add(name)
        self._use(name)
        if name not in self._selectors.defined:
            return
        above = self._tree.above(name)
        led_to = [one for one in (name, *above) if self._roots.is_led_to(one)]
        for one in led_to:
            if self._is_led_to_open:
                self._open_all(one)
            else:
                self._led_to[one] = None
        for one in (name, *above) if led_to else ():
            self._name_all(one)
        for one in (name, *above) if self._pages is Pages.MARKED else ():
            self._mark_all(one)
        if self._is_made_open:
            self._used += (name, *above)
        defined = self._selectors.defined
        outside = {one for one in above if one not in defined or may_be_of_android(one)} | {_OBJECT}
        is_cut = len(above) > _MANY_ABOVE
        self._has_many_above |= is_cut
        may_call_each = self._pages is Pages.ALL or is_cut or not outside <= _OUTSIDE.keys()
        called = _BY_SERIALISATION.union(*(_OUTSIDE.get(one, ()) for one in outside))
        kin = (name, *above, _OBJECT)
        asked = set[Selector]().union(*(self._asked[one] for one in kin if one in self._asked))
        self._walked += len(asked)
        if self._walked > _MOST_WALKED:
            self.unsettled = self.cut = True
            return
        for one in kin:
            self._below[one][name] = None
        for one in kin:
            rows = self._selectors.rows(one)
            self._walked += len(rows)
            if one not in self._answering:
                self._answering.add(one)
                for selector in rows:
                    self._definers[selector].append(one)
            if may_call_each:
                self._open_all(one)
                continue
            if (one, called) not in self._called:
                self._called.add((one, called))
                self._reach_all(self._overriding(one, called))
            for selector in rows.keys() & asked:
                if self._selectors.names[selector] not in called:
                    self._reach_all(rows[selector])

    def _open_all(self, name: bytes) -> None:
        """Take all methods of a class as called that Android may call."""
        if name not in self._open:
            self._open.add(name)
            self._reach_all(self._overriding(name))

    def _name_all(self, name: bytes) -> None:
        """Take as called what Android or a library calls by a name or an annotation where there is an object."""
        if name in self._named:
            return
        self._named.add(name)
        is_led_to = self._roots.is_led_to(name)
        selectors = self._selectors
        for selector, rows in selectors.rows(name).items():
            is_named = is_led_to and selectors.names[selector] in _BY_NAME
            if is_named or selectors.prototypes[selector].startswith(_OF_LAYOUTS):
                self._reach_all(rows)
        if is_led_to:
            self._reach_all(self._annotated(name, bool))

    def _mark_all(self, name: bytes) -> None:
        """Take as called what a web page may call where there is an object."""
        if name not in self._marked:
            self._marked.add(name)
            self._reach_all(self._annotated(name, _is_for_pages))

    def _annotated(self, name: bytes, is_meant: Callable[[frozenset[bytes]], bool]) -> Iterator[Row]:
        for row, kept in self._selectors.annotated(name):
            self._walked += _OF_ANNOTATIONS
            if self._walked > _MOST_WALKED:
                self.unsettled = self.cut = True
                return
            if kept is None or is_meant(kept):
                yield row

    def _overriding(self, name: bytes, called: Collection[bytes] | None = None) -> Iterator[Row]:
        """Yield the methods of a class that may override others; with `called` those of these names."""
        for selector, rows in self._selectors.rows(name).items():
            if called is None or self._selectors.names[selector] in called:
                yield from (row for row in rows if self._may_override(row, selector))

    def _may_override(self, row: Row, selector: Selector) -> bool:
        name = self._selectors.names[selector]
        access = int(self._indexes[row[0]].methods.access[row[1]])
        is_open = not access & (_STATIC | _PRIVATE) and not name.startswith(b"<")
        return is_open or name in _BY_SERIALISATION

    def _use(self, name: bytes) -> None:
        """Take a class as initialised."""
        if name in self.ready:
            return
        self.ready.add(name)
        if name not in self._selectors.defined:
            return
        self._used += self._roots.made_beside(name)
        self._reach_all(self._selectors.rows(name).get(self._selectors.number(b"<clinit>", "()V"), ()))
        if self._tree.has_native(name):
            self._used.append(name)
        for parent in self._tree.above(name):
            self._use(parent)

    def _reach_all(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if row not in self.seen:
                self.seen.add(row)
                self._waiting.append(row)

    def _resolved(self, owner: bytes, selector: Selector) -> Iterable[Row]:
        """Return the method that a call on a class names, in each part that defines it."""
        for name in self._line(owner):
            if found := self._selectors.rows(name).get(selector):
                return found
        return [row for name in self._tree.above(owner) for row in self._selectors.rows(name).get(selector, ())]

    @remembered
    def _line(self, owner: bytes) -> tuple[bytes, ...]:
        return (owner, *(name for name in self._tree.supers(owner) if name in self._selectors.defined))

    @remembered
    def _field_owner(self, part: int, number: int) -> bytes:
        index = self._indexes[part]
        return index.descriptor(int(index.field_ids["class"][number])) if number < index.field_ids.size else b"?"

    @remembered
    def _class_in_text(self, part: int, number: int) -> bytes | None:
        raw = self._indexes[part].raw_string(number, _LONGEST_NAME)
        name = descriptor_of(raw.removeprefix(b"L").removesuffix(b";") if raw.endswith(b";") else raw)
        return name if name in self._selectors.defined else None


def _is_for_pages(annotations: Iterable[bytes]) -> bool:
    return any(name.endswith(_FOR_PAGES) for name in annotations)


def _references(units: Units) -> Iterator[tuple[int, int]]:
    """Yield opcode and number of the instructions that name a string, a class, a static field or a method."""
    at, end = 0, len(units)
    while at < end - 1:
        unit = units[at]
        opcode = unit & 0xFF
        if opcode in _WANTED:
            wide = opcode == CONST_STRING_JUMBO and at + 2 < end
            yield opcode, units[at + 1] | (units[at + 2] << 16 if wide else 0)
        at += payload_width(units, at) if unit in PAYLOADS else WIDTHS[opcode]
