"""`dumpsys package` → what the package service knows of each package.

The layout is AOSP's `Settings.dumpPackageLPr` (`PackageManagerService` up to Android 12, `Settings` later): a title at
the margin, `  Package [name] (hash):` under it, keys four blanks in, lists and users with deeper lines. Depths are
measured, not assumed.

Text of a package stands unescaped in it. A version name can hold line feeds and so pretend keys, packages and titles:
it is read up to the key that follows it in every version, and a header counts only for a package that exists. Where it
pretends that key and a title too, what follows shows it: the key again, or packages where there can be none. Then the
title is taken back, so that it hides nothing. What a package says of itself elsewhere (a permission's name) can still
add a grant, never take one away.

A static library stands under the name that its makers gave it, and under it `compat name=` gives the one by which the
phone tells its versions apart: that one counts.

Behind all packages stand the APEX modules, the parts of the system that are updated on their own, in three sections
(`ApexManager.dump`; `ApexPackageInfo` and `ComputerEngine` in other versions): the name of a module, and its keys
deeper. From Android 13 on an `ApplicationInfo:` follows, which is read past.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from phone_audit.acquire.commands import MEGABYTE, Command, listed_command, quoted
from phone_audit.acquire.packages.package_block import KEY, Block, DumpedPackage, add_line, package_of_block
from phone_audit.acquire.text import lines_of, number
from phone_audit.model.command_list import COMMANDS

PACKAGE_DUMP = listed_command("package dump", timeout=120.0, limit=128 * MEGABYTE)
SINGLE_PREFIX = COMMANDS["single packages"].partition("«")[0]

TITLES = {"Packages:": "packages", "Hidden system packages:": "hidden", "Shared users:": "shared"}
TITLE = re.compile(r"[A-Z][A-Za-z /]*:?$")
PACKAGE = re.compile(r" +Package \[(.+)\] \([0-9a-f]+\):$")
COMPAT = re.compile(r" +compat name=(.+)$")
SHARED = re.compile(r" +SharedUser \[(.+)\] \([0-9a-f]+\):$")
AFTER_VERSION_NAME = ("hiddenApiEnforcementPolicy", "usesNonSdkApi", "splits")
"""The keys that follow the version name, by Android version: 16; 12 to 15; 8 to 11."""

FOLLOWERS = tuple(f"{key}=" for key in AFTER_VERSION_NAME)
PACKAGE_SECTIONS = ("packages", "hidden")

LONG_VERSION = "versionName= over several lines"

APEX_SECTIONS = ("Active APEX packages:", "Inactive APEX packages:", "Factory APEX packages:")
APEX_NAME = re.compile(r" *([A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+)$")
APEX_KEY = re.compile(r" *(Version|Path|IsActive|IsFactory): *(.*)$")
APEX_TRUTH = {"true": True, "false": False}
SECTION_TITLE = re.compile(r"[A-Z]")


@dataclass(frozen=True)
class DumpedApex:
    """One version of a module. `factory` tells that it came with the firmware."""

    name: str
    version_code: int | None
    path: str | None
    active: bool | None
    factory: bool | None


REAL_DUMPS = {26: "8", 27: "8", 28: "9", 29: "10", 30: "11", 31: "12", 32: "12", 33: "13", 34: "14", 36: "16", 37: "17"}
"""API level → Android version of a real `dumpsys package` among the tests (tests/acquire/packages/dumps/SOURCES.md)."""

PARTLY = {35: "shared users, APEX modules, a private space and a line of the list, but no package's description,"}
"""API level → what of a real phone is among the tests, where the description of packages is not."""


@dataclass(frozen=True)
class PackageDump:
    """The whole dump.

    Attributes:
        packages: name → its blocks; more than one means that text of a package pretends another.
        hidden: the same for the system packages that an update hides.
        shared: shared user → its block; grants of a package with a shared user stand only there.
        unknown: names in headers that were not taken, in order.
        pretended_names: the same of headers that stand in the version name of another package.
        strange: form of lines inside the blocks that this reader does not know → how many there are.
        pretended: titles that were taken back, and packages that stood under a wrong one.
    """

    packages: dict[str, tuple[DumpedPackage, ...]]
    hidden: dict[str, tuple[DumpedPackage, ...]]
    shared: dict[str, tuple[DumpedPackage, ...]]
    unknown: tuple[str, ...]
    strange: Mapping[str, int] = field(default_factory=dict)
    pretended: int = 0
    pretended_names: tuple[str, ...] = ()


def untested(sdk: int | None, release: str | None) -> tuple[str, ...]:
    """Say that the answers of this version were not held against a real phone; nothing where they were.

    `sdk` is the phone's API level, `release` its Android version as the phone names it; None is not known.

    Example:
        >>> untested(30, "11")
        ()
    """
    if sdk in REAL_DUMPS:
        return ()
    name = f"Android {release}" if release else "This Android version"
    if sdk in PARTLY:
        return (f"{name}: only {PARTLY[sdk]} were available as real answers; parts may be misread.",)
    return (f"{name}: no real dump of this version was available when the reader was written; parts may be misread.",)


def single_packages_command(names: Sequence[str]) -> Command:
    """Ask the package service about single packages; each answer follows a line `@INDEX`."""
    asked = "".join(f"echo @{index};dumpsys package {quoted(name)};" for index, name in enumerate(names))
    return listed_command("single packages", packages=asked, timeout=120.0)


def parse_package_dump(text: str, names: Collection[str] | None = None) -> PackageDump:
    """Read the output of `dumpsys package`, whole or of one package."""
    return _DumpParser(lines_of(text), names).read()


class _DumpParser:
    """One pass over the lines."""

    def __init__(self, lines: list[str], names: Collection[str] | None) -> None:
        self._lines = lines
        self._names = None if names is None else frozenset(names)
        self._found: dict[str, dict[str, list[Block]]] = {"packages": {}, "hidden": {}, "shared": {}}
        self._unknown: dict[str, None] = {}
        self._pretended_names: dict[str, None] = {}
        self._strange: Counter[str] = Counter()
        self._section = ""
        self._block: Block | None = None
        self._before: tuple[str, Block | None] = ("", None)  # section and block that the last title ended
        self._pretended = 0
        self._followers: dict[int, list[int]] = {}  # lines with a key that can follow a version name, by depth
        self._headers: list[int] = []  # lines with the header of a package that exists
        self._others: list[tuple[int, str]] = []  # the same of other packages
        self._find_places()

    def read(self) -> PackageDump:
        at = 0
        while at < len(self._lines):
            at = self._line(at)
        self._unhide()
        return PackageDump(
            _finished(self._found["packages"]),
            _finished(self._found["hidden"]),
            _finished(self._found["shared"]),
            tuple(self._unknown),
            dict(self._strange),
            self._pretended,
            tuple(name for name in self._pretended_names if name not in self._unknown),
        )

    def _unhide(self) -> None:
        """An update hides only what is a package too: what stands as hidden alone stood under a pretended title."""
        for name, blocks in self._found["hidden"].items():
            if name not in self._found["packages"]:
                self._found["packages"][name] = [blocks.pop(0)]
                self._pretended += 1

    def _line(self, at: int) -> int:
        """Take one line, or a version name with all its lines, and give the index of the next."""
        line = self._lines[at]
        if not line.startswith(" "):
            if TITLE.match(line):
                self._end_section(TITLES.get(line, ""))
            return at + 1
        self._take_back(line)
        if not self._section:
            return at + 1
        begun = self._header(at)
        if begun:
            return at + begun
        if self._block is None:
            return at + 1
        key = KEY.match(line)
        if key and key[2] == "versionName" and self._block.user is None:
            end = self._version_name_end(at + 1, len(key[1]))
            if "versionName" not in self._block.keys:
                self._block.above = frozenset(self._block.keys)
                self._block.keys["versionName"] = "\n".join([key[3], *self._lines[at + 1 : end]])
            if end > at + 1:
                # Text of the package, or a key of a later version that this reader does not know: it cannot tell.
                self._strange[LONG_VERSION] += 1
            return end
        form = add_line(self._block, line, key)
        if form:
            self._strange[form] += 1
        return at + 1

    def _end_section(self, section: str) -> None:
        if self._section in PACKAGE_SECTIONS and self._block is not None:
            self._before = (self._section, self._block)
        self._section, self._block = section, None

    def _take_back(self, line: str) -> None:
        """Go back to what a title ended, where this line shows that it was none.

        Under no other title there are packages, and a key that follows the version name stands in a package only.
        """
        section, block = self._before
        if not section:
            return
        outside = self._section not in PACKAGE_SECTIONS or self._block is None
        if self._section not in PACKAGE_SECTIONS and PACKAGE.match(line):
            self._section, self._block = section, None
        elif block is not None and outside and _is_follower(line, block.depth):
            self._section, self._block = section, block
        else:
            return
        self._before = ("", None)
        self._pretended += 1

    def _header(self, at: int) -> int:
        """Begin the block whose header this line is; give the lines that this takes, 0 where it begins none.

        The header of a package that does not exist begins nothing.
        """
        match = (SHARED if self._section == "shared" else PACKAGE).match(self._lines[at])
        if match is None:
            return 0
        compat = COMPAT.match(self._lines[at + 1]) if at + 1 < len(self._lines) else None
        name = compat[1] if compat else match[1]
        if self._section != "shared" and not self._exists(name):
            self._unknown[name] = None
            if self._block is None:
                self._before = (self._before[0] or self._section, None)  # the keys below are those of this header
            return 0
        self._block = Block(name)
        self._found[self._section].setdefault(name, []).append(self._block)
        return 2 if compat else 1

    def _exists(self, name: str) -> bool:
        return self._names is None or name in self._names

    def _version_name_end(self, at: int, depth: int) -> int:
        """Return the index of the line after the version name: the key that follows it, else the next line.

        The search ends at the header of a package that exists, for a vendor that leaves those keys out.
        """
        end = _next(self._followers.get(depth, []), at)
        header = _next(self._headers, at)
        if end is None or (header is not None and header < end):
            return at
        first, last = (bisect_left(self._others, (place, "")) for place in (at, end))
        self._pretended_names.update(dict.fromkeys(name for _, name in self._others[first:last]))
        return end

    def _find_places(self) -> None:
        """Find, once for all version names, the lines at which one can end."""
        for at, line in enumerate(self._lines):
            text = line.lstrip(" ")
            if text.startswith(FOLLOWERS):
                self._followers.setdefault(len(line) - len(text), []).append(at)
            elif text.startswith("Package [") and (header := PACKAGE.match(line)):
                if self._exists(header[1]):
                    self._headers.append(at)
                else:
                    self._others.append((at, header[1]))


def _finished(found: Mapping[str, Sequence[Block]]) -> dict[str, tuple[DumpedPackage, ...]]:
    return {name: tuple(map(package_of_block, blocks)) for name, blocks in found.items() if blocks}


def _is_follower(line: str, depth: int) -> bool:
    """Tell whether a key that can follow a version name stands so deep in the line."""
    return line.startswith(FOLLOWERS, depth) and not line[:depth].strip(" ")


def _next(places: list[int], at: int) -> int | None:
    """Return the first of the places, which are in order, that is not before another."""
    index = bisect_left(places, at)
    return places[index] if index < len(places) else None


def parse_apex(text: str) -> tuple[DumpedApex, ...]:
    r"""Read the modules, each version once, by name and path.

    Text of a package can pretend these sections, but only before the real ones, so the last ones count.

    Example:
        >>> parse_apex("Active APEX packages:\n\n  org.x\n    Version: 2\n    Path: /system/apex/x.apex\n")
        (DumpedApex(name='org.x', version_code=2, path='/system/apex/x.apex', active=None, factory=None),)
    """
    lines = lines_of(text)
    found: dict[DumpedApex, None] = {}
    for title in APEX_SECTIONS:
        last = max((at for at, line in enumerate(lines) if line.rstrip() == title), default=None)
        if last is not None:
            found.update(dict.fromkeys(_apex_section(lines, last + 1)))
    return tuple(sorted(found, key=lambda apex: (apex.name, apex.path or "", apex.version_code or 0)))


def _apex_section(lines: list[str], start: int) -> list[DumpedApex]:
    modules: list[tuple[str, dict[str, str]]] = []
    for line in lines[start:]:
        name, key = APEX_NAME.match(line), APEX_KEY.match(line)
        if name:
            modules.append((name[1], {}))
        elif key and modules:
            modules[-1][1].setdefault(key[1], key[2])
        elif SECTION_TITLE.match(line):
            break
    return [_apex(name, keys) for name, keys in modules]


def _apex(name: str, keys: dict[str, str]) -> DumpedApex:
    return DumpedApex(
        name=name,
        version_code=number(keys.get("Version")),
        path=keys.get("Path") or None,
        active=APEX_TRUTH.get(keys.get("IsActive", "")),
        factory=APEX_TRUTH.get(keys.get("IsFactory", "")),
    )
