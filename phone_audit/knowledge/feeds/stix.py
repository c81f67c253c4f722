"""STIX 2.x bundles: every indicator's pattern, named and classed by the malware that a relationship leads to."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.feeds.indicator import CLASSES, About, Kind, Rejected, Row, ThreatClass
from phone_audit.knowledge.feeds.stix_pattern import Comparison, PatternError, comparisons
from phone_audit.knowledge.feeds.text import FeedError, mapping, read_json, text, texts
from phone_audit.knowledge.feeds.values import row, shown

_KINDS: Final[Mapping[str, Kind]] = {
    "domain-name:value": "host", "ipv4-addr:value": "address", "ipv6-addr:value": "address", "url:value": "url",
    "network-traffic:dst_ref.value": "host", "network-traffic:dst_ref.resolves_to_refs.value": "host",
    "file:name": "file", "file:path": "path", "file:parent_directory_ref.path": "path", "directory:path": "path",
    "process:name": "process", "process:binary_ref.name": "process", "process:image_ref.name": "process",
    "app:id": "package", "app:package": "package", "app:package_name": "package", "package:name": "package",
    "x-android-package:name": "package", "software:name": "name",
}  # fmt: skip
_HASH: Final = re.compile(r"(file|artifact|process:\w+_ref)[:.](\w+_ref\.)?hashes\.(?P<algorithm>[\w-]+)")
_CERTIFICATE: Final = re.compile(r"(app:cert|x509-certificate:hashes|app:certificate)\.[\w-]+")
_PROPERTY: Final = re.compile(r"(x-)?android-propert(y|ies)(-ext)?:(?P<part>name|value|key)")
_OTHER: Final = {
    "configuration-profile": "configuration profiles are on iPhones only",
    "email-addr": "mail addresses are not looked for",
}
_NO_SIGN: Final = frozenset({"benign", "unknown", "anonymization"})
"""Types of indicator (STIX 2.1, 10.7) that say of a value that it is harmless, or nothing."""
_PASSING: Final[frozenset[Kind]] = frozenset({"host", "address", "network", "url"})
"""Kinds of values that get another owner in time."""


def read_stix(data: bytes, about: About, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Row]:
    """Yield the indicators of a bundle.

    A host or an address whose time is over (`valid_until`) is weak: it may be somebody else's by now. Raises a
    FeedError where it is no STIX at all.
    """
    document = read_json(data)
    objects = document.get("objects") if isinstance(document, dict) else document
    if not isinstance(objects, list):
        raise FeedError("it is no STIX bundle: there is no list of objects")
    known = {text(mapping(item).get("id")): mapping(item) for item in objects}
    named = _named(known, about)
    for item in map(mapping, objects):
        if item.get("type") != "indicator":
            continue
        if item.get("revoked") is True:
            yield Rejected(shown(item.get("id")), "the publisher took it back (revoked)")
        elif fault := _harmless(item):
            yield Rejected(shown(item.get("id")), fault)
        else:
            rows = _rows(item, named.get(text(item.get("id"))) or _about(item, about))
            yield from map(_aged, rows) if _over(item, clock) else rows


def _harmless(item: Mapping[str, Any]) -> str | None:
    """Say why an indicator is none of anything malicious, as its types tell, or None."""
    types = {word.lower() for word in texts(item.get("indicator_types"))}
    if "benign" in types or (types and types <= _NO_SIGN):
        return f"the publisher calls it {' and '.join(sorted(types & _NO_SIGN))}"
    return None


def _over(item: Mapping[str, Any], clock: Callable[[], datetime]) -> bool:
    try:
        until = datetime.fromisoformat(text(item.get("valid_until")))
    except ValueError:
        return False
    return (until if until.tzinfo else until.replace(tzinfo=UTC)) <= clock()


def _aged(item: Row) -> Row:
    if isinstance(item, Rejected) or item.kind not in _PASSING:
        return item
    return replace(item, about=replace(item.about, weight="weak", note="its time is over, the publisher says"))


def _named(known: Mapping[str, Mapping[str, Any]], about: About) -> dict[str, About]:
    """Return what the relationships say of the indicators, by the id of the indicator."""
    found = {}
    for item in known.values():
        source, target = text(item.get("source_ref")), known.get(text(item.get("target_ref")))
        indicates = item.get("type") == "relationship" and item.get("relationship_type") == "indicates"
        if not indicates or not target or True in (item.get("revoked"), target.get("revoked")):
            continue
        if source.startswith("indicator--"):
            found[source] = _about(target, about)
    return found


def _about(item: Mapping[str, Any], about: About) -> About:
    words = {
        word.lower() for field in ("malware_types", "labels", "indicator_types") for word in texts(item.get(field))
    }
    class_: ThreatClass = next((word for word in CLASSES if word in words), about.class_)
    name = text(item.get("name"))
    return About(name if name and item.get("type") != "indicator" else about.name, class_, about.weight, about.note)


def _rows(item: Mapping[str, Any], about: About) -> Iterator[Row]:
    pattern = text(item.get("pattern"))
    if text(item.get("pattern_type")) not in ("", "stix", "mvt"):  # MVT reads any
        yield Rejected(shown(item.get("id")), f"its pattern is {shown(item['pattern_type'])}, not STIX")
        return
    try:
        parts = comparisons(pattern)
    except PatternError as fault:
        yield Rejected(shown(pattern), str(fault))
        return
    yield from _properties(parts, about)
    for part in parts:
        if not _PROPERTY.fullmatch(_plain(part.path)):
            yield from _comparison(part, about)


def _properties(parts: list[Comparison], about: About) -> Iterator[Row]:
    """Yield a property with its value where a pattern asks for both, else its name."""
    found: dict[str, list[Comparison]] = {"name": [], "value": []}
    for part in parts:
        if met := _PROPERTY.fullmatch(_plain(part.path)):
            found["value" if met["part"] == "value" else "name"].append(part)
    names, values = found["name"], found["value"]
    paired = len(names) == len(values) == 1 and names[0].joint and values[0].joint
    if paired and _fault(names[0]) is None and _fault(values[0]) is None:
        only = len(parts) == 2
        for name in names[0].values:
            for value in values[0].values:
                yield row("property", f"{name}={value}", about if only else _weak(about))
        return
    for part in names:
        yield from _values(part, "property", about)
    for part in values:
        yield Rejected(shown(part.path), "the value of a property without its name tells nothing")


def _comparison(part: Comparison, about: About) -> Iterator[Row]:
    path = _plain(part.path)
    if _HASH.fullmatch(path):
        yield from _values(part, "hash", about)
    elif _CERTIFICATE.fullmatch(path):
        yield from _values(part, "certificate", about)
    elif path in _KINDS:
        yield from _values(part, _KINDS[path], about)
    else:
        why = _OTHER.get(path.partition(":")[0], "this kind of object is not looked for on a phone")
        yield Rejected(shown(part.path), why)


def _values(part: Comparison, kind: Kind, about: About) -> Iterator[Row]:
    fault = _fault(part)
    if fault:
        yield Rejected(shown(f"{part.path[:60]} {part.operator} {short_repr(part.values)}"), fault)
        return
    # one part of a pattern of several proves less, unless it names the very file or the key it was signed with
    weak = part.joint and kind not in ("hash", "certificate")
    for value in part.values:
        named = "path" if kind == "file" and value.startswith("/") else kind
        yield row(named, value, _weak(about) if weak else about)


def _fault(part: Comparison) -> str | None:
    if part.negated or part.operator in ("!=", "<>"):
        return "it says what must not be there, which is no sign by itself"
    if part.operator not in ("=", "IN"):
        return f"the operator {part.operator} cannot be looked up"
    return None


def _weak(about: About) -> About:
    return About(about.name, about.class_, "weak", "one part of a pattern of several")


def _plain(path: str) -> str:
    """Return an object path without quotes and list places, in lower case.

    Example:
        >>> _plain("file:hashes.'SHA-256'"), _plain("x509-certificate:hashes['SHA-1']")
        ('file:hashes.sha-256', 'x509-certificate:hashes.sha-1')
    """
    return re.sub(r"\[(\d+|\*)\]", "", path).replace("['", ".").replace("']", "").replace("'", "").lower()
