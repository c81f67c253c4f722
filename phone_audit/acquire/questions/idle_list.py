"""`dumpsys deviceidle whitelist` → packages that battery saving leaves alone.

Lines of AOSP `DeviceIdleController.onShellCommand`: `system-excidle,NAME,APPID`, `system,NAME,APPID` for those of the
firmware, `user,NAME,APPID` for those that the person or a package chose.
"""

import re
from collections.abc import Iterator, Mapping

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import Question, item, seen
from phone_audit.model.device import StateItem

IDLE_LIST = listed_command("idle list", timeout=15.0, limit=MEGABYTE)

LINE = re.compile(r"^(system-excidle|system|user),([A-Za-z][\w.]{0,255}),(\d{1,9})[ \t\r]*$", re.MULTILINE)


def parse_idle_list(text: str) -> dict[str, tuple[str, ...]] | None:
    r"""Read the list: kind → names, sorted; None where there is no such line.

    Example:
        >>> parse_idle_list("system,android,1000\nuser,com.b,10002\nuser,com.a,10001\n")
        {'system': ('android',), 'user': ('com.a', 'com.b')}
    """
    found: dict[str, set[str]] = {}
    for kind, name, _ in LINE.findall(text):
        found.setdefault(kind, set()).add(name)
    return {kind: tuple(sorted(names)) for kind, names in sorted(found.items())} or None


def idle_items(names: Mapping[str, tuple[str, ...]] | None) -> Iterator[StateItem]:
    """Yield the packages that somebody, not the firmware, took out of battery saving, with blanks between them."""
    if names is not None:
        chosen = names.get("user", ())
        evidence = [seen("command", IDLE_LIST.text, f"user,{name}") for name in chosen]
        yield item("battery_exempt", " ".join(chosen), evidence)


QUESTION = Question(IDLE_LIST, parse_idle_list, idle_items)
