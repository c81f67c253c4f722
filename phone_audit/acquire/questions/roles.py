"""`dumpsys role` → who holds Android's roles: the default packages for calls, messages, the web and the rest.

AOSP `RoleUserState.dump` through `DualDumpOutputStream`: `user_states={`, `user_id=N`, `name=android.app.role.X`, and
`holders=NAME`, once for each or as a list in brackets. The service came with Android 10.
"""

import re
from collections.abc import Iterator, Mapping

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import Question, item, key_of, seen
from phone_audit.acquire.text import lines_of
from phone_audit.model.device import StateItem

ROLES = listed_command("roles", timeout=15.0, limit=8 * MEGABYTE)

PREFIX = "android.app.role."
USER = re.compile(r"\s*user_id=(\d{1,9})\s*")
NAME = re.compile(r"\s*name=([\w.]{1,200})\s*")
HOLDER = re.compile(r"\s*holders=(?!\[)([\w.]{1,256})\s*")
LIST = re.compile(r"\s*holders=\[(.*)")
PACKAGE = re.compile(r"[A-Za-z][\w.]{0,255}")


def parse_roles(text: str) -> dict[tuple[int, str], tuple[str, ...]]:
    r"""Read the dump: (user, role without its prefix) → its holders, sorted. Roles that nobody holds are left out.

    Example:
        >>> parse_roles("user_states={\n user_id=0\n roles=[\n {\n name=android.app.role.SMS\n holders=com.a\n }\n")
        {(0, 'SMS'): ('com.a',)}
    """
    found: dict[tuple[int, str], set[str]] = {}
    user = 0
    role = ""
    listing = False
    for line in lines_of(text):
        if match := USER.fullmatch(line):
            user, role, listing = int(match[1]), "", False
        elif match := NAME.fullmatch(line):
            role, listing = match[1].removeprefix(PREFIX), False
        elif (match := HOLDER.fullmatch(line)) and role:
            found.setdefault((user, role), set()).add(match[1])
        elif (match := LIST.fullmatch(line)) and role:
            listing = "]" not in match[1]
            found.setdefault((user, role), set()).update(PACKAGE.findall(match[1]))
        elif listing:
            listing = "]" not in line
            found[user, role].update(PACKAGE.findall(line))
    return {key: tuple(sorted(names)) for key, names in sorted(found.items()) if names}


def role_items(roles: Mapping[tuple[int, str], tuple[str, ...]]) -> Iterator[StateItem]:
    """Yield the holders of each role, with blanks between them."""
    for (user, role), holders in roles.items():
        text = " ".join(holders)
        yield item(key_of(f"role:{role}", user), text, [seen("command", ROLES.text, f"{role} {text}")])


QUESTION = Question(ROLES, parse_roles, role_items, since=29)
