"""Which endpoints are none: XML namespaces, documentation, licences, reserved names and addresses."""

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from phone_audit.knowledge.hosts import HostIndex, plain_host
from phone_audit.knowledge.schema.facts import RuledOutRule
from phone_audit.model.stated import parsed_address

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_AUTHORITY_END: Final = re.compile(r"[/\\?#]")
_HOSTS_KEPT: Final = 8192
"""Hosts whose rule is kept once it was looked up; packages name the same ones again and again."""


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
    found = _AUTHORITY_END.search(rest)
    end = found.start() if found else len(rest)
    authority = rest[:end].rpartition("@")[2]
    host = authority if authority.startswith("[") else authority.partition(":")[0]
    return plain_host(host.partition("]")[0]), rest[end:]


class RuleIndex:
    """Finds the rule for a host or URL.

    A host of a rule covers its subdomains; a host with a slash, such as `192.0.2.0/24`, is a network of addresses.
    A URL prefix is host and path without scheme (`www.apache.org/licenses/`) and covers that one host only. A URL with
    no path leads to the same page as one with a slash.
    A URL pattern is a regular expression for the whole of host and path; it never holds for an address in digits.
    A URL exception is one too; what it matches is not taken out by a prefix or a pattern of its rule.
    """

    def __init__(self, rules: Iterable[RuledOutRule]) -> None:
        names: list[tuple[str, RuledOutRule]] = []
        self._networks: list[tuple[Network, RuledOutRule]] = []
        self._prefixes: dict[str, list[tuple[str, RuledOutRule]]] = {}
        self._patterns: list[tuple[re.Pattern[str], RuledOutRule]] = []
        self._exceptions: list[tuple[re.Pattern[str], RuledOutRule]] = []
        for rule in rules:
            self._patterns += ((re.compile(pattern), rule) for pattern in rule.url_patterns)
            self._exceptions += ((re.compile(pattern), rule) for pattern in rule.url_exceptions)
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
        self._of_host = lru_cache(maxsize=_HOSTS_KEPT)(self._by_host)

    def find(self, host: str, url: str) -> RuledOutRule | None:
        """Return the rule that takes this endpoint out, or None. Hostile input; the URL may be empty."""
        return self._of_host(host) or self._by_url(host, url)

    def is_by_shape(self, host: str, url: str) -> bool:
        """Tell whether a URL is taken out by nothing but its shape, which anybody can give an address of their own."""
        path = split_url(url)[1] or "/"
        prefixes = self._prefixes.get(plain_host(host), ())
        is_named = self._of_host(host) is not None or any(path.startswith(prefix) for prefix, _ in prefixes)
        return not is_named and self._by_url(host, url) is not None

    def _by_host(self, host: str) -> RuledOutRule | None:
        return self._by_address(host) or self._names.longest(host)

    def _by_address(self, host: str) -> RuledOutRule | None:
        plain = plain_host(host)
        address = parsed_address(plain) if _is_address(plain) else None
        if address is None:
            return None
        return next((rule for network, rule in self._networks if address in network), None)

    def _by_url(self, host: str, url: str) -> RuledOutRule | None:
        plain = plain_host(host)
        candidates = self._prefixes.get(plain, ())
        if not url or not (candidates or self._patterns):
            return None
        there, path = split_url(url)
        if there != plain or "/.." in path:  # a path that climbs leads out of what the rule names
            return None
        found = next((rule for prefix, rule in candidates if (path or "/").startswith(prefix)), None)
        if found is None and not _is_address(plain):
            found = next((rule for pattern, rule in self._patterns if pattern.fullmatch(plain + path)), None)
        excepted = any(rule is found and pattern.fullmatch(plain + path) for pattern, rule in self._exceptions)
        return None if excepted else found


def _is_address(host: str) -> bool:
    return ":" in host or host[-1:].isdigit()
