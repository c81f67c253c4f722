"""What a person can do about an incident, or about what a feed lists.

A command is given where the incident's advice holds it, or where the package is known from malware only.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from phone_audit.detect.incidents.incident_match import Hit
from phone_audit.knowledge.feeds.indicator import MALICIOUS, ThreatClass
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.core_packages import may_be_switched_off
from phone_audit.model.finding import Confidence, Remedy
from phone_audit.model.stated import PACKAGE_NAME

EvidenceLevel = Literal["found", "listed", "named"]
"""The thing itself was found, surely or as a sign; or the build is listed as affected; or only a name fits."""
ONLY_A_SCAN_TELLS = "Install the newest firmware of the maker; whether it is there only a scan of the device tells."
"""Where all steps of an incident ask for more than was seen."""


def evidence_level(hits: Iterable[Hit]) -> EvidenceLevel:
    """Tell what hits have shown: the thing itself, an affected build, or a name (of a model, a build, a version)."""
    telling = [hit for hit in hits if hit.strength in ("confirmed", "affected", "weak")]
    if any(hit.kind != "build" for hit in telling):
        return "found"
    return "listed" if telling else "named"


def advice(incident: IncidentEntry, seen: EvidenceLevel) -> tuple[str, ...]:
    """Return what the incident says a person can do, or what can be said of any; never empty.

    Steps that need more than was seen are left out.
    """
    fits = {"found": ("found", "listed", None), "listed": ("listed", None), "named": (None,)}[seen]
    steps = tuple(step.text for step in incident.what_to_do if step.needs in fits)
    if steps:
        return steps
    if incident.what_to_do:
        return (ONLY_A_SCAN_TELLS,)
    if any(fact.status == "fixed" and fact.confidence == "sourced" for fact in incident.builds):
        return ("Install the newest firmware of the maker and check the phone again.",)
    return ("Ask the maker for firmware without it, and check the phone again after the update.",)


HELP = "https://stopstalkerware.org"
_WATCHES = frozenset({"backdoor", "preinstalled-malware", "spyware", "stalkerware"})
"""Categories in which somebody may be at the other end."""
_WARNING = (
    "Before you change anything: whoever controls it can notice. If you think that somebody put it there to watch you, "
    f"get help first: {HELP}."
)
_SIDE_EFFECT = "What needs this package stops working, for the main user only; the undo command brings it back."
_ONE_USER = "It is switched off for the main user only; the undo command brings it back."
_ANY = "PACKAGE"
"""Stands in advice for the package of the finding."""
_COMMAND_IN_TEXT = re.compile(
    rf"(?:,? or with)?:?\s?(?P<command>adb shell pm disable-user (?:--user \d+ )?(?P<package>{PACKAGE_NAME}))"
    rf"(?:[.;]?\s*Undo: (?P<undo>adb shell pm enable (?:--user \d+ )?{PACKAGE_NAME})(?=[.;]?(?:\s|$)))?"
)


def remedies(incident: IncidentEntry, package: str | None, *, seen: EvidenceLevel = "found") -> tuple[Remedy, ...]:
    """Return what can be done, the advice of the incident first.

    `package` is to be switched off; None where there is no phone or no such package. Of commands for several packages
    only that for this one is given.
    """
    name = package if package is not None and _can_go(package) else None
    warning = risk(incident.category)
    texts = _about(name, [text.replace(_ANY, name or _ANY) for text in advice(incident, seen)])
    steps = [_step(text, name, warning, first=number == 0) for number, text in enumerate(texts)]
    if name is not None and _is_malware(incident, name) and not any(step.command for step in steps):
        steps.append(_switch_off(f"Until the firmware is replaced: switch off {name}.", name, warning))
    return tuple(steps)


def _can_go(package: str) -> bool:
    """Tell whether a command about a package can be given: its name is one, and Android goes on without it."""
    return bool(re.fullmatch(PACKAGE_NAME, package)) and may_be_switched_off(package)


def _about(package: str | None, texts: Sequence[str]) -> Sequence[str]:
    """Leave out commands for other packages where there is one for this package."""
    named = [found["package"] if (found := _COMMAND_IN_TEXT.search(text)) else None for text in texts]
    if package is None or package not in named:
        return texts
    return [text for text, name in zip(texts, named, strict=True) if name in (None, package)]


def _is_malware(incident: IncidentEntry, package: str) -> bool:
    """Tell whether nothing ordinary has this name: switching off a part of Android could leave the phone unusable."""
    return any(fact.standalone and fact.value == package for fact in incident.packages)


def risk(category: str) -> str | None:
    """Return the warning that comes before any step against something of this category, or None."""
    return _WARNING if category in _WATCHES else None


def _step(text: str, package: str | None, warning: str | None, *, first: bool) -> Remedy:
    """Take the command out of an advice, where it is about the package that is there. The warning comes first."""
    found = _COMMAND_IN_TEXT.search(text)
    if not found or package is None or found["package"] != package:
        return Remedy(text=text, risk=warning if first else None)
    rest = text[: found.start()] + text[found.end() :]
    return _switch_off(rest, package, warning, found["command"], found["undo"])


def _switch_off(
    text: str,
    package: str,
    warning: str | None,
    command: str | None = None,
    undo: str | None = None,
    side_effect: str = _SIDE_EFFECT,
) -> Remedy:
    return Remedy(
        text=text,
        command=command or f"adb shell pm disable-user --user 0 {package}",
        undo=undo or f"adb shell pm enable --user 0 {package}",
        risk=f"{warning} {side_effect}" if warning else side_effect,
    )


_FOR_WATCHING: Final[frozenset[ThreatClass]] = frozenset({"stalkerware", "spyware", "watchware"})
"""Somebody put it there to watch the owner, or may have. The first step is never to remove it."""
_FIRST: Final = (
    "Leave it as it is for now. Whoever installed it may be told when it stops, and it is evidence. Talk to someone "
    f"who knows about this, from another device: {HELP} lists organisations by country."
)
_FAMILY: Final = (
    "It may be there openly, for a child or an employee. Ask who set the phone up before you change anything."
)
_UNSURE: Final = "Ask for a second opinion before you act: one sign alone can be chance."
_MALWARE: Final = "Remove it if it can be removed; if it came with the phone, ask the maker for firmware without it."


def indicator_remedies(class_: ThreatClass, package: str | None, confidence: Confidence) -> tuple[Remedy, ...]:
    """Return what can be done, the warning first; `package` is to be switched off, where that is sure."""
    if class_ not in MALICIOUS and class_ != "watchware":
        return ()
    warning = risk("stalkerware") if class_ in _FOR_WATCHING else None
    first = {"watchware": _FAMILY, "malware": _MALWARE}.get(class_, _FIRST)
    steps = [Remedy(text=first, risk=warning)]
    if confidence != "confirmed":
        steps.append(Remedy(text=_UNSURE))
    if package is not None and class_ in MALICIOUS and _can_go(package):
        after = "Only when you are ready for that: switch" if warning else "Switch"
        steps.append(_switch_off(f"{after} {package} off.", package, warning, side_effect=_ONE_USER))
    return tuple(steps)
