"""Handlers of an exception that cannot come: that Android has no algorithm by a name which every Android has.

Code that digests text often gives the text itself back where there is no such algorithm. The handler counts for nothing
only where the guarded block does no more than ask for such a digest, fill it, and write its result down: any other call
may run code of the package, and with it throw whatever that likes.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.def_use import Method
from phone_audit.apk.dex.handlers import Guarded, handlers_of
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError, Instruction
from phone_audit.apk.dex.methods import Code

MAX_UNITS: Final = 1_000
"""Code units of a method that is looked at; one that only digests text has less than a hundred."""
MAX_TRIES: Final = 8
MAX_ASKED: Final = 4
"""Digests that one method asks for."""
_NO_ALGORITHM: Final = b"Ljava/security/NoSuchAlgorithmException;"
_DIGEST: Final = b"Ljava/security/MessageDigest;"
_ASKS: Final = "getInstance(Ljava/lang/String;)Ljava/security/MessageDigest;"
_ALGORITHMS: Final = frozenset({"MD5", "SHA", "SHA1", "SHA-1", "SHA-256", "SHA-384", "SHA-512"})
"""Source: Android reference, MessageDigest, "supported algorithms": those since API level 1."""
_TAKES: Final = frozenset({"I", "J", "Z", "B", "C", "S", "F", "D", "Ljava/lang/String;", "[B", "[C"})
"""What a call can be handed without running code of the package."""
_NUMBER: Final = b"Ljava/math/BigInteger;"
_STRING: Final = b"Ljava/lang/String;"
_FORMATS: Final = (
    "format(Ljava/lang/String;[Ljava/lang/Object;)Ljava/lang/String;",
    "format(Ljava/util/Locale;Ljava/lang/String;[Ljava/lang/Object;)Ljava/lang/String;",
)
_HARMLESS: Final[Mapping[bytes, frozenset[str]]] = {
    _DIGEST: frozenset({"update", "digest", "reset"}),
    _STRING: frozenset({
        "<init>", "charAt", "getBytes", "isEmpty", "length", "substring", "toCharArray", "toLowerCase", "toString",
        "toUpperCase", "trim", "valueOf",
    }),
    b"Ljava/lang/StringBuilder;": frozenset({"<init>", "append", "insert", "length", "toString"}),
    b"Ljava/lang/StringBuffer;": frozenset({"<init>", "append", "insert", "length", "toString"}),
    b"Ljava/lang/Integer;": frozenset({"toHexString", "toString"}),
    b"Ljava/lang/Character;": frozenset({"forDigit"}),
    _NUMBER: frozenset({"<init>", "toString"}),
    b"Landroid/util/Base64;": frozenset({"encode", "encodeToString"}),
}  # fmt: skip
"""Calls of digests and of final classes that throw no such exception, handed `_TAKES`; `BigInteger` is made here."""
_PROVIDERS: Final = ("removeProvider", "insertProviderAt", "addProvider")
"""Calls of `java.security.Security` by which a package may change which algorithms there are."""
_SECURITY: Final = b"Ljava/security/Security;"
_THROW: Final = 0x27
_APUT_OBJECT: Final = 0x4D
_FILLED: Final = frozenset({0x24, 0x25})
_BY_HANDLE: Final = range(0xFA, 0xFE)
_STRINGS: Final = frozenset({dalvik.CONST_STRING, dalvik.CONST_STRING_JUMBO})

DeadWays = frozenset[tuple[int, int]]
"""Blocks that are guarded and handlers that nothing leads to from there: the code units at which both begin."""
NONE: Final[DeadWays] = frozenset()


def changes_providers(indexes: Iterable[DexIndex]) -> bool:
    """Tell whether code of a package names what changes the algorithms that Android has."""
    for index in indexes:
        named = index.strings_equal([name.encode() for name in _PROVIDERS]).values()
        ids = [number for number, one in enumerate(index.method_ids["name"].tolist()) if one in named] if named else []
        if any(index.class_descriptor(number) == _SECURITY for number in ids):
            return True
    return False


def never_thrown(index: DexIndex, code: Code) -> DeadWays:
    """Return the ways of a method to handlers of an exception that nothing in the guarded block throws."""
    number = index.type_ids.get(_NO_ALGORITHM)
    if number is None or not 0 < code.tries <= MAX_TRIES or len(code.units) > MAX_UNITS:
        return NONE
    with suppress(DexCodeError):
        guarded = [one for one in handlers_of(code) if any(kind == number for kind, _ in one.listed)]
        if guarded:
            method = Method(code)
            return frozenset(
                (one.begin, unit)
                for one in guarded
                if _throws_none(index, method, one)
                for unit in one.handlers
                if all(kind == number for kind, at in one.listed if at == unit)
            )
    return NONE


def _throws_none(index: DexIndex, method: Method, guarded: Guarded) -> bool:
    offsets = method.instructions.offsets
    inside = [method.instructions[at] for at, unit in enumerate(offsets) if guarded.begin <= unit < guarded.end]
    if any(one.opcode == _THROW or one.opcode in _BY_HANDLE for one in inside):
        return False
    called = [one for one in inside if one.opcode in dalvik.INVOKES and one.index is not None]
    if any(one.index is None or one.index >= index.method_ids.size for one in called):
        return False
    asking = [one for one in called if _is_call(index, one, _DIGEST, (_ASKS,))]
    writing = [one for one in called if _is_call(index, one, _STRING, _FORMATS)]
    others = [one for one in called if one not in asking and one not in writing]
    if writing and not _holds_numbers(index, method, inside):
        return False
    return len(asking) <= MAX_ASKED and all(_is_had(index, method, one) for one in asking) and _run_none(index, others)


def _holds_numbers(index: DexIndex, method: Method, inside: Sequence[Instruction]) -> bool:
    """Tell whether all that is put into arrays is a number that was made for it, which is written down as one."""
    kind = index.type_ids.get(_NUMBER)
    if any(one.opcode in _FILLED for one in inside):
        return False
    for one in inside:
        if one.opcode == _APUT_OBJECT:
            origins = method.origins_of(one, one.registers[0])
            made = [method.instructions[at] if at >= 0 else None for at in origins]
            if not made or any(new is None or new.opcode != dalvik.NEW_INSTANCE or new.index != kind for new in made):
                return False
    return True


def _is_call(index: DexIndex, one: Instruction, owner: bytes, signatures: Collection[str]) -> bool:
    number = one.index or 0
    return index.class_descriptor(number) == owner and index.method_name(number) in signatures


def _run_none(index: DexIndex, called: Sequence[Instruction]) -> bool:
    """Tell whether calls run no code of a package."""
    for one in called:
        number = one.index or 0
        name, _, rest = index.method_name(number).partition("(")
        if name not in _HARMLESS.get(index.class_descriptor(number), ()) or not _takes(rest.partition(")")[0]):
            return False
    return True


def _takes(parameters: str) -> bool:
    """Tell whether the parameters of a prototype are all of kinds that run nothing."""
    at = 0
    while at < len(parameters):
        kind = next((one for one in _TAKES if parameters.startswith(one, at)), None)
        if kind is None:
            return False
        at += len(kind)
    return True


def _is_had(index: DexIndex, method: Method, one: Instruction) -> bool:
    """Tell whether the algorithm that is asked for is one that every Android has, wherever its name comes from."""
    origins = method.origins_of(one, one.registers[0]) if one.registers else []
    loads = [method.instructions[at] if at >= 0 else None for at in origins]
    return bool(loads) and all(
        load is not None
        and load.opcode in _STRINGS
        and load.index is not None
        and index.string(load.index).upper() in _ALGORITHMS
        for load in loads
    )
