"""Classes that code takes as a lock alone: `synchronized (A.class)` hands nobody the class."""

from typing import Final

from phone_audit.apk.dex.def_use import Further, Method, Read
from phone_audit.apk.dex.index import Code
from phone_audit.apk.dex.instructions import CONST_CLASS, DexCodeError

_MONITOR_ENTER: Final = 0x1D
_MONITORS: Final = frozenset({_MONITOR_ENTER, 0x1E})


def is_lock(code: Code, number: int) -> bool:
    """Tell whether a method takes a class, by its number, for nothing but a lock."""
    try:
        if not _is_entered(code, number):
            return False
        method = Method(code)
        of_class = [
            place for place in method.instructions.with_opcode(CONST_CLASS)
            if method.instructions[place].index == number
        ]  # fmt: skip
        return all(_locks(method, place) for place in of_class)
    except DexCodeError:
        return False


def _is_entered(code: Code, number: int) -> bool:
    """Tell whether a lock is taken right behind one that takes the class; most are, and most others are none."""
    units = code.units
    return any(
        units[at] & 0xFF == CONST_CLASS and units[at + 1] == number and units[at + 2] & 0xFF == _MONITOR_ENTER
        for at in range(len(units) - 2)
    )


def _locks(method: Method, place: int) -> bool:
    reads: list[Read] = []

    def note(read: Read) -> Further:
        reads.append(read)
        return Further()

    is_whole = method.follow(place + 1, method.instructions[place].registers[0], note)
    return is_whole and all(read.instruction.opcode in _MONITORS for read in reads)
