"""MISP: galaxies (names of families and of stalkerware) and warning lists (what is too common to be a sign)."""

from collections.abc import Iterator
from typing import Final

from phone_audit.knowledge.feeds.indicator import About, Indicator, Kind, Rejected, ThreatClass
from phone_audit.knowledge.feeds.json_text import FeedError, mapping, read_json, text, texts
from phone_audit.knowledge.feeds.values import DIGESTS, row, shown

Row = Indicator | Rejected

_TYPES: Final = ("hostname", "string", "cidr")
THIS_ONLY: Final = "this very value only"
"""Note of a warning list that speaks of whole values and not of what lies below a host."""
SITE: Final = "a web site of the maker, which ordinary software can name too"


def read_galaxy(data: bytes, about: About) -> Iterator[Row]:
    """Yield names, synonyms, and web sites of each entry of a galaxy cluster.

    Raises:
        FeedError: it has no values.
    """
    document = mapping(read_json(data))
    values = document.get("values")
    if not isinstance(values, list):
        raise FeedError("it is no galaxy: there are no values")
    for number, entry in enumerate(map(mapping, values), 1):
        name, meta = text(entry.get("value")), mapping(entry.get("meta"))
        if not name:
            yield Rejected(f"value {number}", "it has no name")
            continue
        kinds = texts(meta.get("type"))
        given: ThreatClass = "stalkerware" if document.get("type") == "stalkerware" else about.class_
        what = About(name, "watchware" if "watchware" in kinds else given, about.weight, about.note)
        yield from (row("name", synonym, what) for synonym in (name, *texts(meta.get("synonyms"))))
        site = About(name, what.class_, "weak", SITE)
        yield from (row("host", host, site) for host in texts(meta.get("website")))


def read_warning_list(data: bytes, about: About) -> Iterator[Row]:
    """Yield what a warning list calls commonplace. Substrings and regular expressions cannot be looked up.

    Raises:
        FeedError: it is no warning list.
    """
    document = mapping(read_json(data))
    values, kind = document.get("list"), text(document.get("type"))
    if not isinstance(values, list) or not kind:
        raise FeedError("it is no warning list: there is no list with a type")
    note = THIS_ONLY if kind == "string" else ""
    what = About(text(document.get("name")) or about.name, "commonplace", "strong", note)
    for value in values:
        if not isinstance(value, str):
            yield Rejected(shown(value), "it is no text")
        elif kind not in _TYPES:
            yield Rejected(shown(value), f"a list of the type {shown(kind)} cannot be looked up")
        else:
            yield row(_kind(value), value, what)


def _kind(value: str) -> Kind:
    return "hash" if len(value) in DIGESTS and all(letter in "0123456789abcdefABCDEF" for letter in value) else "host"
