"""What code looks up by name while it runs: whether all such names are known, and which methods they name.

Looked at is code that is no library's, as far as it runs. A library's own look-ups, and code that it loads, do not
count, unless it is handed the name, or the code: then the calls of what hands it on are looked at in the same way.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.code.lookup_kinds import FACTORIES, KIN, LEADING, LOADERS, LOOK_UPS, NEW, Kind, LookUp
from phone_audit.apk.code.receivers import Receivers
from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.def_use import ENTRY, Method
from phone_audit.apk.dex.descriptors import java_name, may_be_of_android
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import (
    CONST_CLASS,
    CONST_STRING,
    CONST_STRING_JUMBO,
    MOVE_OBJECT,
    MOVE_RESULT_OBJECT,
    STATIC_INVOKES,
    DexCodeError,
    Instruction,
)
from phone_audit.apk.dex.xrefs import Use, candidates, verified

_MOST_USES: Final = 20_000
"""Calls that are looked at; where there are more, anything may be looked up."""
_MOST_STEPS: Final = 500_000
"""Instructions and names that are looked at; the same."""
_STEPS_AHEAD: Final = 50_000
"""The same before it is known what runs; where there are more, less is found."""
_MOST_ROUNDS: Final = 12
"""Methods of libraries that hand a name on to one another."""
_MOST_MOVES: Final = 8
_NATIVE: Final = 0x100
_CLASS: Final = b"Ljava/lang/Class;"
_GIVES_A_CLASS: Final = frozenset({b"forName", b"loadClass"})
_NAMES_A_CLASS: Final = frozenset({b"getName", b"getCanonicalName", b"getTypeName"})
_TYPE: Final = re.compile(r"\[*(?:L[^;]*;|.)")
_TEXTS: Final = frozenset({"Ljava/lang/String;", "Ljava/lang/CharSequence;", "[B", "[C", "[Ljava/lang/String;"})
"""Types of parameters in which a name may be handed on."""
_CODE: Final = _TEXTS | {"Ljava/io/File;", "Ljava/nio/ByteBuffer;", "[Ljava/nio/ByteBuffer;", "[Ljava/net/URL;"}
"""The same of code to load, or its place."""
_TWO_WORDS: Final = frozenset({"J", "D"})
_BY_NAME: Final = frozenset(LOOK_UPS.keys() - {*KIN})
"""Methods that, looked up themselves, could look up anything."""
_ANYTHING: Final = frozenset({"Ljava/lang/Object;", "Ljava/lang/Comparable;", "Ljava/io/Serializable;"})
"""Types of parameters that may be a text, too."""
_HANDED: Final = b"\0"
"""Stands among constants for a parameter; no text of a DEX file holds this byte."""
_OF_A_CLASS: Final = b"\0.class"
"""The same for the name of a class that there is a value of."""
_FIXED: Final = 0x8 | 0x2
"""Access of static and private methods, whose calls all name them."""
_NULL: Final = frozenset({0x12, 0x13, 0x14})


Runs = Callable[[int, int], bool]
"""Tells, by part and row, whether a method that is no library's counts at all."""


class LookUps(NamedTuple):
    """With `unknown` any class may be looked up; `methods` are the names of those that are looked up otherwise.

    With `any_method` any method may be of the classes that there is a value or an object of. If one of the methods in
    `ending`, by part and row, runs, any class may be looked up.
    """

    unknown: bool
    methods: frozenset[bytes] = frozenset()
    any_method: bool = False
    ending: frozenset[tuple[int, int]] = frozenset()


class _UnknownError(Exception):
    """Anything may be looked up."""


_ByName = Mapping[bytes, dict[str | None, list[LookUp]]]
"""Look-ups by name and prototype; None stands for any."""


def find_lookups(tree: ClassHierarchy, owner_of: OwnerOf, runs: Runs = lambda _part, _row: True) -> LookUps:
    """Return what the code of a package looks up."""
    return follow_names(tree, owner_of, runs, _asked())


def follow_names(tree: ClassHierarchy, owner_of: OwnerOf, runs: Runs, asked: Sequence[LookUp]) -> LookUps:
    """Return the same of some ways to look up."""
    search = _Search(tree, owner_of, runs, _MOST_STEPS)
    try:
        search.run(asked)
    except (_UnknownError, DexCodeError):
        return LookUps(unknown=True)
    return LookUps(unknown=False, methods=frozenset(search.methods), any_method=search.any_method)


