"""Following a text through code, register by register, until everything that happens to it is known to be harmless."""

import re
from collections.abc import Sequence
from enum import Enum, auto
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.def_use import Further, Method, Read
from phone_audit.apk.dex.file import types_in
from phone_audit.apk.dex.index import DexIndex, remembered
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
    """What a call of Android does with a text, an address or an Intent, or with what holds it."""

    NOTHING = auto()
    RESULT = auto()
    """The result of the call holds it too."""
    INTO = auto()
    """The object that is called, and the result, hold it too."""
    ASKED = auto()
    """Which package would open it is asked."""


class OtherUseError(Exception):
    """Something else happens to the text, so it counts."""


class _Frame(NamedTuple):
    """A method in which a text is followed; `depth` says through how many further ones that may go on."""

    part: DexIndex
    method: Method
    depth: int


class Follower:
    """Follows texts through the code of one package."""

    def __init__(self, indexes: Sequence[DexIndex]) -> None:
        self._indexes = indexes

    def rules_of(self, index: DexIndex, use: Use) -> set[str]:
        """Return the rules for what happens to a text after one instruction has loaded it.

        Raises OtherUseError where something else happens or may, DexCodeError where the code is broken.
        """
        method = self._method(index, use.row)
        at = method.at(use.unit)
        load = method.instructions[at]
        if load.opcode not in (dalvik.CONST_STRING, dalvik.CONST_STRING_JUMBO):
            raise OtherUseError
        found = self._follow(_Frame(index, method, MAX_DEPTH), at + 1, load.registers[0])
        if not found:
            raise OtherUseError
        return found

    def _follow(self, frame: _Frame, at: int, register: int) -> set[str]:
        found = self._rules_from(frame, at, register)
        if found is None:
            raise OtherUseError
        return found

    @remembered
    def _rules_from(self, frame: _Frame, at: int, register: int) -> set[str] | None:
        """Follow what a register holds; texts that are put together into one are followed once from there on."""
        found: set[str] = set()

        def more(read: Read) -> Further:
            kinds, further = self._happens(frame, read)
            found.update(kinds)
            return further

        try:
            whole = at < len(frame.method.instructions) and frame.method.follow(at, register, more)
        except (OtherUseError, DexCodeError):
            return None
        return found if whole else None

    def _happens(self, frame: _Frame, read: Read) -> tuple[set[str], Further]:
        """Tell what one instruction does with the text, and which further registers hold it then."""
        one = read.instruction
        if one.opcode in dalvik.MOVE_OBJECT:
            return set(), Further(one.registers[:1])
        if one.opcode == dalvik.CHECK_CAST or one.opcode in range(0x38, 0x3A):  # if-eqz, if-nez
            return set(), Further()
        if one.opcode not in dalvik.INVOKES or one.index is None:
            raise OtherUseError
        owner = frame.part.class_descriptor(one.index)
        name = frame.part.simple_name(one.index)
        is_receiver = one.registers[0] == read.register
        if _is_message(frame, one, owner, name, is_receiver=is_receiver):
            return {MESSAGE}, Further()
        if is_receiver and one.opcode not in dalvik.STATIC_INVOKES and owner.startswith(_STREAMS):
            return set(), Further()
        step = step_of(owner, name, is_receiver=is_receiver)
        if step is None:
            return self._in_callee(frame, read), Further()
        if step is Step.ASKED:
            return {PROBE}, Further()
        into = one.registers[:1] if step is Step.INTO else ()
        kinds = self._of_object(frame, one) if into else set()
        return kinds, Further(into, result=step in (Step.INTO, Step.RESULT))

    def _of_object(self, frame: _Frame, called: Instruction) -> set[str]:
        """Follow the object that takes the text in from where it was made; one that comes from elsewhere counts."""
        instructions = frame.method.instructions
        made = frame.method.writers_of(called, called.registers[0])
        if not made or not frame.depth or any(instructions[at].opcode != dalvik.NEW_INSTANCE for at in made):
            raise OtherUseError
        deeper = frame._replace(depth=frame.depth - 1)
        return set().union(*(self._follow(deeper, at + 1, called.registers[0]) for at in made))

    def _in_callee(self, frame: _Frame, read: Read) -> set[str]:
        """Follow the text into a method of the package."""
        callee = self._callee(frame.part, read.instruction) if frame.depth and not read.has_result else None
        code = callee[0].code(callee[1]) if callee else None
        if callee is None or code is None:
            raise OtherUseError
        inside = _Frame(callee[0], self._method(*callee), frame.depth - 1)
        first = code.registers - code.ins
        places = [at for at, register in enumerate(read.instruction.registers) if register == read.register]
        return set().union(*(self._follow(inside, 0, first + at) for at in places))

    def _callee(self, index: DexIndex, one: Instruction) -> tuple[DexIndex, int] | None:
        """Return the part and the row of the one method that is called, if no subclass can stand in for it."""
        rows = [(part, row) for part in self._indexes for row in _rows(part, index, one.index or 0)]
        if len(rows) != 1:
            return None
        ((part, row),) = rows
        is_final = bool(int(part.methods.access[row]) & _FINAL_OR_PRIVATE) or part.row_class(row) not in self._extended
        fixed = one.opcode in _FIXED_CALLS or (one.opcode in _VIRTUAL_CALLS and is_final)
        return (part, row) if fixed else None

    @cached_property
    def _extended(self) -> frozenset[bytes]:
        """Classes that some class of the package extends."""
        supers = (index.descriptor(number) for index in self._indexes for number in types_in(index.part, "super"))
        return frozenset(supers)

    @remembered
    def _method(self, index: DexIndex, row: int) -> Method:
        code = index.code(row)
        if code is None or len(code.units) > MAX_UNITS:
            raise OtherUseError
        return Method(code)


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


def _is_message(frame: _Frame, called: Instruction, owner: bytes, name: str, *, is_receiver: bool) -> bool:
    """Tell whether a call writes the text to the log or the console, shows it, or makes an exception of it."""
    if owner in _MESSAGES or (owner, name) in _SHOWN:
        return True
    if is_receiver:
        return False
    if owner == _PRINTER:
        return _is_console(frame, called)
    return name == "<init>" and _THROWN.fullmatch(owner) is not None


def _is_console(frame: _Frame, called: Instruction) -> bool:
    """Tell whether a method is called of nothing but `System.out` or `System.err`."""
    given = [frame.method.instructions[place] for place in frame.method.writers_of(called, called.registers[0])]
    return bool(given) and all(
        one.opcode == dalvik.SGET_OBJECT and one.index is not None and frame.part.field_name(one.index) in _CONSOLE
        for one in given
    )


def step_of(owner: bytes, name: str, *, is_receiver: bool) -> Step | None:
    """Tell what a method of Android does with a text, or with an address on the way to a question; None for others.

    With `is_receiver` what is followed is the object that is called.

    Example:
        >>> step_of(b"Landroid/net/Uri;", "parse", is_receiver=False)
        <Step.RESULT: 2>
        >>> step_of(b"Landroid/content/Context;", "startActivity", is_receiver=False) is None
        True
    """
    if owner in _BUILDERS or owner == _STRING or (owner == _OBJECT and name == "toString"):
        if name in _PASSED_ON:
            into = owner in _BUILDERS or name == "<init>"
            return Step.INTO if into and not is_receiver else Step.RESULT
        return Step.NOTHING if name in _NEUTRAL else None
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
