"""Following a text through code, register by register, until everything that happens to it is known to be harmless."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.analyse.dex.file import types_in
from phone_audit.analyse.dex.index import DexIndex
from phone_audit.analyse.dex.instructions import CONST_STRING, CONST_STRING_JUMBO, DexCodeError
from phone_audit.analyse.dex.reads import CHECK_CAST, INVOKE, MOVE_OBJECT, NEW_INSTANCE, Further, Method, Read
from phone_audit.analyse.dex.xrefs import Use
from phone_audit.analyse.probes import PROBE, Step, step_of

MESSAGE: Final = "message"
PROSE: Final = "prose"

MAX_UNITS: Final = 4_000
"""Code units of a method that are followed; a text in a longer one counts."""
MAX_DEPTH: Final = 3
"""Methods of the package itself through which a text is followed."""

_BUILDERS: Final = frozenset({b"Ljava/lang/StringBuilder;", b"Ljava/lang/StringBuffer;"})
_STRING: Final = b"Ljava/lang/String;"
_OBJECT: Final = b"Ljava/lang/Object;"
_MESSAGES: Final = frozenset({b"Landroid/util/Log;", b"Ljava/io/PrintStream;", b"Ljava/util/logging/Logger;"})
"""Classes of Android that only write messages down, whatever method is called. Those that a package brings along could
do anything."""
_THROWN: Final = re.compile(rb"L(?:java|javax|android)/[\w/$]*(?:Exception|Error|Throwable);")
"""Exceptions of Android; those of a package are followed into."""
_NEUTRAL: Final = frozenset({"length", "isEmpty", "setLength", "ensureCapacity"})
_PASSED_ON: Final = frozenset({"append", "insert", "toString", "concat", "valueOf", "format", "<init>"})
_ANY_THROWN: Final = re.compile(rb"L[\w/$-]+(?:Exception|Error|Throwable);")
_MADE_OR_LOGGED: Final = re.compile(rb"L[\w/$-]+(?:(?:Exception|Error)\$Builder|[/$]\w{0,8}Log(?:ger|s|cat|Utils?)?);")
"""Classes that a package brings along and that by their name make exceptions or write to the log. A whole sentence that
goes there is a message."""
_PLATFORM: Final = (b"Landroid/", b"Ljava/", b"Ljavax/", b"Ldalvik/", b"Lorg/json/", b"Lorg/apache/http/")
_SHOWN: Final = (b"Landroid/app/", b"Landroid/widget/", b"Ljava/io/", b"Ljava/util/logging/")
"""Packages of Android whose methods show, print or keep a text and open no address in it."""
_KEPT: Final = frozenset({0x11, 0x24, 0x25, 0x4D, 0x5B, 0x69})
"""return-object, filled-new-array, aput-object, iput-object and sput-object, by which a text is passed on whole."""
_FINAL_OR_PRIVATE: Final = 0x10 | 0x02
_FIXED_CALLS: Final = frozenset({0x70, 0x71, 0x76, 0x77})
"""invoke-direct and invoke-static, which call exactly the method that they name."""
_VIRTUAL_CALLS: Final = frozenset({0x6E, 0x74})


class OtherUseError(Exception):
    """Something else happens to the text, so it counts."""


class Follower:
    """Follows texts through the code of one package.

    Args:
        indexes: one for each part of each DEX file of the package.
        methods: those decoded so far, by index and row; more are put into it.
    """

    def __init__(self, indexes: Sequence[DexIndex], methods: dict[tuple[int, int], Method]) -> None:
        self._indexes = indexes
        self._methods = methods
        self._followed: dict[tuple[int, int, int, int], set[str] | None] = {}

    def rules_of(self, index: DexIndex, use: Use) -> set[str]:
        """Give the rules for what happens to a text after one instruction has loaded it.

        Raises:
            OtherUseError: something else happens, or it is not known what.
            DexCodeError: the code is broken.
        """
        method = self._method(index, use.row)
        at = method.at(use.unit)
        load = method.instructions[at]
        if load.opcode not in (CONST_STRING, CONST_STRING_JUMBO):
            raise OtherUseError
        found = self._follow(index, method, at + 1, load.registers[0], MAX_DEPTH)
        if not found:
            raise OtherUseError
        return found

    def _follow(self, index: DexIndex, method: Method, at: int, register: int, depth: int) -> set[str]:
        """Follow what a register holds; texts that are put together into one are followed once from there on."""
        key = id(method), at, register, depth
        if key not in self._followed:
            try:
                self._followed[key] = self._follow_anew(index, method, at, register, depth)
            except (OtherUseError, DexCodeError):
                self._followed[key] = None
        found = self._followed[key]
        if found is None:
            raise OtherUseError
        return found

    def _follow_anew(self, index: DexIndex, method: Method, at: int, register: int, depth: int) -> set[str]:
        found: set[str] = set()

        def more(read: Read) -> Further:
            kinds, further = self._happens(index, method, read, depth)
            found.update(kinds)
            return further

        if at >= len(method.instructions) or not method.follow(at, register, more):
            raise OtherUseError
        return found

    def _happens(self, index: DexIndex, method: Method, read: Read, depth: int) -> tuple[set[str], Further]:
        """Tell what one instruction does with the text, and which further registers hold it then."""
        one = read.instruction
        if one.opcode in MOVE_OBJECT:
            return set(), Further(one.registers[:1])
        if one.opcode == CHECK_CAST or one.opcode in range(0x38, 0x3A):  # if-eqz, if-nez
            return set(), Further()
        if one.opcode not in INVOKE or one.index is None:
            raise OtherUseError
        owner = index.class_descriptor(one.index)
        name = index.simple_name(one.index)
        is_receiver = one.registers[0] == read.register
        if owner in _MESSAGES or (name == "<init>" and _THROWN.fullmatch(owner) and not is_receiver):
            return {MESSAGE}, Further()
        if owner in _BUILDERS or owner == _STRING or (owner == _OBJECT and name == "toString"):
            if name in _NEUTRAL:
                return set(), Further()
            if name in _PASSED_ON:
                into = one.registers[0] if owner in _BUILDERS or name == "<init>" else None
                kinds = set() if into is None or is_receiver else self._of_object(index, method, into, depth)
                return kinds, Further(() if into is None else (into,), result=True)
        if step := step_of(owner, name, is_receiver=is_receiver):
            return self._towards_question(index, method, read, depth, step)
        return self._in_callee(index, read, depth), Further()

    def _towards_question(
        self, index: DexIndex, method: Method, read: Read, depth: int, step: Step
    ) -> tuple[set[str], Further]:
        """Go on with an address that is put into an Intent, and with that Intent."""
        if step is Step.ASKED:
            return {PROBE}, Further()
        into = read.instruction.registers[0]
        kinds = self._of_object(index, method, into, depth) if step is Step.INTO else set()
        return kinds, Further((into,) if step is Step.INTO else (), result=step in (Step.INTO, Step.RESULT))

    def _of_object(self, index: DexIndex, method: Method, register: int, depth: int) -> set[str]:
        """Follow the object that takes the text in from where it was made; one that comes from elsewhere counts."""
        made = _made(method, register)
        if not made or not depth:
            raise OtherUseError
        return {kind for place in made for kind in self._follow(index, method, place + 1, register, depth - 1)}

    def _in_callee(self, index: DexIndex, read: Read, depth: int) -> set[str]:
        """Follow the text into a method of the package."""
        row = self._callee(index, read, depth)
        code = index.code(row) if row is not None else None
        if row is None or code is None or read.has_result:
            raise OtherUseError
        method = self._method(index, row)
        found: set[str] = set()
        for place, register in enumerate(read.instruction.registers):
            if register == read.register:
                found |= self._follow(index, method, 0, code.registers - code.ins + place, depth - 1)
        return found

    def _callee(self, index: DexIndex, read: Read, depth: int) -> int | None:
        """Give the row of the one method that is called, where it can be followed."""
        one = read.instruction
        rows = np.flatnonzero(index.methods.method == one.index).tolist() if depth else []
        return rows[0] if len(rows) == 1 and self._is_fixed(index, rows[0], one.opcode) else None

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
        supers = (index.descriptor(number) for index in self._indexes for number in types_in(index.part, "super"))
        return frozenset(supers)

    def _method(self, index: DexIndex, row: int) -> Method:
        key = id(index), row
        if key not in self._methods:
            code = index.code(row)
            if code is None or len(code.units) > MAX_UNITS:
                raise OtherUseError
            self._methods[key] = Method(code)
        return self._methods[key]


class SentenceFollower(Follower):
    """Follows sentences for people, which may also be kept, given back and handed to what the package brings along.

    What counts is a sentence that is cut, compared or handed to a method of Android that is not there to show it.
    """

    def _of_object(self, index: DexIndex, method: Method, register: int, depth: int) -> set[str]:
        may_follow = depth and _made(method, register)
        return super()._of_object(index, method, register, depth) if may_follow else {PROSE}

    def _happens(self, index: DexIndex, method: Method, read: Read, depth: int) -> tuple[set[str], Further]:
        one = read.instruction
        if one.opcode in _KEPT:
            return {PROSE}, Further()
        if one.opcode in INVOKE and one.index is not None:
            owner = index.class_descriptor(one.index)
            is_made = index.simple_name(one.index) == "<init>" and _ANY_THROWN.fullmatch(owner)
            is_message = _MADE_OR_LOGGED.fullmatch(owner) and not owner.startswith(_PLATFORM)
            if is_made or is_message or owner.startswith(_SHOWN):
                return {PROSE}, Further()
        return super()._happens(index, method, read, depth)

    def _in_callee(self, index: DexIndex, read: Read, depth: int) -> set[str]:
        one = read.instruction
        if one.index is None or read.has_result or index.class_descriptor(one.index).startswith(_PLATFORM):
            raise OtherUseError
        row = self._callee(index, read, depth)
        return {PROSE} if row is None or index.code(row) is None else super()._in_callee(index, read, depth)

    def _towards_question(
        self, index: DexIndex, method: Method, read: Read, depth: int, step: Step
    ) -> tuple[set[str], Further]:
        raise OtherUseError


def _made(method: Method, register: int) -> list[int]:
    """Give the places where a new object is put into a register."""
    code = method.instructions
    return [place for place in code.with_opcode(NEW_INSTANCE) if code[place].registers[0] == register]
