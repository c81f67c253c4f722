"""Lists without a fixed shape (bare values, block lists, trails, CSV with hashes), and lists of packages and signers.

The latter are debloat lists (how safe it is to remove them), AOSP baselines, certificates. Every reader raises
FeedError for a file that is none of its format.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from phone_audit.knowledge.feeds.indicator import About, Kind, Rejected, Row
from phone_audit.knowledge.feeds.text import FeedError, lines, listed, mapping, read_json, rows, table, text
from phone_audit.knowledge.feeds.values import guessed, row, shown
from phone_audit.knowledge.naming import DIGESTS

_OWN: Final = re.compile(r"(localhost|localhost\.localdomain|local|broadcasthost|ip6-\w+|0\.0\.0\.0)", re.IGNORECASE)
_TARGET: Final = re.compile(r"(0\.0\.0\.0|127(\.\d+){3}|::1?|fe80::1%lo0|255\.255\.255\.255)\s+(?P<hosts>.+)")
_RULE: Final = re.compile(r"\|\|(?P<host>[^\^/$*|]+)\^?(\$(?P<options>.*))?")
_OF_PAGES: Final = re.compile(r"#[@?$]*#")
_HARMLESS_OPTIONS: Final = re.compile(r"(important|all|third-party|3p|popup|document|doc)(,|$)")
_NAMES: Final = re.compile(r"(malware[ _]?)?(name|family|familia|app|threat|signature|description|software)")
_HASHES: Final = re.compile(r"md5|sha-?\d+|hash")
_COLUMNS: Final[Mapping[str, Kind]] = {
    "package": "package", "package name": "package", "package_name": "package", "ip": "address",
    "ip address": "address", "domain": "host", "host": "host", "hostname": "host", "url": "url", "path": "path",
}  # fmt: skip
_LONGEST_HEAD: Final = 2**16
_HEX: Final = re.compile(r"[0-9A-Fa-f]+")


def read_values(data: bytes, about: About) -> Iterator[Row]:
    """Yield the value of each line. What it is, is told by its form."""
    for line in lines(data):
        value = line.partition("#")[0].strip().strip(",;\"'")
        if value:
            yield row(guessed(value), value, about)


def read_hosts(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts that a list blocks. Exceptions and rules about parts of pages are left out."""
    for raw in lines(data):
        line = raw.strip()
        if not line or line[0] in "#!;[":
            continue
        yield from _line(line, about)


def _line(line: str, about: About) -> Iterator[Row]:
    if line.startswith("@@"):
        yield Rejected(shown(line), "it is an exception of the list")
        return
    if rule := _RULE.fullmatch(line):
        left = _HARMLESS_OPTIONS.sub("", rule["options"] or "")
        if left:
            yield Rejected(shown(line), "the rule holds only under conditions")
        else:
            yield row("host", rule["host"], about)
        return
    if line.startswith("|") or "$" in line or _OF_PAGES.search(line) or "*" in line.partition("/")[2]:
        yield Rejected(shown(line), "it is a rule about parts of pages, not about a host")
        return
    plain = re.split(r"\s#", line)[0].strip()
    target = _TARGET.fullmatch(plain)
    for host in target["hosts"].split() if target else [plain]:
        if not _OWN.fullmatch(host):
            yield row("host", host, about)


def read_maltrail(data: bytes, about: About) -> Iterator[Row]:
    """Yield the trails of a file. A path alone is left out: it names no host."""
    for raw in lines(data):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("/"):
            yield Rejected(shown(line), "it is the path of a URL without its host")
        else:
            yield row("url" if "/" in line else "host", line.partition(" #")[0], about)


def read_csv(data: bytes, about: About) -> Iterator[Row]:
    """Yield the indicators of each line: what is a hash by its look, other columns by their names.

    The first column whose name says so (name, family, app, description …) names what they belong to. A file without a
    head, of hashes only, is read too.
    """
    data = _with_head(data)
    for number, line in enumerate(table(data), 2):
        if isinstance(line, Rejected):
            yield line
            continue
        name = next((value for key, value in line.items() if value and _NAMES.fullmatch(key)), "") or about.name
        found = list(_cells(line, replace(about, name=name[:200])))
        yield from found
        if not found and any(line.values()):
            yield Rejected(shown(f"line {number}: {' '.join(line.values())}"), "no column of it is known")


