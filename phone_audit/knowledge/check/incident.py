"""The structure of one incident: sources, ceiling of `raises`, facts that can be compared, steps, self-tests."""

import re
from collections.abc import Mapping, Sequence

from phone_audit.files.short_repr import short_repr
from phone_audit.knowledge.check import builds
from phone_audit.knowledge.check.incident_sources import SHORTEST_REASON, check_origin, check_sources
from phone_audit.knowledge.check.ordinary import ORDINARY_PATHS, bundled, makers_named, ordinary_packages
from phone_audit.knowledge.check.reporting import report_fault
from phone_audit.knowledge.files import Report
from phone_audit.knowledge.naming import EMPTY_DIGESTS, address_fault, digest_fault, host_fault
from phone_audit.knowledge.rules import split_url
from phone_audit.knowledge.schema import incident as schema

STRENGTH: tuple[schema.Raises, ...] = ("exposed", "suspicious", "known-bad")
CEILING: dict[str, schema.Raises] = {
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
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_PACKAGE = re.compile(r"android|[A-Za-z]\w*(\.\w+)+")
_NOTHING = re.compile(r"nothing (?:else )?(?:needs|has) to be done|needs? to do nothing|no action", re.IGNORECASE)
_FOUND = re.compile(r"of the finding|in the finding|\bPACKAGE\b|disable-user|adb uninstall")
_COMMAND = re.compile(r"disable-user(?: --user \d+)? (?P<package>[\w.]*\w)")
ONE_TEXT = frozenset({
    "fingerprint", "display-id", "model", "package", "path", "hash", "certificate", "endpoint", "dex-string",
})  # fmt: skip
"""Kinds of which the value is one text."""
NAMED: Mapping[str, tuple[str, ...]] = {
    "build": (),
    "property": (),
    "package+version": ("package", "version_name"),
    "package+build": ("package",),
    "package+endpoint": ("package", "endpoint"),
    "package+hash": ("package", "hash"),
    "package+signer": ("package", "signer"),
    "property+build": ("property",),
}
"""Kinds of which the value is several texts, with the names that they need; properties of the build stand beside."""
TEST_KINDS = ONE_TEXT | NAMED.keys()


def check_incident(entry: schema.IncidentEntry, report: Report) -> None:
    if not re.fullmatch(r"[a-z0-9-]+", entry.id):
        report("id", "write a-z, 0-9 and - only")
    if not entry.summary.strip():
        report("summary", "missing; write one to three sentences: who, what was sent or done, since when")
    _check_headline(entry, report)
    _check_ceiling(entry, report)
    _check_reply(entry, report)
    check_steps(entry.what_to_do, report)
    check_sources(entry, report)
    builds.check_conditions(entry, "incident", report)
    for place, fact in entry.facts():
        check_origin(fact, place, entry, report)
        builds.check_conditions(fact, place, report)
        _check_fact(entry, fact, place, report)
    builds.check_ranges(entry.builds, report)
    check_tests(entry.tests, report)


def _check_headline(entry: schema.IncidentEntry, report: Report) -> None:
    """What is found may be on a phone of another maker, so a headline names no model."""
    said = _words(entry.headline or entry.title)
    models = {_words(_IN_BRACKETS.sub("", model.value)) for model in entry.models}
    named = next((model for model in sorted(models) if f" {model} " in f" {said} "), None)
    if named:
        field = "headline" if entry.headline else "title"
        report(field, f"names the model {short_repr(named)}; write a headline without it")


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold().replace("_", " ")))


def ceiling_of(entry: schema.IncidentEntry) -> schema.Raises:
    """Return the most that an entry may raise, by its category and state."""
    if entry.status == "by-design":
        return "exposed"
    top = CEILING[entry.category]
    return min(top, "suspicious", key=STRENGTH.index) if entry.status == "disputed" else top


def _check_ceiling(entry: schema.IncidentEntry, report: Report) -> None:
    top = ceiling_of(entry)
    if STRENGTH.index(entry.raises) > STRENGTH.index(top):
        report("raises", f"{entry.raises} is too much for {entry.category}, {entry.status}; write {top} or less")
    elif entry.raises != top and not entry.raises_note:
        report("raises_note", f"missing; say why it raises {entry.raises} and not {top}")


