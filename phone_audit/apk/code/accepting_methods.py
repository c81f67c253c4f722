"""Methods that accept whatever they are shown, as their instructions say: no check, always true, on after an error."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.def_use import Further, Method, Read
from phone_audit.apk.dex.index import Code, DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, Instruction, walk

_MAX_UNITS: Final = 4_000
"""Code units of a method that are followed; what accepts everything is short, unless somebody makes it longer."""
_MAX_DECIDING: Final = 400
"""The same of a method that decides something and returns true all the same."""
_MAX_RETURNS: Final = 8
"""Returns of such a method; one that has more is not looked at."""
_MOST_ASKED: Final = 4
"""Static methods that are asked for an answer in one method."""
_MOVES: Final = frozenset(range(0x01, 0x0A))
_RESULTS: Final = frozenset(range(0x0A, 0x0D))
_RETURN: Final = 0x0F
_THROW: Final = 0x27
_WITHOUT_CONNECTION: Final = 3
"""Registers of what is handed over: the object itself, the certificates, how keys are exchanged."""
_CHAIN: Final = 1
"""The argument of `checkServerTrusted` that is the certificates, behind the object itself."""
_OBJECT_MOVES: Final = frozenset(range(0x07, 0x0A))
_TESTS: Final = frozenset({0x21, *dalvik.IFS})
"""array-length, and what compares: whether there is a certificate at all."""
_SMALL: Final = frozenset(range(0x12, 0x15))
_IF_ZERO: Final = 0x38
_IF_NOT_ZERO: Final = 0x39
_OTHER_CALLS: Final = frozenset(range(0xFA, 0xFE))
"""invoke-polymorphic and invoke-custom, whose target is not looked up."""
_SUPER: Final = frozenset({0x6F, 0x75})
_QUIET: Final = frozenset(
    (0x00, *_MOVES, *_RESULTS, *range(0x12, 0x1D), dalvik.NEW_INSTANCE, *range(0x52, 0x59), *range(0x60, 0x67))
)
"""Instructions that decide nothing: moves, constants, new objects, what is read from fields."""

_HARMLESS: Final = frozenset({
    b"Landroid/util/Log;", b"Ljava/io/PrintStream;", b"Ljava/lang/StringBuilder;", b"Lkotlin/jvm/internal/Intrinsics;",
    b"Ljava/util/Arrays;", b"Ljava/util/Collections;",
})  # fmt: skip
"""Classes that check no certificate: logging, text, Kotlin's test for null, lists."""
_HANDLER: Final = b"Landroid/webkit/SslErrorHandler;"


def never_checks(index: DexIndex, code: Code) -> bool:
    """Tell whether a method can return, and whether nothing that it calls can know a certificate.

    It may refuse an empty chain. What happens in its exception handlers is not followed: without a call that checks,
    there is nothing to catch. What is not handed the certificates cannot check them.
    """
    steps = {step.offset: step for step in _steps(code)}
    calls = [step for step in steps.values() if step.opcode in dalvik.INVOKES or step.opcode in _OTHER_CALLS]
    is_blind = all(_is_blind(index, step) for step in calls) or _keeps_to_itself(index, code)
    return is_blind and _returns(steps)


def _keeps_to_itself(index: DexIndex, code: Code) -> bool:
    """Tell whether a method does nothing with the certificates that it is handed but count them, or test for null.

    One that is handed a connection as well may check what that holds.
    """
    if code.ins != _WITHOUT_CONNECTION:
        return False
    told = False

    def more(read: Read) -> Further:
        nonlocal told
        step = read.instruction
        if step.opcode in _OBJECT_MOVES:
            return Further(step.registers[:1])
        told |= step.opcode not in _TESTS and not (step.opcode in dalvik.INVOKES and _is_blind(index, step))
        return Further()

    try:
        is_whole = Method(code).follow(0, code.registers - code.ins + _CHAIN, more)
    except DexCodeError:
        return False
    return is_whole and not told


def _is_blind(index: DexIndex, step: Instruction) -> bool:
    if step.opcode in _OTHER_CALLS:
        return False
    called = _called(index, step)
    made = called.endswith((b"Exception;", b"Error;")) and _name(index, step) == b"<init>"
    return made or called in _HARMLESS or called == b"Ljava/lang/String;"


