"""Which endpoints are none: XML namespaces, documentation, licences, reserved names and addresses."""

import ipaddress
from collections.abc import Iterable

from phone_audit.knowledge.fact_schema import RuledOutRule
from phone_audit.knowledge.hosts import HostIndex, plain_host

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def split_url(url: str) -> tuple[str, str]:
    """Split a URL, or a URL prefix without scheme, into host and path.

    Port, user name and what stands in front of `//` are left out, so that a rule for one host
    cannot be met by a URL that leads to another. Never raises: the text is hostile input.

    Example:
        >>> split_url("http://www.apache.org/licenses/LICENSE-2.0")
        ('www.apache.org', '/licenses/LICENSE-2.0')
        >>> split_url("http://www.apache.org@evil.example/licenses/")
        ('evil.example', '/licenses/')
    """
    rest = url.partition("://")[2] or url
    end = next((i for i, letter in enumerate(rest) if letter in "/\\?#"), len(rest))
    authority = rest[:end].rpartition("@")[2]
    host = authority if authority.startswith("[") else authority.partition(":")[0]
    return plain_host(host.partition("]")[0]), rest[end:]


class RuleIndex:
    """Finds the rule for a host or URL.

    A host of a rule covers its subdomains; a host with a slash, such as `192.0.2.0/24`, is a network of addresses.
    A URL prefix is host and path without scheme (`www.apache.org/licenses/`) and covers that one host only.
    """

    def __init__(self, rules: Iterable[RuledOutRule]) -> None:
        names: list[tuple[str, RuledOutRule]] = []
        self._networks: list[tuple[Network, RuledOutRule]] = []
        self._prefixes: dict[str, list[tuple[str, RuledOutRule]]] = {}
        for rule in rules:
            for host in rule.hosts:
                if "/" in host:
                    self._networks.append((ipaddress.ip_network(host), rule))
                else:
                    names.append((host, rule))
            for prefix in rule.url_prefixes:
                host, path = split_url(prefix)
                self._prefixes.setdefault(host, []).append((path, rule))
        self._names = HostIndex(names)
        self._networks.sort(key=lambda pair: -pair[0].prefixlen)

    def find(self, host: str, url: str) -> RuledOutRule | None:
        """Give the rule that takes this endpoint out, or None.

        Args:
            host: the host of the endpoint; hostile input.
            url: the URL as it stands in the code, or an empty text where only the host does.
        """
        return self._by_address(host) or self._names.longest(host) or self._by_prefix(host, url)

    def _by_address(self, host: str) -> RuledOutRule | None:
        plain = plain_host(host)
        if ":" not in plain and not plain[-1:].isdigit():
            return None
        try:
            address = ipaddress.ip_address(plain)
        except ValueError:
            return None
        return next((rule for network, rule in self._networks if address in network), None)

    def _by_prefix(self, host: str, url: str) -> RuledOutRule | None:
        candidates = self._prefixes.get(plain_host(host))
        if not candidates:
            return None
        there, path = split_url(url)
        if there != plain_host(host) or "/.." in path:  # a path that climbs leads out of what the rule names
            return None
        return next((rule for prefix, rule in candidates if path.startswith(prefix)), None)
