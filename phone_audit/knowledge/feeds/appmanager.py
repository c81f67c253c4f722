"""Trackers of App Manager: two arrays of one order in an Android resource file, read as text and not as XML."""

import html
import re
from collections.abc import Iterator

from phone_audit.knowledge.feeds.class_patterns import alternatives
from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected
from phone_audit.knowledge.feeds.json_text import FeedError


def read_appmanager(data: bytes, about: About) -> Iterator[Indicator | Rejected]:
    """Yield a class prefix for each pair of signature and name.

    Raises:
        FeedError: the two arrays are not there, or differ in length.
    """
    text = data.decode("utf-8-sig", "replace")
    prefixes, names = (_items(text, key) for key in ("tracker_signatures", "tracker_names"))
    if not prefixes or len(prefixes) != len(names):
        raise FeedError("it has no arrays tracker_signatures and tracker_names of one length")
    for prefix, name in zip(prefixes, names, strict=True):
        yield from alternatives("code", prefix, About(name, "tracker", about.weight, about.note))


def _items(text: str, name: str) -> list[str]:
    array = text.partition(f'<string-array name="{name}">')[2].partition("</string-array>")[0]
    return [html.unescape(item.strip()) for item in re.findall(r"<item>([^<]*)</item>", array)]
