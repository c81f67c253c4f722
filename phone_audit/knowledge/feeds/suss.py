"""F-Droid's list of code that it does not accept (SUSS): class paths and hosts."""

from collections.abc import Iterator

from phone_audit.knowledge.feeds.class_patterns import alternatives
from phone_audit.knowledge.feeds.indicator import About, Indicator, Rejected, ThreatClass
from phone_audit.knowledge.feeds.json_text import FeedError, mapping, read_json, texts
from phone_audit.knowledge.feeds.values import shown


def read_suss(data: bytes, about: About) -> Iterator[Indicator | Rejected]:
    """Yield the class prefixes and hosts of each signature, with its anti-features as the note.

    Raises:
        FeedError: there are no signatures.
    """
    signatures = mapping(read_json(data)).get("signatures")
    if not isinstance(signatures, dict):
        raise FeedError("it has no signatures")
    for name, entry in signatures.items():
        if not isinstance(entry, dict):
            yield Rejected(shown(name), "it is no signature")
            continue
        features = texts(entry.get("anti_features"))
        class_: ThreatClass = "tracker" if {"Ads", "Tracking"} & set(features) else "anti-feature"
        what = About(name, class_, about.weight, ", ".join(features)[:200])
        for signature in texts(entry.get("code_signatures")):
            yield from alternatives("code", signature.replace("/", "."), what)
        for signature in texts(entry.get("network_signatures")):
            yield from alternatives("host", signature, what)
