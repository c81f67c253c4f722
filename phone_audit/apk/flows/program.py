"""The code of a package as a whole: names, methods, classes above and below each other, callers."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.dex.annotations import methods_with
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.constants import loads_of
from phone_audit.apk.dex.index import Code, DexIndex, remembered
from phone_audit.apk.dex.xrefs import Kind, candidates, verified
from phone_audit.apk.flows.renamed_requests import renamed_requests
from phone_audit.apk.flows.sending_libraries import REQUESTS
from phone_audit.apk.flows.view_fields import ViewFields, view_fields

_MAX_SAME_NAME: Final = 200
_FEW: Final = 3
"""Prototypes that are rather looked up than sorted out by their short form."""
_TYPE: Final = re.compile(r"\[*(?:L[^;]*;|.)")
MAX_TARGETS: Final = 6
"""Methods that one call is followed into."""
_MAX_ABOVE: Final = 64
_OBJECT: Final = b"Ljava/lang/Object;"
_INTERFACE_OR_ABSTRACT: Final = 0x200 | 0x400
_SUPER: Final = frozenset({0x6F, 0x75})
"""invoke-super, invoke-super/range."""
NO_VIEWS: Final[Mapping[int, str]] = {}
_GETS: Final = frozenset({*range(0x52, 0x59), *range(0x60, 0x67)})


class Named(NamedTuple):
    """What a method_id says."""

    owner: bytes
    name: str
    proto: str


class Names:
    """Looks up method_ids by the number of the part that holds them, or by name; what is found is kept.

    `cut` tells whether there were too many of one name.
    """

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes
        self.cut = False
        self._strings: dict[tuple[int, str], int] = {}

    @remembered
    def named(self, part: int, number: int) -> Named:
        """Return what a method_id says."""
        owners, names, kinds = self._columns[part]
        if number >= names.size:
            return Named(b"?", "?", "()V")
        return Named(
            self._indexes[part].descriptor(int(owners[number])),
            self._text(part, int(names[number])),
            self._indexes[part].prototype(int(kinds[number])),
        )

    def called(self, part: int, number: int) -> tuple[bytes, str, bytes]:
        """Return class, name and type of the result of a method_id, without the rest of its prototype."""
        index = self._indexes[part]
        owners, names, kinds = self._columns[part]
        if number >= names.size:
            return b"?", "?", b"V"
        returns = self._results[part]
        kind = int(kinds[number])
        result = index.descriptor(int(returns[kind])) if kind < returns.size else b"?"
        return index.descriptor(int(owners[number])), self._text(part, int(names[number])), result

    @cached_property
    def _results(self) -> list[NDArray[np.uint32]]:
        """For each part the type index of the result of each prototype."""
        return [index.proto_ids["return"] for index in self._indexes]

    @remembered
    def _text(self, part: int, number: int) -> str:
        text = self._indexes[part].string(number)
        self._strings.setdefault((part, text), number)
        return text

    def of_class(self, part: int, kind: int, name: str) -> list[int]:
        """Return the method_ids of one class with this name; Android only loads tables that go by class."""
        owners, names, _ = self._columns[part]
        first, end = np.searchsorted(owners, (kind, kind + 1)).tolist()
        found: list[int] = (first + np.flatnonzero(names[first:end] == self._name_id(part, name))).tolist()
        return found

    @remembered
    def same_name(self, part: int, name: str, proto: str) -> list[int]:
        """Return the method_ids of one part with this name and prototype."""
        if any(kind not in self._indexes[part].type_ids for kind in parameter_types(proto)):
            return []
        _, names, kinds = self._columns[part]
        of_name = np.flatnonzero(names == self._name_id(part, name))
        numbers, of_each = of_name.tolist(), kinds[of_name].tolist()
        protos = self._same_proto(part, set(of_each), proto)
        same = [number for number, kind in zip(numbers, of_each, strict=True) if kind in protos]
        self.cut |= len(same) > _MAX_SAME_NAME
        return same[:_MAX_SAME_NAME]

    def _same_proto(self, part: int, numbers: set[int], proto: str) -> set[int]:
        """Return those numbers of prototypes that are this one; more than one only where the table is damaged."""
        table = self._indexes[part].proto_ids
        if len(numbers) > _FEW:
            shorty = table["shorty"] == self._name_id(part, _shorty(proto))
            numbers &= set(np.flatnonzero(shorty).tolist())
        return {number for number in numbers if self._indexes[part].prototype(number) == proto}

    def _name_id(self, part: int, name: str) -> int:
        """Return the string index of a name, -1 where the part does not hold it."""
        key = (part, name)
        if key not in self._strings:
            found = self._indexes[part].strings_equal([name.encode("utf-8", "surrogatepass")])
            self._strings[key] = next(iter(found.values()), -1)
        return self._strings[key]

    @cached_property
    def _columns(self) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
        """For each part the class of each method_id, the string index of its name, and its prototype."""
        tables = (index.method_ids for index in self._indexes)
        columns = ("class", "name", "type")
        return [tuple(ids[column].astype(np.int64) for column in columns) for ids in tables]  # type: ignore[misc]


def parameter_types(proto: str) -> list[bytes]:
    """Return the descriptors of what a method is handed."""
    return [one.encode("utf-8", "surrogatepass") for one in _TYPE.findall(proto[1 : proto.rfind(")")])]


def parameter_registers(proto: str) -> list[bytes]:
    """Return the type of what each register holds that is handed over: a long or a double takes two."""
    return [one for kind in parameter_types(proto) for one in ((kind, kind) if kind in (b"J", b"D") else (kind,))]


def _shorty(proto: str) -> str:
    """Return the short form of a prototype: one letter each, the result first. Source: dex-format, "shorty_item"."""
    parameters, _, result = proto.removeprefix("(").rpartition(")")
    return "".join("L" if one[0] in "L[" else one[0] for one in (result, *_TYPE.findall(parameters)) if one)


class Method(NamedTuple):
    """A defined method: number of the part, row of `DexIndex.methods`."""

    part: int
    row: int


_SCREENS: Final = re.compile(
    rb"Landroid/(?:content/Context(?:Wrapper)?|view/View(?:Group)?|(?:widget|webkit)/\w+"
    rb"|(?:app|preference)/(?:Application|\w*(?:Activity|Dialog|Fragment|Service)));"
)
"""Android's classes that screens, services and what screens consist of derive from."""
_OF_VIEWS: Final = re.compile(
    rb"Landroid/(?:view/View(?:Group)?|widget/(?!\w*(?:Adapter|Filter|Listener|RemoteViews|Toast)\b)\w+);"
)
"""Those of them that views derive from."""