def _cells(line: Mapping[str, str], about: About) -> Iterator[Row]:
    for key, value in line.items():
        if not value:
            continue
        if len(value) in DIGESTS and _HEX.fullmatch(value):
            yield row("certificate" if "cert" in key or "signer" in key else "hash", value, about)
        elif _HASHES.fullmatch(key) or key.endswith("_hash") or "sha256" in key:
            yield row("hash", value, about)
        elif key in _COLUMNS:
            yield row(_COLUMNS[key], value, about)


def _with_head(data: bytes) -> bytes:
    """Put a head above a file that begins with a hash."""
    first = data[:_LONGEST_HEAD].partition(b"\n")[0].decode("utf-8-sig", "replace").replace("\0", "")
    delimiter = max(",;\t|", key=first.count)
    cells = [cell.strip(' "\r') for cell in first.split(delimiter)]
    if any(len(cell) in DIGESTS and _HEX.fullmatch(cell) for cell in cells):
        return delimiter.join(f"column {number}" for number in range(len(cells))).encode() + b"\n" + data
    return data


def read_uad_ng(data: bytes, about: About) -> Iterator[Row]:
    """Yield the packages of uad_lists.json, also in its older form as a list. Descriptions are left out."""
    document = read_json(data)
    if isinstance(document, dict):
        entries: list[tuple[object, object]] = list(document.items())
    else:
        packages = listed(document, "it is no list of packages")
        entries = [(mapping(entry).get("id"), entry) for entry in packages]
    for name, entry in entries:
        removal = text(mapping(entry).get("removal"))
        if not isinstance(name, str) or not removal:
            yield Rejected(shown(name), "it has no name, or says nothing of removal")
        else:
            yield _row(name, text(mapping(entry).get("list")), removal, about)


def read_debloat_list(data: bytes, about: About) -> Iterator[Row]:
    """Yield the packages of one file of android-debloat-list. Descriptions are left out."""
    for number, entry in enumerate(listed(read_json(data), "it is no list of packages"), 1):
        name, removal = text(mapping(entry).get("id")), text(mapping(entry).get("removal"))
        if not name or not removal:
            yield Rejected(shown(name or f"entry {number}"), "it has no id, or says nothing of removal")
        else:
            yield _row(name, text(mapping(entry).get("label")), removal, about)


def _row(package: str, name: str, removal: str, about: About) -> Row:
    note = f"removal: {removal.lower()[:40]}"
    return row("package", package, About(name[:80] or about.name, "preinstalled", about.weight, note))


def read_certificates(data: bytes, about: About) -> Iterator[Row]:
    """Yield certificates that anybody can sign with as commonplace, those of makers as owners, others as classed."""
    for entry in map(mapping, listed(read_json(data), "it is no list of certificates")):
        name, kind = text(entry.get("name")), text(entry.get("class"))
        if kind.startswith("aosp"):
            what = About(name, "commonplace", "strong", "everybody has this key")
        else:
            what = About(name, "owner" if kind == "vendor-known-good" else about.class_, "strong", kind)
        values = [text(entry.get(field)) for field in ("sha256", "sha1", "md5")]
        if not any(values):
            yield Rejected(shown(name), "it has no fingerprint")
        yield from (row("certificate", value, what) for value in values if value)


def read_baseline(data: bytes, about: About) -> Iterator[Row]:
    """Yield the packages of an AOSP or GSI baseline, or the signers of Google's packages, as what is expected."""
    document = mapping(read_json(data))
    packages = document.get("packagesAll")
    if isinstance(packages, list):
        yield from rows("package", packages, About(about.name, "owner", "weak", "part of Android"))
        return
    if not document:
        raise FeedError("it has no packagesAll")
    for name, signer in document.items():
        yield row("certificate", text(signer), About(name, "owner", "strong", "signs this package"))
