"""What decides whether an instruction of a method is reached: a parameter, a comparison of texts, or something else.

Seen are tests of one register for zero right behind where its value comes from; anything else counts as no choice.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.index import Code, DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, Instruction, walk

MAX_UNITS: Final = 4_000
"""Code units of a method that is looked at."""
_IF_ZERO: Final = 0x38
_IF_NOT_ZERO: Final = 0x39
_RESULT: Final = 0x0A
_SMALL: Final = frozenset(range(0x12, 0x15))
_COMPARES: Final = frozenset({"equals", "equalsIgnoreCase", "contentEquals", "startsWith"})
_STRING: Final = b"Ljava/lang/String;"


class Parameter(NamedTuple):
    """A parameter, by the number of the register word that it fills, from 0."""

    word: int


class Text(NamedTuple):
    """A text that something has to be equal to, or to begin with."""

    text: str


Choice = Parameter | Text


def choice_of(index: DexIndex, code: Code, unit: int) -> Choice | None:
    """Return what decides that the instruction at a code unit is reached; None where nothing was seen to."""
    steps = _steps(code)
    following = dict(pairwise(steps))
    order = list(steps)
    for at in order:
        step = steps[at]
        if step.opcode not in (_IF_ZERO, _IF_NOT_ZERO) or at == unit or step.target is None:
            continue
        wanted = step.target if step.opcode == _IF_NOT_ZERO else following.get(at)
        other = following.get(at) if step.opcode == _IF_NOT_ZERO else step.target
        if wanted is None or other is None or _leads(steps, following, other, unit):
            continue
        if _leads(steps, following, wanted, unit):
            found = _source(index, code, [steps[before] for before in order if before < at], step.registers[0])
            if found is not None:
                return found
    return None


def tests_before(code: Code, unit: int) -> Iterator[tuple[Instruction, bool]]:
    """Yield the tests for zero that decide whether an instruction is reached, and whether by what is not zero."""
    steps = _steps(code)
    following = dict(pairwise(steps))
    for at, step in steps.items():
        other = following.get(at)
        if step.opcode not in (_IF_ZERO, _IF_NOT_ZERO) or at == unit or step.target is None or other is None:
            continue
        by_jump, by_passing = (_leads(steps, following, start, unit) for start in (step.target, other))
        if by_jump != by_passing:
            yield step, by_jump == (step.opcode == _IF_NOT_ZERO)


def passed(code: Code, unit: int, word: int) -> int | Parameter | None:
    """Return what a call hands on in an argument word: a number, the caller's own parameter, or None."""
    steps = _steps(code)
    call = steps.get(unit)
    if call is None or word >= len(call.registers):
        return None
    register = call.registers[word]
    return _value([step for at, step in steps.items() if at < unit], code, register)


def _value(before: Collection[Instruction], code: Code, register: int) -> int | Parameter | None:
    """Return the number or the parameter that a register holds behind some instructions, the last that fills it."""
    for step in reversed(list(before)):
        if step.opcode in dalvik.JUMPS and step.opcode not in dalvik.NO_WAY_ON:
            continue
        if _fills(step, register):
            if step.opcode in _SMALL:
                return step.literal
            return None
    word = register - (code.registers - code.ins)
    return Parameter(word) if word >= 0 else None


def _source(index: DexIndex, code: Code, before: list[Instruction], register: int) -> Choice | None:
    """Return where the value of a register that is tested comes from, if it is one of the choices."""
    if before and before[-1].opcode == _RESULT and before[-1].registers[0] == register and len(before) > 1:
        call = before[-2]
        return _compared(index, before[:-2], call) if call.opcode in dalvik.INVOKES else None
    found = _value(before, code, register)
    return found if isinstance(found, Parameter) else None


def _compared(index: DexIndex, before: list[Instruction], call: Instruction) -> Text | None:
    """Return the constant text that a call compares with, if it is one that does."""
    if index.class_descriptor(call.index or 0) != _STRING or index.simple_name(call.index or 0) not in _COMPARES:
        return None
    for register in call.registers:
        filling = next((step for step in reversed(before) if _fills(step, register)), None)
        if filling is not None and filling.opcode in (dalvik.CONST_STRING, dalvik.CONST_STRING_JUMBO):
            return Text(index.string(filling.index or 0))
    return None


def _fills(step: Instruction, register: int) -> bool:
    """Tell whether an instruction may put a value into a register; those that only read count, too."""
    return bool(step.registers) and step.registers[0] == register and step.opcode not in dalvik.INVOKES


def _leads(steps: Mapping[int, Instruction], following: Mapping[int, int], start: int, wanted: int) -> bool:
    """Tell whether an instruction can be reached from another; what a switch chooses counts as reached."""
    waiting, seen = [start], set()
    while waiting:
        at = waiting.pop()
        if at == wanted:
            return True
        step = steps.get(at)
        if step is None or at in seen:
            continue
        seen.add(at)
        if step.opcode in dalvik.JUMPS and step.target is not None:
            waiting.append(step.target)
        if step.opcode not in dalvik.NO_WAY_ON and at in following:
            waiting.append(following[at])
    return False


def _steps(code: Code) -> dict[int, Instruction]:
    if len(code.units) > MAX_UNITS:
        return {}
    try:
        return {step.offset: step for step in walk(code.units)}
    except DexCodeError:
        return {}
