"""Look-ups over all feeds: hosts by whole labels, addresses by network, URLs by the path they begin with."""

import ipaddress
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from phone_audit.knowledge.feeds.cache import cache_folder, digests_of, open_database
from phone_audit.knowledge.feeds.database import IndicatorDatabase
from phone_audit.knowledge.feeds.indicator import FeedHead, Kind, Listed
from phone_audit.knowledge.feeds.store import read_head
from phone_audit.knowledge.feeds.values import NoValueError, read
from phone_audit.knowledge.hosts import plain_host, suffixes

_ROOTS: Final = frozenset(
    ("apex", "cache", "data", "odm", "product", "sbin", "sdcard", "storage", "system", "system_ext", "vendor")
)
_MOST_PATHS: Final = 300


class Indicators:
    """The indicators of some feed files. Nothing is read before it is asked for.

    Args:
        files: the feed files, in the order in which their entries are given back.
    """

    def __init__(self, files: Sequence[Path] = ()) -> None:
        self.files = tuple(files)

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """The SHA-256 of each feed file."""
        return digests_of(self.files, cache_folder())

    @cached_property
    def feeds(self) -> tuple[FeedHead, ...]:
        """Where the indicators come from; only the first line of each file is read."""
        return tuple(read_head(path) for path in self.files)

    @cached_property
    def database(self) -> IndicatorDatabase:
        """The database of all of them."""
        return open_database(self.files, self.feeds, self.digests, cache_folder())

    @property
    def paths(self) -> tuple[str, ...]:
        """Paths of malicious things that can be on an Android phone: what a scan has to look for there.

        The first few hundred only: a phone is asked about each.
        """
        if not any("path" in feed.counts for feed in self.feeds):
            return ()
        return tuple(path for path in self.database.paths if path.split("/")[1] in _ROOTS)[:_MOST_PATHS]

    def of(self, kind: Kind, value: str) -> tuple[Listed, ...]:
        """Return what lists this very value: a hash or certificate in lower case, a package, a path, a property."""
        return self.database.look_up(kind, value)

    def of_host(self, host: str) -> Iterator[Listed]:
        """Yield what lists this host or one above it by whole labels, or the address and its networks."""
        plain = plain_host(host)
        try:
            address = ipaddress.ip_address(plain)
        except ValueError:
            for suffix in suffixes(plain):
                yield from self.of("host", suffix)
            return
        yield from self.of("address", str(address))
        for length in self.database.networks[address.version]:
            network = ipaddress.ip_network(f"{address}/{length}", strict=False)
            yield from self.of("network", str(network))

    def of_url(self, url: str) -> Iterator[Listed]:
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
