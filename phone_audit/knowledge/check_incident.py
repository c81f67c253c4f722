"""The structure of one incident: sources, ceiling of `raises`, facts that can be compared, self-tests present."""

import re
from collections.abc import Iterator, Sequence

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check_build import check_build, check_model
from phone_audit.knowledge.check_conditions import BUILD_FIELDS, check_conditions
from phone_audit.knowledge.check_ranges import check_ranges
from phone_audit.knowledge.check_steps import check_steps
from phone_audit.knowledge.check_tests import check_tests
from phone_audit.knowledge.incident_schema import (
    BuildFact,
    CertificateFact,
    EndpointFact,
    Fact,
    IncidentEntry,
    PackageFact,
    PathFact,
    PropertyFact,
    Raises,
)
from phone_audit.knowledge.naming import address_fault, digest_fault, host_fault
from phone_audit.knowledge.ordinary import (
    EMPTY_DIGESTS,
    ORDINARY_PATHS,
    bundled,
    makers_named,
    ordinary_packages,
)
from phone_audit.knowledge.problems import Report
from phone_audit.knowledge.rules import split_url

STRENGTH: tuple[Raises, ...] = ("exposed", "suspicious", "known-bad")
CEILING: dict[str, Raises] = {
    "data-leak": "known-bad",
    "backdoor": "known-bad",
    "preinstalled-malware": "known-bad",
    "ota-compromise": "known-bad",
    "adware": "known-bad",
    "vulnerable-preinstall": "suspicious",
    "identifier-exposure": "suspicious",
    "leaked-key": "suspicious",
    "supply-chain-risk": "suspicious",
    "telemetry": "exposed",
    "censorship": "exposed",
}
"""The most that an incident of a category may raise. By design is `exposed`, disputed at most `suspicious`."""
NEVER_ALONE = frozenset({
    "ro.debuggable", "ro.secure", "ro.adb.secure", "service.adb.tcp.port", "ro.build.type", "ro.build.version.sdk",
    "ro.build.version.security_patch", "ro.product.locale", "ro.hardware",
})  # fmt: skip
"""Properties that ordinary phones set too."""
SHARED_VERSIONS = frozenset({
    "1", "1.0", "4.4.2", "6.0", "6.0.1", "7.0", "7.1.1", "7.1.2", "8.0.0", "8.1.0", "9", "10", "11", "12", "13",
})  # fmt: skip
"""Version names that many packages have: the first ones, and those of Android itself."""
_PACKAGE = re.compile(r"android|[A-Za-z]\w*(\.\w+)+")


def check_incident(entry: IncidentEntry, report: Report) -> None:
    """Report everything in an entry that its schema cannot say."""
    if not re.fullmatch(r"[a-z0-9-]+", entry.id):
        report("id", "write a-z, 0-9 and - only")
    if not entry.summary.strip():
        report("summary", "missing; write one to three sentences: who, what was sent or done, since when")
    _check_ceiling(entry, report)
    _check_reply(entry, report)
    check_steps(entry.what_to_do, report)
    _check_sources(entry, report)
    check_conditions(entry, "incident", report)
    known = {source.n for source in entry.sources}
    for place, fact in facts_of(entry):
        _check_origin(fact, place, known, report)
        check_conditions(fact, place, report)
    _check_kinds(entry, report)
    check_ranges(entry.builds, report)
    check_tests(entry.tests, report)


def facts_of(entry: IncidentEntry) -> Iterator[tuple[str, Fact]]:
    """Yield every fact of an entry with its place in the file."""
    lists: dict[str, Sequence[Fact]] = {
        "vendors": entry.vendors,
        "component_vendors": entry.component_vendors,
        "models": entry.models,
        "builds": entry.builds,
        "packages": entry.packages,
        "hashes": entry.hashes,
        "certificates": entry.certificates,
        "paths": entry.paths,
        "properties": entry.properties,
        "endpoints": entry.endpoints,
        "data_types": entry.data_types,
        "transport": (entry.transport,) if entry.transport else (),
        "cves": entry.cves,
        "vendor_response": entry.vendor_response,
    }
    for name, facts in lists.items():
        for number, fact in enumerate(facts):
            yield f"{name}[{number}]", fact


