"""Following a text through code, register by register, until everything that happens to it is known to be harmless."""

import re
from collections.abc import Sequence
from enum import Enum, auto
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.def_use import Further, Method, Read
from phone_audit.apk.dex.file import types_in
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, Instruction
from phone_audit.apk.dex.xrefs import Use

MESSAGE: Final = "message"
PROBE: Final = "browser-probe"
"""An Intent of which code only asks which package would open it; nothing is opened and nothing fetched."""

MAX_UNITS: Final = 4_000
"""Code units of a method that are followed; a text in a longer one counts."""
MAX_DEPTH: Final = 5
"""Methods of the package itself through which a text is followed."""

_BUILDERS: Final = frozenset({b"Ljava/lang/StringBuilder;", b"Ljava/lang/StringBuffer;"})
_STRING: Final = b"Ljava/lang/String;"
_OBJECT: Final = b"Ljava/lang/Object;"
_MESSAGES: Final = frozenset({b"Landroid/util/Log;", b"Ljava/util/logging/Logger;"})
"""Classes of Android that only write messages down, whatever method is called. Those that a package brings along could
do anything."""
_PRINTER: Final = b"Ljava/io/PrintStream;"
_CONSOLE: Final = tuple(f"Ljava/lang/System;->{name}:Ljava/io/PrintStream;" for name in ("out", "err"))
_SHOWN: Final = frozenset(
    {
        (b"Landroid/widget/Toast;", "makeText"),
        (b"Landroid/widget/Toast;", "setText"),
        (b"Landroid/app/AlertDialog$Builder;", "setMessage"),
        (b"Landroid/app/AlertDialog$Builder;", "setTitle"),
    }
)
"""Methods that show a text, of objects that do not give it back."""
_THROWN: Final = re.compile(rb"L(?:java|javax|android)/[\w/$]*(?:Exception|Error|Throwable);")
"""Exceptions of Android; those of a package are followed into."""
_NEUTRAL: Final = frozenset({"length", "isEmpty", "setLength", "ensureCapacity"})
_PASSED_ON: Final = frozenset({"append", "insert", "toString", "concat", "valueOf", "format", "<init>"})
_STREAMS: Final = b"Ljava/io/"
"""No object of these classes holds a text that is followed: where one seems to be called, the register was put to
another use, or Android refuses to load the class."""
_FINAL_OR_PRIVATE: Final = 0x10 | 0x02
_FIXED_CALLS: Final = frozenset({0x70, 0x71, 0x76, 0x77})
"""invoke-direct and invoke-static, which call exactly the method that they name."""
_VIRTUAL_CALLS: Final = frozenset({0x6E, 0x74})
_URI: Final = b"Landroid/net/Uri;"
_INTENT: Final = b"Landroid/content/Intent;"
_ASKED: Final = b"Landroid/content/pm/PackageManager;"
_ASKS: Final = frozenset({"resolveActivity", "resolveActivityInfo", "queryIntentActivities", "resolveService"})
_TAKES_IN: Final = frozenset({"<init>", "setData", "setDataAndType", "setDataAndNormalize"})
_STAYS: Final = ("add", "set", "put")


class Step(Enum):
    """What a call does with an address, or with what holds it."""

    NOTHING = auto()
    RESULT = auto()
    """The result of the call holds it too."""
    INTO = auto()
    """The object that is called, and the result, hold it too."""
    ASKED = auto()


class OtherUseError(Exception):
    """Something else happens to the text, so it counts."""


