"""Handlers of an exception that cannot come: that Android has no algorithm by a name which every Android has.

Code that digests text often gives the text itself back where there is no such algorithm. Anything else that could throw
the same exception keeps the handler: code of the package, other calls of security, an instruction that throws.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.def_use import Method
from phone_audit.apk.dex.handlers import Guarded, handlers_of
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, Instruction
from phone_audit.apk.dex.methods import Code
from phone_audit.apk.endpoints.call_effects import is_platform

_NO_ALGORITHM: Final = b"Ljava/security/NoSuchAlgorithmException;"
_DIGEST: Final = b"Ljava/security/MessageDigest;"
_ASKS: Final = "getInstance(Ljava/lang/String;)Ljava/security/MessageDigest;"
_ALGORITHMS: Final = frozenset({"MD5", "SHA", "SHA1", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"})
"""Source: Android reference, MessageDigest, "supported algorithms": those since API level 1, and 224 beside them."""
_OF_SECURITY: Final = (
    b"Ljava/security/", b"Ljavax/crypto/", b"Ljavax/net/ssl/", b"Ljavax/security/", b"Landroid/security/",
)  # fmt: skip
_THROW: Final = 0x27
_BY_HANDLE: Final = range(0xFA, 0xFE)
_STRINGS: Final = frozenset({dalvik.CONST_STRING, dalvik.CONST_STRING_JUMBO})

DeadWays = frozenset[tuple[int, int]]
"""Blocks that are guarded and handlers that nothing leads to from there: the code units at which both begin."""
NONE: Final[DeadWays] = frozenset()


def never_thrown(index: DexIndex, code: Code, is_defined: Callable[[bytes], bool]) -> DeadWays:
    """Return the ways of a method to handlers of an exception that nothing in the guarded block throws.

    `is_defined` tells whether the package defines a class.
    """
    number = index.type_ids.get(_NO_ALGORITHM)
    if number is None or not code.tries:
        return NONE
    with suppress(DexCodeError):
        guarded = [one for one in handlers_of(code) if any(kind == number for kind, _ in one.listed)]
        if guarded:
            method = Method(code)
            return frozenset(
                (one.begin, unit)
                for one in guarded
                if _throws_none(index, method, one, is_defined)
                for unit in one.handlers
                if all(kind == number for kind, at in one.listed if at == unit)
            )
    return NONE


def _throws_none(index: DexIndex, method: Method, guarded: Guarded, is_defined: Callable[[bytes], bool]) -> bool:
    inside = [place for place, at in enumerate(method.instructions.offsets) if guarded.begin <= at < guarded.end]
    return not any(_may_throw(index, method, method.instructions[place], is_defined) for place in inside)


def _may_throw(index: DexIndex, method: Method, one: Instruction, is_defined: Callable[[bytes], bool]) -> bool:
    if one.opcode == _THROW or one.opcode in _BY_HANDLE:
        return True
    if one.opcode not in dalvik.INVOKES or one.index is None:
        return False
    if one.index >= index.method_ids.size:
        return True
    owner, name = index.class_descriptor(one.index), index.method_name(one.index)
    if owner != _DIGEST:
        return is_defined(owner) or not is_platform(owner) or owner.startswith(_OF_SECURITY)
    return name.startswith("getInstance") and not (name == _ASKS and _is_had(index, method, one))


def _is_had(index: DexIndex, method: Method, one: Instruction) -> bool:
    """Tell whether the algorithm that is asked for is one that every Android has, wherever its name comes from."""
    origins = method.origins_of(one, one.registers[0])
    loads = [method.instructions[at] if at >= 0 else None for at in origins]
    return bool(loads) and all(
        load is not None
        and load.opcode in _STRINGS
        and load.index is not None
        and index.string(load.index).upper() in _ALGORITHMS
        for load in loads
    )
