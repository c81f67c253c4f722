"""Whether anything may read a static field by its name: what no instruction reads may be read by reflection.

A field is looked up on its class. That is had from code that names it, from an object of it, or by its own name, and
`StartedCode` tells whether anything that runs has one of these. What is left are look-ups on a class that is not known,
for a field whose name is not known either: whoever's code it is, any field may be meant, since a name is all that
makes code a library's. So it may where native code of the same library runs, which sees fields too.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from phone_audit.apk.code.libraries import OwnerOf
from phone_audit.apk.code.selectors import Row
from phone_audit.apk.code.started_code import StartedCode
from phone_audit.apk.dex.def_use import Method
from phone_audit.apk.dex.descriptors import java_name
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import (
    CONST_CLASS,
    CONST_STRING,
    CONST_STRING_JUMBO,
    MOVE_RESULT_OBJECT,
    DexCodeError,
)
from phone_audit.apk.dex.xrefs import MAX_USES, Use, users_of

_LOOK_UPS: Final = (b"getField", b"getFields", b"getDeclaredField", b"getDeclaredFields")
_CLASS: Final = b"Ljava/lang/Class;"
_OTHER_WAYS: Final = (b"Lsun/misc/Unsafe;", b"Ljava/lang/invoke/MethodHandles$Lookup;", b"Ljava/lang/invoke/VarHandle;")
"""Classes whose methods read fields; what they are asked for is not followed."""
_OF_AN_OBJECT: Final = b"getClass"


class FieldLookUps:
    """Answers for the static fields of one package."""

    def __init__(self, indexes: Sequence[DexIndex], owner_of: OwnerOf, started: StartedCode) -> None:
        self._indexes = indexes
        self._owner_of = owner_of
        self._started = started

    def may_read(self, class_: bytes, field: bytes) -> bool:
        """Tell whether anything may read a static field of a class in another way than by an instruction for it."""
        owner = self._owner_of(java_name(class_))
        if owner.party != "library" or self._is_looked_up(field) or self._started.may_hold(class_):
            return True
        return any(self._owner_of(java_name(name)) == owner for name in self._started.native)

    def may_set_any(self) -> bool:
        """Tell whether code that is no library's may set any field by its name, or run in a way that is not seen."""
        rows = {row for row, name in self._look_ups if name is None}
        others = {row for row in rows if row is not None and not self._is_of_library(row)}
        return None in rows or not self._started.is_settled or self._started.starts_any(others)

    def _is_of_library(self, row: Row) -> bool:
        return self._owner_of(java_name(self._indexes[row[0]].row_class(row[1]))).party == "library"

    def may_find(self, field: bytes) -> bool:
        """Tell whether any look-up, on whatever class and whether or not it is started, may ask for this name."""
        return not self._names.isdisjoint({None, field})

    @cached_property
    def _names(self) -> frozenset[bytes | None]:
        """The names of fields that are looked up on any class; None stands for any."""
        return frozenset(name for index in self._indexes for _, name in _look_ups(index, on_any_class=True))

    def _is_looked_up(self, field: bytes) -> bool:
        """Tell whether code that runs looks up this field, or any, on a class that is not known."""
        asking = {row for row, name in self._look_ups if name in (None, field)}
        rows = {row for row in asking if row is not None}
        return len(rows) < len(asking) or self._started.starts_any(rows)

    @cached_property
    def _look_ups(self) -> frozenset[tuple[Row | None, bytes | None]]:
        """The methods that look up fields on a class that is not known, and their names; None stands for any."""
        parts = enumerate(self._indexes)
        found = ((part, row, name) for part, index in parts for row, name in _look_ups(index, on_any_class=False))
        return frozenset((None if row is None else (part, row), name) for part, row, name in found)


def _look_ups(index: DexIndex, *, on_any_class: bool) -> Iterator[tuple[int | None, bytes | None]]:
    """Yield rows of methods, and the names of fields that they look up; None stands for any method, or any name."""
    named = list(index.strings_equal(_LOOK_UPS).values())
    kinds = [number for name in _OTHER_WAYS if (number := index.type_ids.get(name)) is not None]
    ids = index.method_ids
    looking = (ids["class"] == index.type_ids.get(_CLASS, -1)) & np.isin(ids["name"], named)
    others = np.isin(ids["class"], kinds)
    for number, uses in users_of(index, "method", np.flatnonzero(looking | others).tolist()).items():
        if len(uses) == MAX_USES:
            yield None, None
        for use in uses:
            names = [None] if others[number] else _names_of(index, use, on_any_class=on_any_class)
            yield from ((use.row, name) for name in names)


def _names_of(index: DexIndex, use: Use, *, on_any_class: bool) -> list[bytes | None]:
    """Return the names that are looked up on a class that is not known, or on any; None for any name."""
    code = index.code(use.row)
    try:
        method = Method(code) if code else None
        call = method.instructions[method.at(use.unit)] if method else None
        if method is None or call is None or not call.registers:
            return [None]
        classes = method.origins_of(call, call.registers[0])
        if not on_any_class and classes and all(_is_known(index, method, place) for place in classes):
            return []
        names = method.origins_of(call, call.registers[1]) if len(call.registers) > 1 else []
        return [_text(index, method, place) for place in names] or [None]
    except DexCodeError:
        return [None]


def _is_known(index: DexIndex, method: Method, place: int) -> bool:
    """Tell whether a class is one that code names, or that of an object."""
    step = method.instructions[place] if place >= 0 else None
    if step is None or step.opcode == CONST_CLASS:
        return step is not None
    if step.opcode != MOVE_RESULT_OBJECT or not place:
        return False
    number = method.instructions[place - 1].index
    is_call = number is not None and number < index.method_ids.size
    return is_call and index.raw_string(int(index.method_ids["name"][number])) == _OF_AN_OBJECT


def _text(index: DexIndex, method: Method, place: int) -> bytes | None:
    step = method.instructions[place] if place >= 0 else None
    is_constant = step is not None and step.opcode in (CONST_STRING, CONST_STRING_JUMBO)
    return index.raw_string(step.index or 0) if step and is_constant else None
