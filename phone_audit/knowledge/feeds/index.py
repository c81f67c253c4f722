"""Look-ups over all feeds: hosts by whole labels, addresses by network, URLs by the path they begin with."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from phone_audit.files.user_folders import cache_folder
from phone_audit.knowledge.feeds.database import digests_of
from phone_audit.knowledge.feeds.indicator import FeedHead, Kind, ListedIndicator
from phone_audit.knowledge.feeds.store import read_head, read_rows
from phone_audit.knowledge.feeds.values import NoValueError, read
from phone_audit.knowledge.hosts import plain_host, suffixes
from phone_audit.knowledge.schema.facts import FactSource, TrackerFact
from phone_audit.model.stated import parsed_address

if TYPE_CHECKING:
    from phone_audit.knowledge.feeds.database import IndicatorDatabase

_ROOTS: Final = frozenset(
    ("apex", "cache", "data", "odm", "product", "sbin", "sdcard", "storage", "system", "system_ext", "vendor")
)
_MOST_PATHS: Final = 300


class Indicators:
    """The indicators of some feed files, in their order. Nothing is read before it is asked for."""

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self.files = tuple(files)

    @property
    def _cache(self) -> Path:
        return cache_folder() / "indicators"

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """The SHA-256 of each feed file."""
        return digests_of(self.files, self._cache)

    @cached_property
    def feeds(self) -> tuple[FeedHead, ...]:
        """Where the indicators come from; only the first line of each file is read."""
        return tuple(read_head(path) for path in self.files)

    @cached_property
    def database(self) -> "IndicatorDatabase":
        from phone_audit.knowledge.feeds.database import open_database  # SQLite loads once something is looked up

        return open_database(self.files, self.feeds, self.digests, self._cache)

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of malicious things that can be on an Android phone: what a scan has to look for there.

        The first few hundred only: a phone is asked about each.
        """
        if not any("path" in feed.counts for feed in self.feeds):
            return ()
        return tuple(path for path in self.database.paths if path.split("/")[1] in _ROOTS)[:_MOST_PATHS]

    def of(self, kind: Kind, value: str) -> tuple[ListedIndicator, ...]:
        """Return what lists this very value: a hash or certificate in lower case, a package, a path, a property."""
        return self.database.look_up(kind, value)

    def of_host(self, host: str) -> Iterator[ListedIndicator]:
        """Yield what lists this host or one above it by whole labels, or the address and its networks."""
        plain = plain_host(host)
        address = parsed_address(plain)
        if address is None:
            for suffix in suffixes(plain):
                yield from self.of("host", suffix)
            return
        yield from self.of("address", str(address))
        for length in self.database.networks[address.version]:
            network = ipaddress.ip_network(f"{address}/{length}", strict=False)
            yield from self.of("network", str(network))

    def of_url(self, url: str) -> Iterator[ListedIndicator]:
        """Yield what lists this URL, or one that it begins with up to a `/` or `?`; the scheme does not count."""
        try:
            kind, value = read("url", url)
        except NoValueError:
            return
        if kind != "url":
            return
        yield from self.of("url", value)
        ends = [place for place, letter in enumerate(value) if letter in "/?"]
        for place in reversed(ends):
            # `host/path` and `host/path/` are both ways to list what lies below
            for listed in {value[:place], value[: place + 1]} - {value}:
                yield from self.of("url", listed)


def feed_trackers(files: Iterable[Path], known: Sequence[TrackerFact]) -> tuple[TrackerFact, ...]:
    """Return a tracker for each name that feeds list class prefixes for.

    Hosts of feeds are indicators and stay there. A prefix that a known tracker has, or that lies below one, is left
    out: that tracker is told more closely. Of several feeds the first one counts. Raises a KnowledgeError where a feed
    is broken.
    """
    covered = {prefix.rstrip(".") for tracker in known for prefix in tracker.code}
    found = []
    for path in files:
        head = read_head(path)
        if "code" in head.counts:
            facts = [*_of_feed(head, path, covered)]
            covered |= {prefix.rstrip(".") for fact in facts for prefix in fact.code}
            found += facts
    return tuple(found)


def _of_feed(head: FeedHead, path: Path, covered: set[str]) -> Iterator[TrackerFact]:
    by_name: dict[str, list[str]] = {}
    for row in read_rows(path):
        if row.kind == "code" and row.class_ == "tracker":
            by_name.setdefault(row.name, []).extend(value for value in row.values if not _is_covered(value, covered))
    for name, prefixes in sorted(by_name.items()):
        if prefixes:
            yield TrackerFact(
                id=f"{head.feed}:{name}", name=name, owner=None, categories=(), code=tuple(sorted(prefixes)), hosts=(),
                website=head.url, source=head.feed, matches=(), ignores=(),
            )  # fmt: skip


def _is_covered(prefix: str, covered: set[str]) -> bool:
    labels = prefix.rstrip(".").split(".")
    return any(".".join(labels[:count]) in covered for count in range(1, len(labels) + 1))


def feed_source(head: FeedHead) -> FactSource:
    return FactSource(
        id=head.feed, title=head.title, publisher=head.publisher, url=head.url, revision=head.revision, date=head.date,
        licence=head.licence,
    )  # fmt: skip