def ceiling_of(entry: IncidentEntry) -> Raises:
    """Return the most that an entry may raise, by its category and state."""
    if entry.status == "by-design":
        return "exposed"
    top = CEILING[entry.category]
    return min(top, "suspicious", key=STRENGTH.index) if entry.status == "disputed" else top


def _check_ceiling(entry: IncidentEntry, report: Report) -> None:
    top = ceiling_of(entry)
    if STRENGTH.index(entry.raises) > STRENGTH.index(top):
        report("raises", f"{entry.raises} is too much for {entry.category}, {entry.status}; write {top} or less")
    elif entry.raises != top and not entry.raises_note:
        report("raises_note", f"missing; say why it raises {entry.raises} and not {top}")


def _check_reply(entry: IncidentEntry, report: Report) -> None:
    """Of what is disputed both sides are named."""
    if entry.status == "disputed" and not any(fact.confidence == "sourced" for fact in entry.vendor_response):
        report("vendor_response", "missing; what is disputed names both sides: write what the maker says")


def _check_sources(entry: IncidentEntry, report: Report) -> None:
    numbers = [source.n for source in entry.sources]
    if not numbers:
        report("sources", "missing; name the publication that the facts were read in")
    if len(set(numbers)) != len(numbers):
        report("sources", "a number stands twice; give each source its own n")
    for place, source in enumerate(entry.sources):
        if not source.title.strip() or not source.publisher.strip():
            report(f"sources[{place}]", "needs title and publisher")
        if source.url and not source.url.startswith(("http://", "https://")):
            report(
                f"sources[{place}].url", f"{short_repr(source.url)} is no address; write http(s)://… or leave it empty"
            )


def _check_origin(fact: Fact, place: str, known: set[int], report: Report) -> None:
    if not fact.value or fact.value != fact.value.strip():
        report(f"{place}.value", "missing, or with space around it")
    if fact.confidence == "sourced" and fact.source is None:
        report(f"{place}.source", "missing; name the number of the source, or write recalled as confidence")
    for field, number in (("source", fact.source), ("value_source", fact.value_source)):
        if number is not None and number not in known:
            report(f"{place}.{field}", f"there is no source {number} in this entry")


def _check_kinds(entry: IncidentEntry, report: Report) -> None:
    for place, fact in facts_of(entry):
        match fact:
            case PackageFact():
                _check_package(fact, place, report)
            case PathFact():
                _check_path(fact, place, report)
            case PropertyFact():
                _check_property(fact, place, report)
            case EndpointFact():
                _check_endpoint(fact, place, report)
            case CertificateFact() if fact.standalone and fact.confidence != "sourced":
                report(f"{place}.standalone", "only a sourced certificate is enough alone; write false")
            case CertificateFact() if fact.standalone and fact.value.lower() in bundled().public_certificates:
                _check_shared_key(entry, place, report)
            case BuildFact() if fact.status != "fixed":
                _check_ordinary_build(fact, entry, place, report)
    for number, named in enumerate(entry.cves):
        if not re.fullmatch(r"CVE-\d{4}-\d{4,}", named.value):
            report(f"cves[{number}].value", f"{short_repr(named.value)} is no CVE number")
    for number, hashed in enumerate(entry.hashes):
        _report(digest_fault(hashed.value, hashed.algo), f"hashes[{number}].value", report)
        if hashed.value.lower() in EMPTY_DIGESTS:
            report(f"hashes[{number}].value", "is the hash of an empty file, which every phone holds; leave it out")
    for number, certificate in enumerate(entry.certificates):
        _report(digest_fault(certificate.value, certificate.algo), f"certificates[{number}].value", report)
    for number, build in enumerate(entry.builds):
        check_build(build, f"builds[{number}]", report)
    for number, model in enumerate(entry.models):
        check_model(model, f"models[{number}]", report)


