"""Connections that were seen, joined with the code of whoever was connected: the same, or not shown to be the same.

A socket gives an address and code gives a name. Names are never resolved here: what an address answers to today is no
proof of what a package called. So only an address that stands in the code or in what is published, and a name that the
phone itself reported, count as the same. No rule takes an observed address out as reserved or as an example: it was
seen.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from itertools import islice

from phone_audit.detect.incidents.incident_index import index_of
from phone_audit.detect.observed_host import observed_host
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence
from phone_audit.model.stated import parsed_address
from phone_audit.model.watch import JoinedBy, Observation

MOST_ENDPOINTS = 100
_PORTS_KEPT = 1024


class EndpointIndex:
    """What the code of some packages holds; endpoints that are ruled out are among them.

    One package may hold very many, and a phone may show very many connections of it: each is looked up, not compared.
    """

    def __init__(self, held: Mapping[str, Sequence[Endpoint]]) -> None:
        self._by_name: dict[str, list[Endpoint]] = {}
        self._by_address: dict[str, list[Endpoint]] = {}
        self._by_port: dict[int, set[str]] = {}
        self._packages: dict[str, set[str]] = {}
        counted: set[str] = set()
        for package, endpoints in held.items():
            for one in endpoints:
                self._by_name.setdefault(one.host.lower(), []).append(one)
                if one.kind != "domain" and (address := _plain_address(one.host)) is not None:
                    self._by_address.setdefault(address, []).append(one)
                for port in one.ports:
                    self._by_port.setdefault(port, set()).add(one.host)
                self._packages.setdefault(one.host, set()).add(package)
                if one.ruled_out is None:
                    counted.add(one.host)
        self._counted = tuple(sorted(counted))
        self._of_port = lru_cache(maxsize=_PORTS_KEPT)(self._counted_of_port)
        self._holding_port = lru_cache(maxsize=_PORTS_KEPT)(self._packages_of_port)

    def at_address(self, address: str) -> tuple[Endpoint, ...]:
        """Return the endpoints that are this address, however they are written."""
        return tuple(self._by_address.get(address, ()))

    def named(self, names: Collection[str]) -> tuple[Endpoint, ...]:
        """Return the endpoints with one of these names, which are in lower case."""
        return tuple(one for name in names for one in self._by_name.get(name, ()))

    def nearest(self, port: int, same: Collection[str]) -> tuple[str, ...]:
        """Return the hosts that count, sorted.

        Of too many those that are the same as what was seen or have its port.
        """
        first = sorted({*same, *self.of_port(port, same)})[:MOST_ENDPOINTS]
        others = (host for host in self._counted if not _holds(first, host))
        return tuple(sorted([*first, *islice(others, MOST_ENDPOINTS - len(first))]))

    def of_port(self, port: int, same: Collection[str]) -> tuple[str, ...]:
        """Return the hosts that the code calls at this port, sorted, as far as they are listed."""
        more = [host for host in same if host in self._by_port.get(port, ())]
        return tuple(sorted({*self._of_port(port), *more})[:MOST_ENDPOINTS])

    def holding(self, port: int, same: Collection[str]) -> tuple[str, ...]:
        """Return the packages that hold a host at this port, or where there is none, any host that counts; sorted."""
        chosen = [host for host in same if host in self._by_port.get(port, ())]
        if self._of_port(port) or chosen:
            found = self._holding_port(port)
        else:
            found, chosen = self._holding_port(None), list(same)
        return tuple(sorted(found.union(*(self._packages.get(host, ()) for host in chosen))))

    def _counted_of_port(self, port: int) -> tuple[str, ...]:
        hosts = (host for host in self._by_port.get(port, ()) if _holds(self._counted, host))
        return tuple(sorted(hosts)[:MOST_ENDPOINTS])

    def _packages_of_port(self, port: int | None) -> frozenset[str]:
        """Return the packages with a host that counts and has the port; any such host where no port is named."""
        hosts = self._counted if port is None else self._by_port.get(port, ())
        return frozenset(name for host in hosts if _holds(self._counted, host) for name in self._packages[host])


def _holds(hosts: Sequence[str], host: str) -> bool:
    at = bisect_left(hosts, host)
    return at < len(hosts) and hosts[at] == host


def _plain_address(text: str) -> str | None:
    address = parsed_address(text.strip("[]"))
    if address is None:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


CLEARTEXT_PORTS = frozenset({
    ("tcp", 20), ("tcp", 21), ("tcp", 23), ("tcp", 80), ("tcp", 1883), ("tcp", 8080), ("tcp", 8000),
    ("udp", 53), ("tcp", 53), ("udp", 69), ("udp", 123), ("udp", 514), ("udp", 5683),
})  # fmt: skip
"""Ports on which nothing is encrypted by custom (IANA's registry of service names): ftp, telnet, http, mqtt, dns, …"""

ENCRYPTED_PORTS = frozenset({
    ("tcp", 22), ("tcp", 443), ("udp", 443), ("tcp", 465), ("tcp", 853), ("udp", 853), ("tcp", 989), ("tcp", 990),
    ("tcp", 992), ("tcp", 993), ("tcp", 995), ("tcp", 8443), ("tcp", 8883), ("udp", 4500), ("udp", 500),
    ("tcp", 5228), ("tcp", 5229), ("tcp", 5230),
})  # fmt: skip
"""Ports of protocols that are encrypted by custom: ssh, https, QUIC, smtps, DNS over TLS, imaps, IPsec, FCM."""


@dataclass(frozen=True)
class Joined:
    """What an observation is joined with: how, the name or the address that both have, and the endpoints of the code.

    `same` are the endpoints that are the same as what was seen; empty with `app-only`.
    """

    by: JoinedBy
    host: str | None
    same: tuple[Endpoint, ...] = ()


def join(address: str, held: EndpointIndex, names: Sequence[str], knowledge: Knowledge) -> Joined:
    """Find what shows where a connection led; `names` are those that the phone reported for this address and uid."""
    same = held.at_address(address)
    if names:
        return Joined("phone-dns", min(names), held.named(names) + same)
    if same or any(index_of(knowledge).endpoints(address)) or any(knowledge.indicators.of_host(address)):
        return Joined("address", address, same)
    return Joined("app-only", None)


def with_join(seen: Observation, held: EndpointIndex | None, names: Sequence[str], knowledge: Knowledge) -> Observation:
    """Return the observation with what it is joined with.

    `held` is None where no code of its packages was read; `names` are those that the phone reported for its address and
    uid.
    """
    code, port = held or EndpointIndex({}), seen.remote.port
    joined = join(seen.remote.address, code, names, knowledge)
    owner = knowledge.owner_of(joined.host) if joined.host is not None else None
    same = {joined.host} if joined.same and joined.host else set()
    return seen.model_copy(
        update={
            "host": joined.host,
            "joined_by": joined.by,
            "endpoints": None if held is None else code.nearest(port, same),
            "same_port": code.of_port(port, same),
            "held_in": code.holding(port, same),
            "owner": owner.owner if owner else None,
            "cleartext": cleartext(seen, joined.same),
        }
    )


def cleartext(seen: Observation, same: Sequence[Endpoint] = ()) -> bool | None:
    """Tell whether others can read along: by the scheme of an endpoint that is the same, else by the port."""
    schemes = {one.cleartext for one in same if one.schemes and (not one.ports or seen.remote.port in one.ports)}
    if len(schemes) == 1:
        return schemes.pop()
    place = (seen.protocol, seen.remote.port)
    if place in CLEARTEXT_PORTS:
        return True
    return False if place in ENCRYPTED_PORTS else None


def observed_endpoint(seen: Observation) -> Endpoint | None:
    """Return what was seen in the form of an endpoint; None with app-only."""
    if seen.joined_by == "app-only" or seen.host is None:
        return None
    return observed_host(
        seen.host, seen.remote.port, cleartext=seen.cleartext is True, owner=seen.owner, evidence=socket_evidence(seen)
    )


def socket_evidence(seen: Observation) -> Evidence:
    table = f"/proc/net/{seen.protocol}, uid {seen.uid}"
    return Evidence(kind="socket", where=table, value=seen.place, observed_at=seen.first_seen)
