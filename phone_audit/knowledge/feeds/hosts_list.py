"""Block lists: hosts files, plain domains, and the host rules of AdGuard and Adblock Plus."""

import re
from collections.abc import Iterator
from typing import Final

from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected
from phone_audit.knowledge.feeds.json_text import lines
from phone_audit.knowledge.feeds.values import row, shown

Row = Indicator | Rejected

_OWN: Final = re.compile(r"(localhost|localhost\.localdomain|local|broadcasthost|ip6-\w+|0\.0\.0\.0)", re.IGNORECASE)
_TARGET: Final = re.compile(r"(0\.0\.0\.0|127(\.\d+){3}|::1?|fe80::1%lo0|255\.255\.255\.255)\s+(?P<hosts>.+)")
_RULE: Final = re.compile(r"\|\|(?P<host>[^\^/$*|]+)\^?(\$(?P<options>.*))?")
_OF_PAGES: Final = re.compile(r"#[@?$]*#")
_HARMLESS_OPTIONS: Final = re.compile(r"(important|all|third-party|3p|popup|document|doc)(,|$)")


def read_hosts(data: bytes, about: About) -> Iterator[Row]:
    """Yield the hosts that a list blocks. Exceptions and rules about parts of pages are left out."""
    for raw in lines(data):
        line = raw.strip()
        if not line or line[0] in "#!;[":
            continue
        yield from _line(line, about)


def _line(line: str, about: About) -> Iterator[Row]:
    if line.startswith("@@"):
        yield Rejected(shown(line), "it is an exception of the list")
        return
    if rule := _RULE.fullmatch(line):
        left = _HARMLESS_OPTIONS.sub("", rule["options"] or "")
        if left:
            yield Rejected(shown(line), "the rule holds only under conditions")
        else:
            yield row("host", rule["host"], about)
        return
    if line.startswith("|") or "$" in line or _OF_PAGES.search(line) or "*" in line.partition("/")[2]:
        yield Rejected(shown(line), "it is a rule about parts of pages, not about a host")
        return
    plain = re.split(r"\s#", line)[0].strip()
    target = _TARGET.fullmatch(plain)
    for host in target["hosts"].split() if target else [plain]:
        if not _OWN.fullmatch(host):
            yield row("host", host, about)
