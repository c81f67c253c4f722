"""What a firmware says of the state in which a phone begins: the files that a phone is asked for too, and its own."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from phone_audit.acquire.image.byte_source import ImageError, hashes_of
from phone_audit.acquire.image.firmware import Firmware
from phone_audit.acquire.questions.framework import FRAMEWORK
from phone_audit.acquire.questions.question import item, seen
from phone_audit.acquire.questions.small_files import (
    BUILD_PROPS,
    BUILT_IN_ADB_KEYS,
    CA_FOLDER,
    CONSCRYPT_FOLDER,
    HOSTS,
    MOST_FILES,
    OTA_CERTIFICATES,
    ROOT_PROGRAMS,
    SmallFiles,
)
from phone_audit.acquire.text import decode, lines_of
from phone_audit.files.bounds import MB
from phone_audit.model.device import StateItem
from phone_audit.model.finding import Evidence

SMALL = 4 * MB
ALL_SMALL = 24 * MB
"""Bytes of all small files together, as of a phone."""
MOST_EVIDENCE = 2000
MOST_HASHED = 2048 * MB
"""Bytes of the framework that are hashed."""
DATA = "/data/"

TAG = re.compile(r"<(/?)([A-Za-z][\w.-]{0,99})([^<>]{0,4000})>")
COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
ATTRIBUTE = re.compile(r"([\w:.-]{1,100})\s{0,9}=\s{0,9}(?:\"([^\"<>]{0,300})\"|'([^'<>]{0,300})')")
PERMISSIONS = re.compile(r"(?:/(?:system|vendor|apex))?/[^/]+/etc/(?:permissions|sysconfig)/[^/]+\.xml")
DEFAULT_GRANTS = re.compile(r"(?:/(?:system|vendor))?/[^/]+/etc/default-permissions/[^/]+\.xml")
"""Also where a phone has no such partition, and its files lie in another."""
INIT, MOST_SCRIPTS = ".rc", 5000
BINARY_XML = b"ABX"
IMPORT = re.compile(r"^[ \t]*import[ \t]+(\S+)", re.MULTILINE)


def small_files(firmware: Firmware) -> SmallFiles:
    """Return the files that a phone is asked for in one command."""
    stores = (CA_FOLDER, CONSCRYPT_FOLDER)
    named = [HOSTS, OTA_CERTIFICATES, *BUILT_IN_ADB_KEYS, *BUILD_PROPS]
    named += [path for folder in stores for path in firmware.children(folder)]
    files: dict[str, bytes] = {}
    left = ALL_SMALL
    if len(named) > MOST_FILES:
        firmware.skip(named[MOST_FILES], "too-many", f"There are more than {MOST_FILES:,} certificates.")
    for path in named[:MOST_FILES]:
        content = firmware.read(path, min(SMALL, left))
        if content is not None:
            files[path] = content
            left -= len(content)
    return SmallFiles(
        folders={folder: "open" if firmware.is_folder(folder) else "none" for folder in stores},
        there=tuple(path for path in ROOT_PROGRAMS if not path.startswith(DATA) and firmware.resolved(path)),
        files=files,
        whole=True,
    )


def framework_hashes(firmware: Firmware) -> list[tuple[str, str]]:
    """Return path and SHA-256 of the files that hold the code of every process, as a phone gives them."""
    hashes = []
    left = MOST_HASHED
    wanted = (path for path in sorted(firmware.files) if any(_matches(path, pattern) for pattern in FRAMEWORK))
    for path in wanted:
        try:
            source = firmware.open(path)
            left -= source.size
            if left < 0:
                firmware.skip(path, "too-many", "The framework has more bytes than are hashed of one.")
                break
            hashes.append((path, hashes_of(source, "sha256")[0]))
        except ImageError as error:
            firmware.skip(path, "damaged", f"The file was not hashed: {error}.")
    return hashes


def _matches(path: str, pattern: str) -> bool:
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)


def firmware_items(firmware: Firmware) -> Iterator[StateItem]:
    """Yield what a firmware grants before anybody is asked, and which of its services run as root or listen."""
    paths = sorted(firmware.files)
    privileged = _grants(firmware, (path for path in paths if PERMISSIONS.fullmatch(path)), "privapp-permissions")
    yield _counted("privileged_permissions", privileged)
    default = _grants(firmware, (path for path in paths if DEFAULT_GRANTS.fullmatch(path)), "exception")
    yield _counted("default_grants", default)
    services = [one for path in _scripts(firmware, paths) for one in _services(firmware, path)]
    yield _counted("init_services_root", (line for line, root, _ in services if root))
    yield _counted("init_services_listening", (line for line, _, listens in services if listens))


def _counted(key: str, evidence: Iterable[Evidence]) -> StateItem:
    found = list(evidence)
    return item(key, str(len(found)), found[:MOST_EVIDENCE])


def _grants(firmware: Firmware, paths: Iterable[str], around: str) -> Iterator[Evidence]:
    """Yield each package with the permissions that a list of a partition gives it."""
    for path in paths:
        content = firmware.read(path, SMALL) or b""
        if content.startswith(BINARY_XML):
            firmware.skip(path, "unsupported", "It is in Android's binary form of XML, which is not read here.")
        for package, names in parse_grants(decode(content), around):
            yield seen("permission", path, f"{package}: {' '.join(names)}")


def parse_grants(text: str, around: str) -> list[tuple[str, tuple[str, ...]]]:
    """Read `<AROUND package="…"><permission name="…"/>…</AROUND>`; entities and declarations mean nothing here.

    Sources: AOSP `SystemConfig.readPermissions`, `DefaultPermissionGrantPolicy.parseExceptions`.

    Example:
        >>> parse_grants('<a><privapp-permissions package="p.q"><permission name="X"/></privapp-permissions></a>',
        ...              "privapp-permissions")
        [('p.q', ('X',))]
    """
    found: dict[str, dict[str, None]] = {}
    package = ""
    for tag in TAG.finditer(COMMENT.sub("", text)):
        words = {name: double or single for name, double, single in ATTRIBUTE.findall(tag[3])}
        if tag[2] == around:
            package = "" if tag[1] else words.get("package", "")
        elif tag[2] == "permission" and package and not tag[1] and words.get("name"):
            found.setdefault(package, {})[words["name"]] = None
    return [(package, tuple(names)) for package, names in found.items()]


def _scripts(firmware: Firmware, paths: Iterable[str]) -> list[str]:
    """Return the scripts of init, by their suffix, and those that they import."""
    found = dict.fromkeys(path for path in paths if path.endswith(INIT))
    pending = list(found)
    while pending and len(found) <= MOST_SCRIPTS:
        content = firmware.read(pending.pop(), SMALL)
        for named in IMPORT.findall(decode(content or b"")):
            real = firmware.resolved(named)
            if real is not None and real not in found and not firmware.is_folder(real):
                found[real] = None
                pending.append(real)
    if len(found) > MOST_SCRIPTS:
        firmware.skip("init", "too-many", f"There are more than {MOST_SCRIPTS:,} scripts of init.")
    return sorted(found)[:MOST_SCRIPTS]


def _services(firmware: Firmware, path: str) -> Iterator[tuple[Evidence, bool, bool]]:
    content = firmware.read(path, SMALL)
    for name, program, user, sockets in parse_services(decode(content or b"")):
        words = [name, program, f"user {user}", *(f"socket {one}" for one in sockets)]
        yield seen("path", path, " ".join(words)), user == "root", bool(sockets)


def parse_services(text: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    r"""Read the services of an init script: name, program, user (root where none is named) and sockets.

    Source: AOSP `system/core/init/README.md`. A socket that init makes for a service is one on which it listens.

    Example:
        >>> parse_services("service x /bin/x -d\n  user shell\n  socket x stream 660\non boot\n  user root\n")
        [('x', '/bin/x', 'shell', ('x stream',))]
    """
    found: list[tuple[str, str, str, tuple[str, ...]]] = []
    inside = False
    for line in lines_of(text.replace("\\\n", " ")):
        words = line.split(None, 4)
        if not words or words[0].startswith("#"):
            continue
        if words[0] in ("service", "on", "import", "subsystem"):
            inside = words[0] == "service" and len(words) > 2
            if inside:
                found.append((words[1], words[2], "root", ()))
        elif inside and words[0] == "user" and len(words) > 1:
            name, program, _, sockets = found[-1]
            found[-1] = (name, program, "root" if words[1] == "0" else words[1], sockets)
        elif inside and words[0] == "socket" and len(words) > 2:
            name, program, user, sockets = found[-1]
            found[-1] = (name, program, user, (*sockets, f"{words[1]} {words[2]}")[:20])
    return found
