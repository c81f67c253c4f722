"""The files of AssoEchap/stalkerware-indicators: ioc.yaml and watchware.yaml, samples.csv, network.csv."""

from collections.abc import Iterator, Mapping
from typing import Any

from phone_audit.knowledge.feeds.csv_text import table
from phone_audit.knowledge.feeds.indicator import About, Indicator, Kind, Rejected, ThreatClass
from phone_audit.knowledge.feeds.json_text import FeedError, mapping, text, texts
from phone_audit.knowledge.feeds.values import row, shown
from phone_audit.knowledge.feeds.yaml_text import read_yaml

Row = Indicator | Rejected
SITE = "a web site of the maker, which ordinary software can name too"


def read_ioc(data: bytes, about: About) -> Iterator[Row]:
    """Yield the indicators of ioc.yaml or watchware.yaml: packages, certificates, sites, servers.

    Raises:
        FeedError: it is no list in YAML.
    """
    document = read_yaml(data)
    if not isinstance(document, list):
        raise FeedError("it is no list of products")
    for number, entry in enumerate(document, 1):
        if not isinstance(entry, dict) or not text(entry.get("name")):
            yield Rejected(f"entry {number}", "it has no name")
            continue
        class_: ThreatClass = "watchware" if entry.get("type") == "watchware" else "stalkerware"
        yield from _entry(entry, About(entry["name"], class_, about.weight, about.note))


def _entry(entry: Mapping[str, Any], about: About) -> Iterator[Row]:
    site = About(about.name, about.class_, "weak", SITE)
    for name in texts(entry.get("names")):
        yield row("name", name, about)
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
        yield from (row(kind, value, what) for value in texts(values))


def read_samples(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hashes of samples.csv. Its column of certificates is left out: it holds the AOSP test key."""
    for line in table(data):
        if isinstance(line, Rejected):
            yield line
            continue
        named = About(line.get("app") or about.name, about.class_, about.weight, about.note)
        yield row("hash", line.get("sha256", ""), named)


def read_network(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts and addresses of network.csv. It does not say which are servers and which are only sites."""
    for line in table(data):
        if isinstance(line, Rejected):
            yield line
            continue
        named = About(line.get("app") or about.name, about.class_, "weak", SITE)
        yield row("host", line.get("indicator", ""), named)
