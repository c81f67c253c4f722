"""Lists of trackers and of whose host it is: Exodus, App Manager, SUSS, X-Ray, Disconnect, DuckDuckGo.

Every reader raises FeedError for a file that is none of its format.
"""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.indicator import About, Kind, Rejected, Row, ThreatClass
from phone_audit.knowledge.feeds.text import FeedError, listed, mapping, read_json, rows, text, texts
from phone_audit.knowledge.feeds.values import row, shown

_LEFT_OPEN = re.compile(r"^(\.\*|\^)?(\\?\.)?")
_RIGHT_OPEN = re.compile(r"(\.\*|\$)$")
_EXPRESSION = re.compile(r"[\\*+?()\[\]{}^$]")


def alternatives(kind: Kind, signature: str, about: About) -> Iterator[Row]:
    r"""Yield the plain hosts or class prefixes of `a.b|c\.d`; what says more than a name is left out."""
    for part in filter(None, (part.strip() for part in signature.split("|"))):
        text = _RIGHT_OPEN.sub("", _LEFT_OPEN.sub("", part) if kind == "host" else part.removeprefix("^"))
        plain = text.replace("\\.", ".").replace("\\-", "-").replace("\\/", "/")
        if _EXPRESSION.search(plain.replace("$", "") if kind == "code" else plain):
            yield Rejected(shown(part), "it is a regular expression that means more than a name")
        else:
            yield row(kind, plain, about)


def read_exodus(data: bytes, about: About) -> Iterator[Row]:
    """Yield class prefixes and hosts of each tracker. Takes Exodus' `{"trackers": {…}}` and ETIP's list."""
    document = read_json(data)
    trackers = mapping(document).get("trackers", document)
    entries = list(trackers.values()) if isinstance(trackers, dict) else trackers
    for number, entry in enumerate(listed(entries, "it is no list of trackers"), 1):
        name = text(mapping(entry).get("name")).strip()
        if not name:
            yield Rejected(shown(f"tracker {number}: {short_repr(entry)}"), "it has no name")
            continue
        tracker = replace(about, name=name, class_="tracker")
        yield from alternatives("code", text(entry.get("code_signature")), tracker)
        yield from alternatives("host", text(entry.get("network_signature")), tracker)


def read_appmanager(data: bytes, about: About) -> Iterator[Row]:
    """Yield a class prefix for each pair of two arrays in an Android resource file, read as text and not as XML."""
    text = data.decode("utf-8-sig", "replace")
    prefixes, names = (_items(text, key) for key in ("tracker_signatures", "tracker_names"))
    if not prefixes or len(prefixes) != len(names):
        raise FeedError("it has no arrays tracker_signatures and tracker_names of one length")
    for prefix, name in zip(prefixes, names, strict=True):
        yield from alternatives("code", prefix, replace(about, name=name, class_="tracker"))


def _items(text: str, name: str) -> list[str]:
    array = text.partition(f'<string-array name="{name}">')[2].partition("</string-array>")[0]
    return [html.unescape(item.strip()) for item in re.findall(r"<item>([^<]*)</item>", array)]


def read_suss(data: bytes, about: About) -> Iterator[Row]:
    """Yield the class prefixes and hosts of each signature, with its anti-features as the note."""
    signatures = mapping(read_json(data)).get("signatures")
    if not isinstance(signatures, dict):
        raise FeedError("it has no signatures")
    for name, entry in signatures.items():
        if not isinstance(entry, dict):
            yield Rejected(shown(name), "it is no signature")
            continue
        features = texts(entry.get("anti_features"))
        class_: ThreatClass = "tracker" if {"Ads", "Tracking"} & set(features) else "anti-feature"
        library = About(name, class_, about.weight, ", ".join(features)[:200])
        for signature in texts(entry.get("code_signatures")):
            yield from alternatives("code", signature.replace("/", "."), library)
        for signature in texts(entry.get("network_signatures")):
            yield from alternatives("host", signature, library)


def read_xray(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts of each owner of xray-blacklist.json."""
    owners = listed(read_json(data), "it is no list of owners")
    for number, entry in enumerate(map(mapping, owners), 1):
        name = text(entry.get("owner_name"))
        if name:
            yield from rows("host", entry.get("doms"), replace(about, name=name, class_="tracker"))
        else:
            yield Rejected(f"owner {number}", "it has no name")


def read_disconnect(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts of services.json (by category) or entities.json (by company)."""
    document = mapping(read_json(data))
    categories, entities = document.get("categories"), document.get("entities")
    if isinstance(categories, dict):
        for category, companies in categories.items():
            for company in companies if isinstance(companies, list) else ():
                yield from _services(category, mapping(company), about)
    elif isinstance(entities, dict):
        for name, entity in entities.items():
            for field in ("properties", "resources"):
                yield from rows("host", mapping(entity).get(field), replace(about, name=name, class_="owner"))
    else:
        raise FeedError("it has neither categories nor entities")


def _services(category: str, company: Mapping[str, Any], about: About) -> Iterator[Row]:
    class_: ThreatClass = "owner" if category.startswith(("Content", "ConsentManagers", "Anti-fraud")) else "tracker"
    for name, sites in company.items():
        if not isinstance(sites, dict):
            yield Rejected(shown(name), "it is no company")
            continue
        for site, hosts in sites.items():
            if site.startswith("http") or isinstance(hosts, list):
                yield from rows("host", hosts, About(name, class_, about.weight, category[:80]))


def read_duckduckgo(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts of DuckDuckGo's tracker data, named after their owners."""
    trackers = mapping(read_json(data)).get("trackers")
    if not isinstance(trackers, dict):
        raise FeedError("it has no trackers")
    for host, entry in trackers.items():
        owner = mapping(mapping(entry).get("owner"))
        name = text(owner.get("displayName")) or text(owner.get("name"))
        if name:
            yield row("host", host, replace(about, name=name, class_="tracker"))
        else:
            yield Rejected(shown(host), "it has no owner")
