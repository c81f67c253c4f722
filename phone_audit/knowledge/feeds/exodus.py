"""Trackers of Exodus Privacy and of ETIP: class names and hosts as regular expressions."""

from collections.abc import Iterator

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.class_patterns import alternatives
from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected
from phone_audit.knowledge.feeds.json_text import FeedError, mapping, read_json, text
from phone_audit.knowledge.feeds.values import shown


def read_exodus(data: bytes, about: About) -> Iterator[Indicator | Rejected]:
    """Yield class prefixes and hosts of each tracker. Takes Exodus' `{"trackers": {…}}` and ETIP's list.

    Raises:
        FeedError: it is neither.
    """
    document = read_json(data)
    listed = mapping(document).get("trackers", document)
    entries = list(listed.values()) if isinstance(listed, dict) else listed
    if not isinstance(entries, list):
        raise FeedError("it is no list of trackers")
    for number, entry in enumerate(entries, 1):
        name = text(mapping(entry).get("name")).strip()
        if not name:
            yield Rejected(shown(f"tracker {number}: {short_repr(entry)}"), "it has no name")
            continue
        what = About(name, "tracker", about.weight, about.note)
        yield from alternatives("code", text(entry.get("code_signature")), what)
        yield from alternatives("host", text(entry.get("network_signature")), what)
