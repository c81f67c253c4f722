"""What code does with a text that holds a host, where that shows that nothing connects to it.

Three things are told apart from all others: a constant of a library that no code reads, a text that only goes into
messages (the log, an exception, the console), and a name that one library is known to use for something else. Every
instruction that loads the text is followed, register by register; as soon as anything else happens to it, it counts. So
nothing can be hidden by its wording: a URL inside a sentence counts like any other if the code cuts it out again. A URL
that is only compared counts too, since the page in a WebView that it is compared with was fetched. What is not seen are
texts fetched by reflection, by native code or out of the message of an exception that was caught; whoever goes so far
encrypts them, and the text stays listed in any case.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from phone_audit.analyse.dex.annotations import count_values
from phone_audit.analyse.dex.descriptors import java_name
from phone_audit.analyse.dex.index import DexIndex
from phone_audit.analyse.dex.instructions import CONST_STRING, CONST_STRING_JUMBO, DexCodeError
from phone_audit.analyse.dex.reads import CHECK_CAST, INVOKE, MOVE_OBJECT, NEW_INSTANCE, Further, Method, Read
from phone_audit.analyse.dex.static_values import holders_of
from phone_audit.analyse.dex.xrefs import Use, users_of
from phone_audit.analyse.libraries import Owner
from phone_audit.knowledge.fact_schema import RuledOutRule

UNUSED: Final = "unused"
MESSAGE: Final = "message"
BY_USE: Final = frozenset({UNUSED, MESSAGE})
"""Rules of the knowledge that are tried here."""

MAX_TEXTS: Final = 500
"""Texts of one package that are looked at."""
MAX_USES: Final = 20
"""Instructions that may load a text; one that is loaded more often counts."""
MAX_UNITS: Final = 4_000
"""Code units of a method that are followed; a text in a longer one counts."""
MAX_DEPTH: Final = 3
"""Methods of the package itself through which a text is followed."""
MAX_UNUSED: Final = 50
"""Texts that no code reads and that are looked for in annotations; what goes beyond counts."""

_BUILDERS: Final = frozenset({b"Ljava/lang/StringBuilder;", b"Ljava/lang/StringBuffer;"})
_STRING: Final = b"Ljava/lang/String;"
_MESSAGES: Final = frozenset({b"Landroid/util/Log;", b"Ljava/io/PrintStream;", b"Ljava/util/logging/Logger;"})
"""Classes of Android that only write messages down, whatever method is called. Those that a package brings along could
do anything."""
_THROWN: Final = re.compile(rb"L(?:java|javax|android)/[\w/$]*(?:Exception|Error|Throwable);")
"""Exceptions of Android; those of a package are followed into."""
_NEUTRAL: Final = frozenset({"length", "isEmpty", "setLength", "ensureCapacity"})
_PASSED_ON: Final = frozenset({"append", "insert", "toString", "concat", "valueOf", "format", "<init>"})
_TEXT_TYPES: Final = (_STRING, b"Ljava/lang/CharSequence;", b"Ljava/lang/Object;")
_FINAL_OR_PRIVATE: Final = 0x10 | 0x02
_FIXED_CALLS: Final = frozenset({0x70, 0x71, 0x76, 0x77})
"""invoke-direct and invoke-static, which call exactly the method that they name."""
_VIRTUAL_CALLS: Final = frozenset({0x6E, 0x74})


class Spot(NamedTuple):
    """A string of a DEX file: the file, and the offset of its string_data_item in bytes."""

    where: str
    offset: int


class _Mention(NamedTuple):
    """A text in one part.

    Attributes:
        number: its string index there.
        users: instructions that load it.
        owners: classes whose static fields begin with it.
    """

    text: Spot
    part: DexIndex
    number: int
    users: list[Use]
    owners: list[bytes]


class _OtherUseError(Exception):
    """Something else happens to the text, so it counts."""


def rules_by_use(
    indexes: Sequence[DexIndex],
    owner_of: Callable[[str], Owner],
    constants: Sequence[RuledOutRule],
    texts: Mapping[Spot, str],
) -> dict[Spot, str]:
    """Give the rule for each text that the code uses in no other way than a rule says. Texts that count are left out.

    The time is bounded by the bytes of the files and by `MAX_TEXTS`; more texts than that all count.

    Args:
        indexes: one for each part of each DEX file of the package.
        owner_of: tells whose code a class is, by its name in Java form.
        constants: rules that name whole texts and the classes that hold them.
        texts: strings that hold a host, and what they say.
    """
    if len(texts) > MAX_TEXTS:
        return {}
    return _Uses(indexes, owner_of, constants).rules(texts)


class _Uses:
    """Follows texts through the code of one package."""

    def __init__(
        self, indexes: Sequence[DexIndex], owner_of: Callable[[str], Owner], constants: Sequence[RuledOutRule]
    ) -> None:
        self._indexes = indexes
        self._owner_of = owner_of
        self._constants = {text: rule for rule in constants for text in rule.texts}
        self._methods: dict[tuple[int, int], Method] = {}
        self._left = MAX_UNUSED

    def rules(self, texts: Mapping[Spot, str]) -> dict[Spot, str]:
        mentions = [one for index in self._indexes for one in _mentions(index, texts)]
        read = self._read_classes({owner for one in mentions for owner in one.owners})
        found: dict[Spot, set[str]] = defaultdict(set)
        counts: set[Spot] = set()
        for one in mentions:
            try:
                found[one.text] |= self._kinds(one, read, self._constants.get(texts[one.text]))
            except (_OtherUseError, DexCodeError):
                counts.add(one.text)
        return {text: _rule(kinds) for text, kinds in found.items() if kinds and text not in counts}

    def _kinds(self, one: "_Mention", read: Collection[bytes], constant: RuledOutRule | None) -> set[str]:
        if len(one.users) > MAX_USES or any(owner in read for owner in one.owners):
            raise _OtherUseError
        if constant and _is_held_only_by(one, constant):
            return {constant.id}
        if one.users:
            return {kind for use in one.users for kind in self._of_use(one.part, use)}
        if not one.owners:
            return set()
        if any(self._owner_of(java_name(owner)).party != "library" for owner in one.owners):
            raise _OtherUseError
        self._left -= 1
        if self._left < 0 or count_values(one.part, one.number) > len(one.owners):
            raise _OtherUseError
        return {UNUSED}

    def _read_classes(self, owners: Collection[bytes]) -> frozenset[bytes]:
        """Give the classes of which any code uses a static text, or a field that could be one."""
        found: set[bytes] = set()
        for index in self._indexes:
            classes = {number: owner for owner in owners if (number := index.type_ids.get(owner)) is not None}
            kinds = [number for kind in _TEXT_TYPES if (number := index.type_ids.get(kind)) is not None]
            ids = index.field_ids
            fields = np.flatnonzero(np.isin(ids["class"], list(classes)) & np.isin(ids["type"], kinds)).tolist()
            used = (field for field, uses in users_of(index, "field", fields, 1).items() if uses)
            found.update(classes[int(ids["class"][field])] for field in used)
        return frozenset(found)

    def _of_use(self, index: DexIndex, use: Use) -> set[str]:
        method = self._method(index, use.row)
        at = method.at(use.unit)
        load = method.instructions[at]
        if load.opcode not in (CONST_STRING, CONST_STRING_JUMBO):
            raise _OtherUseError
        found = self._follow(index, method, at + 1, load.registers[0], MAX_DEPTH)
        if not found:
            raise _OtherUseError
        return found

    def _follow(self, index: DexIndex, method: Method, at: int, register: int, depth: int) -> set[str]:
        found: set[str] = set()

        def more(read: Read) -> Further:
            kinds, further = self._happens(index, method, read, depth)
            found.update(kinds)
            return further

        if at >= len(method.instructions) or not method.follow(at, register, more):
            raise _OtherUseError
        return found

    def _happens(self, index: DexIndex, method: Method, read: Read, depth: int) -> tuple[set[str], Further]:
        """Tell what one instruction does with the text, and which further registers hold it then."""
        one = read.instruction
        if one.opcode in MOVE_OBJECT:
            return set(), Further(one.registers[:1])
        if one.opcode == CHECK_CAST or one.opcode in range(0x38, 0x3A):  # if-eqz, if-nez
            return set(), Further()
        if one.opcode not in INVOKE or one.index is None:
            raise _OtherUseError
        owner = index.class_descriptor(one.index)
        name = index.method_name(one.index).partition("(")[0]
        is_receiver = one.registers[0] == read.register
        if owner in _MESSAGES or (name == "<init>" and _THROWN.fullmatch(owner) and not is_receiver):
            return {MESSAGE}, Further()
        if owner in _BUILDERS or owner == _STRING:
            if name in _NEUTRAL:
                return set(), Further()
            if name in _PASSED_ON:
                into = one.registers[0] if owner in _BUILDERS or name == "<init>" else None
                kinds = set() if into is None or is_receiver else self._of_object(index, method, into, depth)
                return kinds, Further(() if into is None else (into,), result=True)
        return self._in_callee(index, read, depth), Further()

    def _of_object(self, index: DexIndex, method: Method, register: int, depth: int) -> set[str]:
        """Follow the object that takes the text in from where it was made; one that comes from elsewhere counts."""
        made = [
            place
            for place, one in enumerate(method.instructions)
            if one.opcode == NEW_INSTANCE and one.registers[0] == register
        ]
        if not made or not depth:
            raise _OtherUseError
        return {kind for place in made for kind in self._follow(index, method, place + 1, register, depth - 1)}

    def _in_callee(self, index: DexIndex, read: Read, depth: int) -> set[str]:
        """Follow the text into a method of the package."""
        one = read.instruction
        rows = np.flatnonzero(index.methods.method == one.index).tolist() if depth else []
        row = rows[0] if len(rows) == 1 else 0
        code = index.code(row) if len(rows) == 1 else None
        if code is None or read.has_result or not self._is_fixed(index, row, one.opcode):
            raise _OtherUseError
        method = self._method(index, row)
        found: set[str] = set()
        for place, register in enumerate(one.registers):
            if register == read.register:
                found |= self._follow(index, method, 0, code.registers - code.ins + place, depth - 1)
        return found

    def _is_fixed(self, index: DexIndex, row: int, opcode: int) -> bool:
        """Tell whether no subclass can stand in for the method that is called."""
        if opcode in _FIXED_CALLS:
            return True
        return opcode in _VIRTUAL_CALLS and (
            bool(int(index.methods.access[row]) & _FINAL_OR_PRIVATE) or index.row_class(row) not in self._extended
        )

    @cached_property
    def _extended(self) -> frozenset[bytes]:
        """Classes that some class of the package extends."""
        supers = (index.descriptor(number) for index in self._indexes for number in _distinct_supers(index))
        return frozenset(supers)

    def _method(self, index: DexIndex, row: int) -> Method:
        key = id(index), row
        if key not in self._methods:
            code = index.code(row)
            if code is None or len(code.units) > MAX_UNITS:
                raise _OtherUseError
            self._methods[key] = Method(code)
        return self._methods[key]


def _rule(kinds: Collection[str]) -> str:
    """Give the rule for a text with which all of this happens."""
    return min(kinds)


def _distinct_supers(index: DexIndex) -> list[int]:
    return sorted(set(index.part.class_defs["super"].tolist()))


def _mentions(index: DexIndex, texts: Collection[Spot]) -> Iterator[_Mention]:
    """Find what holds each text in one part."""
    ids = index.string_ids({text.offset for text in texts if text.where == index.name})
    users = users_of(index, "string", ids.values(), MAX_USES + 1)
    classes = holders_of(index, ids.values())
    for offset, number in ids.items():
        owners = [index.defined_class(row) for row in classes[number]]
        yield _Mention(Spot(index.name, offset), index, number, users[number], owners)


def _is_held_only_by(one: _Mention, rule: RuledOutRule) -> bool:
    """Tell whether only the classes that a rule names hold a text."""
    holders = {*one.owners, *(one.part.row_class(use.row) for use in one.users)}
    prefixes = [f"{prefix.rstrip('.')}." for prefix in rule.held_by]
    return bool(holders) and all(f"{java_name(holder)}.".startswith(tuple(prefixes)) for holder in holders)
