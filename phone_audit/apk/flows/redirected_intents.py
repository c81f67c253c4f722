"""Code that gives an Intent another component than the one that it was made for.

Where any does, that an Intent was made for a component says nothing of who reads what was put into it before.
"""

from typing import Final

from phone_audit.apk.dex import def_use
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import INVOKES, NEW_INSTANCE, DexCodeError, Instruction

_INTENT: Final = b"Landroid/content/Intent;"
REDIRECTING: Final = tuple(f"android.content.Intent.{name}" for name in ("setClass", "setClassName", "setComponent"))
"""The calls that this is asked of. Source: Android reference, "Intent"."""
_CLASS: Final = "Ljava/lang/Class;"


def may_redirect(index: DexIndex, row: int, offset: int) -> bool:
    """Tell whether a call that gives an Intent its component may be made on one that has another already.

    It is not where the method itself made the Intent, and makes none for a component.
    """
    code = index.code(row)
    if code is None:
        return False
    try:
        method = def_use.Method(code)
        call = method.instructions[method.at((offset - code.offset) // 2)]
        made = method.origins_of(call, call.registers[0]) if call.registers else []
        names = [_called(index, method.instructions[place]) for place in range(len(method.instructions))]
    except DexCodeError:
        return True
    is_own = bool(made) and all(
        place != def_use.ENTRY and method.instructions[place].opcode == NEW_INSTANCE for place in made
    )
    return not is_own or any(name.startswith("<init>") and _CLASS in name for name in names)


def _called(index: DexIndex, one: Instruction) -> str:
    """Return name and prototype of the method of an Intent that is called, nothing for others."""
    number = one.index
    if one.opcode not in INVOKES or number is None or number >= index.method_ids.size:
        return ""
    return index.method_name(number) if index.class_descriptor(number) == _INTENT else ""