def _check_package(fact: PackageFact, place: str, report: Report) -> None:
    _check_alone(fact, place, report)
    if fact.standalone and fact.value in ordinary_packages():
        text = f"{fact.value} is on ordinary phones too, so its name is never enough alone; write false"
        report(f"{place}.standalone", text)
    if fact.kind is None and not _PACKAGE.fullmatch(fact.value):
        report(f"{place}.value", f"{short_repr(fact.value)} is no package name; correct it or give a kind")
    version = fact.version_name or ""
    if re.search(r"[;,]", version) or version in SHARED_VERSIONS:
        report(
            f"{place}.version_name",
            f"{short_repr(version)} is shared by many packages, or several in one; move it to note",
        )


def _check_path(fact: PathFact, place: str, report: Report) -> None:
    _check_alone(fact, place, report)
    if fact.kind is None and (not fact.value.startswith("/") or re.search(r"[\s<>()*]", fact.value)):
        report(f"{place}.value", f"{short_repr(fact.value)} is no full path; correct it or give a kind")
    if fact.standalone and (fact.value.rstrip("/") or "/") in ORDINARY_PATHS:
        report(
            f"{place}.standalone", f"{fact.value} is on ordinary phones too, so it is never enough alone; write false"
        )


def _check_shared_key(entry: IncidentEntry, place: str, report: Report) -> None:
    if entry.category != "leaked-key":
        text = "others sign with this certificate too, or a maker is known by it; it is never enough alone, write false"
        report(f"{place}.standalone", text)


def _check_ordinary_build(fact: BuildFact, entry: IncidentEntry, place: str, report: Report) -> None:
    """Report a build that phones of several makers have, under all conditions that it and its incident set."""
    makers = makers_named(fact, (*fact.only_if, *entry.only_if), (*fact.unless, *entry.unless))
    if len(makers) > 1:
        text = f"names ordinary builds too, such as those of {' and '.join(makers[:2])}; narrow it, or set only_if"
        report(f"{place}.value", text)


def _check_property(fact: PropertyFact, place: str, report: Report) -> None:
    if not re.fullmatch(r"[\w.]+", fact.value):
        report(f"{place}.value", f"{short_repr(fact.value)} is no name of a property")
    if fact.standalone and (fact.confidence != "sourced" or fact.value in NEVER_ALONE | BUILD_FIELDS):
        report(f"{place}.standalone", f"{fact.value} is never enough alone; write false")


def _check_alone(fact: PackageFact | PathFact, place: str, report: Report) -> None:
    if fact.standalone and (fact.confidence != "sourced" or fact.kind):
        report(f"{place}.standalone", "only a sourced name that can be compared is enough alone; write false")


def _check_endpoint(fact: EndpointFact, place: str, report: Report) -> None:
    if fact.kind == "url-path":
        return
    if fact.kind == "url" and not re.match(r"https?://", fact.value):
        report(f"{place}.kind", f"{short_repr(fact.value)} is no URL; write http(s)://… or another kind")
    if fact.kind == "host:port" and not re.search(r":\d+$", fact.value):
        report(f"{place}.kind", f"{short_repr(fact.value)} has no port; write host:port or another kind")
    named = split_url(fact.value)[0]
    _report(address_fault(fact.value) if fact.kind == "ip" else host_fault(named), f"{place}.value", report)
    owner = bundled().owner_of(named) if fact.weight == "strong" else None
    if owner:
        text = f"{named} belongs to {owner.owner}, and ordinary packages name it too; write second or none"
        report(f"{place}.weight", text)


def _report(fault: str | None, field: str, report: Report) -> None:
    if fault:
        report(field, fault)