def _check_reply(entry: schema.IncidentEntry, report: Report) -> None:
    """Of what is disputed both sides are named."""
    if entry.status == "disputed" and not any(fact.confidence == "sourced" for fact in entry.vendor_response):
        report("vendor_response", "missing; what is disputed names both sides: write what the maker says")


def _check_fact(entry: schema.IncidentEntry, fact: schema.Fact, place: str, report: Report) -> None:
    match fact:
        case schema.PackageFact():
            _check_package(fact, place, report)
        case schema.PathFact():
            _check_path(fact, place, report)
        case schema.PropertyFact():
            _check_property(fact, place, report)
        case schema.EndpointFact():
            _check_endpoint(fact, place, report)
        case schema.HashFact():
            report_fault(report, f"{place}.value", digest_fault(fact.value, fact.algo))
            if fact.value.lower() in EMPTY_DIGESTS:
                report(f"{place}.value", "is the hash of an empty file, which every phone holds; leave it out")
        case schema.CertificateFact():
            _check_certificate(fact, entry, place, report)
        case schema.BuildFact():
            builds.check_build(fact, place, report)
            builds.check_phones(fact, entry, place, report)
            if fact.status != "fixed":
                _check_ordinary_build(fact, entry, place, report)
        case schema.ModelFact():
            builds.check_field(fact, place, builds.MODEL_FIELDS, report)
            builds.check_phones(fact, entry, place, report)
        case _ if place.startswith("cves") and not re.fullmatch(r"CVE-\d{4}-\d{4,}", fact.value):
            report(f"{place}.value", f"{short_repr(fact.value)} is no CVE number")


def _check_package(fact: schema.PackageFact, place: str, report: Report) -> None:
    _check_alone(fact, place, report)
    if fact.standalone and fact.value in ordinary_packages():
        text = f"{fact.value} is on ordinary phones too, so its name is never enough alone; write false"
        report(f"{place}.standalone", text)
    if fact.kind is None and not _PACKAGE.fullmatch(fact.value):
        report(f"{place}.value", f"{short_repr(fact.value)} is no package name; correct it or give a kind")
    version = fact.version_name or ""
    if re.search(r"[;,]", version) or version in SHARED_VERSIONS:
        text = f"{short_repr(version)} is shared by many packages, or several in one; move it to note"
        report(f"{place}.version_name", text)


def _check_path(fact: schema.PathFact, place: str, report: Report) -> None:
    _check_alone(fact, place, report)
    if fact.kind is None and (not fact.value.startswith("/") or re.search(r"[\s<>()*]", fact.value)):
        report(f"{place}.value", f"{short_repr(fact.value)} is no full path; correct it or give a kind")
    if fact.standalone and (fact.value.rstrip("/") or "/") in ORDINARY_PATHS:
        text = f"{fact.value} is on ordinary phones too, so it is never enough alone; write false"
        report(f"{place}.standalone", text)


def _check_certificate(fact: schema.CertificateFact, entry: schema.IncidentEntry, place: str, report: Report) -> None:
    report_fault(report, f"{place}.value", digest_fault(fact.value, fact.algo))
    if fact.standalone and fact.confidence != "sourced":
        report(f"{place}.standalone", "only a sourced certificate is enough alone; write false")
    elif fact.standalone and entry.category != "leaked-key" and fact.value.lower() in bundled().public_certificates:
        text = "others sign with this certificate too, or a maker is known by it; it is never enough alone, write false"
        report(f"{place}.standalone", text)


def _check_ordinary_build(fact: schema.BuildFact, entry: schema.IncidentEntry, place: str, report: Report) -> None:
    """Report a build that phones of several makers have, under all conditions that it and its incident set."""
    makers = makers_named(fact, (*fact.only_if, *entry.only_if), (*fact.unless, *entry.unless))
    if len(makers) > 1:
        text = f"names ordinary builds too, such as those of {' and '.join(makers[:2])}; narrow it, or set only_if"
        report(f"{place}.value", text)


def _check_property(fact: schema.PropertyFact, place: str, report: Report) -> None:
    if not re.fullmatch(r"[\w.]+", fact.value):
        report(f"{place}.value", f"{short_repr(fact.value)} is no name of a property")
    if fact.standalone and (fact.confidence != "sourced" or fact.value in NEVER_ALONE | builds.BUILD_FIELDS):
        report(f"{place}.standalone", f"{fact.value} is never enough alone; write false")


