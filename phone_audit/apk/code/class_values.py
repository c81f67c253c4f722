"""Classes that code takes as a value without running any of their methods.

`synchronized (A.class)` hands nobody the class, and an Intent at a component that the manifest does not name starts
nothing. Source: Android reference, "Intent", "Explicit intents".
"""

from collections.abc import Callable
from typing import Final

from phone_audit.apk.dex.def_use import Further, Method, Read
from phone_audit.apk.dex.index import Code, DexIndex
from phone_audit.apk.dex.instructions import CONST_CLASS, INVOKES, DexCodeError

_MONITOR_ENTER: Final = 0x1D
_MONITORS: Final = frozenset({_MONITOR_ENTER, 0x1E})
_TARGETS: Final = frozenset({
    (b"Landroid/content/Intent;", "<init>"), (b"Landroid/content/Intent;", "setClass"),
    (b"Landroid/content/ComponentName;", "<init>"),
})  # fmt: skip
"""Calls that take a class as the component that an Intent is for."""


def is_lock(code: Code, number: int) -> bool:
    """Tell whether a method takes a class, by its number, for nothing but a lock."""
    return _is_entered(code, number) and _is_only_read(code, number, lambda read: read.instruction.opcode in _MONITORS)


def is_target(index: DexIndex, code: Code, number: int) -> bool:
    """Tell whether a method takes a class, by its number, for nothing but the component that an Intent is for."""

    def takes_target(read: Read) -> bool:
        called = read.instruction.index
        if read.instruction.opcode not in INVOKES or called is None or called >= index.method_ids.size:
            return False
        return (index.class_descriptor(called), index.simple_name(called)) in _TARGETS

    return _is_only_read(code, number, takes_target)


def _is_only_read(code: Code, number: int, is_meant: Callable[[Read], bool]) -> bool:
    try:
        method = Method(code)
        of_class = [
            place for place in method.instructions.with_opcode(CONST_CLASS)
            if method.instructions[place].index == number
        ]  # fmt: skip
        return all(_reads(method, place, is_meant) for place in of_class)
    except DexCodeError:
        return False


def _is_entered(code: Code, number: int) -> bool:
    """Tell whether a lock is taken right behind one that takes the class; most are, and most others are none."""
    units = code.units
    return any(
        units[at] & 0xFF == CONST_CLASS and units[at + 1] == number and units[at + 2] & 0xFF == _MONITOR_ENTER
        for at in range(len(units) - 2)
    )


def _reads(method: Method, place: int, is_meant: Callable[[Read], bool]) -> bool:
    """Tell whether all that reads what an instruction writes is of a kind, as far as it goes."""
    reads: list[Read] = []

    def note(read: Read) -> Further:
        reads.append(read)
        return Further()

    is_whole = method.follow(place + 1, method.instructions[place].registers[0], note)
    return is_whole and bool(reads) and all(map(is_meant, reads))
