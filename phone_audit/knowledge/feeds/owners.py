"""Lists that say whose host it is: X-Ray, Disconnect, DuckDuckGo's tracker data."""

from collections.abc import Iterator, Mapping
from typing import Any

from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected, ThreatClass
from phone_audit.knowledge.feeds.json_text import FeedError, mapping, read_json, text, texts
from phone_audit.knowledge.feeds.values import row, shown

Row = Indicator | Rejected


def read_xray(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts of each owner of xray-blacklist.json.

    Raises:
        FeedError: it is no list.
    """
    document = read_json(data)
    if not isinstance(document, list):
        raise FeedError("it is no list of owners")
    for number, entry in enumerate(map(mapping, document), 1):
        name = text(entry.get("owner_name"))
        if not name:
            yield Rejected(f"owner {number}", "it has no name")
        yield from (row("host", host, _about(name, "tracker", about)) for host in texts(entry.get("doms")) if name)


def read_disconnect(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts of services.json (by category) or entities.json (by company).

    Raises:
        FeedError: it is neither.
    """
    document = mapping(read_json(data))
    categories, entities = document.get("categories"), document.get("entities")
    if isinstance(categories, dict):
        for category, companies in categories.items():
            for company in companies if isinstance(companies, list) else ():
                yield from _services(category, mapping(company), about)
    elif isinstance(entities, dict):
        for name, entity in entities.items():
            for field in ("properties", "resources"):
                hosts = texts(mapping(entity).get(field))
                yield from (row("host", host, _about(name, "owner", about)) for host in hosts)
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
                what = About(name, class_, about.weight, category[:80])
                yield from (row("host", host, what) for host in texts(hosts))


def read_duckduckgo(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts of DuckDuckGo's tracker data, named after their owners.

    Raises:
        FeedError: there are no trackers.
    """
    trackers = mapping(read_json(data)).get("trackers")
    if not isinstance(trackers, dict):
        raise FeedError("it has no trackers")
    for host, entry in trackers.items():
        owner = mapping(mapping(entry).get("owner"))
        name = text(owner.get("displayName")) or text(owner.get("name"))
        if name:
            yield row("host", host, _about(name, "tracker", about))
        else:
            yield Rejected(shown(host), "it has no owner")


def _about(name: str, class_: ThreatClass, about: About) -> About:
    return About(name, class_, about.weight, about.note)
