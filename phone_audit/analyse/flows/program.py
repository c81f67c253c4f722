"""The code of a package as a whole: methods, classes above and below each other, callers."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from phone_audit.analyse.dex.descriptors import java_name
from phone_audit.analyse.dex.index import Code, DexIndex
from phone_audit.analyse.dex.instructions import DexCodeError, Instruction, walk
from phone_audit.analyse.dex.xrefs import Kind, candidates, verified

MAX_UNITS: Final = 8_000
"""Code units of a method that is followed; longer ones are tables of data or obfuscated beyond use."""
MAX_TARGETS: Final = 6
"""Methods that one call is followed into."""
_MAX_ABOVE: Final = 64
_INTERFACE_OR_ABSTRACT: Final = 0x200 | 0x400
_VIRTUAL: Final = frozenset({0x6E, 0x72, 0x74, 0x78})
_MAX_SAME_NAME: Final = 200


class Method(NamedTuple):
    """A defined method: number of the part, row of `DexIndex.methods`."""

    part: int
    row: int


class Named(NamedTuple):
    """What a method_id says."""

    owner: bytes
    name: str
    proto: str


Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def _remembered(
    method: Callable[Concatenate["Program", Given], Answer],
) -> Callable[Concatenate["Program", Given], Answer]:
    """Keep what a method answers as long as its object lives, and not a moment longer."""

    def ask(program: "Program", /, *given: Given.args, **named: Given.kwargs) -> Answer:
        known = program.remembered.setdefault(method.__name__, {})
        if given not in known:
            known[given] = method(program, *given, **named)
        answer: Answer = known[given]
        return answer

    return ask


class Program:
    """Looks up what flows ask about; everything is found when first asked for, and kept."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self.indexes = indexes
        self.remembered: dict[str, dict[tuple[object, ...], Any]] = {}
        self.cut = False

    @cached_property
    def classes(self) -> dict[bytes, tuple[int, int]]:
        """Part and row of class_defs for each class that is defined; the first one counts."""
        found: dict[bytes, tuple[int, int]] = {}
        for part, index in enumerate(self.indexes):
            for row in range(index.part.class_defs.size):
                found.setdefault(index.defined_class(row), (part, row))
        return found

    @cached_property
    def _derived_from(self) -> set[bytes]:
        """Classes that a class here derives from, and all interfaces and abstract classes."""
        found: set[bytes] = set()
        for index in self.indexes:
            defs = index.part.class_defs
            found.update(index.descriptor(number) for number in np.unique(defs["super"]).tolist())
            open_ones = np.flatnonzero(defs["access"] & _INTERFACE_OR_ABSTRACT)
            found.update(index.defined_class(row) for row in open_ones.tolist())
        return found

    def name_of(self, method: Method) -> Named:
        """Give class, name and prototype of a defined method."""
        index = self.indexes[method.part]
        owner = index.row_class(method.row)
        return self.named(method.part, int(index.methods.method[method.row]))._replace(owner=owner)

    def access(self, method: Method) -> int:
        """Give the access flags."""
        return int(self.indexes[method.part].methods.access[method.row])

    def code(self, method: Method) -> Code | None:
        """Give its code, or None."""
        return self.indexes[method.part].code(method.row)

    def is_under(self, below: bytes, above: bytes) -> bool:
        """Tell whether a class is another one or derives from it, as far as classes are defined here."""
        return below == above or above in self.above(below)

    def targets(self, part: int, number: int, opcode: int, types: Collection[bytes]) -> list[Method]:
        """Give the defined methods that a call may reach.

        A call on a class of Android is followed only into objects of which the class is known.

        Args:
            part: number of the part that holds the instruction.
            number: method_id that the instruction names.
            opcode: of the instruction.
            types: of the objects that the first argument may be; empty where nothing is known.
        """
        named = self.named(part, number)
        own = named.owner in self.classes
        if opcode in _VIRTUAL:
            exact = [self.find(one, named.name, named.proto) for one in types if self.is_under(one, named.owner)]
            if exact:
                return list(dict.fromkeys(method for method in exact if method))[:MAX_TARGETS]
            if not own:
                return []
            here = self._here(part, number, named)
            return list(dict.fromkeys([*([here] if here else []), *self.overriding(named)]))[:MAX_TARGETS]
        here = self._here(part, number, named) if own else None
        return [here] if here else []

    def _here(self, part: int, number: int, named: Named) -> Method | None:
        rows = self._rows[part]
        row = int(rows[number]) if number < rows.size else -1
        return Method(part, row) if row >= 0 else self.find(named.owner, named.name, named.proto)

    def users(self, kind: Kind, ids: Sequence[Collection[int]]) -> Iterator[tuple[Method, int, int]]:
        """Give method, number and offset of each instruction that names one of the numbers, part by part."""
        for part, (index, wanted) in enumerate(zip(self.indexes, ids, strict=True)):
            if wanted:
                for use in verified(index, candidates(index, kind, wanted)):
                    yield Method(part, use.row), use.id, use.offset

    def callers(self, methods: Iterable[Method]) -> dict[Method, set[Method]]:
        """Give for each method those that call it, or may call it by a class above or below it."""
        ids: list[dict[int, list[Method]]] = [{} for _ in self.indexes]
        found: dict[Method, set[Method]] = {}
        for method in methods:
            found[method] = set()
            for part, number in self._ids_for(self.name_of(method)):
                ids[part].setdefault(number, []).append(method)
        for caller, number, _ in self.users("method", ids):
            for method in ids[caller.part][number]:
                if caller != method:
                    found[method].add(caller)
        return found

    def defined(self, part: int, name: str, proto: str) -> list[Method]:
        """Give the methods of one part that are defined under this name and prototype."""
        rows = self._rows[part]
        numbers = [number for number, _, other in self._members(part, name) if other == proto]
        return [Method(part, int(rows[number])) for number in numbers if rows[number] >= 0]

    def _ids_for(self, named: Named) -> Iterator[tuple[int, int]]:
        same = [
            (part, number, owner)
            for part in range(len(self.indexes))
            for number, owner, proto in self._members(part, named.name)
            if proto == named.proto
        ]
        if len(same) > _MAX_SAME_NAME:
            self.cut = True
        for part, number, owner in same[:_MAX_SAME_NAME]:
            if self.is_under(named.owner, owner) or self.is_under(owner, named.owner):
                yield part, number

    @_remembered
    def _members(self, part: int, name: str) -> list[tuple[int, bytes, str]]:
        index = self.indexes[part]
        string = index.strings_equal([name.encode("utf-8", "surrogatepass")])
        numbers = np.flatnonzero(np.isin(index.method_ids["name"], list(string.values()))).tolist()
        if len(numbers) > _MAX_SAME_NAME:
            self.cut = True
        known = [(number, self.named(part, number)) for number in numbers[: 4 * _MAX_SAME_NAME]]
        return [(number, one.owner, one.proto) for number, one in known]

    @_remembered
    def named(self, part: int, number: int) -> Named:
        index = self.indexes[part]
        ids = index.method_ids
        if number >= ids.size:
            return Named(b"?", "?", "()V")
        name, proto = index.string(int(ids["name"][number])), self._proto(part, int(ids["type"][number]))
        return Named(index.class_descriptor(number), name, proto)

    @_remembered
    def _proto(self, part: int, number: int) -> str:
        return self.indexes[part].prototype(number)

    @_remembered
    def instructions(self, method: Method) -> list[Instruction] | None:
        code = self.code(method)
        if code is None or len(code.units) > MAX_UNITS:
            return None
        try:
            return list(walk(code.units))
        except DexCodeError:
            return None

    @_remembered
    def above(self, descriptor: bytes) -> frozenset[bytes]:
        """Give all classes and interfaces above a class, as far as classes are defined here."""
        found: set[bytes] = set()
        left = [descriptor]
        while left and len(found) < _MAX_ABOVE:
            place = self.classes.get(left.pop())
            if place is None:
                continue
            index, row = self.indexes[place[0]], place[1]
            parents = [index.descriptor(int(index.part.class_defs["super"][row])), *index.interfaces(row)]
            left.extend(parent for parent in parents if parent not in found)
            found.update(parents)
        return frozenset(found)

    @cached_property
    def _rows(self) -> list[NDArray[np.int64]]:
        """For each part the row of the method that is defined for each method_id, or -1."""
        tables = []
        for index in self.indexes:
            rows = np.full(index.method_ids.size, -1, dtype=np.int64)
            defined = index.methods.method
            sound = np.flatnonzero(defined < rows.size)
            rows[defined[sound]] = sound
            tables.append(rows)
        return tables

    @_remembered
    def find(self, owner: bytes, name: str, proto: str) -> Method | None:
        """Find a method in a class or the classes above it."""
        for _ in range(_MAX_ABOVE):
            place = self.classes.get(owner)
            if place is None:
                return None
            part, row = place
            for number, holder, other in self._members(part, name):
                if holder == owner and other == proto and self._rows[part][number] >= 0:
                    return Method(part, int(self._rows[part][number]))
            index = self.indexes[part]
            owner = index.descriptor(int(index.part.class_defs["super"][row]))
        return None

    @_remembered
    def overriding(self, named: Named) -> list[Method]:
        """Give the methods of classes below that a call through `named` may reach."""
        found: list[Method] = []
        if named.owner not in self._derived_from:
            return found
        for part in range(len(self.indexes)):
            for number, owner, proto in self._members(part, named.name):
                row = int(self._rows[part][number])
                if row >= 0 and proto == named.proto and owner != named.owner and named.owner in self.above(owner):
                    found.append(Method(part, row))
        return found[:MAX_TARGETS]


def java_of(descriptor: bytes) -> str:
    """Give the Java form of a class."""
    return java_name(descriptor)
