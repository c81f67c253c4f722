"""`dumpsys dnsresolver` → the names that the phone itself looked up, where it tells them.

AOSP's `DnsQueryLog::dump` (packages/modules/DnsResolver, Android 11 and later) prints a line for each query of the last
minutes, but with all of the name but its first letter, and of the addresses, replaced by `***`. A phone whose maker
left that out tells who asked for which name; a masked line tells nothing that could be held against an address.
"""

import ipaddress
import re
from dataclasses import dataclass

ENTRY = re.compile(
    r"\s*time=\S+ netId=\d+ uid=(\d{1,10}) pid=-?\d+ hostname=(\S+) answer=\[([0-9A-Fa-f:., *]*)\] \(\d+ms\)\s*"
)
NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})+\.?")
MASK = "***"


@dataclass(frozen=True)
class Query:
    """One look-up: whose, of which name, with which addresses as the answer."""

    uid: int
    host: str
    addresses: tuple[str, ...]


def parse_dns_log(text: str) -> tuple[Query, ...]:
    """Read the lines that are not masked, in order.

    Example:
        >>> parse_dns_log("  time=10:00:00.123 netId=100 uid=10123 pid=7 hostname=a.example answer=[192.0.2.1] (9ms)")
        (Query(uid=10123, host='a.example', addresses=('192.0.2.1',)),)
    """
    queries = []
    for line in text.split("\n"):
        match = ENTRY.fullmatch(line)
        if match is None or MASK in line or not NAME.fullmatch(match[2]):
            continue
        addresses = tuple(
            address for word in match[3].split(",") if word.strip() and (address := _address(word.strip())) is not None
        )
        queries.append(Query(int(match[1]), match[2].lower().rstrip("."), addresses))
    return tuple(queries)


def _address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
