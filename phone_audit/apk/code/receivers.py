"""Whose methods a look-up of methods is for: a class that is known, so that its methods alone may be meant."""

import re
from collections.abc import Callable
from typing import Final

from phone_audit.apk.dex.class_hierarchy import ClassHierarchy
from phone_audit.apk.dex.def_use import ENTRY, Method
from phone_audit.apk.dex.file import types_in
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import (
    CHECK_CAST,
    CONST_CLASS,
    MOVE_OBJECT,
    MOVE_RESULT_OBJECT,
    NEW_INSTANCE,
    STATIC_INVOKES,
    Instruction,
)

_OF_CLASSES: Final = re.compile(
    rb"L(?:java/|javax/|dalvik/|sun/|libcore/|kotlin/reflect/|org/xml/|[^;]*ClassLoader|android/app/(?:Fragment"
    rb"|Instrumentation|AppComponentFactory)|android/content/(?:Intent|ComponentName)|android/view/LayoutInflater)"
)
"""Classes whose methods look up classes or load code, and those that a class may be an object of, such as `Object`."""
_JAVA: Final = b"Ljava/"
_ANDROID: Final = b"Landroid/"
_CLASS: Final = b"Ljava/lang/Class;"
_GET_CLASS: Final = b"getClass"
_GETS: Final = frozenset({0x54, 0x62})
_STATIC: Final = 0x8
_WIDE: Final = frozenset("JD")
_TYPE: Final = re.compile(r"\[*(?:L[^;]*;|.)")
_MOST_MOVES: Final = 4

Origins = Callable[[Method, Instruction, int], list[int]]


class Receivers:
    """Looks at the calls of one package. `origins` gives the places that may have written a register."""

    def __init__(self, tree: ClassHierarchy, origins: Origins) -> None:
        self._tree = tree
        self._origins = origins
        self._defined = frozenset(name for index in tree.indexes for name in index.file.defined_classes)
        self._has_loader = any(
            b"ClassLoader" in index.descriptor(number)
            for index in tree.indexes
            for number in types_in(index.part, "super")
        )

    def is_known(self, part: int, row: int, method: Method, call: Instruction) -> bool:
        """Tell whether a call on a class is on one that is known and that leads to no other classes."""
        index = self._tree.indexes[part]
        number = call.index if call.index is not None else index.method_ids.size
        if number >= index.method_ids.size or index.class_descriptor(number) != _CLASS:
            return False
        if call.opcode in STATIC_INVOKES or not call.registers or self._has_loader:
            return False
        return self._each(method, call, call.registers[0], lambda place, _: self._is_class(part, row, method, place))

    def _each(
        self,
        method: Method,
        reader: Instruction,
        register: int,
        is_sound: Callable[[int, int], bool],
        left: int = _MOST_MOVES,
    ) -> bool:
        """Tell whether something holds of all places that may have written a register, behind moves."""
        origins = self._origins(method, reader, register)
        for place in origins:
            step = method.instructions[place] if place != ENTRY else None
            if step is not None and step.opcode in MOVE_OBJECT and left:
                if not self._each(method, step, step.registers[1], is_sound, left - 1):
                    return False
            elif not is_sound(place, register):
                return False
        return bool(origins)

    def _is_class(self, part: int, row: int, method: Method, place: int) -> bool:
        """Tell whether a value is a known class, or that of an object of one."""
        if place == ENTRY:
            return False
        index, step = self._tree.indexes[part], method.instructions[place]
        if step.opcode == CONST_CLASS:
            return self._is_sound(index.descriptor(step.index or 0))
        if step.opcode != MOVE_RESULT_OBJECT or not place:
            return False
        call = method.instructions[place - 1]
        if call.index is None or call.index >= index.method_ids.size or not call.registers:
            return False
        if index.raw_string(int(index.method_ids["name"][call.index])) != _GET_CLASS:
            return False
        return self._each(
            method, call, call.registers[0], lambda one, held: self._is_sound(self._type(part, row, method, one, held))
        )

    def _is_sound(self, name: bytes) -> bool:
        if name not in self._defined:
            return name.startswith(_ANDROID) and not _OF_CLASSES.match(name)
        above = (one for one in self._tree.above(name) if not one.startswith(_JAVA))
        return not any(_OF_CLASSES.match(one) for one in above)

    def _type(self, part: int, row: int, method: Method, place: int, register: int) -> bytes:
        """Return the type that a value is declared with; `?` where that is not known."""
        index = self._tree.indexes[part]
        if place == ENTRY:
            return _handed(index, row, register)
        step = method.instructions[place]
        after = method.instructions[place + 1] if place + 1 < len(method.instructions) else None
        if after is not None and after.opcode == CHECK_CAST and after.registers[:1] == step.registers[:1]:
            return index.descriptor(after.index or 0)
        if step.opcode == NEW_INSTANCE:
            return index.descriptor(step.index or 0)
        if step.opcode in _GETS and step.index is not None and step.index < index.field_ids.size:
            return index.descriptor(int(index.field_ids["type"][step.index]))
        if step.opcode != MOVE_RESULT_OBJECT or not place:
            return b"?"
        number = method.instructions[place - 1].index
        if number is None or number >= index.method_ids.size:
            return b"?"
        prototype = index.prototype(int(index.method_ids["type"][number]))
        return prototype.rpartition(")")[2].encode("utf-8", "surrogatepass")


def _handed(index: DexIndex, row: int, register: int) -> bytes:
    """Return the type of what a method is handed in a register."""
    code = index.code(row)
    word = register - (code.registers - code.ins) if code is not None else -1
    if not index.methods.access[row] & _STATIC:
        if word == 0:
            return index.row_class(row)
        word -= 1
    prototype = index.prototype(int(index.method_ids["type"][int(index.methods.method[row])]))
    for kind in _TYPE.findall(prototype[1 : prototype.rfind(")")]):
        if word == 0:
            return str(kind).encode("utf-8", "surrogatepass")
        word -= 2 if kind in _WIDE else 1
    return b"?"
