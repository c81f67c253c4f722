"""What a person can do about something that a feed lists. Of spying programs the first step is never to remove them."""

from typing import Final

from phone_audit.judge.remedies import HELP, PACKAGE_NAME, risk
from phone_audit.knowledge.feeds.indicator import MALICIOUS, ThreatClass
from phone_audit.model.finding import Confidence, Remedy

_WATCHES: Final[frozenset[ThreatClass]] = frozenset({"stalkerware", "spyware", "watchware"})
"""Somebody put it there to watch the owner, or may have."""
_FIRST: Final = (
    "Leave it as it is for now. Whoever installed it is told when it stops, and it is evidence. Talk to somebody who "
    f"knows about this, from another device: {HELP} lists organisations by country."
)
_FAMILY: Final = (
    "It may be there openly, for a child or an employee. Ask who set the phone up before you change anything."
)
_UNSURE: Final = "Ask for a second look before you act: one sign alone can be chance."
_MALWARE: Final = "Remove it if it can be removed; if it came with the phone, ask the maker for firmware without it."


def indicator_remedies(class_: ThreatClass, package: str | None, confidence: Confidence) -> tuple[Remedy, ...]:
    """Return what can be done, the warning first.

    Args:
        class_: what it is listed as.
        package: the package to switch off, where that is sure and there is a phone; else None.
        confidence: how sure it is.
    """
    if class_ not in MALICIOUS and class_ != "watchware":
        return ()
    warning = risk("stalkerware") if class_ in _WATCHES else None
    first = {"watchware": _FAMILY, "malware": _MALWARE}.get(class_, _FIRST)
    steps = [Remedy(text=first, risk=warning)]
    if confidence != "confirmed":
        steps.append(Remedy(text=_UNSURE))
    if package is not None and class_ in MALICIOUS and PACKAGE_NAME.fullmatch(package):
        steps.append(_switch_off(package, warning))
    return tuple(steps)


def _switch_off(package: str, warning: str | None) -> Remedy:
    after = "Only when you are ready for that: switch" if warning else "Switch"
    side_effect = "It is switched off for the main user only; the undo command brings it back."
    return Remedy(
        text=f"{after} {package} off.",
        command=f"adb shell pm disable-user --user 0 {package}",
        undo=f"adb shell pm enable --user 0 {package}",
        risk=f"{warning} {side_effect}" if warning else side_effect,
    )