def all_lookups(tree: ClassHierarchy, owner_of: OwnerOf) -> LookUps:
    """Return what the code of a package would look up if all of it ran, as far as that is found soon."""
    search = _Search(tree, owner_of, lambda _part, _row: True, _STEPS_AHEAD)
    search.any_class = set()
    is_known = False
    with suppress(_UnknownError, DexCodeError):
        search.run(_asked())
        is_known = not (search.any_class or search.makes_kin)
    return LookUps(not is_known, frozenset(search.methods), search.any_method, frozenset(search.any_class))


def _asked() -> list[LookUp]:
    asked = [LookUp(kind, owner, name, None) for name, (kind, owner) in LOOK_UPS.items()]
    return [*asked, LookUp("code", LOADERS, NEW, None), LookUp("class", FACTORIES, b"newInstance", None)]


def _of_loaders(index: DexIndex, asked: Mapping[str | None, Sequence[LookUp]]) -> NDArray[np.bool_]:
    """Leave out constructors that are not among those asked for: most classes have one."""
    if not asked:
        return np.ones(index.method_ids.size, dtype=np.bool_)
    owners = {one.owner for among in asked.values() for one in among if isinstance(one.owner, bytes)}
    loaders = [number for name, number in index.type_ids.items() if name in owners or LOADERS.match(name)]
    is_new = index.method_ids["name"] == index.strings_equal((NEW,)).get(NEW, -1)
    wanted: NDArray[np.bool_] = ~is_new | np.isin(index.method_ids["class"], loaders)
    return wanted


