"""Lists of bare values, one a line: hosts, addresses, packages, hashes, paths, also mixed; `#` begins a comment."""

from collections.abc import Iterator

from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected
from phone_audit.knowledge.feeds.json_text import lines
from phone_audit.knowledge.feeds.values import guessed, row


def read_values(data: bytes, about: About) -> Iterator[Indicator | Rejected]:
    """Yield the value of each line. What it is, is told by its form."""
    for line in lines(data):
        value = line.partition("#")[0].strip().strip(",;\"'")
        if value:
            yield row(guessed(value), value, about)
