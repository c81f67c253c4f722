"""Fields that hold nothing but ciphers and digests that Android made: data is changed wherever they are used."""

from collections.abc import Collection
from typing import Final

from phone_audit.apk.dex import def_use
from phone_audit.apk.dex.instructions import INVOKES, DexCodeError, Instruction
from phone_audit.apk.flows.program import Method, Program
from phone_audit.apk.flows.taint_rules import CHANGING

_MOST_UNITS: Final = 8_000
"""Code units of a method that is looked at."""
_PUTS: Final = frozenset({0x5B, 0x69})
"""iput-object, sput-object."""
_RESULT: Final = 0x0C
_NUMBERS: Final = frozenset(range(0x12, 0x16))
_MAKES: Final = "getInstance"
_CHANGES_NOTHING: Final = (b"Ljavax/crypto/NullCipher;", b"javax.crypto.NullCipher")
"""A cipher that gives back what it is handed, as a type and as a text. Source: Java reference, NullCipher."""


def cipher_fields(program: Program) -> frozenset[str]:
    """Return class, name and type of the fields into which the package only puts what `getInstance` gave it."""
    if any(_CHANGES_NOTHING[0] in one.type_ids or one.strings_equal(_CHANGES_NOTHING[1:]) for one in program.indexes):
        return frozenset()
    made: dict[str, bool] = {}
    for method, number, offset in program.users("field", [_of_kind(program, part) for part in _parts(program)]):
        index = program.indexes[method.part]
        if int(index.data[offset]) in _PUTS:
            name = program.field(method.part, number)
            made[name] = made.get(name, True) and _puts_made(program, method, offset)
    return frozenset(name for name, is_made in made.items() if is_made)


def _parts(program: Program) -> range:
    return range(len(program.indexes))


def _of_kind(program: Program, part: int) -> Collection[int]:
    """Return the field_ids of one part that are of such a type."""
    index = program.indexes[part]
    kinds = {index.type_ids[one] for one in CHANGING if one in index.type_ids}
    _, types, _ = index.field_columns
    return [number for number, kind in enumerate(types) if kind in kinds] if kinds else ()


def _puts_made(program: Program, method: Method, offset: int) -> bool:
    """Tell whether all that an instruction may put into a field was made there by Android, or is null."""
    code = program.code(method)
    if code is None or len(code.units) > _MOST_UNITS:
        return False
    try:
        body = def_use.Method(code)
        puts = body.instructions[body.at((offset - code.offset) // 2)]
        origins = body.origins_of(puts, puts.registers[0])
        return bool(origins) and all(place >= 0 and _is_made(program, method, body, place) for place in origins)
    except DexCodeError:
        return False


def _is_made(program: Program, method: Method, body: def_use.Method, place: int) -> bool:
    writes: Instruction = body.instructions[place]
    if writes.opcode in _NUMBERS:
        return writes.literal == 0
    calls = body.instructions[place - 1] if writes.opcode == _RESULT and place else None
    if calls is None or calls.opcode not in INVOKES:
        return False
    owner, name, _ = program.names.called(method.part, calls.index or 0)
    return owner in CHANGING and name == _MAKES
