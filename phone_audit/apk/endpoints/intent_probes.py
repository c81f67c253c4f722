"""Intents of which code only asks which package would open them; nothing is opened and nothing fetched."""

from enum import Enum, auto
from typing import Final

PROBE: Final = "browser-probe"

_URI: Final = b"Landroid/net/Uri;"
_INTENT: Final = b"Landroid/content/Intent;"
_ASKED: Final = b"Landroid/content/pm/PackageManager;"
_ASKS: Final = frozenset({"resolveActivity", "resolveActivityInfo", "queryIntentActivities", "resolveService"})
_TAKES_IN: Final = frozenset({"<init>", "setData", "setDataAndType", "setDataAndNormalize"})
_STAYS: Final = ("add", "set", "put")


class Step(Enum):
    """What a call does with an address, or with what holds it."""

    NOTHING = auto()
    RESULT = auto()
    """The result of the call holds it too."""
    INTO = auto()
    """The object that is called, and the result, hold it too."""
    ASKED = auto()


def step_of(owner: bytes, name: str, *, is_receiver: bool) -> Step | None:
    """Tell what a method of Android does on the way to such a question; None for all others.

    Args:
        owner: the descriptor of its class.
        name: the name of the method.
        is_receiver: whether what is followed is the object that is called.

    Example:
        >>> step_of(b"Landroid/net/Uri;", "parse", is_receiver=False)
        <Step.RESULT: 2>
        >>> step_of(b"Landroid/content/Context;", "startActivity", is_receiver=False) is None
        True
    """
    if owner == _URI and name == "parse":
        return Step.RESULT
    if owner == _ASKED and name in _ASKS and not is_receiver:
        return Step.ASKED
    return _of_intent(name, is_receiver=is_receiver) if owner == _INTENT else None


def _of_intent(name: str, *, is_receiver: bool) -> Step | None:
    if not is_receiver:
        return Step.INTO if name in _TAKES_IN else None
    if name in _ASKS:
        return Step.ASKED
    if name.startswith(_STAYS):
        return Step.RESULT
    return Step.NOTHING if name == "<init>" else None
