"""Trails of Maltrail: hosts, addresses with or without port, URLs and paths; the file is named after the family."""

from collections.abc import Iterator

from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected
from phone_audit.knowledge.feeds.json_text import lines
from phone_audit.knowledge.feeds.values import row, shown


def read_maltrail(data: bytes, about: About) -> Iterator[Indicator | Rejected]:
    """Yield the trails of a file. A path alone is left out: it names no host."""
    for raw in lines(data):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("/"):
            yield Rejected(shown(line), "it is the path of a URL without its host")
        else:
            yield row("url" if "/" in line else "host", line.partition(" #")[0], about)
