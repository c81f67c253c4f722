"""`dumpsys device_policy` → device administrators, and who owns the device or a profile.

AOSP `DevicePolicyManagerService.dump` and `Owners.dump`: `Enabled Device Admins (User N, …):` with one component a
line and its policies below; `Device Owner:` and `Profile Owner (User N):` with `admin=ComponentInfo{…}`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import Question, item, key_of, seen
from phone_audit.acquire.text import lines_of
from phone_audit.model.device import StateItem

DEVICE_POLICY = listed_command("device policy", limit=8 * MEGABYTE)
OWNERS = {"admin": "device_admins", "device-owner": "device_owner", "profile-owner": "profile_owner"}

Kind = Literal["admin", "device-owner", "profile-owner"]
ADMINS = re.compile(r"(\s*)Enabled Device Admins \(User (\d{1,9})\b[^)]*\):\s*")
OWNER = re.compile(r"(\s*)(Device|Profile) Owner(?: \(User (\d{1,9})\))?:\s*")
ADMIN = re.compile(r"\s*admin=ComponentInfo\{([^{}\s]{3,512})\}\s*")
USER_ID = re.compile(r"\s*User ID: (\d{1,9})\s*")
COMPONENT = re.compile(r"(\s*)([A-Za-z][\w.]*/[\w.$]+):\s*")
POLICY = re.compile(r"[a-z][a-z0-9-]{2,60}")


@dataclass(frozen=True)
class Administrator:
    """A component with the powers of an administrator. `policies` are Android's own words, as `wipe-data`."""

    user: int
    kind: Kind
    component: str
    policies: tuple[str, ...] = ()


def parse_device_policy(text: str) -> tuple[Administrator, ...] | None:
    r"""Read the dump; None where there is none. Sorted.

    Example:
        >>> parse_device_policy(
        ...     "Current Device Policy Manager state:\n  Enabled Device Admins (User 0, provisioningState: 0):\n"
        ...     "    com.a/.Admin:\n      uid=10001\n      policies:\n        wipe-data\n"
        ... )
        (Administrator(user=0, kind='admin', component='com.a/.Admin', policies=('wipe-data',)),)
    """
    if "Device Policy Manager state" not in text and "Enabled Device Admins" not in text:
        return None
    lines = lines_of(text)
    found: list[Administrator] = []
    for at, line in enumerate(lines):
        admins = ADMINS.fullmatch(line)
        owner = OWNER.fullmatch(line)
        if admins:
            found += _admins(lines, at + 1, len(admins[1]), int(admins[2]))
        elif owner:
            found += _owner(lines, at + 1, "device-owner" if owner[2] == "Device" else "profile-owner", owner[3])
    return tuple(sorted(set(found), key=lambda one: (one.user, one.kind, one.component, one.policies)))


def _admins(lines: list[str], start: int, margin: int, user: int) -> list[Administrator]:
    """Take the components that stand deeper than the heading, up to the next line that does not, or next heading."""
    found: list[tuple[str, list[str]]] = []
    indent: int | None = None
    in_policies = False
    for at in range(start, len(lines)):
        line = lines[at]
        deep = len(line) - len(line.lstrip())
        if (line.strip() and deep <= margin) or ADMINS.fullmatch(line) or OWNER.fullmatch(line):
            break
        match = COMPONENT.fullmatch(line)
        if match and indent in (None, len(match[1])):
            indent = len(match[1])
            found.append((match[2], []))
            in_policies = False
        elif line.strip() == "policies:":
            in_policies = True
        elif in_policies and found and POLICY.fullmatch(line.strip()):
            found[-1][1].append(line.strip())
        else:
            in_policies = False
    return [Administrator(user, "admin", name, tuple(sorted(set(policies)))) for name, policies in found]


def _owner(lines: list[str], start: int, kind: Kind, user: str | None) -> list[Administrator]:
    """Take the component of an owner; the user of a device owner stands below it."""
    component: str | None = None
    for line in lines[start : start + 8]:
        if not line.strip() or OWNER.fullmatch(line) or ADMINS.fullmatch(line):
            break
        admin, number = ADMIN.fullmatch(line), USER_ID.fullmatch(line)
        component = admin[1] if admin else component
        user = number[1] if number else user
    return [Administrator(int(user or 0), kind, component)] if component else []


def administrator_items(administrators: Sequence[Administrator] | None) -> Iterator[StateItem]:
    """Yield administrators, and the owners of the device and of profiles, by user; nothing where there is no dump."""
    if administrators is None:
        return
    groups: dict[tuple[str, int], list[Administrator]] = {("device_admins", 0): []}
    for one in administrators:
        groups.setdefault((OWNERS[one.kind], one.user), []).append(one)
    for (name, user), members in groups.items():
        evidence = [seen("command", DEVICE_POLICY.text, " ".join((one.component, *one.policies))) for one in members]
        yield item(key_of(name, user), ":".join(one.component for one in members), evidence)


QUESTION = Question(DEVICE_POLICY, parse_device_policy, administrator_items)