def _returns(steps: dict[int, Instruction]) -> bool:
    """Tell whether a return can be reached from the first instruction; what a switch chooses is not followed."""
    following = dict(pairwise(steps))
    waiting, seen = [0], set()
    while waiting:
        at = waiting.pop()
        step = steps.get(at)
        if step is None or at in seen:
            continue
        seen.add(at)
        if step.opcode in dalvik.RETURNS:
            return True
        if step.opcode in dalvik.JUMPS and step.target is not None:
            waiting.append(step.target)
        if step.opcode not in dalvik.NO_WAY_ON and at in following:
            waiting.append(following[at])
    return False


def always_true(index: DexIndex, code: Code, *, follow: bool = True) -> bool:
    """Tell whether a method returns true on its only way, or whatever it decides.

    With `follow` one static method may be asked, as in what compilers make of a lambda.
    """
    return _returns_true(index, code, follow=follow) or _has_no_other_answer(code)


def _has_no_other_answer(code: Code) -> bool:
    """Tell whether true is all that a method can return, on any of its ways, and that it cannot refuse by an error."""
    if len(code.units) > _MAX_DECIDING:
        return False
    try:
        method = Method(code)
        places = list(method.instructions.with_opcode(_RETURN))
        if len(places) > _MAX_RETURNS or next(method.instructions.with_opcode(_THROW), None) is not None:
            return False
        returns = [method.instructions[place] for place in places]
        origins = [method.origins_of(one, one.registers[0]) for one in returns]
        made = [method.instructions[place] if place >= 0 else None for places in origins for place in places]
    except DexCodeError:
        return False
    return bool(origins) and all(origins) and all(one and one.opcode in _SMALL and one.literal == 1 for one in made)


def _returns_true(index: DexIndex, code: Code, *, follow: bool) -> bool:
    known: dict[int, int | None] = {}
    result: int | None = None
    left = _MOST_ASKED if follow else 0
    for step in _steps(code):
        if step.opcode == _RETURN:
            return known.get(step.registers[0]) == 1
        if step.opcode in dalvik.INVOKES:
            if _called(index, step) in _HARMLESS:
                result = None
            elif left and step.opcode in dalvik.STATIC_INVOKES and _answers_true(index, step):
                left -= 1
                result = 1
            else:
                return False
        elif step.opcode not in _QUIET:
            return False
        elif step.registers:
            known[step.registers[0]] = _value(step, known, result)
    return False


def proceeds(index: DexIndex, code: Code) -> bool:
    """Tell whether `SslErrorHandler.proceed()` is called whatever the error is.

    A test of the handler for null may come first; any other decision, `cancel()` or the inherited method may not.
    """
    handler = code.registers - code.ins + 2
    skipped_to = 0
    for step in _steps(code):
        if step.offset < skipped_to:
            continue
        if step.opcode in dalvik.INVOKES:
            if step.opcode in _SUPER:
                return False
            if _called(index, step) == _HANDLER:
                return _name(index, step) == b"proceed"
        elif step.opcode in (_IF_ZERO, _IF_NOT_ZERO) and step.registers[0] == handler:
            skipped_to = step.target or 0 if step.opcode == _IF_NOT_ZERO else 0
        elif step.opcode not in _QUIET:
            return False
    return False


def _answers_true(index: DexIndex, step: Instruction) -> bool:
    """Tell whether the static method that is called is defined here and always returns true."""
    rows = np.flatnonzero(index.methods.method == step.index)
    code = index.code(int(rows[0])) if rows.size else None
    return code is not None and always_true(index, code, follow=False)


def _value(step: Instruction, known: dict[int, int | None], result: int | None) -> int | None:
    """Return what the first register holds after an instruction, None where it is not a known number."""
    if step.opcode in _SMALL:
        return step.literal
    if step.opcode in _RESULTS:
        return result
    return known.get(step.registers[1]) if step.opcode in _MOVES else None


def _steps(code: Code) -> Iterator[Instruction]:
    """Yield the instructions of a short method from its start on, as far as they can be read."""
    if len(code.units) > _MAX_UNITS:
        return
    try:
        yield from walk(code.units)
    except DexCodeError:
        return


def _called(index: DexIndex, step: Instruction) -> bytes:
    return index.class_descriptor(step.index or 0)


def _name(index: DexIndex, step: Instruction) -> bytes:
    number = step.index or 0
    return index.raw_string(int(index.method_ids["name"][number])) if number < index.method_ids.size else b"?"