class Follower:
    """Follows texts through the code of one package."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes
        self._methods: dict[tuple[int, int], Method] = {}
        self._followed: dict[tuple[int, int, int, int], set[str] | None] = {}

    def rules_of(self, index: DexIndex, use: Use) -> set[str]:
        """Return the rules for what happens to a text after one instruction has loaded it.

        Raises OtherUseError where something else happens or may, DexCodeError where the code is broken.
        """
        method = self._method(index, use.row)
        at = method.at(use.unit)
        load = method.instructions[at]
        if load.opcode not in (dalvik.CONST_STRING, dalvik.CONST_STRING_JUMBO):
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
        if one.opcode in dalvik.MOVE_OBJECT:
            return set(), Further(one.registers[:1])
        if one.opcode == dalvik.CHECK_CAST or one.opcode in range(0x38, 0x3A):  # if-eqz, if-nez
            return set(), Further()
        if one.opcode not in dalvik.INVOKES or one.index is None:
            raise OtherUseError
        owner = index.class_descriptor(one.index)
        name = index.simple_name(one.index)
        is_receiver = one.registers[0] == read.register
        if self._is_message(index, method, read, owner, name):
            return {MESSAGE}, Further()
        if is_receiver and one.opcode not in dalvik.STATIC_INVOKES and owner.startswith(_STREAMS):
            return set(), Further()
        if owner in _BUILDERS or owner == _STRING or (owner == _OBJECT and name == "toString"):
            if name in _NEUTRAL:
                return set(), Further()
            if name in _PASSED_ON:
                into = one.registers[0] if owner in _BUILDERS or name == "<init>" else None
                kinds = (
                    set() if into is None or is_receiver else self._of_object(index, method, read.instruction, depth)
                )
                return kinds, Further(() if into is None else (into,), result=True)
        if step := step_of(owner, name, is_receiver=is_receiver):
            return self._towards_question(index, method, read, depth, step)
        return self._in_callee(index, read, depth), Further()

    def _is_message(self, index: DexIndex, method: Method, read: Read, owner: bytes, name: str) -> bool:
        """Tell whether a call writes the text to the log or the console, shows it, or makes an exception of it."""
        if owner in _MESSAGES or (owner, name) in _SHOWN:
            return True
        called = read.instruction.registers[0]
        if called == read.register:
            return False
        if owner == _PRINTER:
            return _is_console(index, method, read.instruction)
        return name == "<init>" and _THROWN.fullmatch(owner) is not None

    def _towards_question(
        self, index: DexIndex, method: Method, read: Read, depth: int, step: Step
    ) -> tuple[set[str], Further]:
        """Go on with an address that is put into an Intent, and with that Intent."""
        if step is Step.ASKED:
            return {PROBE}, Further()
        into = read.instruction.registers[0]
        kinds = self._of_object(index, method, read.instruction, depth) if step is Step.INTO else set()
        return kinds, Further((into,) if step is Step.INTO else (), result=step in (Step.INTO, Step.RESULT))

    def _of_object(self, index: DexIndex, method: Method, called: Instruction, depth: int) -> set[str]:
        """Follow the object that takes the text in from where it was made; one that comes from elsewhere counts."""
        register = called.registers[0]
        made = method.writers_of(called, register)
        if not made or not depth or any(method.instructions[place].opcode != dalvik.NEW_INSTANCE for place in made):
            raise OtherUseError
        return {kind for place in made for kind in self._follow(index, method, place + 1, register, depth - 1)}

    def _in_callee(self, index: DexIndex, read: Read, depth: int) -> set[str]:
        """Follow the text into a method of the package."""
        callee = self._callee(index, read.instruction) if depth and not read.has_result else None
        code = callee[0].code(callee[1]) if callee else None
        if callee is None or code is None:
            raise OtherUseError
        method = self._method(*callee)
        found: set[str] = set()
        for place, register in enumerate(read.instruction.registers):
            if register == read.register:
                found |= self._follow(callee[0], method, 0, code.registers - code.ins + place, depth - 1)
        return found

    def _callee(self, index: DexIndex, one: Instruction) -> tuple[DexIndex, int] | None:
        """Return the part and the row of the one method that is called, where it can be followed."""
        if one.index is None:
            return None
        rows = [(part, row) for part in self._indexes for row in _rows(part, index, one.index)]
        return rows[0] if len(rows) == 1 and self._is_fixed(*rows[0], one.opcode) else None

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


def _rows(part: DexIndex, index: DexIndex, method: int) -> list[int]:
    """Return the rows that define, in one part, a method that another part names."""
    if part is index:
        same = [method]
    else:
        name = index.method_name(method)
        owner = part.type_ids.get(index.class_descriptor(method))
        named = [] if owner is None else np.flatnonzero(part.method_ids["class"] == owner).tolist()
        same = [number for number in named if part.method_name(number) == name]
    return [row for number in same for row in np.flatnonzero(part.methods.method == number).tolist()]


def _is_console(index: DexIndex, method: Method, called: Instruction) -> bool:
    """Tell whether a method is called of nothing but `System.out` or `System.err`."""
    given = [method.instructions[place] for place in method.writers_of(called, called.registers[0])]
    return bool(given) and all(
        one.opcode == dalvik.SGET_OBJECT and one.index is not None and index.field_name(one.index) in _CONSOLE
        for one in given
    )


def step_of(owner: bytes, name: str, *, is_receiver: bool) -> Step | None:
    """Tell what a method of Android does on the way to such a question; None for all others.

    With `is_receiver` what is followed is the object that is called.

    Example:
        >>> step_of(b"Landroid/net/Uri;", "parse", is_receiver=False)
        <Step.RESULT: 2>
        >>> step_of(b"Landroid/content/Context;", "startActivity", is_receiver=False) is None
        True
    """
    if owner == _URI and name == "parse":
        return Step.RESULT
    if owner == _ASKED and name in _ASKS and not is_receiver:
        return Step.ASKED
    return _of_intent(name, is_receiver=is_receiver) if owner == _INTENT else None


def _of_intent(name: str, *, is_receiver: bool) -> Step | None:
    if not is_receiver:
        return Step.INTO if name in _TAKES_IN else None
    if name in _ASKS:
        return Step.ASKED
    if name.startswith(_STAYS):
        return Step.RESULT
    return Step.NOTHING if name == "<init>" else None
