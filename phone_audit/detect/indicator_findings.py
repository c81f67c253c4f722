"""What feeds list of a phone or an APK → findings: one for each thing and each name that feeds give it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from phone_audit.detect.detector import Detector
from phone_audit.detect.incidents.citations import cited_source, publishers
from phone_audit.detect.incidents.incident_matcher import property_evidence
from phone_audit.detect.incidents.match_input import MatchInput, PackageInput
from phone_audit.detect.incidents.package_matcher import endpoint_evidence, package_evidence, package_subject
from phone_audit.detect.incidents.remedies import indicator_remedies
from phone_audit.knowledge.feeds.indicator import MALICIOUS, THIS_ONLY, FeedHead, Kind, ListedIndicator, ThreatClass
from phone_audit.knowledge.hosts import suffixes
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.naming import public_suffixes
from phone_audit.model.finding import Confidence, Evidence, Finding, Severity, Sign, Source, Subject, finding_key
from phone_audit.model.wording import listed

_OF_COMPANIES: Final[frozenset[ThreatClass]] = frozenset({"tracker", "listed", "owner"})
"""Classes of lists that name ordinary companies on purpose."""
Worth = Literal["strong", "weak", "none"]
"""`none`: something says that the value is everybody's; `why` tells what."""


@dataclass(frozen=True)
class IndicatorHit:
    """A listed value that is there: on what, what shows it, and what it is worth."""

    listed: ListedIndicator
    subject: Subject
    evidence: tuple[Evidence, ...]
    worth: Worth
    why: str = ""

    @property
    def kind(self) -> Kind:
        return self.listed.indicator.kind


def indicator_hits(given: MatchInput, knowledge: Knowledge) -> Iterator[IndicatorHit]:
    for package in given.packages:
        yield from _package_hits(package, knowledge)
    device = Subject(kind="device", name=given.properties.get("ro.product.model", "phone"))
    for path in sorted(given.paths):
        evidence = (Evidence(kind="path", where=path, value=path),)
        yield from _hits("path", path, device, evidence, knowledge)
    for name, value in sorted(given.properties.items()):
        evidence = (property_evidence(given, name, value),)
        for text in (name, f"{name}={value}"):
            yield from _hits("property", text, device, evidence, knowledge)


def _package_hits(package: PackageInput, knowledge: Knowledge) -> Iterator[IndicatorHit]:
    subject = package_subject(package)
    for digest in sorted(package.hashes):
        evidence = Evidence(kind="hash", where=package.path, value=digest)
        yield from _hits("hash", digest, subject, (evidence,), knowledge)
    for signer in sorted(package.signers):
        evidence = Evidence(kind="certificate", where=package.path, value=signer)
        yield from _hits("certificate", signer, subject, (evidence,), knowledge)
    if package.name is not None:
        yield from _hits("package", package.name, subject, (package_evidence(package),), knowledge)
    if package.path:
        name = PurePosixPath(package.path).name
        yield from _hits("file", name, subject, (Evidence(kind="path", where=package.path, value=name),), knowledge)
    for endpoint in package.endpoints:
        if endpoint.ruled_out is not None:
            continue
        evidence_of = endpoint_evidence(endpoint, package.path)
        found = {hit.indicator: hit for hit in knowledge.indicators.of_host(endpoint.host)}
        for url in endpoint.urls:
            found.update((hit.indicator, hit) for hit in knowledge.indicators.of_url(url))
        for entry in found.values():
            yield _weighed(entry, subject, evidence_of, knowledge)


def _hits(
    kind: Kind, value: str, subject: Subject, evidence: tuple[Evidence, ...], knowledge: Knowledge
) -> Iterator[IndicatorHit]:
    for entry in knowledge.indicators.of(kind, value):
        yield _weighed(entry, subject, evidence, knowledge)


def _weighed(
    listed: ListedIndicator, subject: Subject, evidence: tuple[Evidence, ...], knowledge: Knowledge
) -> IndicatorHit:
    why = why_commonplace(listed, knowledge)
    worth: Worth = "none" if why else listed.indicator.about.weight
    return IndicatorHit(listed, subject, evidence, worth, why)


