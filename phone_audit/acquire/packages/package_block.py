"""One block of `dumpsys package`: what it says of a package or of a shared user, line by line."""

import re
from dataclasses import dataclass, field

from phone_audit.acquire.text import number

_OF_PACKAGES = """
    apexModuleName apkSigningVersion appId appMetadataFilePath appMetadataSource applicationInfo category childPackages
    codePath cpuAbiOverride dataDir extractNativeLibs firstInstallTime flags forceQueryable gids
    hiddenApiEnforcementPolicy initiatingPackageName installPermissionsFixed installerAttributionTag
    installerPackageName installerPackageUid isLoading isMiuiPreinstall isOrphaned lastUpdateTime
    legacyNativeLibraryDir loadingProgress minExtensionVersions originatingPackageName overlayCategory overlayTarget
    packageSource pageSizeCompat parentPackage pccId pkg pkgFlags primaryCpuAbi privateFlags privateFlagsExt
    privatePkgFlags queriesIntents queriesPackages queriesProviders resourcePath scannedAsStoppedSystemApp
    secondaryCpuAbi sharedUser signatures splits supportsScreens timeStamp updateOwnerPackageName userId usesNonSdkApi
    versionCode versionName volumeUuid
"""
PACKAGE_KEYS = frozenset(_OF_PACKAGES.split())
"""Keys of a package and of a shared user. Android 8 and older print `gids` with them."""

_OF_USERS = """
    archiveTime dataDir dialogInfo firstInstallTime gids installReason pinnedLauncher splashScreenTheme
    suspendingPackage uninstallReason
"""
USER_KEYS = frozenset(_OF_USERS.split())
"""Keys of a package as one user has it; the states stand on the line that begins the user."""

_LISTS = """
    activities:, declared permissions:, disabledComponents:, dynamic libraries:, enabledComponents:,
    grantedPermissions:, install permissions:, instrumentations:, legacy overlay paths:, mimeGroups:, overlay paths:,
    Packages, providers:, receivers:, requested permissions:, runtime permissions:, sdk library:, services:,
    static library:, Suspend params:, usesLibraries:, usesLibraryFiles:, usesNativeLibraries:, usesOptionalLibraries:,
    usesOptionalNativeLibraries:, usesSdkLibraries:, usesStaticLibraries:
"""
LISTS = frozenset(title.strip() for title in _LISTS.split(","))
"""Titles of lists inside a block. From Android 12 on there is also `overlay paths for LIBRARY:`."""

LIST_BEGINNINGS = ("overlay paths for ", "legacy overlay paths for ")
SAYINGS = ("harmfulAppWarning:", "lastDisabledCaller:")
"""Words that have their text behind a colon, on the same line."""

SHOWN_FORM = 40
"""Characters of a line that stand for its form."""

USER = re.compile(r" +User (\d{1,9}):(.*)$")
KEY = re.compile(r"( +)([A-Za-z]+)=(.*)$")
GRANT = re.compile(r" +([^ ].*?): granted=(true|false)\b")
STATE = re.compile(r"(?<!\w)(\w+)=(\S+)")
SHARED_NAME = re.compile(r"SharedUserSetting\{\S+ (.+)/\d+\}")
MOST_GRANTS = 2000
"""Permissions that are read of one package, and of it for one user; the system itself has about 1,000."""
TOO_MANY = f"permissions after the first {MOST_GRANTS} of a package"
WHOLE_HASH = re.compile(r"\b[0-9a-f]{64}\b")


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


@dataclass
class Block:
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


def add_line(block: Block, line: str, key: re.Match[str] | None) -> str:
    """Put one line of a block where it belongs; give its form where this reader does not know it, else nothing."""
    user = USER.match(line)
    if user:
        block.user, block.inside = int(user[1]), ""
        block.states.setdefault(block.user, {}).update(STATE.findall(user[2]))
        block.runtime.setdefault(block.user, set())
        return ""
    if key is None:
        return _add_entry(block, line)
    block.depth = block.depth or len(key[1])
    known = PACKAGE_KEYS
    if block.user is None and len(key[1]) == block.depth:
        _set(block, key[2], key[3])
    elif block.user is not None and len(key[1]) > block.depth:
        block.states[block.user].setdefault(key[2], key[3])
        known = USER_KEYS
    return "" if key[2] in known or block.inside == "other" else form_of(line)


def _add_entry(block: Block, line: str) -> str:
    """Take the title or an entry of a list; entries stand deeper than their title."""
    grant = GRANT.match(line)
    if grant and block.inside in ("install", "runtime"):
        granted = block.granted if block.user is None else block.runtime[block.user]
        if grant[2] == "true" and len(granted) >= MOST_GRANTS:
            return TOO_MANY
        if grant[2] == "true":
            granted.add(grant[1])
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


def _set(block: Block, name: str, value: str) -> None:
    """Keys over the version name count when first seen, those below it when last seen: pretended ones stand between."""
    if name not in block.above and (name not in block.keys or "versionName" in block.keys):
        block.keys[name] = value


def _list_of(line: str) -> str:
    """Return which list a line begins, empty for none that is known. `runtime permissions:` may have text behind it."""
    if line.startswith("runtime permissions:"):
        return "runtime"
    if line.startswith(("install permissions:", "grantedPermissions:")):
        return "install"
    return "other" if line in LISTS or (line.startswith(LIST_BEGINNINGS) and line.endswith(":")) else ""


def package_of_block(block: Block) -> DumpedPackage:
    """Return what a block says of its package, once all its lines were added."""
    keys = block.keys
    shared = SHARED_NAME.match(keys.get("sharedUser", ""))
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


def form_of(line: str) -> str:
    """Return what stands for all lines like this one: its key, its first words up to a colon, or its beginning.

    Example:
        >>> form_of("    newKey=some value"), form_of("      new list:"), form_of("   a line of text " + "x" * 50)
        ('newKey=', 'new list:', 'a line of text xxxxxxxxxxxxxxxxxxxxxxxxx')
    """
    stripped = line.strip()
    for mark in ("=", ":"):
        word, found, _ = stripped.partition(mark)
        if found and word and len(word) < SHOWN_FORM:
            return word + mark
    return stripped[:SHOWN_FORM]
