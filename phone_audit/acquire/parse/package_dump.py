"""`dumpsys package` → what the package service knows of each package.

The layout is AOSP's `Settings.dumpPackageLPr` (`PackageManagerService` up to Android 12, `Settings` later): a title at
the margin, `  Package [name] (hash):` under it, keys four blanks in, lists and users with deeper lines. Depths are
measured, not assumed.

Text of a package stands unescaped in it. A version name can hold line feeds and so pretend keys, packages and titles:
it is read up to the key that follows it in every version, and a header counts only for a package that exists. What a
package says of itself elsewhere (a permission's name) can still add a grant, never take one away.

A static library stands under the name that its makers gave it, and under it `compat name=` gives the one by which the
phone tells its versions apart: that one counts.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from phone_audit.acquire.parse.dump_words import LIST_BEGINNINGS, LISTS, PACKAGE_KEYS, SAYINGS, USER_KEYS, form_of
from phone_audit.acquire.parse.text import lines_of, number

TITLES = {"Packages:": "packages", "Hidden system packages:": "hidden", "Shared users:": "shared"}
TITLE = re.compile(r"[A-Z][A-Za-z /]*:?$")
PACKAGE = re.compile(r" +Package \[(.+)\] \([0-9a-f]+\):$")
COMPAT = re.compile(r" +compat name=(.+)$")
SHARED = re.compile(r" +SharedUser \[(.+)\] \([0-9a-f]+\):$")
USER = re.compile(r" +User (\d{1,9}):(.*)$")
KEY = re.compile(r"( +)([A-Za-z]+)=(.*)$")
GRANT = re.compile(r" +(.+?): granted=(true|false)\b")
STATE = re.compile(r"(\w+)=(\S+)")
SHARED_NAME = re.compile(r"SharedUserSetting\{\S+ (.+)/\d+\}")
WHOLE_HASH = re.compile(r"\b[0-9a-f]{64}\b")
AFTER_VERSION_NAME = ("hiddenApiEnforcementPolicy", "usesNonSdkApi", "splits")
"""The keys that follow the version name, by Android version: 16; 12 to 15; 8 to 11."""

LONG_VERSION = "versionName= over several lines"


@dataclass(frozen=True)
class DumpedUser:
    """A package as one user has it, as printed. `enabled` is a COMPONENT_ENABLED_STATE number."""

    installed: bool | None = None
    hidden: bool | None = None
    suspended: bool | None = None
    enabled: int | None = None
    first_install: str | None = None
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DumpedPackage:
    """One block of the dump, as printed. `granted` are the install permissions, the same for all users."""

    name: str
    app_id: int | None = None
    shared_user: str | None = None
    code_path: str | None = None
    version_code: int | None = None
    version_name: str | None = None
    splits: tuple[str, ...] = ()
    flags: frozenset[str] = frozenset()
    first_install: str | None = None
    last_update: str | None = None
    installer: str | None = None
    signers: tuple[str, ...] | None = None
    granted: frozenset[str] = frozenset()
    users: dict[int, DumpedUser] = field(default_factory=dict)


@dataclass(frozen=True)
class PackageDump:
    """The whole dump.

    Attributes:
        packages: name → its blocks; more than one means that text of a package pretends another.
        hidden: the same for the system packages that an update hides.
        shared: shared user → its block; grants of a package with a shared user stand only there.
        unknown: names in headers that were not taken, in order.
        strange: form of lines inside the blocks that this reader does not know → how many there are.
    """

    packages: dict[str, tuple[DumpedPackage, ...]]
    hidden: dict[str, tuple[DumpedPackage, ...]]
    shared: dict[str, tuple[DumpedPackage, ...]]
    unknown: tuple[str, ...]
    strange: Mapping[str, int] = field(default_factory=dict)


@dataclass
class _Block:
    """A block while it is read.

    `depth` is the indentation of its keys, 0 before the first one; `above` the keys that stood over the version name.
    """

    name: str
    depth: int = 0
    keys: dict[str, str] = field(default_factory=dict)
    above: frozenset[str] = frozenset()
    granted: set[str] = field(default_factory=set)
    states: dict[int, dict[str, str]] = field(default_factory=dict)
    runtime: dict[int, set[str]] = field(default_factory=dict)
    user: int | None = None
    inside: str = ""
    title: str = ""
    title_depth: int = 0


def parse_package_dump(text: str, names: Collection[str] | None = None) -> PackageDump:
    """Read the output of `dumpsys package`, whole or of one package.

    Args:
        text: the answer, decoded with `text.decode`.
        names: the packages that exist; None takes every header.
    """
    return _Reading(lines_of(text), names).read()


class _Reading:
    """One pass over the lines."""

    def __init__(self, lines: list[str], names: Collection[str] | None) -> None:
        self._lines = lines
        self._names = names
        self._found: dict[str, dict[str, list[_Block]]] = {"packages": {}, "hidden": {}, "shared": {}}
        self._unknown: dict[str, None] = {}
        self._strange: Counter[str] = Counter()
        self._section = ""
        self._block: _Block | None = None

    def read(self) -> PackageDump:
        at = 0
        while at < len(self._lines):
            at = self._line(at)
        packages, hidden, shared = (
            {name: tuple(_finish(block) for block in blocks) for name, blocks in found.items()}
            for found in self._found.values()
        )
        return PackageDump(packages, hidden, shared, tuple(self._unknown), dict(self._strange))

    def _line(self, at: int) -> int:
        """Take one line, or a version name with all its lines, and give the index of the next."""
        line = self._lines[at]
        if not line.startswith(" "):
            if TITLE.match(line):
                self._section, self._block = TITLES.get(line, ""), None
            return at + 1
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
        form = _take(self._block, line, key)
        if form:
            self._strange[form] += 1
        return at + 1

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
            return 0
        self._block = _Block(name)
        self._found[self._section].setdefault(name, []).append(self._block)
        return 2 if compat else 1

    def _exists(self, name: str) -> bool:
        return self._names is None or name in self._names

    def _version_name_end(self, at: int, depth: int) -> int:
        """Give the index of the line after the version name: the key that follows it, else the next line.

        The search ends at the header of a package that exists, for a vendor that leaves those keys out.
        """
        follower = tuple(" " * depth + key + "=" for key in AFTER_VERSION_NAME)
        unknown: list[str] = []
        for index in range(at, len(self._lines)):
            line = self._lines[index]
            if line.startswith(follower):
                self._unknown.update(dict.fromkeys(unknown))
                return index
            header = PACKAGE.match(line)
            if header and self._exists(header[1]):
                break
            if header:
                unknown.append(header[1])
        return at


def _take(block: _Block, line: str, key: re.Match[str] | None) -> str:
    """Put one line of a block where it belongs; give its form where this reader does not know it, else nothing."""
    user = USER.match(line)
    if user:
        block.user, block.inside = int(user[1]), ""
        block.states.setdefault(block.user, {}).update(STATE.findall(user[2]))
        block.runtime.setdefault(block.user, set())
        return ""
    if key is None:
        return _take_entry(block, line)
    block.depth = block.depth or len(key[1])
    known = PACKAGE_KEYS
    if block.user is None and len(key[1]) == block.depth:
        _set(block, key[2], key[3])
    elif block.user is not None and len(key[1]) > block.depth:
        block.states[block.user].setdefault(key[2], key[3])
        known = USER_KEYS
    return "" if key[2] in known or block.inside == "other" else form_of(line)


def _take_entry(block: _Block, line: str) -> str:
    """Take the title or an entry of a list; entries stand deeper than their title."""
    grant = GRANT.match(line)
    if grant and block.inside in ("install", "runtime"):
        if grant[2] == "true":
            (block.granted if block.user is None else block.runtime[block.user]).add(grant[1])
        return ""
    word, depth = line.strip(), len(line) - len(line.lstrip(" "))
    if not word or word.startswith(SAYINGS):
        return ""
    begun = _list_of(word)
    if not begun and block.inside in ("other", "unknown") and depth > block.title_depth:
        return block.title if block.inside == "unknown" else ""
    if not begun and word.endswith(":") and not grant:
        begun = "unknown"
    if begun:
        block.inside, block.title, block.title_depth = begun, form_of(line), depth
    return form_of(line) if begun in ("", "unknown") else ""


def _set(block: _Block, name: str, value: str) -> None:
    """Keys over the version name count when first seen, those below it when last seen: pretended ones stand between."""
    if name not in block.above and (name not in block.keys or "versionName" in block.keys):
        block.keys[name] = value


def _list_of(line: str) -> str:
    """Give which list a line begins, empty for none that is known. `runtime permissions:` may have text behind it."""
    if line.startswith("runtime permissions:"):
        return "runtime"
    if line.startswith(("install permissions:", "grantedPermissions:")):
        return "install"
    return "other" if line in LISTS or (line.startswith(LIST_BEGINNINGS) and line.endswith(":")) else ""


def _finish(block: _Block) -> DumpedPackage:
    keys = block.keys
    shared = SHARED_NAME.search(keys.get("sharedUser", ""))
    splits = keys.get("splits", "").strip().removeprefix("[").removesuffix("]")
    signers = tuple(sorted(set(WHOLE_HASH.findall(keys.get("signatures", "").partition("past signatures")[0]))))
    return DumpedPackage(
        name=block.name,
        app_id=number((keys.get("appId") or keys.get("userId") or "").partition(" ")[0]),
        shared_user=shared[1] if shared else None,
        code_path=keys.get("codePath"),
        version_code=number(keys.get("versionCode", "").partition(" ")[0]),
        version_name=None if keys.get("versionName") == "null" else keys.get("versionName"),
        splits=tuple(name for part in splits.split(",") if (name := part.strip())),
        flags=frozenset((keys.get("pkgFlags") or keys.get("flags") or "").strip("[] ").split()),
        first_install=keys.get("firstInstallTime"),
        last_update=keys.get("lastUpdateTime"),
        installer=None if keys.get("installerPackageName") in (None, "null", "") else keys["installerPackageName"],
        signers=signers or None,
        granted=frozenset(block.granted),
        users={user: _finish_user(state, block.runtime[user]) for user, state in sorted(block.states.items())},
    )


def _finish_user(state: dict[str, str], runtime: set[str]) -> DumpedUser:
    def flag(name: str) -> bool | None:
        return {"true": True, "false": False}.get(state.get(name, ""))

    return DumpedUser(
        installed=flag("installed"),
        hidden=flag("hidden"),
        suspended=flag("suspended"),
        enabled=number(state.get("enabled")),
        first_install=state.get("firstInstallTime"),
        granted=frozenset(runtime),
    )