def why_commonplace(listed: ListedIndicator, knowledge: Knowledge) -> str:
    """Say why a listed value is no sign: a warning list, a public key, a host of an ordinary company. Else empty."""
    kind, value = listed.indicator.kind, listed.indicator.value
    lists, on_hosts = knowledge.indicators, kind in ("host", "address")
    for other in lists.of_host(value) if on_hosts else lists.of(kind, value):
        said = other.indicator.about
        if said.class_ == "commonplace" and (said.note != THIS_ONLY or other.indicator.value == value):
            return f"{said.name} ({other.feed.publisher}) names it as commonplace"
    if kind == "certificate" and value in knowledge.public_certificates:
        return "everybody can sign with this key"
    if kind == "host" and listed.indicator.about.class_ not in _OF_COMPANIES:
        trackers = knowledge.trackers_of_host(value)
        if trackers:
            return f"it belongs to {trackers[0].name}, which much ordinary software holds"
        owner = knowledge.owner_of(value)
        if owner and not public_suffixes()["hosting"].intersection(suffixes(value)):
            return f"it belongs to {owner.owner}, and ordinary software names it too"
    return ""


COMMONPLACE: Final = Detector("indicator.commonplace", "commonplace", "none")
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
INDICATOR_SIGNS: Final[Mapping[str, Sign]] = {
    COMMONPLACE.id: COMMONPLACE.sign,
    UNWANTED: "grave",
    TRACKING: "sends",
    LISTED: "sends",
    "indicator.hash": "listed",
    "indicator.certificate": "listed",
    "indicator.package": "listed",
    "indicator.file": "none",
    **{f"indicator.{kind}": "listed-trace" for kind in ("url", "host", "address", "network", "property", "path")},
}
"""Every id that a finding of this file can have, and what it is a sign of."""
_SILENT: Final[frozenset[ThreatClass]] = frozenset({"preinstalled", "owner", "public-key", "anti-feature"})
"""Classes that only describe: they are for `db show`, and no finding."""
_FACTS: Final[Mapping[Kind, str]] = {
    "hash": "the hash of its file", "certificate": "its signer", "package": "its name", "file": "the name of its file",
}  # fmt: skip
_TITLES: Final[Mapping[ThreatClass, str]] = {"tracker": "On lists of trackers", "listed": "On imported lists"}
_HELD: Final = {TRACKING: "what lists of trackers name", LISTED: "what imported lists name"}


@dataclass(frozen=True)
class _Claim:
    id: str
    confidence: Confidence
    severity: Severity
    missing: str = ""


_ONE_SIGN = " One sign alone proves nothing: a second one is missing."
_WEAK_SIGN = " By itself this proves nothing: ordinary software can contain it too."


def indicator_findings(given: MatchInput, knowledge: Knowledge, *, on_phone: bool) -> tuple[Finding, ...]:
    """Return the findings of what feeds list of a phone or an APK.

    A hash or a certificate of something malicious confirms; so does a package name together with a host in its code
    that rows of a feed list for the same name. Anything else alone is a weak sign. What somebody calls commonplace
    counts for nothing, and a finding says so. `on_phone`: whether commands for a phone make sense.
    """
    groups: dict[tuple[str, str, str], list[IndicatorHit]] = {}
    for hit in indicator_hits(given, knowledge):
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
    sources = feed_sources(hit.listed.feed for hit in hits)
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
        headline=_HELD.get(claim.id) or _headline(title, claim.confidence, sources),
        held=claim.id in _HELD,
        sign=INDICATOR_SIGNS[claim.id],
    )


def _headline(title: str, confidence: Confidence, sources: Sequence[Source]) -> str:
    """Say who lists it; the title is: name (class)."""
    who = listed([source.publisher for source in sources], 2)
    thing = f"{title.removesuffix(')')}, listed by {who})"
    return thing if confidence in ("confirmed", "high") else f"a sign of {thing}"


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
    about, sources = first.listed.indicator.about, feed_sources(hit.listed.feed for hit in hits)
    message = (
        f"{_subject(hits)} holds {first.listed.indicator.value}, listed for {about.name} by {publishers(sources)}. "
        f"That does not count: {first.why}."
    )
    return COMMONPLACE.finding(
        first.subject,
        "Listed, but commonplace",
        message,
        severity="info",
        confidence="low",
        evidence=list(dict.fromkeys(piece for hit in hits for piece in hit.evidence)),
        main=about.name,
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


def feed_sources(feeds: Iterable[FeedHead]) -> tuple[Source, ...]:
    found = {(feed.title, feed.url): feed for feed in feeds}
    return tuple(cited_source(feed) for _, feed in sorted(found.items()))
