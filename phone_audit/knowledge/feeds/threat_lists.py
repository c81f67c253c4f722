"""Lists of malicious software: stalkerware-indicators, MISP, Doctor Web, CVE records.

Every reader raises FeedError for a file that is none of its format.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from phone_audit.knowledge.feeds.indicator import THIS_ONLY, About, Kind, Rejected, Row, ThreatClass
from phone_audit.knowledge.feeds.text import FeedError, listed, mapping, read_json, rows, table, text, texts
from phone_audit.knowledge.feeds.values import row, shown
from phone_audit.knowledge.feeds.yaml_text import read_yaml
from phone_audit.knowledge.naming import DIGESTS

SITE: Final = "a web site of the maker, which ordinary software can name too"
_TYPES: Final = ("hostname", "string", "cidr")
IN_CVE = "named in a vulnerability record"


def read_ioc(data: bytes, about: About) -> Iterator[Row]:
    """Yield the indicators of ioc.yaml or watchware.yaml: packages, certificates, sites, servers."""
    for number, entry in enumerate(listed(read_yaml(data), "it is no list of products"), 1):
        if not isinstance(entry, dict) or not text(entry.get("name")):
            yield Rejected(f"entry {number}", "it has no name")
            continue
        class_: ThreatClass = "watchware" if entry.get("type") == "watchware" else "stalkerware"
        yield from _entry(entry, replace(about, name=entry["name"], class_=class_))


def _entry(entry: Mapping[str, Any], about: About) -> Iterator[Row]:
    site = About(about.name, about.class_, "weak", SITE)
    yield from rows("name", entry.get("names"), about)
    servers = mapping(entry.get("c2"))
    lists: tuple[tuple[Kind, object, About], ...] = (
        ("package", entry.get("packages"), about),
        ("certificate", entry.get("certificates"), about),
        ("host", servers.get("domains"), about),
        ("address", servers.get("ips"), about),
        ("host", entry.get("websites"), site),
        ("url", entry.get("distribution"), site),
    )
    for kind, values, what in lists:
        if isinstance(values, list):
            yield from (Rejected(shown(value), "it is no text") for value in values if not isinstance(value, str))
        yield from rows(kind, values, what)


def read_samples(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hashes of samples.csv. Its column of certificates is left out: it holds the AOSP test key."""
    for line in table(data):
        if isinstance(line, Rejected):
            yield line
            continue
        yield row("hash", line.get("sha256", ""), replace(about, name=line.get("app") or about.name))


def read_network(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts and addresses of network.csv. It does not say which are servers and which are only sites."""
    for line in table(data):
        if isinstance(line, Rejected):
            yield line
            continue
        named = About(line.get("app") or about.name, about.class_, "weak", SITE)
        yield row("host", line.get("indicator", ""), named)


def read_galaxy(data: bytes, about: About) -> Iterator[Row]:
    """Yield names, synonyms, and web sites of each entry of a galaxy cluster."""
    document = mapping(read_json(data))
    values = listed(document.get("values"), "it is no galaxy: there are no values")
    for number, entry in enumerate(map(mapping, values), 1):
        name, meta = text(entry.get("value")), mapping(entry.get("meta"))
        if not name:
            yield Rejected(f"value {number}", "it has no name")
            continue
        kinds = texts(meta.get("type"))
        given: ThreatClass = "stalkerware" if document.get("type") == "stalkerware" else about.class_
        family = replace(about, name=name, class_="watchware" if "watchware" in kinds else given)
        yield from rows("name", [name, *texts(meta.get("synonyms"))], family)
        yield from rows("host", meta.get("website"), About(name, family.class_, "weak", SITE))


def read_warning_list(data: bytes, about: About) -> Iterator[Row]:
    """Yield what a warning list calls commonplace. Substrings and regular expressions cannot be looked up."""
    document = mapping(read_json(data))
    values, kind = document.get("list"), text(document.get("type"))
    if not isinstance(values, list) or not kind:
        raise FeedError("it is no warning list: there is no list with a type")
    note = THIS_ONLY if kind == "string" else ""
    what = About(text(document.get("name")) or about.name, "commonplace", "strong", note)
    for value in values:
        if not isinstance(value, str):
            yield Rejected(shown(value), "it is no text")
        elif kind not in _TYPES:
            yield Rejected(shown(value), f"a list of the type {shown(kind)} cannot be looked up")
        else:
            yield row(_kind(value), value, what)


def _kind(value: str) -> Kind:
    return "hash" if len(value) in DIGESTS and all(letter in "0123456789abcdefABCDEF" for letter in value) else "host"


def read_drweb(data: bytes, about: About) -> Iterator[Row]:
    """Yield hashes and hosts of `{"hashes": […], "network": […]}`."""
    document = mapping(read_json(data))
    for entry in map(mapping, listed(document.get("hashes"), "it has no hashes")):
        what = About(text(entry.get("family")) or about.name, about.class_)
        yield row("hash", text(entry.get("sha1")), what)
    network = document.get("network")
    for entry in map(mapping, network if isinstance(network, list) else ()):
        yield row("host", text(entry.get("value")), About(text(entry.get("family")) or about.name, about.class_))


def read_cve(data: bytes, about: About) -> Iterator[Row]:
    """Yield packages, paths, hosts and properties of CVE records; none proves more than that the code is there."""
    records = listed(read_json(data), "it is no list of records")
    for number, entry in enumerate(map(mapping, records), 1):
        name = text(entry.get("cve"))
        if not name:
            yield Rejected(f"record {number}", "it has no number")
            continue
        what = About(name, "vulnerable", "weak", IN_CVE)
        packages = entry.get("packages")
        packages = [mapping(item).get("package") for item in packages] if isinstance(packages, list) else []
        yield from rows("package", packages, what)
        yield from rows("path", entry.get("device_paths"), what)
        yield from rows("host", entry.get("hosts"), what)
        yield from rows("property", entry.get("system_properties"), what)
