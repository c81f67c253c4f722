"""The APEX sections of `dumpsys package` → the parts of the system that are updated on their own.

AOSP's `ApexManager.dump` (`ApexPackageInfo` and `ComputerEngine` in other versions) prints three sections behind all
packages: a title at the margin, the name of a module, and its keys deeper. From Android 13 on an `ApplicationInfo:`
follows, which is read past. Depths are not assumed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from phone_audit.acquire.packages.package_list import ListEntry
from phone_audit.acquire.text import known, lines_of, number, shown
from phone_audit.model.device import Module

SECTIONS = ("Active APEX packages:", "Inactive APEX packages:", "Factory APEX packages:")
NAME = re.compile(r" *([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+)$")
KEY = re.compile(r" *(Version|Path|IsActive|IsFactory): *(.*)$")
TRUTH = {"true": True, "false": False}
TITLE = re.compile(r"[A-Z]")

UPDATED = "/data/apex/active/"
"""Where an update of a module lies; a compressed one of the firmware lies unpacked beside it, in `decompressed`."""


@dataclass(frozen=True)
class DumpedApex:
    """One version of a module. `factory` tells that it came with the firmware."""

    name: str
    version_code: int | None
    path: str | None
    active: bool | None
    factory: bool | None


def parse_apex(text: str) -> tuple[DumpedApex, ...]:
    r"""Read the modules, each version once, by name and path.

    Text of a package can pretend these sections, but only before the real ones, so the last ones count.

    Args:
        text: the answer of `dumpsys package`, decoded with `text.decode`.

    Example:
        >>> parse_apex("Active APEX packages:\n\n  org.x\n    Version: 2\n    Path: /system/apex/x.apex\n")
        (DumpedApex(name='org.x', version_code=2, path='/system/apex/x.apex', active=None, factory=None),)
    """
    lines = lines_of(text)
    found: dict[DumpedApex, None] = {}
    for title in SECTIONS:
        last = max((at for at, line in enumerate(lines) if line.rstrip() == title), default=None)
        if last is not None:
            found.update(dict.fromkeys(_section(lines, last + 1)))
    return tuple(sorted(found, key=lambda apex: (apex.name, apex.path or "", apex.version_code or 0)))


def _section(lines: list[str], start: int) -> list[DumpedApex]:
    modules: list[tuple[str, dict[str, str]]] = []
    for line in lines[start:]:
        name, key = NAME.match(line), KEY.match(line)
        if name:
            modules.append((name[1], {}))
        elif key and modules:
            modules[-1][1].setdefault(key[1], key[2])
        elif TITLE.match(line):
            break
    return [_module(name, keys) for name, keys in modules]


def _module(name: str, keys: dict[str, str]) -> DumpedApex:
    return DumpedApex(
        name=name,
        version_code=number(keys.get("Version")),
        path=keys.get("Path") or None,
        active=TRUTH.get(keys.get("IsActive", "")),
        factory=TRUTH.get(keys.get("IsFactory", "")),
    )


def modules_of(entries: Iterable[ListEntry], dumped: Iterable[DumpedApex]) -> tuple[Module, ...]:
    """Return the APEX modules by name; where the phone lists them, no others count.

    Args:
        entries: the list of those in use.
        dumped: all versions, as the dump describes them.
    """
    listed = {one.name: one for one in entries}
    names = listed.keys() or {apex.name for apex in dumped}
    described: dict[str, list[DumpedApex]] = {}
    for one in dumped:
        described.setdefault(one.name, []).append(one)
    modules = []
    for name in sorted(names):
        versions = described.get(name, [])
        active = next((one for one in versions if one.active), None)
        factory = next((one for one in versions if one.factory), None)
        line = listed.get(name)
        path = (line.path if line else None) or (active.path if active else None)
        code = line.version_code if line else None
        if code is None and active:
            code = active.version_code
        modules.append(
            Module(
                name=shown(name),
                version_code=code,
                path=known(path),
                updated=path.startswith(UPDATED) if path else None,
                factory_version_code=factory.version_code if factory else None,
                factory_path=known(factory.path) if factory else None,
            )
        )
    return tuple(modules)
