"""Which incidents one package meets: by its name with a second fact, its hashes, its signers, its endpoints."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from phone_audit.judge.conditions import Fit, fit
from phone_audit.judge.index import Index
from phone_audit.judge.observed import Hit, HitKind, ObservedPackage, Word, confirmed_where
from phone_audit.knowledge.incident_schema import CertificateFact, EndpointFact, Fact, HashFact, IncidentEntry
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence, Subject


@dataclass(frozen=True)
class Seen:
    """A fact besides the name that a package meets, what shows it, and how surely the fact applies here."""

    incident: IncidentEntry
    fact: HashFact | CertificateFact | EndpointFact
    evidence: tuple[Evidence, ...]
    applies: Fit


def package_hits(
    index: Index,
    package: ObservedPackage,
    properties: Mapping[str, str],
    affected: Mapping[str, tuple[Evidence, ...]],
) -> Iterator[tuple[IncidentEntry, Hit]]:
    """Yield the incidents that a package meets.

    Args:
        index: the incidents' facts.
        package: what is known of the package.
        properties: what is known of the build.
        affected: incidents that name the build as affected, and the evidence of it: a second fact for a name.
    """
    seen: dict[str, list[Seen]] = {}
    for item in _seen(index, package, properties):
        seen.setdefault(item.incident.id, []).append(item)
    if package.name is not None:
        yield from _by_name(index, package, properties, seen, affected)
    subject = package_subject(package)
    for items in seen.values():
        for item in items:
            if isinstance(item.fact, CertificateFact) and item.fact.standalone:
                key = Subject(kind="certificate", name=item.fact.value)
                yield item.incident, _hit("certificate", confirmed_where(item.applies), [item], key)
        hashes = [item for item in items if isinstance(item.fact, HashFact)]
        if hashes:
            yield hashes[0].incident, _hit("hash", confirmed_where(max(i.applies for i in hashes)), hashes, subject)
        strong = [item for item in items if isinstance(item.fact, EndpointFact) and item.fact.weight == "strong"]
        if strong:
            yield strong[0].incident, _hit("endpoint", "weak", strong, subject)


def _by_name(
    index: Index,
    package: ObservedPackage,
    properties: Mapping[str, str],
    seen: Mapping[str, list[Seen]],
    affected: Mapping[str, tuple[Evidence, ...]],
) -> Iterator[tuple[IncidentEntry, Hit]]:
    """Yield the incidents that list the name, where the name is enough or a second fact stands beside it."""
    for incident, fact in index.packages.of(package.name or ""):
        applies = fit(fact, properties)
        seconds = seen.get(incident.id, [])
        build = affected.get(incident.id, ())
        if applies is not Fit.NO and (fact.standalone or seconds or build):
            facts: tuple[Fact, ...] = (fact, *(item.fact for item in seconds))
            evidence = (package_evidence(package), *_evidence(seconds), *build)
            yield incident, Hit("package", confirmed_where(applies), facts, package_subject(package), evidence)


def _seen(index: Index, package: ObservedPackage, properties: Mapping[str, str]) -> Iterator[Seen]:
    """Yield the hashes, signers and endpoints of the package that some incident lists."""
    for digest in sorted(package.hashes):
        for incident, file in index.hashes.of(digest):
            evidence = Evidence(kind="hash", where=package.path, value=digest)
            yield from _applying(incident, file, (evidence,), properties)
    for signer in sorted(package.signers):
        for incident, key in index.certificates.of(signer):
            evidence = Evidence(kind="certificate", where=package.path, value=signer)
            yield from _applying(incident, key, (evidence,), properties)
    for endpoint in package.endpoints:
        if endpoint.ruled_out is None:
            for incident, host in index.endpoints(endpoint.host):
                yield from _applying(incident, host, endpoint_evidence(endpoint, package.path), properties)


def _applying(
    incident: IncidentEntry,
    fact: HashFact | CertificateFact | EndpointFact,
    evidence: tuple[Evidence, ...],
    properties: Mapping[str, str],
) -> Iterator[Seen]:
    applies = fit(fact, properties)
    if applies is not Fit.NO:
        yield Seen(incident, fact, evidence, applies)


def _hit(kind: HitKind, word: Word, items: list[Seen], subject: Subject) -> Hit:
    return Hit(kind, word, tuple(item.fact for item in items), subject, _evidence(items))


def _evidence(items: Iterable[Seen]) -> tuple[Evidence, ...]:
    """Give the evidence of all, each piece once: two facts often rest on one string."""
    return tuple(dict.fromkeys(piece for item in items for piece in item.evidence))


def package_subject(package: ObservedPackage) -> Subject:
    """Name the package, or the file where the package is not known."""
    if package.name is None:
        return Subject(kind="apk", name=package.path)
    return Subject(kind="package", name=package.name)


def package_evidence(package: ObservedPackage) -> Evidence:
    """Say that the package is there, and where."""
    return Evidence(kind="package", where=package.path, value=package.name or "")


def endpoint_evidence(endpoint: Endpoint, path: str) -> tuple[Evidence, ...]:
    """Give the places in the files at which an endpoint stands."""
    found = tuple(dict.fromkeys(piece for holder in endpoint.held_by for piece in holder.evidence))
    return found or (Evidence(kind="dex-string", where=path, value=endpoint.host),)
