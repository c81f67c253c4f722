"""A folder of dumps that somebody made by hand: each text is known by what it says, not by its name."""

import re
from collections.abc import Callable, Sequence

from phone_audit.acquire import commands
from phone_audit.acquire.foreign.held import NO_FILES, NO_HIDDEN, NO_WATCH, Held, HeldFile, HeldPackage
from phone_audit.acquire.foreign.holding import Holding
from phone_audit.acquire.foreign.said import NAMESPACES, from_dumps, settings_command
from phone_audit.acquire.parse.package_list import parse_package_list
from phone_audit.acquire.parse.text import decode
from phone_audit.model.finding import Skipped

LOOKED_AT = 64 * 2**10
"""Bytes of a text by which it is known."""
SUFFIXES = (".txt", ".log", ".prop", ".out", "")
PROPERTY = re.compile(rb"^\[[A-Za-z0-9_.\-]{1,200}\]: \[", re.MULTILINE)
DUMPS = re.compile(rb"^DUMP OF SERVICE ", re.MULTILINE)
PACKAGE_DUMP = re.compile(rb"^(?:Packages|Key Set Manager|Activity Resolver Table):$", re.MULTILINE)
PACKAGES = re.compile(rb"^package:\S", re.MULTILINE)
USERS = re.compile(rb"^\s*UserInfo\{\d", re.MULTILINE)
SELINUX = re.compile(rb"\A\s*(?:Enforcing|Permissive|Disabled)\s*\Z")
SETTING = re.compile(rb"\A(?:[A-Za-z0-9_.:\-]+=.*\n)+")
MOST_TEXTS = 500


def recognised(holding: Holding, names: Sequence[str]) -> bool:
    """Tell whether a text of the folder is one that is read."""
    return any(_kind(holding, name) for name in _texts(names))


def read_plain(holding: Holding) -> Held:
    """Read every text that is known; the others are named as not looked at."""
    answers: dict[str, bytes] = {}
    lists: dict[str, bytes] = {}
    skipped: list[Skipped] = []
    for name in _texts(holding.names()):
        kind = _kind(holding, name)
        if kind is None:
            skipped.append(
                Skipped(subject=name, step="read", code="unknown-text", reason="What it holds is not known.")
            )
        elif kind == "dumps":
            said, contradictions = from_dumps(holding.read(name).replace(b"\r\n", b"\n"))
            answers = {**said, **answers}
            skipped += contradictions
        elif kind == "packages":
            lists[name] = holding.read(name).replace(b"\r\n", b"\n")
        else:
            answers[kind] = holding.read(name).replace(b"\r\n", b"\n")
    return Held(
        source="folder",
        answers=answers,
        packages=_packages(lists, holding.names()),
        cannot_hold=(NO_FILES, NO_HIDDEN, NO_WATCH),
        skipped=tuple(skipped),
    )


def _texts(names: Sequence[str]) -> list[str]:
    return [name for name in names if name.lower().endswith(SUFFIXES[:-1]) or "." not in name][:MOST_TEXTS]


def _kind(holding: Holding, name: str) -> str | None:
    """Give the command that a text answers, `dumps` for many of them, `packages` for a list; None for another text."""
    start = holding.begins(name, LOOKED_AT).replace(b"\r\n", b"\n")
    for known, what in _SIGNS:
        if known(start):
            return what
    table = next((word for word in NAMESPACES if "settings" in name.lower() and word in name.lower()), None)
    return settings_command(table) if table and SETTING.match(start) else None


_SIGNS: tuple[tuple[Callable[[bytes], object], str], ...] = (
    (DUMPS.search, "dumps"),
    (PROPERTY.search, commands.GETPROP.text),
    (PACKAGES.search, "packages"),
    (PACKAGE_DUMP.search, commands.PACKAGE_DUMP.text),
    (USERS.search, commands.USERS.text),
    (SELINUX.match, commands.SELINUX.text),
)


def _packages(lists: dict[str, bytes], names: Sequence[str]) -> tuple[HeldPackage, ...]:
    """Put the lists together; a list of the disabled, the system's or the others is known by its name."""
    found: dict[str, HeldPackage] = {}
    disabled, system, third = (
        {one.name for name, text in lists.items() if word in name.lower() for one in parse_package_list(decode(text))}
        for word in ("disabled", "system", "third")
    )
    for text in lists.values():
        for one in parse_package_list(decode(text)):
            known = found.get(one.name)
            if known is None or (one.path and not known.files):
                found[one.name] = HeldPackage(
                    name=one.name,
                    files=(HeldFile(one.path, stored=_stored(one.name, names)),) if one.path else (),
                    installer=one.installer,
                    uid=one.uids[0] if one.uids else None,
                    system=True if one.name in system else False if one.name in third else None,
                    disabled=True if one.name in disabled else None,
                    version_code=one.version_code,
                )
    return tuple(found.values())


def _stored(package: str, names: Sequence[str]) -> str | None:
    """Find a copy of a package's base APK by the names that people give it."""
    wanted = (f"{package}.apk", f"{package}/base.apk")
    return next((name for name in names if name in wanted or name.endswith(tuple(f"/{one}" for one in wanted))), None)
