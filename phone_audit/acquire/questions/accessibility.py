"""`dumpsys accessibility` → the services that are switched on, and what those that run may do.

AOSP `AccessibilityManagerService.dump`: for each user `Enabled services:{{COMPONENT}, …}` (10 and later) and
`Bound services:{Service[label=…, capabilities=N, …], …}`; Android 8 and 9 write `services:{Service[…]}` only, Samsung
`enabled services: {` with one component a line. The bound services are named by their labels alone.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import Question, item, key_of, seen
from phone_audit.acquire.text import lines_of
from phone_audit.model.device import StateItem

ACCESSIBILITY = listed_command("accessibility", limit=8 * MEGABYTE)

USER = re.compile(r"User state\[")
USER_ID = re.compile(r"attributes:\{id=(\d{1,9})\b")
ENABLED = "Enabled services:{"
ENABLED_END = re.compile(r"[\[\]]|\}[^\S\n]*$", re.MULTILINE)
ENABLED_LINES = "enabled services: {"
COMPONENT = re.compile(r"(?<![\w.])(?:(?![A-Za-z])[\w.])*([A-Za-z][\w.]*/[\w.$]+)")
"""From the first letter of a run of such characters on, looked for once in each run."""
BOUND = re.compile(r"Service\[label=(.{0,200}?), feedbackType\[[^\[\]]{0,300}\], capabilities=(\d{1,9})", re.DOTALL)

CAPABILITIES = (
    (0x1, "read the screen"),
    (0x2, "take over touch exploration"),
    (0x8, "see every key"),
    (0x10, "magnify the screen"),
    (0x20, "tap and swipe"),
    (0x40, "see fingerprint gestures"),
    (0x80, "take screenshots"),
)
"""Bits of AOSP `AccessibilityServiceInfo.CAPABILITY_*`."""


@dataclass(frozen=True)
class AccessibilityServices:
    """The accessibility services of one user: components that are on; label → abilities of those that run."""

    user: int
    enabled: tuple[str, ...]
    bound: tuple[tuple[str, tuple[str, ...]], ...]


def parse_accessibility(text: str) -> tuple[AccessibilityServices, ...]:
    """Read the dump, by user; empty where there is none."""
    edges = [*(match.start() for match in USER.finditer(text)), len(text)]
    found: dict[int, AccessibilityServices] = {}
    for start, end in pairwise(edges):
        part = text[start:end]
        user = USER_ID.search(part)
        number = int(user[1]) if user else 0
        enabled: set[str] = set()
        for names in (*_enabled(part), *_enabled_lines(part)):
            enabled.update(COMPONENT.findall(names))
        bound = tuple(sorted((label, capabilities(int(bits))) for label, bits in BOUND.findall(part)))
        found.setdefault(number, AccessibilityServices(number, tuple(sorted(enabled)), bound))
    return tuple(found[number] for number in sorted(found))


def _enabled(part: str) -> Iterator[str]:
    """Yield what stands between the braces, up to a brace that ends its line; a square bracket is in no such list."""
    at = part.find(ENABLED)
    while at >= 0:
        start = at + len(ENABLED)
        end = ENABLED_END.search(part, start)
        if end is None:
            return
        if end[0].startswith("}"):
            yield part[start : end.start()]
        at = part.find(ENABLED, end.start())


def _enabled_lines(part: str) -> Iterator[str]:
    """Yield the lines of Samsung's form, up to a line that begins with the closing brace."""
    lines: list[str] | None = None
    for line in lines_of(part):
        if lines is None:
            lines = [] if line.rstrip().endswith(ENABLED_LINES) else None
        elif line.lstrip().startswith("}"):
            yield "\n".join(lines)
            lines = None
        else:
            lines.append(line)


def capabilities(bits: int) -> tuple[str, ...]:
    """Return what a service with these capabilities may do.

    Example:
        >>> capabilities(0x21)
        ('read the screen', 'tap and swipe')
    """
    return tuple(word for bit, word in CAPABILITIES if bits & bit)


def accessibility_items(services: Sequence[AccessibilityServices]) -> Iterator[StateItem]:
    """Yield the services that are on, and those that run with what they may do."""
    where = ACCESSIBILITY.text
    for one in services:
        evidence = [seen("command", where, name) for name in one.enabled]
        yield item(key_of("accessibility_services", one.user), ":".join(one.enabled), evidence)
        if one.bound:
            running = [f"{label}: {', '.join(abilities) or 'no special powers'}" for label, abilities in one.bound]
            evidence = [seen("command", where, text) for text in running]
            yield item(key_of("accessibility_powers", one.user), "; ".join(running), evidence)


QUESTION = Question(ACCESSIBILITY, parse_accessibility, accessibility_items)
