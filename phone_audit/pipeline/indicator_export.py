"""The known indicators as they are given out: those of the incidents, and those of the feeds."""

from collections.abc import Collection, Iterator
from ipaddress import ip_address

from phone_audit.errors import UsageError
from phone_audit.knowledge.feeds.indicator import MALICIOUS, ListedIndicator, ThreatClass
from phone_audit.knowledge.feeds.values import NoValueError, read
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.incident import Fact, IncidentEntry
from phone_audit.report.indicators import SharedIndicator

INCIDENTS = "incidents"
"""Stands for the published incidents where feeds are named."""


def known_indicators(
    knowledge: Knowledge, feeds: Collection[str] = (), classes: Collection[ThreatClass] = ()
) -> list[SharedIndicator]:
    """Return the known indicators, sorted. Raises a UsageError where there is no such feed.

    Args:
        knowledge: incidents and feeds.
        feeds: only these, by id; `incidents` for the incidents. All where none is named.
        classes: of which classes; the malicious ones where none is named.
    """
    known = {INCIDENTS, *(feed.feed for feed in knowledge.indicators.feeds)}
    unknown = sorted(set(feeds) - known)
    if unknown:
        raise UsageError(f"There is no feed {unknown[0]!r}.", f"Feeds: {', '.join(sorted(known))}.")
    wanted = set(classes) or set(MALICIOUS)
    rows = [
        _shared(listed)
        for listed in knowledge.indicators.database
        if listed.indicator.about.class_ in wanted and (not feeds or listed.feed.feed in feeds)
    ]
    if (not feeds or INCIDENTS in feeds) and "malware" in wanted:
        rows += [row for entry in knowledge.incidents for row in _of_incident(entry)]
    return sorted(set(rows), key=lambda row: (row.kind, row.value, row.name, row.title, row.weak))


def _shared(listed: ListedIndicator) -> SharedIndicator:
    indicator, feed = listed.indicator, listed.feed
    about = indicator.about
    return SharedIndicator(
        kind=indicator.kind, value=indicator.value, name=about.name, class_=about.class_, publisher=feed.publisher,
        title=feed.title, url=feed.url, date=feed.date, licence=feed.licence, weak=about.weight == "weak",
    )  # fmt: skip


def _of_incident(entry: IncidentEntry) -> Iterator[SharedIndicator]:
    """Yield the sourced hashes, certificates, packages and hosts of an incident that may raise known-bad."""
    if entry.raises != "known-bad":
        return
    for digest in entry.hashes:
        yield from _fact(entry, "hash", digest, weak=False)
    for certificate in entry.certificates:
        yield from _fact(entry, "certificate", certificate, weak=not certificate.standalone)
    for package in entry.packages:
        if package.kind is None:
            yield from _fact(entry, "package", package, weak=not package.standalone)
    for endpoint in entry.endpoints:
        if endpoint.weight != "none" and endpoint.kind != "url-path":
            yield from _fact(entry, "", endpoint, weak=endpoint.weight != "strong")


def _fact(entry: IncidentEntry, kind: str, fact: Fact, *, weak: bool) -> Iterator[SharedIndicator]:
    if fact.confidence != "sourced":
        return
    value = fact.value
    if not kind:
        try:
            kind, value = read("host", value)
        except NoValueError:
            return
        weak = weak or (kind == "address" and not ip_address(value).is_global)
    source = next((source for source in entry.sources if source.n == fact.source), entry.sources[0])
    yield SharedIndicator(
        kind=kind, value=value, name=entry.title, class_="malware", publisher=source.publisher, title=source.title,
        url=source.url, date=source.date, licence="fact", weak=weak,
    )  # fmt: skip