def _check_alone(fact: schema.PackageFact | schema.PathFact, place: str, report: Report) -> None:
    if fact.standalone and (fact.confidence != "sourced" or fact.kind):
        report(f"{place}.standalone", "only a sourced name that can be compared is enough alone; write false")


def _check_endpoint(fact: schema.EndpointFact, place: str, report: Report) -> None:
    if fact.kind == "url-path":
        return
    if fact.kind == "url" and not re.match(r"https?://", fact.value):
        report(f"{place}.kind", f"{short_repr(fact.value)} is no URL; write http(s)://… or another kind")
    if fact.kind == "domain" and re.search(r"[/:?@]", fact.value):
        report(f"{place}.kind", f"{short_repr(fact.value)} is no name of a host alone; write url or host:port")
        return
    if fact.kind == "host:port" and not re.search(r":\d+$", fact.value):
        report(f"{place}.kind", f"{short_repr(fact.value)} has no port; write host:port or another kind")
    named = split_url(fact.value)[0]
    report_fault(report, f"{place}.value", address_fault(fact.value) if fact.kind == "ip" else host_fault(named))
    owner = bundled().owner_of(named) if fact.weight == "strong" else None
    if owner:
        text = f"{named} belongs to {owner.owner}, and ordinary packages name it too; write second or none"
        report(f"{place}.weight", text)


def check_steps(steps: Sequence[schema.Step], report: Report) -> None:
    """Report faults of `what_to_do`.

    The first step stands beside the verdict of those who are affected, so it may not say that all is well; and of those
    steps that are left for a build alone, the first may not either.
    """
    listed = [step for step in steps if step.needs != "found"]
    for heard in (steps, listed, [step for step in listed if step.needs is None]):
        if heard and _NOTHING.search(heard[0].text):
            place = f"what_to_do[{steps.index(heard[0])}]"
            report(place, "says first that nothing needs to be done; put the step of those who are affected first")
            break
    for number, step in enumerate(steps):
        place = f"what_to_do[{number}]"
        if step.needs != "found" and _FOUND.search(step.text):
            report(place, "is about a thing that was found; write it as text and needs: found")
        commands = [found["package"] for found in _COMMAND.finditer(step.text)]
        if len(commands) > 1:
            report(place, "holds several commands; write one step for each package")
        elif commands and not re.search(rf"Undo: adb shell pm enable {re.escape(commands[0])}\.(\s|$)", step.text):
            report(place, f"switches off without a way back; add: Undo: adb shell pm enable {commands[0]}.")


def check_tests(tests: schema.IncidentTests, report: Report) -> None:
    """Report tests that are missing or cannot be tried. Whether they hold is tried where the matching is."""
    if not tests.matches and not (tests.unmatchable or "").strip():
        report("tests.matches", "missing; give an identifier that must match, or say under unmatchable why none can")
    if tests.matches and tests.unmatchable:
        report("tests.unmatchable", "has matches too; remove one of them")
    if tests.matches and not tests.ignores:
        report("tests.ignores", "missing; give a near miss that must stay quiet")
    for number, must in enumerate(tests.matches):
        _check_value(must, f"tests.matches[{number}]", report)
        if must.status == "weak" and len(must.why or "") < SHORTEST_REASON:
            report(f"tests.matches[{number}].why", "missing; say what keeps it from being confirmed")
    for number, quiet in enumerate(tests.ignores):
        _check_value(quiet, f"tests.ignores[{number}]", report)
        if not quiet.why.strip():
            report(f"tests.ignores[{number}].why", "missing; say what makes it a near miss and no match")


def _check_value(test: schema.MustMatch | schema.MustIgnore, place: str, report: Report) -> None:
    if test.kind not in TEST_KINDS:
        report(f"{place}.kind", f"{short_repr(test.kind)}; write one of {', '.join(sorted(TEST_KINDS))}")
    elif test.kind in ONE_TEXT:
        if not isinstance(test.value, str) or not test.value.strip():
            report(f"{place}.value", f"a test of the kind {test.kind} needs one text")
    elif isinstance(test.value, str):
        names = ", ".join((*NAMED[test.kind], "and properties by name")).replace(", and", " and")
        report(f"{place}.value", f"a test of the kind {test.kind} needs several texts: {{{names}}}")
    else:
        for name in NAMED[test.kind]:
            if name not in test.value:
                report(f"{place}.value.{name}", f"missing; a test of the kind {test.kind} needs it")
