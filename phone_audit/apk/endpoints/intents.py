"""Whether an Intent is made for other apps alone."""

from collections.abc import Collection
from typing import Final, NamedTuple

from phone_audit.apk.dex import instructions as dalvik
from phone_audit.apk.dex.def_use import Further, Method, Read
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import Instruction

INTENT: Final = b"Landroid/content/Intent;"
_NAMES_CLASS: Final = frozenset({"setClass", "setClassName", "setComponent", "setPackage", "setSelector", "fillIn"})
_NAMES_PACKAGE: Final = ("setPackage(", "setClassName(Ljava/lang/String;")
_NARROWS: Final = frozenset(
    {"addCategory", "setType", "setTypeAndNormalize", "setDataAndType", "setDataAndTypeAndNormalize", "setIdentifier"}
)
"""What an activity of the package may wait for, and no other app has: the text is the last argument."""
_CLASS: Final = "Ljava/lang/Class;"
_STRING: Final = "Ljava/lang/String;"


class PublicIntents(NamedTuple):
    """What an Intent for other apps alone may hold: public actions, public categories and types, known apps."""

    actions: Collection[str]
    kinds: Collection[str]
    apps: Collection[str]


def is_for_others(index: DexIndex, method: Method, at: int, public: PublicIntents) -> bool:
    """Tell whether an Intent that is made at a place is one for public actions, as far as the method shows.

    It is not where a class may be named on any way, but in a known app, or where an action, a category
    or a type may be something else than one of the public ones.
    """
    found: set[str | None] = set()

    def more(read: Read) -> Further:
        one = read.instruction
        if one.opcode in dalvik.MOVE_OBJECT:
            return Further(one.registers[:1])
        if one.opcode in dalvik.INVOKES and one.index is not None and index.class_descriptor(one.index) == INTENT:
            found.update(_texts(index, method, one, read.register, public.apps))
            return Further(result=one.registers[0] == read.register)
        return Further()

    whole = method.follow(at + 1, method.instructions[at].registers[0], more)
    return whole and not found.isdisjoint(public.actions) and found <= {*public.actions, *public.kinds}


def _texts(index: DexIndex, method: Method, called: Instruction, intent: int, apps: Collection[str]) -> set[str | None]:
    """Return the actions, categories and types that a call gives to an Intent; None for what is not clear."""
    if called.index is None or called.registers[0] != intent or called.opcode in dalvik.STATIC_INVOKES:
        return set()
    name = index.method_name(called.index)
    simple = name.partition("(")[0]
    if name.startswith(_NAMES_PACKAGE):
        named = _constants(index, method, called, called.registers[1])
        return set() if named <= {*apps} else {None}
    if simple in _NAMES_CLASS or _CLASS in name:
        return {None}
    if simple in _NARROWS:
        return _constants(index, method, called, called.registers[-1])
    if not name.startswith((f"<init>({_STRING}", f"setAction({_STRING}")):
        return {None} if name.startswith("<init>(L") else set()
    return _constants(index, method, called, called.registers[1])


def _constants(index: DexIndex, method: Method, called: Instruction, register: int) -> set[str | None]:
    """Return the texts that a register may hold; None among them for what is no constant."""
    texts = [method.instructions[at] if at >= 0 else None for at in method.origins_of(called, register)]
    constants = (dalvik.CONST_STRING, dalvik.CONST_STRING_JUMBO)
    return {
        index.string(one.index) if one and one.opcode in constants and one.index is not None else None for one in texts
    } or {None}