class Program(ClassHierarchy):
    """Looks up what flows ask about the parts of DEX files; everything is found when first asked for, and kept.

    Classes in `android` are Android's: Android loads its own, whatever a package brings along under that name.
    """

    def __init__(
        self, indexes: Sequence[DexIndex], android: Collection[bytes] = (), views: Mapping[int, str] = NO_VIEWS
    ) -> None:
        super().__init__(indexes, android)
        self._views = views
        self.names = Names(indexes)

    @cached_property
    def view_fields(self) -> ViewFields:
        """The views that something known is typed into."""
        return view_fields(self.indexes, self._views)

    @cached_property
    def _derived_from(self) -> list[set[int]]:
        """For each part the types that a class derives from, and its interfaces and abstract classes."""
        found = []
        for index in self.indexes:
            defs = index.part.class_defs
            open_ones = defs["class"][(defs["access"] & _INTERFACE_OR_ABSTRACT) != 0]
            found.append({*defs["super"].tolist(), *open_ones.tolist()})
        return found

    @remembered
    def name_of(self, method: Method) -> Named:
        """Return class, name and prototype of a defined method."""
        index = self.indexes[method.part]
        owner = index.row_class(method.row)
        return self.names.named(method.part, int(index.methods.method[method.row]))._replace(owner=owner)

    @remembered
    def is_screen(self, descriptor: bytes) -> bool:
        """Tell whether a class is one of screens, services, or of what screens consist of."""
        return any(map(_SCREENS.fullmatch, self.above(descriptor)))

    @remembered
    def is_view(self, descriptor: bytes) -> bool:
        """Tell whether a class is one of views."""
        return any(map(_OF_VIEWS.fullmatch, self.above(descriptor)))

    def access(self, method: Method) -> int:
        """Return the access flags."""
        return int(self.indexes[method.part].methods.access[method.row])

    def code(self, method: Method) -> Code | None:
        """Return its code, or None."""
        return self.indexes[method.part].code(method.row)

    def is_under(self, below: bytes, above: bytes) -> bool:
        """Tell whether a class is another one or derives from it, as far as classes are defined here."""
        return above in (below, _OBJECT) or above in self.above(below)

    def at(self, part: int, number: int) -> Method | None:
        """Return the method that is defined in the same part for a method_id."""
        rows = self.indexes[part].method_rows
        row = int(rows[number]) if number < rows.size else -1
        return Method(part, row) if row >= 0 else None

    def users(self, kind: Kind, ids: Sequence[Collection[int]]) -> Iterator[tuple[Method, int, int]]:
        """Yield method, number and offset of each instruction that names one of the numbers, part by part."""
        for part, (index, wanted) in enumerate(zip(self.indexes, ids, strict=True)):
            if wanted:
                for use in verified(index, candidates(index, kind, wanted)):
                    yield Method(part, use.row), use.id, use.offset

    def reads(self, method: Method, offset: int) -> bool:
        """Tell whether the instruction at an offset, which names a field, gets its value and does not put one there."""
        return int(self.indexes[method.part].data[offset]) in _GETS

    @cached_property
    def requests(self) -> list[frozenset[int]]:
        """For each part the method_ids by which a library sends what they are handed, as their annotations say."""
        renamed = renamed_requests(self.indexes)
        kinds = [
            [number for name, number in index.type_ids.items() if name.startswith(REQUESTS) or name in renamed]
            for index in self.indexes
        ]
        return [methods_with(index, of_part) for index, of_part in zip(self.indexes, kinds, strict=True)]

    def holding(self, constants: Collection[int]) -> Iterator[Method]:
        """Yield the methods that load one of these numbers; some more than once."""
        for part, index in enumerate(self.indexes):
            yield from (Method(part, use.row) for use in loads_of(index, [one & 0xFFFFFFFF for one in constants]))

    def named(self, part: int, calls: Iterable[str]) -> set[int]:
        """Return the method_ids of one part that are one of these calls, `class.method`, whoever defines it."""
        types = self.indexes[part].type_ids
        split = (
            (f"L{owner.replace('.', '/')};".encode(), name) for owner, _, name in (one.rpartition(".") for one in calls)
        )
        there = [(types[owner], name) for owner, name in split if owner in types]
        return {number for kind, name in there for number in self.names.of_class(part, kind, name)}

    def fields_named(self, part: int, names: Collection[str]) -> set[int]:
        """Return the field_ids of one part that stand for one of these fields: class, name and type."""
        index = self.indexes[part]
        texts = {name.partition("->")[2].partition(":")[0].encode("utf-8", "surrogatepass") for name in names}
        known = list(index.strings_equal(texts).values())
        numbers = np.flatnonzero(np.isin(index.field_ids["name"], known)).tolist() if known else []
        return {number for number in numbers if self.field(part, number) in names}

    @remembered
    def field(self, part: int, number: int) -> str:
        """Return class, name and type of a field_id; the class is the one that declares it, where it is defined."""
        name = self.indexes[part].field_name(number)
        owner, _, member = name.partition("->")
        above = owner.encode("utf-8", "surrogatepass")
        place = self.place(above)
        for _ in range(_MAX_ABOVE):
            if place is None:
                break
            index = self.indexes[place[0]]
            parent = index.descriptor(int(index.part.class_defs["super"][place[1]]))
            inherits = self.place(parent)
            if inherits is None and above == owner.encode("utf-8", "surrogatepass"):
                break
            if member in self._declared(*place):
                return f"{above.decode('utf-8', 'replace')}->{member}"
            above, place = parent, inherits
        return name

    @remembered
    def _declared(self, part: int, row: int) -> frozenset[str]:
        """Return name and type of the fields that a class declares."""
        index = self.indexes[part]
        return frozenset(index.field_name(one).partition("->")[2] for one in index.declared_fields(row))

    def callers(self, methods: Iterable[Method], *, by_own: bool = False) -> dict[Method, set[Method]]:
        """Return for each method those that call it, or may call it by a class above or below it.

        With `by_own` those that name a class of Android, such as `Runnable.run`, are left out; they are too many.
        """
        ids: list[dict[int, list[Method]]] = [{} for _ in self.indexes]
        found: dict[Method, set[Method]] = {}
        for method in methods:
            found[method] = set()
            for part, number in self._ids_for(self.name_of(method)):
                if by_own and self.brought_place(self.indexes[part].class_descriptor(number)) is None:
                    continue
                ids[part].setdefault(number, []).append(method)
        for caller, number, offset in self.users("method", ids):
            by_super = int(self.indexes[caller.part].data[offset]) in _SUPER
            for method in ids[caller.part][number]:
                if caller != method and (not by_super or self._calls_above(caller, method)):
                    found[method].add(caller)
        return found

    def _calls_above(self, caller: Method, method: Method) -> bool:
        """Tell whether invoke-super in one method reaches another: that is but one, in a class above."""
        place = self.place(self.indexes[caller.part].row_class(caller.row))
        if place is None:
            return False
        index = self.indexes[place[0]]
        named = self.name_of(method)
        return (
            self.find(index.descriptor(int(index.part.class_defs["super"][place[1]])), named.name, named.proto)
            == method
        )

    def defined(self, part: int, name: str, proto: str) -> list[Method]:
        """Return the methods of one part that are defined under this name and prototype."""
        found = (self.at(part, number) for number in self.names.same_name(part, name, proto))
        return [method for method in found if method]

    def _ids_for(self, named: Named) -> Iterator[tuple[int, int]]:
        for part, index in enumerate(self.indexes):
            if named.name == "<init>":
                kind = index.type_ids.get(named.owner, -1)
                for number in self.names.of_class(part, kind, named.name):
                    if self.names.named(part, number).proto == named.proto:
                        yield part, number
                continue
            for number in self.names.same_name(part, named.name, named.proto):
                owner = index.class_descriptor(number)
                if self.is_under(named.owner, owner) or self.is_under(owner, named.owner):
                    yield part, number

    @remembered
    def find(self, owner: bytes, name: str, proto: str) -> Method | None:
        """Find a method in a class or the classes above it."""
        return self._find(self.place, owner, name, proto)

    def brought(self, owner: bytes, name: str, proto: str) -> Method | None:
        """Find the same where the package defines classes that do not count as defined."""
        return self._find(self.brought_place, owner, name, proto)

    def _find(
        self, place_of: Callable[[bytes], tuple[int, int] | None], owner: bytes, name: str, proto: str
    ) -> Method | None:
        for _ in range(_MAX_ABOVE):
            place = place_of(owner)
            if place is None:
                return None
            part, row = place
            found = self._own_method(part, row, name, proto)
            if found:
                return found
            index = self.indexes[part]
            owner = index.descriptor(int(index.part.class_defs["super"][row]))
        return None

    def _own_method(self, part: int, row: int, name: str, proto: str) -> Method | None:
        kind = int(self.indexes[part].part.class_defs["class"][row])
        for number in self.names.of_class(part, kind, name):
            method = self.at(part, number)
            if method and self.names.named(part, number).proto == proto:
                return method
        return None

    @remembered
    def overriding(self, named: Named) -> list[Method]:
        """Return the methods of classes below that a call through `named` may reach."""
        found: list[Method] = []
        kinds = (index.type_ids.get(named.owner, -1) for index in self.indexes)
        if not any(kind in derived for kind, derived in zip(kinds, self._derived_from, strict=True)):
            return found
        for part, index in enumerate(self.indexes):
            for number in self.names.same_name(part, named.name, named.proto):
                owner = index.class_descriptor(number)
                method = self.at(part, number)
                if method and owner != named.owner and self.is_under(owner, named.owner):
                    found.append(method)
        return found
