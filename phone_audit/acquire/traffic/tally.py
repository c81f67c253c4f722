"""Counts what is seen of each place, within bounds; what does not fit is counted and said."""

import ipaddress
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from phone_audit.acquire.questions.identity import utc_of
from phone_audit.acquire.traffic.budget import Records
from phone_audit.acquire.traffic.identifier_search import IdentifierHit, IdentifierSearch
from phone_audit.acquire.traffic.masks import shown_host
from phone_audit.model.stated import is_host, parsed_address
from phone_audit.model.traffic import HostTraffic, SentIdentifier, TrafficProtocol
from phone_audit.model.wording import counted

MOST_PLACES: Final = 20_000
"""Places of one file; a home of ten people looks up some 5,000 names a day."""
_MOST_REQUESTS: Final = 3
_SAYS_ITS_HOST: Final[tuple[TrafficProtocol, ...]] = ("dns", "tls", "http")
"""Protocols in which the name of the host is itself sent; of others it is known from the look-up before."""
_OWN_NETWORKS: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/4", "255.255.255.255/32", "::/127", "fc00::/7", "fe80::/10", "ff00::/8",
    )
)  # fmt: skip
"""Addresses that lead to nobody outside: loopback, private, link-local, carriers' own, multicast and broadcast."""
_CODES: Final = {
    "link": ("packet of a kind of network that is not read", "packets of a kind of network that is not read"),
    "fragment": ("fragment of a packet was not put together", "fragments of packets were not put together"),
    "cut": ("packet was cut off", "packets were cut off"),
    "lost": ("gap in a TCP connection", "gaps in TCP connections"),
    "quic": ("QUIC connection, whose host name is not seen", "QUIC connections, whose host names are not seen"),
    "hidden-dns": ("connection for encrypted look-ups", "connections for encrypted look-ups"),
    "unread-line": ("line was not understood", "lines were not understood"),
    "places": ("place beyond those that are kept", "places beyond those that are kept"),
    "unsearched": ("message was not searched for identifiers", "messages were not searched for identifiers"),
    "connections": (
        "connection was given up for lack of room", "connections were given up for lack of room",
    ),
}  # fmt: skip
"""Code of what was not seen → what it is called, one and several."""


def is_own_network(address: bytes) -> bool:
    """Tell whether an address of 4 or 16 bytes leads to nobody outside."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return any((mapped or parsed) in network for network in _OWN_NETWORKS)


def address_text(address: bytes) -> str:
    """Write an address of 4 or 16 bytes; one of IPv4 inside IPv6 as IPv4."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


def address_of(text: str) -> bytes | None:
    r"""Return the bytes of an address; None for what is none.

    Example:
        >>> address_of("192.0.2.1"), address_of("NXDOMAIN")
        (b'\xc0\x00\x02\x01', None)
    """
    address = parsed_address(text.strip("[]"))
    return address.packed if address else None


def host_of(text: str) -> str | None:
    """Return a host in lower case without a last dot; None for what is none, and for reverse look-ups."""
    host = text.strip().lower().removesuffix(".")
    if not is_host(host) or ("." not in host and ":" not in host) or host.endswith((".in-addr.arpa", ".ip6.arpa")):
        return None
    return host


@dataclass(frozen=True)
class Place:
    """By what places are told apart; see `HostTraffic`. Where there is a host, its addresses are not."""

    host: str | None
    address: str | None
    port: int | None
    protocol: TrafficProtocol
    package: str | None = None
    uid: int | None = None


@dataclass
class _Count:
    address: str | None
    times: int = 0
    cleartext: bool | None = None
    sent: Counter[IdentifierHit] = field(default_factory=Counter)
    requests: list[str] = field(default_factory=list)


@dataclass
class Tally:
    """What was seen so far, and of how many records."""

    records: Records = field(default_factory=Records)
    unseen: Counter[str] = field(default_factory=Counter)
    _places: dict[Place, _Count] = field(default_factory=dict)
    _first: float | None = None
    _last: float | None = None

    def at(self, time: float | None) -> None:
        if time is not None and time > 0:
            self._first = time if self._first is None else min(self._first, time)
            self._last = time if self._last is None else max(self._last, time)

    def add(
        self,
        place: Place,
        *,
        times: int = 1,
        cleartext: bool | None = None,
        sent: Iterable[IdentifierHit] = (),
        request: str = "",
    ) -> None:
        """Count a place; `cleartext` is true once any part of it was."""
        key = place if place.host is None else replace(place, address=None)
        count = self._places.get(key)
        if count is None:
            if len(self._places) >= MOST_PLACES:
                self.unseen["places"] += 1
                return
            count = self._places[key] = _Count(place.address)
        count.times += times
        count.address = count.address or place.address
        count.cleartext = cleartext if count.cleartext is None else count.cleartext or bool(cleartext)
        count.sent.update(sent)
        if request and request not in count.requests and len(count.requests) < _MOST_REQUESTS:
            count.requests.append(request)

    def tell_address(self, place: Place, address: str) -> None:
        """Note the address of a place that was counted already."""
        count = self._places.get(place)
        if count is not None:
            count.address = count.address or address

    def hosts(self, search: IdentifierSearch) -> tuple[HostTraffic, ...]:
        """Return all places, sorted; their names are searched for identifiers, and masked."""
        names = sorted({place.host for place in self._places if place.host is not None})
        shown = {name: shown_host(name, search) for name in names}
        found = [_seen(place, count, *shown.get(place.host or "", (None, ()))) for place, count in self._places.items()]
        return tuple(sorted(found, key=_order))

    @property
    def times(self) -> tuple[str | None, str | None]:
        """When the first and the last thing was recorded."""
        first, last = self._first, self._last
        return (None if first is None else utc_of(first)), (None if last is None else utc_of(last))

    def not_seen(self) -> tuple[str, ...]:
        return tuple(f"{counted(self.unseen[code], *words)}." for code, words in _CODES.items() if self.unseen[code])


def _seen(place: Place, count: _Count, shown: str | None, named: Collection[IdentifierHit]) -> HostTraffic:
    in_host = {hit: count.times for hit in named if place.protocol in _SAYS_ITS_HOST}
    times = {hit: max(count.sent[hit], in_host.get(hit, 0)) for hit in (*count.sent, *in_host)}
    sent = [SentIdentifier(hit.kind, hit.masked, hit.own, many, hit in in_host) for hit, many in times.items()]
    return HostTraffic(
        host=shown,
        whole_host=place.host if shown != place.host else None,
        address=count.address,
        port=place.port,
        protocol=place.protocol,
        package=place.package,
        uid=place.uid,
        cleartext=count.cleartext,
        times=count.times,
        sent=tuple(sorted(sent, key=lambda one: (not one.own, one.kind, one.masked))),
        requests=tuple(count.requests),
    )


def _order(seen: HostTraffic) -> tuple[str, ...]:
    return (
        seen.host or "",
        seen.address or "",
        f"{seen.port or 0:05}",
        seen.protocol,
        seen.package or "",
        str(seen.uid or ""),
    )
