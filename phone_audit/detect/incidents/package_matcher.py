"""Which incidents one package meets: by its name with a second fact, its hashes, its signers, its endpoints."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from phone_audit.detect.detector import evidence_of
from phone_audit.detect.incidents.incident_index import Index
from phone_audit.detect.incidents.incident_match import Fit, Hit, confirming_hit, fit, waits_for_build
from phone_audit.detect.incidents.match_input import PackageInput
from phone_audit.knowledge.schema.incident import CertificateFact, EndpointFact, Fact, HashFact, IncidentEntry
from phone_audit.model.apk import Endpoint
from phone_audit.model.finding import Evidence, Subject


@dataclass(frozen=True)
class FactHit:
    """A fact besides the name that a package meets, what shows it, and how surely the fact applies here."""

    incident: IncidentEntry
    fact: HashFact | CertificateFact | EndpointFact
    evidence: tuple[Evidence, ...]
    applies: Fit


def package_hits(
    index: Index, package: PackageInput, properties: Mapping[str, str], affected: Mapping[str, tuple[Evidence, ...]]
) -> Iterator[tuple[IncidentEntry, Hit]]:
    """Yield the incidents that a package meets.

    `affected` are incidents that name the build as affected, with the evidence of it: a second fact for a name.
    """
    seen: dict[str, list[FactHit]] = {}
    for item in _seen(index, package, properties):
        if _is_about(item.incident, package):
            seen.setdefault(item.incident.id, []).append(item)
    if package.name is not None:
        yield from _by_name(index, package, properties, seen, affected)
    subject = package_subject(package)
    for items in seen.values():
        for item in items:
            if isinstance(item.fact, CertificateFact) and item.fact.standalone:
                yield item.incident, _certificate_hit(item, package)
        hashes = [item for item in items if isinstance(item.fact, HashFact)]
        if hashes:
            applies = max(item.applies for item in hashes)
            hit = confirming_hit("hash", applies, _facts(hashes), subject, _evidence(hashes))
            yield hashes[0].incident, hit
        strong = [item for item in items if isinstance(item.fact, EndpointFact) and item.fact.weight == "strong"]
        if strong:
            incident = strong[0].incident
            listed = [fact for other, fact in index.packages.get(package.name or "", ()) if other.id == incident.id]
            undecided = any(waits_for_build(fact, properties) for fact in listed)
            yield incident, Hit("endpoint", "weak", _facts(strong), subject, _evidence(strong), undecided)


def _by_name(
    index: Index,
    package: PackageInput,
    properties: Mapping[str, str],
    seen: Mapping[str, list[FactHit]],
    affected: Mapping[str, tuple[Evidence, ...]],
) -> Iterator[tuple[IncidentEntry, Hit]]:
    """Yield the incidents that list the name, where the name is enough or a second fact stands beside it."""
    for incident, fact in index.packages.get(package.name or "", ()):
        applies = fit(fact, properties)
        seconds = seen.get(incident.id, [])
        build = affected.get(incident.id, ())
        if applies is not Fit.NO and (fact.standalone or seconds or build) and _is_about(incident, package):
            facts = (fact, *_facts(seconds))
            evidence = (package_evidence(package), *_evidence(seconds), *build)
            yield incident, confirming_hit("package", applies, facts, package_subject(package), evidence)


def _seen(index: Index, package: PackageInput, properties: Mapping[str, str]) -> Iterator[FactHit]:
    """Yield the hashes, signers and endpoints of the package that some incident lists."""
    for digest in sorted(package.hashes):
        for incident, file in index.hashes.get(digest, ()):
            evidence = Evidence(kind="hash", where=package.path, value=digest)
            yield from _applying(incident, file, (evidence,), properties)
    for signer in sorted(package.signers):
        for incident, key in index.certificates.get(signer, ()):
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
) -> Iterator[FactHit]:
    applies = fit(fact, properties)
    if applies is not Fit.NO:
        yield FactHit(incident, fact, evidence, applies)


def _is_about(incident: IncidentEntry, package: PackageInput) -> bool:
    """Tell whether a package may prove an incident: one about the firmware says nothing of what its owner installed."""
    is_spared = package.has_code is not True and any(package.name == fact.value for fact in incident.spares)
    return (incident.applies_to is None or package.system is True) and not is_spared


def _certificate_hit(item: FactHit, package: PackageInput) -> Hit:
    """A hit on the certificate, whose evidence names the package that carries it."""
    key = Subject(kind="certificate", name=item.fact.value)
    named = (package_evidence(package),) if package.name is not None else ()
    return confirming_hit("certificate", item.applies, (item.fact,), key, (*named, *item.evidence))


def _facts(items: Iterable[FactHit]) -> tuple[Fact, ...]:
    return tuple(item.fact for item in items)


def _evidence(items: Iterable[FactHit]) -> tuple[Evidence, ...]:
    """Return the evidence of all, each piece once: two facts often rest on one string."""
    return tuple(dict.fromkeys(piece for item in items for piece in item.evidence))


def package_subject(package: PackageInput) -> Subject:
    """Name the package, or the file where the package is not known."""
    if package.name is None:
        return Subject(kind="apk", name=package.path)
    return Subject(kind="package", name=package.name)


def package_evidence(package: PackageInput) -> Evidence:
    """Say that the package is there, and where."""
    return Evidence(kind="package", where=package.path, value=package.name or "")


def endpoint_evidence(endpoint: Endpoint, path: str) -> tuple[Evidence, ...]:
    """Return the places in the files at which an endpoint stands."""
    return evidence_of((endpoint,)) or (Evidence(kind="dex-string", where=path, value=endpoint.host),)
