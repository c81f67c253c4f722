"""`/system/etc/hosts` → the names for which the phone asks nobody."""

import re
from ipaddress import ip_address

from phone_audit.acquire.parse.text import lines_of

OWN = {"localhost", "ip6-localhost", "ip6-loopback", "localhost.localdomain", "ip6-localnet", "ip6-mcastprefix",
       "ip6-allnodes", "ip6-allrouters", "ip6-allhosts", "broadcasthost", "local"}  # fmt: skip
"""Names that stand for the phone itself."""
BLANK = re.compile(r"\s+")


def parse_hosts(text: str) -> tuple[tuple[str, str], ...]:
    r"""Return address and name of each entry that is not about the phone itself, in order.

    Example:
        >>> parse_hosts("127.0.0.1 localhost\n::1 ip6-localhost\n203.0.113.9 bank.example # x\n")
        (('203.0.113.9', 'bank.example'),)
    """
    found = []
    for line in lines_of(text):
        words = BLANK.split(line.partition("#")[0].strip())
        if len(words) > 1 and _is_address(words[0]):
            found += [(words[0], name.lower()) for name in words[1:] if name.lower() not in OWN]
    return tuple(found)


def _is_address(word: str) -> bool:
    try:
        ip_address(word.partition("%")[0])
    except ValueError:
        return False
    return True
