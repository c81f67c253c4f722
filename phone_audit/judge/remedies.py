"""What a person can do about an incident: its own advice, and the command that switches a package off.

A command is given where the incident's advice holds it, or where the package is known from malware only.
"""

import re
from collections.abc import Sequence

from phone_audit.judge.advice import Seen, advice
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.finding import Remedy

HELP = "https://stopstalkerware.org"
_WATCHES = frozenset({"backdoor", "preinstalled-malware", "spyware", "stalkerware"})
"""Categories in which somebody may be at the other end."""
_WARNING = (
    "Before you change anything: whoever controls it can notice. If you think that somebody put it there to watch you, "
    f"get help first: {HELP}."
)
_SIDE_EFFECT = "What needs this package stops working, for the main user only; the undo command brings it back."
_NAME = r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*"
"""The characters that Android allows in a package name: nothing that a shell would read as more than a name."""
PACKAGE_NAME = re.compile(_NAME)
_ANY = "PACKAGE"
"""Stands in advice for the package of the finding."""
_COMMAND_IN_TEXT = re.compile(
    rf"(?:,? or with)?:?\s?(?P<command>adb shell pm disable-user (?:--user \d+ )?(?P<package>{_NAME}))"
    rf"(?:[.;]?\s*Undo: (?P<undo>adb shell pm enable (?:--user \d+ )?{_NAME})(?=[.;]?(?:\s|$)))?"
)


def remedies(incident: IncidentEntry, package: str | None, *, seen: Seen = "found") -> tuple[Remedy, ...]:
    """Return what can be done, the advice of the incident first.

    Of commands for several packages only that for the package at hand is given.

    Args:
        incident: the published incident.
        package: the package on the phone that is to be switched off; None where there is no phone or no such package.
        seen: what was seen of it.
    """
    name = package if package is not None and PACKAGE_NAME.fullmatch(package) else None
    warning = risk(incident.category)
    texts = _about(name, [text.replace(_ANY, name or _ANY) for text in advice(incident, seen)])
    steps = [_step(text, name, warning, first=number == 0) for number, text in enumerate(texts)]
    if name is not None and _is_malware(incident, name) and not any(step.command for step in steps):
        steps.append(_switch_off(f"Until the firmware is replaced: switch off {name}.", name, warning))
    return tuple(steps)


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
    text: str, package: str, warning: str | None, command: str | None = None, undo: str | None = None
) -> Remedy:
    return Remedy(
        text=text,
        command=command or f"adb shell pm disable-user --user 0 {package}",
        undo=undo or f"adb shell pm enable --user 0 {package}",
        risk=f"{warning} {_SIDE_EFFECT}" if warning else _SIDE_EFFECT,
    )
