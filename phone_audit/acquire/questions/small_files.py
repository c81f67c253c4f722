"""The small files of the system in one answer → certificates, hosts, keys, build.prop, programs that give root."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from phone_audit.acquire.commands import MEGABYTE, Command, listed_command, quoted
from phone_audit.acquire.questions.adb_keys import fingerprints
from phone_audit.acquire.questions.certificates import certificates, ota_certificates
from phone_audit.acquire.questions.question import item, key_of, seen
from phone_audit.acquire.text import decode, lines_of, shown
from phone_audit.model.device import StateItem
from phone_audit.model.stated import parsed_address

CA_FOLDER = "/system/etc/security/cacerts"
CONSCRYPT_FOLDER = "/apex/com.android.conscrypt/cacerts"
"""From Android 14 on the certificates of this folder are used, where it is there."""
OTA_CERTIFICATES = "/system/etc/security/otacerts.zip"
HOSTS = "/system/etc/hosts"
ADB_KEYS = "/data/misc/adb/adb_keys"
BUILT_IN_ADB_KEYS = ("/adb_keys", "/product/etc/security/adb_keys")
"""Where `adbd` looks for keys that need no question; AOSP builds them into test firmware only."""
BUILD_PROPS = (
    "/system/build.prop",
    "/vendor/build.prop",
    "/product/build.prop",
    "/product/etc/build.prop",
    "/system_ext/build.prop",
    "/system_ext/etc/build.prop",
    "/odm/build.prop",
    "/odm/etc/build.prop",
)
ROOT_PROGRAMS = (
    "/system/bin/su",
    "/system/xbin/su",
    "/sbin/su",
    "/vendor/bin/su",
    "/product/bin/su",
    "/su/bin/su",
    "/system/xbin/daemonsu",
    "/system/app/Superuser.apk",
    "/system/app/SuperSU/SuperSU.apk",
    "/sbin/magisk",
    "/system/bin/magisk",
    "/debug_ramdisk/magisk",
    "/data/local/tmp/su",
    "/data/local/tmp/magisk",
    "/data/adb/magisk",
    "/data/adb/ksu",
    "/data/adb/ap",
)
"""Where su, SuperSU, Magisk, KernelSU and APatch put their programs, as their installers do."""
SAME_IN_BOTH = (
    "ro.build.fingerprint",
    "ro.build.tags",
    "ro.build.type",
    "ro.build.version.security_patch",
    "ro.debuggable",
    "ro.secure",
)
"""Properties that init takes from `/system/build.prop` as they stand there, where they do."""
MOST_HOSTS = 20
"""Entries of the hosts file that are shown; a block list has tens of thousands."""

OWN = {"localhost", "ip6-localhost", "ip6-loopback", "localhost.localdomain", "ip6-localnet", "ip6-mcastprefix",
       "ip6-allnodes", "ip6-allrouters", "ip6-allhosts", "broadcasthost", "local"}  # fmt: skip
"""Names that stand for the phone itself."""
BLANK = re.compile(r"\s+")

Access = Literal["open", "shut", "none"]
ACCESS: tuple[Access, ...] = ("open", "shut", "none")
SECTIONS = (b"\0folders\0", b"\0there\0", b"\0files\0", b"\0bytes\0")
MOST_FILES = 4096
SIZE = re.compile(rb"[0-9]{1,11}")


@dataclass(frozen=True)
class SmallFiles:
    """What the phone gave.

    Attributes:
        folders: folder → `open` where it can be listed, `shut` where the shell may not, `none` where there is none.
        there: paths at which something lies.
        files: path → bytes.
        whole: whether all files that were found came; False where the answer was cut or contradicts itself.
    """

    folders: Mapping[str, Access] = field(default_factory=dict)
    there: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    whole: bool = False


def small_files_command(users: Sequence[int]) -> Command:
    """Ask for the bytes of all small files in one command; see `parse_small_files`."""
    folders = [CA_FOLDER, CONSCRYPT_FOLDER]
    for user in users:
        folders += [added_folder(user), removed_folder(user)]
    files = (HOSTS, OTA_CERTIFICATES, ADB_KEYS, *BUILT_IN_ADB_KEYS, *BUILD_PROPS)
    words = [*(quoted(path) for path in files), *(f"{quoted(folder)}/*" for folder in folders)]
    return listed_command(
        "small files",
        limit=24 * MEGABYTE,
        small_files=" ".join(words),
        plain_paths=" ".join(quoted(folder) for folder in folders),
        own_paths=" ".join(ROOT_PROGRAMS),
    )


def added_folder(user: int) -> str:
    """Return the folder of the certificate authorities that a user added."""
    return f"/data/misc/user/{user}/cacerts-added"


def removed_folder(user: int) -> str:
    """Return the folder of the certificate authorities that a user switched off."""
    return f"/data/misc/user/{user}/cacerts-removed"


def parse_small_files(answer: bytes) -> SmallFiles:
    r"""Read folders, paths, sizes and names with NUL between them, then all bytes in a row.

    Where the sizes do not fit the names, no byte is believed: which file it is of cannot be told.

    Example:
        >>> parse_small_files(b"\0folders\0open\0/a\0\0there\0/su\0\0files\0002\n\0/a/x\0\0bytes\0hi").files
        {'/a/x': b'hi'}
    """
    parts: list[bytes] = []
    rest = answer
    for mark in SECTIONS:
        before, found, rest = rest.partition(mark)
        if not found:
            return SmallFiles(_folders(parts[1]) if len(parts) > 1 else {})
        parts.append(before)
    folders, there = _folders(parts[1]), tuple(decode(path) for path in parts[2].split(b"\0") if path)
    sizes_text, _, names_text = parts[3].partition(b"\0")
    names = [decode(name) for name in names_text.split(b"\0") if name]
    words = sizes_text.split()
    if len(words) != len(names) or len(names) > MOST_FILES or not all(map(SIZE.fullmatch, words)):
        return SmallFiles(folders, there)
    sizes = [int(word) for word in words]
    files: dict[str, bytes] = {}
    at = 0
    for name, size in zip(names, sizes, strict=True):
        if at + size > len(rest):
            break
        files[name] = rest[at : at + size]
        at += size
    return SmallFiles(folders, there, files, whole=at == len(rest) and len(files) == len(set(names)))


def _folders(part: bytes) -> dict[str, Access]:
    words = part.split(b"\0")
    found: dict[str, Access] = {}
    for kind, path in zip(words[::2], words[1::2], strict=False):
        access = next((known for known in ACCESS if known.encode() == kind), None)
        if access and path:
            found[decode(path)] = access
    return found


def file_items(files: SmallFiles, users: Sequence[int], properties: Mapping[str, str]) -> Iterator[StateItem]:
    """Yield what the small files say; nothing where the phone did not answer."""
    if not files.folders:
        return
    yield item("root_programs", " ".join(files.there), [seen("path", path, "is there") for path in files.there], "")
    if files.whole:
        yield from _stores(files, users)
        yield from _hosts(files)
        yield from _ota(files)
        yield from _adb_keys(files)
        yield from _build_props(files, properties)


def _stores(files: SmallFiles, users: Sequence[int]) -> Iterator[StateItem]:
    stores: dict[str, dict[str, bytes]] = {}
    for path, content in files.files.items():
        stores.setdefault(path.rpartition("/")[0], {})[path] = content
    yield from _store("ca_certificates", files, stores, CA_FOLDER)
    if files.folders.get(CONSCRYPT_FOLDER) == "open":
        yield from _store("ca_certificates_conscrypt", files, stores, CONSCRYPT_FOLDER)
    for user in users:
        yield from _store(key_of("ca_certificates_added", user), files, stores, added_folder(user))
        yield from _store(key_of("ca_certificates_removed", user), files, stores, removed_folder(user))


def _store(key: str, files: SmallFiles, stores: Mapping[str, Mapping[str, bytes]], folder: str) -> Iterator[StateItem]:
    """Yield the number of certificates in a store, each as evidence; no number where the shell may not look."""
    if files.folders.get(folder) == "open":
        found = sorted(
            (shown(path), label)
            for path, content in stores.get(folder, {}).items()
            for label in _labels(certificates(content))
        )
        yield item(key, str(len(found)), [seen("certificate", path, label) for path, label in found])
    elif key.startswith("ca_certificates_added"):
        yield item(key, None, [seen("path", folder, "the shell may not look")])


def _labels(found: Iterable[tuple[str, str | None]]) -> list[str]:
    return [f"{digest} {name}" if name else digest for digest, name in found]


def parse_hosts(text: str) -> tuple[tuple[str, str], ...]:
    r"""Return address and name of each entry that is not about the phone itself, in order.

    Example:
        >>> parse_hosts("127.0.0.1 localhost\n::1 ip6-localhost\n203.0.113.9 bank.example # x\n")
        (('203.0.113.9', 'bank.example'),)
    """
    found = []
    for line in lines_of(text):
        words = BLANK.split(line.partition("#")[0].strip())
        if len(words) > 1 and parsed_address(words[0].partition("%")[0]):
            found += [(words[0], name.lower()) for name in words[1:] if name.lower() not in OWN]
    return tuple(found)


def _hosts(files: SmallFiles) -> Iterator[StateItem]:
    content = files.files.get(HOSTS)
    if content is not None:
        entries = parse_hosts(decode(content))
        lines = [f"{address} {name}" for address, name in entries]
        evidence = [seen("path", HOSTS, line) for line in _telling(lines)[:MOST_HOSTS]]
        yield item("hosts_entries", str(len(lines)), evidence, "0")


def _telling(lines: Sequence[str]) -> list[str]:
    """Put entries that lead to another computer before those that lead nowhere."""
    return sorted(lines, key=lambda line: line.startswith(("0.0.0.0 ", "127.", "::1 ", ":: ")))


def _ota(files: SmallFiles) -> Iterator[StateItem]:
    content = files.files.get(OTA_CERTIFICATES)
    found = None if content is None else ota_certificates(content)
    if found is not None:
        names = _labels(found)
        evidence = [seen("certificate", OTA_CERTIFICATES, name) for name in names]
        yield item("ota_certificates", str(len(names)), evidence)


def _adb_keys(files: SmallFiles) -> Iterator[StateItem]:
    """Keys in the firmware need no question on the screen; those of the person may be closed to the shell."""
    built_in = []
    for path in BUILT_IN_ADB_KEYS:
        built_in += [seen("path", path, key) for key in _keys(files, path)]
    yield item("adb_keys_built_in", str(len(built_in)), built_in, "0")
    if ADB_KEYS in files.files:
        own = _keys(files, ADB_KEYS)
        yield item("adb_keys", str(len(own)), [seen("path", ADB_KEYS, key) for key in own])


def _keys(files: SmallFiles, path: str) -> tuple[str, ...]:
    return fingerprints(decode(files.files.get(path, b"")))


def _build_props(files: SmallFiles, properties: Mapping[str, str]) -> Iterator[StateItem]:
    for path in BUILD_PROPS:
        content = files.files.get(path)
        if content is not None:
            digest = hashlib.sha256(content).hexdigest()
            yield item(f"build_prop:{path}", digest, [seen("hash", path, digest)])
    content = files.files.get(BUILD_PROPS[0])
    if content is not None:
        stated = read_properties(decode(content))
        evidence = []
        differing = []
        for name in SAME_IN_BOTH:
            if name in stated and name in properties and stated[name] != properties[name]:
                differing.append(name)
                evidence.append(seen("path", BUILD_PROPS[0], f"{name}={stated[name]}"))
                evidence.append(seen("property", "getprop", f"{name}={properties[name]}"))
        yield item("build_prop_differs", " ".join(differing), evidence, "")


def read_properties(text: str) -> dict[str, str]:
    """Read `name=value` lines as init does (AOSP `property_service.cpp`): without the blanks around either."""
    lines = (line.strip() for line in lines_of(text))
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.rstrip(): value.lstrip() for name, _, value in pairs}
