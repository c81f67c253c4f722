"""Static fields in which a method keeps an object that it makes."""

from typing import Final

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.def_use import Further, Method, Read
from phone_audit.apk.dex.index import Code
from phone_audit.apk.dex.instructions import DexCodeError

_SPUT_OBJECT: Final = 0x69
_APUT_OBJECT: Final = 0x4D
_DIRECT: Final = frozenset({0x70, 0x76})
"""invoke-direct, invoke-direct/range: of a new object, its constructor."""
_MOVES: Final = range(0x07, 0x0A)
"""move-object in its three forms."""
_MOST_UNITS: Final = 20_000


class _GoneError(Exception):
    """The object goes somewhere else."""


def static_fields_of(code: Code, unit: int) -> frozenset[int] | None:
    """Return the field_ids of the static fields that take the object made at a code unit, or an array that holds it.

    None where it goes anywhere else, so that any field may hold it.
    """
    fields: set[int] = set()

    def into_array(array: int, place: int) -> Further:
        """Take the array as holding it: also where it was put into a field before."""
        origins = set(method.origins_of(method.instructions[place], array))
        for step in map(method.instructions.__getitem__, range(place)):
            if step.opcode in _MOVES or not origins:
                raise _GoneError
            if step.opcode == _SPUT_OBJECT and not origins.isdisjoint(method.origins_of(step, step.registers[0])):
                fields.add(step.index or 0)
        return Further((array,))

    def more(read: Read) -> Further:
        step = read.instruction
        if step.opcode == _SPUT_OBJECT:
            fields.add(step.index or 0)
        elif step.opcode == _APUT_OBJECT and read.register == step.registers[0]:
            return into_array(step.registers[1], read.place)
        elif step.opcode == _APUT_OBJECT and read.register == step.registers[1]:
            return Further()
        elif (
            step.opcode not in _DIRECT or step.registers[:1] != (read.register,) or read.register in step.registers[1:]
        ):
            raise _GoneError
        return Further()

    if len(code.units) > _MOST_UNITS:
        return None
    try:
        method = Method(code)
        at = method.at(unit)
        made = method.instructions[at]
        if made.opcode != dalvik.NEW_INSTANCE or not method.follow(at + 1, made.registers[0], more):
            return None
    except (DexCodeError, _GoneError):
        return None
    return frozenset(fields)
