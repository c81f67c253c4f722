"""The endpoints in the code of some packages, by what a connection is held against.

One package may hold very many, and a phone may show very many connections of it: each is looked up, not compared.
"""

import ipaddress
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from phone_audit.model.apk import Endpoint

MOST_ENDPOINTS = 100
_PORTS_KEPT = 1024


class HeldCode:
    """What the code holds.

    Args:
        held: package → endpoints in its code, those that are ruled out among them.
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
    """Tell whether sorted hosts hold one."""
    at = bisect_left(hosts, host)
    return at < len(hosts) and hosts[at] == host


def _plain_address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
