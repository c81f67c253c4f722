"""Hosts by whole labels (`ads.example` covers `eu.ads.example`, never `notads.example`), and what they are for."""

from collections.abc import Iterable, Iterator
from typing import Final, Generic, TypeVar

from phone_audit.knowledge.schema.facts import HostFact, TrackerFact
from phone_audit.knowledge.schema.host_rule import HostRule
from phone_audit.model.apk import EndpointCategory

Item = TypeVar("Item")

LONGEST_HOST = 253
"""Characters that the name of a host can have (RFC 1035, written with dots)."""
_CATEGORIES: tuple[tuple[str, EndpointCategory], ...] = (
    ("advertising", "advertising"),
    ("analytics", "telemetry"),
    ("location", "telemetry"),
    ("profiling", "telemetry"),
    ("crash-reporting", "crash-reporting"),
    ("push", "push"),
    ("identification", "identity"),
    ("residential-proxy", "other"),
)
"""The category of a tracker against that of its hosts, the one that says most about the sending first."""


def plain_host(host: str) -> str:
    """Return a host as knowledge files spell it: lower case, no dot at the end, no brackets around an IPv6 address.

    Example:
        >>> plain_host("Eu.Ads.Example.")
        'eu.ads.example'
        >>> plain_host("[2001:db8::1]")
        '2001:db8::1'
    """
    return host.strip("[]").removesuffix(".").lower()


def suffixes(host: str) -> Iterator[str]:
    """Yield the host and what remains as labels are taken off its front, longest first.

    Example:
        >>> list(suffixes("eu.ads.example"))
        ['eu.ads.example', 'ads.example', 'example']
    """
    rest = plain_host(host)
    yield rest
    if len(rest) > LONGEST_HOST:  # it is no name, but may end in one
        rest = rest[-LONGEST_HOST - 2 :]
    while "." in rest:
        rest = rest.partition(".")[2]
        yield rest


def host_under(host: str, domain: str) -> bool:
    """Tell whether `host` is `domain` or one of its subdomains.

    Example:
        >>> host_under("eu.ads.example", "ads.example")
        True
        >>> host_under("notads.example", "ads.example")
        False
    """
    have, want = plain_host(host), plain_host(domain)
    return have == want or have.endswith("." + want)


class HostIndex(Generic[Item]):
    """Items by the hosts they name, which may come several times. A look-up is a few dictionary reads."""

    def __init__(self, pairs: Iterable[tuple[str, Item]]) -> None:
        self._items: dict[str, list[Item]] = {}
        for host, item in pairs:
            self._items.setdefault(plain_host(host), []).append(item)

    def longest(self, host: str) -> Item | None:
        """Return the item whose host covers this one with the most labels; the last one given where several do."""
        for suffix in suffixes(host):
            if suffix in self._items:
                return self._items[suffix][-1]
        return None

    def every(self, host: str) -> tuple[Item, ...]:
        """Return every item whose host covers this one, most labels first."""
        return tuple(item for suffix in suffixes(host) for item in self._items.get(suffix, ()))


def host_facts_of(trackers: Iterable[TrackerFact]) -> Iterator[HostFact]:
    """Yield an owner for each host that trackers of one owner only name; a host shared by several is left out."""
    by_host: dict[str, list[TrackerFact]] = {}
    for tracker in trackers:
        for host in tracker.hosts:
            by_host.setdefault(host, []).append(tracker)
    for host, named_by in by_host.items():
        owners = {tracker.owner or tracker.name for tracker in named_by}
        if len(owners) == 1:
            yield HostFact(host=host, owner=owners.pop(), category=category_of(named_by), source=named_by[0].source)


def category_of(trackers: Iterable[TrackerFact]) -> EndpointCategory:
    """Return the category of what is sent to a host of these trackers; `unknown` where none of them states any."""
    words = {word for tracker in trackers for word in tracker.categories}
    return next((category for word, category in _CATEGORIES if word in words), "unknown")


_ORDER: Final[tuple[EndpointCategory, ...]] = (
    "advertising", "telemetry", "crash-reporting", "push", "update", "identity", "cloud", "social", "other", "unknown",
)  # fmt: skip
"""Which rule counts where the name of a host has words of several: the one that says most about the sending."""
_SAID: Final[frozenset[EndpointCategory]] = frozenset({"advertising", "telemetry", "crash-reporting"})
"""What no rule says better: that a fact names the host, or all below it, for this."""


class HostRules:
    """Rules by the owners whose hosts they are about."""

    def __init__(self, rules: Iterable[HostRule]) -> None:
        self._of: dict[str, list[HostRule]] = {}
        for rule in sorted(rules, key=lambda rule: (_ORDER.index(rule.category), rule.id)):
            for owner in rule.owners:
                self._of.setdefault(owner, []).append(rule)

    def told(self, host: str, known: HostFact) -> HostFact:
        """Return what is known of a host: what the fact of the domain above it says, or a rule more closely."""
        below = plain_host(host).removesuffix(plain_host(known.host))
        if not below or known.category in _SAID:
            return known
        rule = next((rule for rule in self._of.get(known.owner, ()) if rule.covers(below)), None)
        if rule is None:
            return known
        return HostFact(host=plain_host(host), owner=known.owner, category=rule.category, source=rule.source)
