"""Listed values that were observed → findings: one for each thing and each name that feeds give it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from phone_audit.judge.indicator_hits import IndicatorHit, indicator_hits
from phone_audit.judge.indicator_remedies import indicator_remedies
from phone_audit.judge.observed import Observed
from phone_audit.knowledge.feeds.indicator import MALICIOUS, FeedHead, Kind, ThreatClass
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.finding import Confidence, Finding, Severity, Source, finding_key
from phone_audit.model.wording import listed, publishers

COMMONPLACE: Final = "indicator.commonplace"
UNWANTED: Final = "indicator.unwanted"
TRACKING: Final = "indicator.tracker"
LISTED: Final = "indicator.listed"
_ENOUGH: Final[tuple[Kind, ...]] = ("hash", "certificate")
"""Kinds of which one alone names the very file, or the key that it was signed with."""
_NETWORK: Final[frozenset[Kind]] = frozenset({"host", "address", "network", "url"})
_ORDER: Final[tuple[Kind, ...]] = (
    "hash", "certificate", "package", "url", "host", "address", "network", "property", "path", "file",
)  # fmt: skip
"""Kinds that a finding can be about, the most telling first."""
INDICATOR_IDS: Final = frozenset({COMMONPLACE, UNWANTED, TRACKING, LISTED, *(f"indicator.{kind}" for kind in _ORDER)})
"""Every id that a finding of this file can have."""
_SILENT: Final[frozenset[ThreatClass]] = frozenset({"preinstalled", "owner", "public-key", "anti-feature"})
"""Classes that only describe: they are for `db show`, and no finding."""
_FACTS: Final[Mapping[Kind, str]] = {
    "hash": "the hash of its file", "certificate": "its signer", "package": "its name", "file": "the name of its file",
}  # fmt: skip
_TITLES: Final[Mapping[ThreatClass, str]] = {"tracker": "On lists of trackers", "listed": "On imported lists"}


@dataclass(frozen=True)
class _Claim:
    id: str
    confidence: Confidence
    severity: Severity
    missing: str = ""


_ONE_SIGN = " One sign alone is no proof: a second one is missing."
_WEAK_SIGN = " By itself this says nothing: ordinary software can hold it too."


def indicator_findings(observed: Observed, knowledge: Knowledge, *, on_phone: bool) -> tuple[Finding, ...]:
    """Return the findings of what feeds list of a phone or an APK.

    A hash or a certificate of something malicious confirms; so does a package name together with a host in its code
    that rows of a feed list for the same name. Anything else alone is a weak sign. What somebody calls commonplace
    counts for nothing, and a finding says so.

    Args:
        observed: the phone or the APK.
        knowledge: the feeds.
        on_phone: whether commands for a phone make sense.
    """
    groups: dict[tuple[str, str, str], list[IndicatorHit]] = {}
    for hit in indicator_hits(observed, knowledge):
        about = hit.listed.indicator.about
        if about.class_ in _SILENT or about.class_ == "commonplace" or hit.kind not in _ORDER:
            continue
        named = _TITLES.get(about.class_) or about.name.casefold()
        groups.setdefault((hit.subject.kind, hit.subject.name, named), []).append(hit)
    found = []
    for hits in groups.values():
        counting = [hit for hit in hits if hit.worth != "none"]
        found.append(_finding(counting, on_phone) if counting else _commonplace(hits))
    return tuple(found)


def _finding(hits: Sequence[IndicatorHit], on_phone: bool) -> Finding:
    hits = sorted(hits, key=lambda hit: (hit.worth != "strong", _ORDER.index(hit.kind), hit.listed.indicator.value))
    claim, about = _claim(hits), hits[0].listed.indicator.about
    subject = hits[0].subject
    sources = _sources(hit.listed.feed for hit in hits)
    package = subject.name if on_phone and subject.kind == "package" else None
    title = _TITLES.get(about.class_) or f"{about.name} ({about.class_})"
    called = "" if about.class_ in _TITLES else f" as {about.name}, {about.class_},"
    message = f"{_subject(hits)} is listed{called} by {publishers(sources)}: {_facts(hits)}.{claim.missing}"
    return Finding(
        id=claim.id,
        key=finding_key("indicator", subject, title.casefold()),
        category=about.class_,
        title=title,
        message=message,
        severity=claim.severity,
        confidence=claim.confidence,
        subject=subject,
        evidence=tuple(dict.fromkeys(piece for hit in hits for piece in hit.evidence)),
        sources=sources,
        remedy=indicator_remedies(about.class_, package if claim.confidence == "confirmed" else None, claim.confidence),
    )


def _claim(hits: Sequence[IndicatorHit]) -> _Claim:
    """Say what hits on one thing under one name prove together."""
    class_ = hits[0].listed.indicator.about.class_
    if class_ in _TITLES or class_ == "vulnerable":
        sure: Confidence = "medium" if any(hit.worth == "strong" for hit in hits) else "low"
        return _Claim(TRACKING if class_ == "tracker" else LISTED, sure, "info")
    kinds = {hit.kind for hit in hits}
    enough = next((kind for kind in _ENOUGH if kind in kinds), None)
    # values of a file that names nothing are listed side by side, and need not belong together
    together = {hit.kind for hit in hits if not hit.listed.indicator.about.by_file}
    two = "package" in together and bool(together & _NETWORK)
    strong = [hit for hit in hits if hit.worth == "strong" and hit.kind != "file"]
    if class_ not in MALICIOUS:
        sure = "high" if enough or two else "low"
        return _Claim(UNWANTED, sure, "medium" if sure == "high" else "info", "" if sure == "high" else _ONE_SIGN)
    if enough or two:
        return _Claim(f"indicator.{enough or 'package'}", "confirmed", "critical")
    if strong:
        kind = strong[0].kind
        return _Claim(f"indicator.{kind}", "medium", "high" if kind == "package" else "medium", _ONE_SIGN)
    return _Claim(f"indicator.{hits[0].kind}", "low", "info", _WEAK_SIGN)


def _commonplace(hits: Sequence[IndicatorHit]) -> Finding:
    """Say that something is listed and does not count, and why."""
    first = hits[0]
    about, sources = first.listed.indicator.about, _sources(hit.listed.feed for hit in hits)
    message = (
        f"{_subject(hits)} holds {first.listed.indicator.value}, listed for {about.name} by {publishers(sources)}. "
        f"That does not count: {first.why}."
    )
    return Finding(
        id=COMMONPLACE,
        key=finding_key(COMMONPLACE, first.subject, about.name),
        category="commonplace",
        title="Listed, but commonplace",
        message=message,
        severity="info",
        confidence="low",
        subject=first.subject,
        evidence=tuple(dict.fromkeys(piece for hit in hits for piece in hit.evidence)),
        sources=sources,
    )


def _subject(hits: Sequence[IndicatorHit]) -> str:
    subject = hits[0].subject
    if subject.kind == "device":
        return "Something on this phone"
    return f"The {'package' if subject.kind == 'package' else 'file'} {subject.name}"


def _facts(hits: Sequence[IndicatorHit]) -> str:
    """Name the facts: values where several are possible, else the kind."""
    values = {hit.listed.indicator.value: hit.kind for hit in hits}
    facts = [_FACTS.get(kind) or f"{value} ({kind})" for value, kind in values.items()]
    return listed(list(dict.fromkeys(facts)), 4)


def _sources(feeds: Iterable[FeedHead]) -> tuple[Source, ...]:
    found = {(feed.title, feed.url): feed for feed in feeds}
    return tuple(
        Source(title=feed.title, publisher=feed.publisher, date=feed.date, url=feed.url)
        for _, feed in sorted(found.items())
    )
