"""What a call is handed, where that decides what it does: flags that are constants."""

from typing import Final

from phone_audit.apk.dex.def_use import Method
from phone_audit.apk.dex.index import DexIndex
from phone_audit.apk.dex.instructions import DexCodeError
from phone_audit.apk.dex.xrefs import Use

_CONSTANTS: Final = frozenset({0x12, 0x13, 0x14})
"""const/4, const/16, const."""


def may_have_flag(index: DexIndex, use: Use, argument: int, bits: int) -> bool:
    """Tell whether an argument of a call may have one of some bits; also where it is no constant.

    Args:
        index: the part that makes the call.
        use: the call.
        argument: its number, 1 for the first behind the object.
        bits: of which one is enough.
    """
    code = index.code(use.row)
    try:
        method = Method(code) if code else None
        call = method.instructions[method.at(use.unit)] if method else None
        if method is None or call is None or argument >= len(call.registers):
            return True
        steps = [
            method.instructions[at] if at >= 0 else None for at in method.origins_of(call, call.registers[argument])
        ]
    except DexCodeError:
        return True
    constants = [step.literal for step in steps if step is not None and step.opcode in _CONSTANTS]
    return len(constants) < len(steps) or not steps or any((literal or 0) & bits for literal in constants)
