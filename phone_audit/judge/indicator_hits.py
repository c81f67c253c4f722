"""What feeds list of a phone or an APK: each value that is there, and whether it is a sign at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal

from phone_audit.judge.batch import property_evidence
from phone_audit.judge.observed import Observed, ObservedPackage
from phone_audit.judge.package_hits import endpoint_evidence, package_evidence, package_subject
from phone_audit.knowledge.feeds.indicator import Kind, Listed, ThreatClass
from phone_audit.knowledge.feeds.threat_lists import THIS_ONLY
from phone_audit.knowledge.hosts import suffixes
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.naming import suffixes as public_suffixes
from phone_audit.model.finding import Evidence, Subject

_OF_COMPANIES: Final[frozenset[ThreatClass]] = frozenset({"tracker", "listed", "owner"})
"""Classes of lists that name ordinary companies on purpose."""
Worth = Literal["strong", "weak", "none"]
"""`none`: something says that the value is everybody's; `why` tells what."""


@dataclass(frozen=True)
class IndicatorHit:
    """A listed value that is there: on what, what shows it, and what it is worth."""

    listed: Listed
    subject: Subject
    evidence: tuple[Evidence, ...]
    worth: Worth
    why: str = ""

    @property
    def kind(self) -> Kind:
        """What kind of value it is."""
        return self.listed.indicator.kind


def indicator_hits(observed: Observed, knowledge: Knowledge) -> Iterator[IndicatorHit]:
    """Yield every value of a feed that was observed.

    Args:
        observed: the phone or the APK.
        knowledge: the feeds, and what speaks against them: warning lists, public keys, owners of hosts.
    """
    for package in observed.packages:
        yield from _package_hits(package, knowledge)
    device = Subject(kind="device", name=observed.properties.get("ro.product.model", "phone"))
    for path in sorted(observed.paths):
        evidence = (Evidence(kind="path", where=path, value=path),)
        yield from _hits("path", path, device, evidence, knowledge)
    for name, value in sorted(observed.properties.items()):
        evidence = (property_evidence(observed, name, value),)
        for text in (name, f"{name}={value}"):
            yield from _hits("property", text, device, evidence, knowledge)


def _package_hits(package: ObservedPackage, knowledge: Knowledge) -> Iterator[IndicatorHit]:
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
        for listed in found.values():
            yield _judged(listed, subject, evidence_of, knowledge)


def _hits(
    kind: Kind, value: str, subject: Subject, evidence: tuple[Evidence, ...], knowledge: Knowledge
) -> Iterator[IndicatorHit]:
    for listed in knowledge.indicators.of(kind, value):
        yield _judged(listed, subject, evidence, knowledge)


def _judged(listed: Listed, subject: Subject, evidence: tuple[Evidence, ...], knowledge: Knowledge) -> IndicatorHit:
    why = everybodys(listed, knowledge)
    worth: Worth = "none" if why else listed.indicator.about.weight
    return IndicatorHit(listed, subject, evidence, worth, why)


def everybodys(listed: Listed, knowledge: Knowledge) -> str:
    """Say why a listed value is no sign: a warning list, a public key, a host of an ordinary company. Else empty."""
    kind, value = listed.indicator.kind, listed.indicator.value
    others = (
        knowledge.indicators.of_host(value) if kind in ("host", "address") else knowledge.indicators.of(kind, value)
    )
    for other in others:
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
