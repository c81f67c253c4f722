"""Small files of the phone → items of the state: certificates, hosts, keys, build.prop, programs that give root."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

from phone_audit.acquire.condition import questions
from phone_audit.acquire.condition.item import item, key_of, seen
from phone_audit.acquire.condition.ota_certificates import ota_certificates
from phone_audit.acquire.parse.adb_keys import fingerprints
from phone_audit.acquire.parse.authorities import Authority, authorities
from phone_audit.acquire.parse.hosts_file import parse_hosts
from phone_audit.acquire.parse.small_files import SmallFiles
from phone_audit.acquire.parse.text import decode, lines_of
from phone_audit.model.device import StateItem

HASHED = re.compile(r"^\\?([0-9a-f]{64})  (/[\x21-\x7e]{1,255})$", re.MULTILINE)
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


def file_items(files: SmallFiles, users: Sequence[int], properties: Mapping[str, str]) -> Iterator[StateItem]:
    """Yield what the small files say; nothing where the phone did not answer.

    Args:
        files: as the phone gave them.
        users: whose own certificates were asked for.
        properties: the whole getprop, to hold build.prop against.
    """
    if not files.folders:
        return
    yield item("root_programs", " ".join(files.there), [seen("path", path, "is there") for path in files.there], "")
    if files.whole:
        yield from _stores(files, users)
        yield from _hosts(files)
        yield from _ota(files)
        yield from _adb_keys(files)
        yield from _build_props(files, properties)


def framework_items(answer: str) -> Iterator[StateItem]:
    """Yield one item for the framework's files: the SHA-256 over all of them, and each as evidence."""
    found = sorted({(path, digest) for digest, path in HASHED.findall(answer)})
    if found:
        text = "".join(f"{digest}  {path}\n" for path, digest in found)
        digest = hashlib.sha256(text.encode()).hexdigest()
        yield item("framework_files", digest, [seen("hash", path, one) for path, one in found])


def _stores(files: SmallFiles, users: Sequence[int]) -> Iterator[StateItem]:
    stores: dict[str, dict[str, bytes]] = {}
    for path, content in files.files.items():
        stores.setdefault(path.rpartition("/")[0], {})[path] = content
    yield from _store("ca_certificates", files, stores, questions.CA_FOLDER)
    if files.folders.get(questions.CONSCRYPT_FOLDER) == "open":
        yield from _store("ca_certificates_conscrypt", files, stores, questions.CONSCRYPT_FOLDER)
    for user in users:
        yield from _store(key_of("ca_certificates_added", user), files, stores, questions.added_folder(user))
        yield from _store(key_of("ca_certificates_removed", user), files, stores, questions.removed_folder(user))


def _store(key: str, files: SmallFiles, stores: Mapping[str, Mapping[str, bytes]], folder: str) -> Iterator[StateItem]:
    """Yield the number of certificates in a store, each as evidence; no number where the shell may not look."""
    if files.folders.get(folder) == "open":
        found = authorities(stores.get(folder, {}))
        yield item(key, str(len(found)), [seen("certificate", one.path, _label(one)) for one in found])
    elif key.startswith("ca_certificates_added"):
        yield item(key, None, [seen("path", folder, "the shell may not look")])


def _label(authority: Authority) -> str:
    return authority.sha256 if authority.name is None else f"{authority.sha256} {authority.name}"


def _hosts(files: SmallFiles) -> Iterator[StateItem]:
    content = files.files.get(questions.HOSTS)
    if content is not None:
        entries = parse_hosts(decode(content))
        lines = [f"{address} {name}" for address, name in entries]
        evidence = [seen("path", questions.HOSTS, line) for line in _telling(lines)[:MOST_HOSTS]]
        yield item("hosts_entries", str(len(lines)), evidence, "0")


def _telling(lines: Sequence[str]) -> list[str]:
    """Put entries that lead to another computer before those that lead nowhere."""
    return sorted(lines, key=lambda line: line.startswith(("0.0.0.0 ", "127.", "::1 ", ":: ")))


def _ota(files: SmallFiles) -> Iterator[StateItem]:
    content = files.files.get(questions.OTA_CERTIFICATES)
    found = None if content is None else ota_certificates(content)
    if found is not None:
        names = [f"{digest} {name}" if name else digest for digest, name in found]
        yield item(
            "ota_certificates",
            str(len(names)),
            [seen("certificate", questions.OTA_CERTIFICATES, name) for name in names],
        )


def _adb_keys(files: SmallFiles) -> Iterator[StateItem]:
    """Keys in the firmware need no question on the screen; those of the person may be closed to the shell."""
    built_in = [(path, key) for path in questions.BUILT_IN_ADB_KEYS for key in _keys(files, path)]
    yield item("adb_keys_built_in", str(len(built_in)), [seen("path", path, key) for path, key in built_in], "0")
    if questions.ADB_KEYS in files.files:
        own = _keys(files, questions.ADB_KEYS)
        yield item("adb_keys", str(len(own)), [seen("path", questions.ADB_KEYS, key) for key in own])


def _keys(files: SmallFiles, path: str) -> tuple[str, ...]:
    return fingerprints(decode(files.files.get(path, b"")))


def _build_props(files: SmallFiles, properties: Mapping[str, str]) -> Iterator[StateItem]:
    for path in questions.BUILD_PROPS:
        content = files.files.get(path)
        if content is not None:
            digest = hashlib.sha256(content).hexdigest()
            yield item(f"build_prop:{path}", digest, [seen("hash", path, digest)])
    content = files.files.get(questions.BUILD_PROPS[0])
    if content is not None:
        said = _said(decode(content))
        other = [
            name for name in SAME_IN_BOTH if name in said and name in properties and said[name] != properties[name]
        ]
        evidence = [
            piece
            for name in other
            for piece in (
                seen("path", questions.BUILD_PROPS[0], f"{name}={said[name]}"),
                seen("property", "getprop", f"{name}={properties[name]}"),
            )
        ]
        yield item("build_prop_differs", " ".join(other), evidence, "")


def _said(text: str) -> dict[str, str]:
    """Read `name=value` lines as init does (AOSP `property_service.cpp`): without the blanks around either."""
    lines = (line.strip() for line in lines_of(text))
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.rstrip(): value.lstrip() for name, _, value in pairs}