class _Search:
    def __init__(self, tree: ClassHierarchy, owner_of: OwnerOf, runs: Runs, steps: int) -> None:
        self._indexes = tree.indexes
        self._owner_of = owner_of
        self._runs = runs
        self._tree = tree
        self._left = _MOST_USES
        self._steps = steps
        self._last: tuple[int, int, Method] | None = None
        self._known: set[LookUp] = set()
        self._own: set[Kind] = set()
        self._handing: set[bytes] = set()
        self.methods: set[bytes] = set()
        self.any_method = False
        self.any_class: set[tuple[int, int]] | None = None

    def run(self, asked: Sequence[LookUp]) -> None:
        """Follow names from where they are looked up to where they are made, or raise that one is not known."""
        for part, index in enumerate(self._indexes):
            for row in np.flatnonzero(index.methods.access & _NATIVE).tolist():
                if self._is_own(part, row):
                    self._give_up(part, row)
        for _ in range(_MOST_ROUNDS):
            if not asked or self.any_class:
                break
            self._known.update(asked)
            asked = list(dict.fromkeys(one for one in self._handed_on(asked) if one not in self._known))
        if asked or not self._handing.isdisjoint(self.methods):
            raise _UnknownError

    def _handed_on(self, asked: Iterable[LookUp]) -> Iterator[LookUp]:
        """Look at all calls of some methods; yield the methods of libraries that hand the name on."""
        by_name: _ByName = defaultdict(lambda: defaultdict(list))
        for one in asked:
            by_name[one.name][one.prototype].append(one)
        for part, index in enumerate(self._indexes):
            wanted = dict(self._numbers(index, by_name))
            for use in verified(index, candidates(index, "method", wanted)):
                self._left -= 1
                if self._left < 0:
                    raise _UnknownError
                for kind in wanted[use.id]:
                    yield from self._look_at(part, use, kind)

    def _numbers(self, index: DexIndex, by_name: _ByName) -> Iterator[tuple[int, set[Kind]]]:
        """Yield the method_ids through which the methods are called."""
        texts = {number: by_name[name] for name, number in index.strings_equal(by_name).items()}
        ids = index.method_ids
        hits = np.flatnonzero(np.isin(ids["name"], list(texts)) & _of_loaders(index, by_name.get(NEW, {})))
        for number, name, kind in zip(
            *(one.tolist() for one in (hits, ids["name"][hits], ids["type"][hits])), strict=True
        ):
            prototype = index.prototype(kind)
            among = [*texts[name].get(prototype, ()), *texts[name].get(None, ())]
            self._spend(1 + len(among))
            owner = index.class_descriptor(number) if among else b""
            if kinds := {one.kind for one in among if self._is_called(one, owner, prototype)}:
                yield number, kinds

    def _is_called(self, one: LookUp, owner: bytes, prototype: str) -> bool:
        if isinstance(one.owner, re.Pattern):
            takes_name = one.kind != "class" or "Ljava/lang/String;" in prototype or "?" in prototype
            return takes_name and one.owner.match(owner) is not None
        return one.owner == owner or one.owner in self._tree.above(owner) or owner in self._tree.above(one.owner)

    def _look_at(self, part: int, use: Use, kind: Kind) -> Iterator[LookUp]:
        """Take in one call; all methods that share the instructions make it."""
        index = self._indexes[part]
        rows = np.flatnonzero(index.methods.code == index.methods.code[use.row]).tolist()
        rows = [row for row in rows if self._is_library(part, row) or self._runs(part, row)]
        if not rows or (kind in ("method", "all methods") and self._is_of_others(part, use)):
            return
        is_own = any(self._is_own(part, row) for row in rows)
        texts = self._texts_at(part, use, kind) if kind in ("class", "method", "code", "component") else None
        if is_own and kind in ("method", "all methods") and self._is_on_known_class(part, use, texts):
            self.any_method = True
            rows = [row for row in rows if not self._is_own(part, row)]
        handed = texts is not None and _HANDED in texts
        if kind == "method" and is_own:
            self.methods |= texts or set()
        if texts is not None and not handed and self._is_told(kind, texts, is_own=is_own):
            return
        for row in rows:
            number = int(index.methods.method[row])
            prototype = index.prototype(int(index.method_ids["type"][number]))
            takes = {*_TYPE.findall(prototype[1 : prototype.rfind(")")])}
            is_fixed = handed and index.methods.access[row] & _FIXED and takes.isdisjoint(_ANYTHING)
            if self._is_own(part, row) and not is_fixed:
                self._own.add(kind)
                if kind not in ("kin", "new"):
                    self._give_up(part, row)
                elif self.makes_kin and self.any_class is None:
                    raise _UnknownError
            elif kind not in ("kin", "new", "all methods") and (
                takes & (_CODE if kind == "code" else _TEXTS) or "?" in prototype
            ):
                name = index.raw_string(int(index.method_ids["name"][number]))
                self._handing.add(name)
                yield LookUp(kind, index.row_class(row), name, prototype)

    def _is_told(self, kind: Kind, texts: set[bytes], *, is_own: bool) -> bool:
        """Tell whether constants say all that a call looks up."""
        if kind == "code":
            return not is_own
        return (kind in ("method", "component") or len(texts) < 2) and texts.isdisjoint(_BY_NAME)

    def _is_on_known_class(self, part: int, use: Use, texts: set[bytes] | None) -> bool:
        """Tell whether methods with a name that is not known are looked up in a class that is."""
        if texts is not None and _HANDED not in texts:
            return False
        method = self._body(part, use.row)
        return self._receivers.is_known(part, use.row, method, method.instructions[method.at(use.unit)])

    @cached_property
    def _receivers(self) -> Receivers:
        return Receivers(self._tree, self._origins)

    def _is_of_others(self, part: int, use: Use) -> bool:
        """Tell whether a look-up of methods is in a class that its method names, and the package does not define."""
        index, method = self._indexes[part], self._body(part, use.row)
        call = method.instructions[method.at(use.unit)]
        if not call.registers or call.opcode in STATIC_INVOKES:
            return False
        origins = self._origins(method, call, call.registers[0])
        return bool(origins) and all(self._is_other_class(index, part, method, use, place) for place in origins)

    def _is_other_class(self, index: DexIndex, part: int, method: Method, use: Use, place: int) -> bool:
        step = method.instructions[place] if place >= 0 else None
        if step is not None and step.opcode == CONST_CLASS:
            name = index.descriptor(step.index or 0)
            return name not in self._defined and not LEADING.match(name)
        if step is None or step.opcode != MOVE_RESULT_OBJECT or not place:
            return False
        call = method.instructions[place - 1]
        if call.index is None or call.index >= index.method_ids.size or not method.instructions[place - 1].registers:
            return False
        if index.raw_string(int(index.method_ids["name"][call.index])) not in _GIVES_A_CLASS:
            return False
        texts = self._texts_at(part, Use(call.index, use.row, call.offset, 0), "class")
        if texts is None or _HANDED in texts or _OF_A_CLASS in texts:
            return False
        names = [b"L" + one.replace(b".", b"/") + b";" for one in texts]
        return self._defined.isdisjoint(names) and not any(map(LEADING.match, names))

    @cached_property
    def _defined(self) -> frozenset[bytes]:
        return frozenset(name for index in self._indexes for name in index.file.defined_classes)

    def _texts_at(self, part: int, use: Use, of: Kind) -> set[bytes] | None:
        """Return the constants that a call hands over (of a component the last); None where a text may be another."""
        index = self._indexes[part]
        prototype = index.prototype(int(index.method_ids["type"][use.id]))
        method = self._body(part, use.row)
        call = method.instructions[method.at(use.unit)]
        found: set[bytes] = set()
        word = 0 if call.opcode in STATIC_INVOKES else 1
        kinds = _TYPE.findall(prototype[1 : prototype.rfind(")")])
        is_last = of == "component" and may_be_of_android(index.class_descriptor(use.id))
        for at, kind in enumerate(kinds):
            if kind in _CODE and (not is_last or at == len(kinds) - 1):
                if kind != "Ljava/lang/String;" or word >= len(call.registers):
                    return None
                texts = self._constants(index, method, call, call.registers[word], _MOST_MOVES)
                if texts is None:
                    return None
                found |= texts
            word += 2 if kind in _TWO_WORDS else 1
        return found if "?" not in prototype else None

    def _constants(
        self, index: DexIndex, method: Method, reader: Instruction, register: int, left: int
    ) -> set[bytes] | None:
        """Return the constants that a register may hold; None where it may hold anything else."""
        found: set[bytes] = set()
        origins = self._origins(method, reader, register)
        for place in origins:
            if place == ENTRY:
                found.add(_HANDED)
                continue
            if not left:
                return None
            step = method.instructions[place]
            if step.opcode in (CONST_STRING, CONST_STRING_JUMBO):
                found.add(index.raw_string(step.index or 0))
            elif step.opcode in MOVE_OBJECT:
                texts = self._constants(index, method, step, step.registers[1], left - 1)
                if texts is None:
                    return None
                found |= texts
            elif self._names_class(index, method, place):
                found.add(_OF_A_CLASS)
            elif step.opcode not in _NULL or step.literal:
                return None
        return found if origins else None

    def _names_class(self, index: DexIndex, method: Method, place: int) -> bool:
        """Tell whether a value is the name of a class that there is a value of."""
        if method.instructions[place].opcode != MOVE_RESULT_OBJECT or not place:
            return False
        number = method.instructions[place - 1].index
        if number is None or number >= index.method_ids.size or index.class_descriptor(number) != _CLASS:
            return False
        return index.raw_string(int(index.method_ids["name"][number])) in _NAMES_A_CLASS

    def _body(self, part: int, row: int) -> Method:
        """Return the instructions of a method; calls of one method come one after another."""
        if self._last is None or self._last[:2] != (part, row):
            code = self._indexes[part].code(row)
            if code is None:
                raise _UnknownError
            self._last = (part, row, Method(code))
        return self._last[2]

    def _origins(self, method: Method, reader: Instruction, register: int) -> list[int]:
        before = method.looked_at
        origins = method.origins_of(reader, register)
        self._spend(1 + method.looked_at - before)
        return origins

    @property
    def makes_kin(self) -> bool:
        """Whether objects may be made of a class that was had from another one."""
        return {"kin", "new"} <= self._own

    def _give_up(self, part: int, row: int) -> None:
        """Take it that a method may look up anything: raise, or keep it where all such methods are wanted."""
        if self.any_class is None:
            raise _UnknownError
        self.any_class.add((part, row))

    def _spend(self, steps: int) -> None:
        self._steps -= steps
        if self._steps < 0:
            raise _UnknownError

    def _is_own(self, part: int, row: int) -> bool:
        """Tell whether a method that counts is no library's."""
        return not self._is_library(part, row) and self._runs(part, row)

    def _is_library(self, part: int, row: int) -> bool:
        return self._owner_of(java_name(self._indexes[part].row_class(row))).party == "library"
