"""The sentences by which a matched incident answers a worried owner, put together from its facts."""

from collections.abc import Iterable, Mapping, Sequence

from phone_audit.detect.incidents.citations import publishers, sources_of
from phone_audit.detect.incidents.fixed_builds import shown_version
from phone_audit.detect.incidents.incident_index import host_of
from phone_audit.detect.incidents.incident_match import Hit, IncidentMatch
from phone_audit.knowledge.compare import HMD_BUILD
from phone_audit.knowledge.schema.incident import (
    BuildFact,
    CertificateFact,
    EndpointFact,
    Fact,
    HashFact,
    IncidentEntry,
    PackageFact,
)
from phone_audit.model.detection import NOT_CLAIMED
from phone_audit.model.finding import Subject
from phone_audit.model.wording import counted, listed, sentence


def fixed_sentence(incident: IncidentEntry, properties: Mapping[str, str]) -> str:
    """Name the fixed builds, those of this build's own branch first; empty where none is published."""
    shown = shown_version(properties)
    own, others = [], []
    for fact in incident.builds:
        if fact.status != "fixed" or fact.confidence != "sourced":
            continue
        branch = _branch(fact)
        if shown and branch == shown.branch:
            own.append(fact.label or fact.value)
        else:
            others.append(_as_range(incident, fact, branch) or fact.label or fact.value)
    if own:
        return f"Fixed builds of this branch: {', or '.join([listed(own, last='or'), *others])}."
    return f"Fixed builds: {listed(others, last='or')}." if others else ""


def service_pack_sentence(incident: IncidentEntry, properties: Mapping[str, str], *, on_phone: bool) -> str:
    """Say that the service pack, by which fixed and earlier builds differ, is not shown; empty where it is."""
    shown = shown_version(properties)
    branches = {fact.branch or _branch(fact) for fact in incident.builds if fact.field == "ro.build.display.id"}
    if shown is None or shown.pack is not None or shown.branch not in branches:
        return ""
    if not shown.whole:
        return (
            "A fingerprint does not show the service pack (the build number in Settings does), "
            "so it cannot tell a fixed build from an earlier one"
        )
    who = "This phone" if on_phone else "This build number"
    return f"{who} does not show its service pack ({shown.text}), so the build alone cannot tell"


def _branch(fact: BuildFact) -> str | None:
    found = HMD_BUILD.fullmatch(fact.value) if fact.match == "exact" else None
    return found["branch"] if found else None


def _as_range(incident: IncidentEntry, fact: BuildFact, branch: str | None) -> str:
    """Widen a fixed build to its branch from there on, where a fact says that the fault ends exactly there."""
    for other in incident.builds:
        if branch and other.branch == branch and other.below and fact.value == f"{branch}_{other.below}":
            return f"any {branch} from {other.below}"
    return ""


_SENDS = ("data-leak", "telemetry")
"""Categories whose data types are what is sent; in the others they say what was reported."""
_TRANSPORTS = {"cleartext-http": "in cleartext (HTTP)", "https": "over HTTPS"}
_IN_FILES = ("dex-string", "native-string", "resource", "asset", "decoded")
_MOST_FOUND = 5
_UNPROVEN = ("candidate", "model")
"""Strengths with which nothing of the incident was found on the phone itself."""
_PROOF: Mapping[type[Fact], str] = {
    PackageFact: "the package",
    HashFact: "its hash",
    CertificateFact: "its signer",
    EndpointFact: "the endpoint in its code",
}


def reason_text(match: IncidentMatch, properties: Mapping[str, str], *, on_phone: bool) -> str:
    """Say what a match means: the incident, what was found by which field, the build, who published it.

    `properties` are those of the build with the parts of its fingerprint; `on_phone`: a phone was read, and not only a
    build identifier or a file.
    """
    incident = match.incident
    facts = facts_of(match.hits)
    published = published_sentence(incident, facts, proven=match.strength not in _UNPROVEN)
    parts = (
        sentence(incident.title),
        published if match.strength not in NOT_CLAIMED else "",
        _found_sentence(match.hits),
        _build_sentence(match.hits),
        fixed_sentence(incident, properties),
        _decides_sentence(match, properties, on_phone=on_phone),
        sentence(f"It is {disputed(incident)}") if disputed(incident) else "",
        f"Published by {publishers(sources_of(incident, facts))}." if sources_of(incident, facts) else "",
    )
    return " ".join(part for part in parts if part)


def facts_of(hits: Iterable[Hit]) -> tuple[Fact, ...]:
    """Return the facts that were met, each once, in the order of the hits."""
    return tuple({id(fact): fact for hit in hits for fact in hit.facts}.values())


def disputed(incident: IncidentEntry) -> str:
    """Return the other side of an incident that its maker disputes; empty for the others."""
    if incident.status != "disputed":
        return ""
    return f"disputed: {'; '.join(reply.value for reply in incident.vendor_response if reply.confidence == 'sourced')}"


def published_sentence(incident: IncidentEntry, facts: Iterable[Fact], *, proven: bool = True) -> str:
    """Say which data the publishers name, how it travels and where to: the hosts met, else the first listed.

    `proven`: more was found than a build, a model or a version; else nothing is said of this phone.
    """
    data = [fact.value for fact in incident.data_types if fact.confidence == "sourced"]
    if not data:
        return ""
    transport = _transport(incident)
    if incident.category not in _SENDS:
        of_whom = "" if proven else " of phones that have it"
        return f"Reported{of_whom}: {'; '.join(filter(None, (*data[:6], transport)))}."
    met = _hosts(facts)
    hosts = met or _hosts(fact for fact in incident.endpoints if fact.kind == "domain" and fact.weight == "strong")[:2]
    to = f"to {listed(hosts, 3)}" if hosts else ""
    who = "It is" if proven else "Phones that have it are"
    return f"{who} reported to send {' '.join(filter(None, (listed(data, 7), transport, to)))}."


def _transport(incident: IncidentEntry) -> str:
    if incident.transport is None or incident.transport.confidence != "sourced":
        return ""
    value = incident.transport.value
    if value.startswith(("none", "unknown")):
        return ""
    return _TRANSPORTS.get(value, f"(transport: {value})")


def _hosts(facts: Iterable[Fact]) -> list[str]:
    return list(dict.fromkeys(host_of(fact) for fact in facts if isinstance(fact, EndpointFact)))


def _found_sentence(hits: Iterable[Hit]) -> str:
    """List what was found besides the build, one item for each package, file, certificate, and for the device."""
    found: dict[Subject, list[Hit]] = {}
    for hit in hits:
        if hit.kind not in ("build", "model"):
            found.setdefault(hit.subject, []).append(hit)
    items = [found_phrase(group) for group in found.values()]
    more = f"; and {len(items) - _MOST_FOUND} more" if len(items) > _MOST_FOUND else ""
    return f"Found: {'; '.join(items[:_MOST_FOUND])}{more}." if items else ""


def found_phrase(hits: Sequence[Hit]) -> str:
    """Say what was found on one subject: `the package a.b with x.example in its classes.dex`."""
    subject, facts = hits[0].subject, facts_of(hits)
    if subject.kind == "certificate":
        return f"{_carriers(hits)} with the listed signing certificate {subject.name[:16]}…"
    if subject.kind == "device":
        return listed([f"the {hit.kind} {hit.facts[0].value}" for hit in hits])
    with_what = []
    hosts = _hosts(facts)
    if hosts:
        files = {piece.where for hit in hits for piece in hit.evidence if piece.kind in _IN_FILES}
        on_wire = any(piece.kind == "socket" for hit in hits for piece in hit.evidence)
        places = [f"in its {listed(sorted(files), 2)}"] if files else []
        places += ["seen on the wire"] if on_wire else []
        with_what.append(f"{listed(hosts, 4)} {listed(places)}")
    if any(isinstance(fact, HashFact) for fact in facts):
        with_what.append("the listed file hash")
    if any(isinstance(fact, CertificateFact) for fact in facts):
        with_what.append("the listed signer")
    with_what += [_listed_version(hit) for hit in hits if hit.kind == "package-version"]
    named = f"the package {subject.name}" if subject.kind == "package" else f"the file {subject.name}"
    return f"{named} with {listed(with_what)}" if with_what else named


def _carriers(hits: Sequence[Hit]) -> str:
    """Name the packages that carry a certificate, or count the files where no package is known."""
    pieces = [piece for hit in hits for piece in hit.evidence]
    names = sorted({piece.value for piece in pieces if piece.kind == "package"})
    if names:
        return f"the package{'s' if len(names) > 1 else ''} {listed(names, 4)}"
    return f"the {counted(len({piece.where for piece in pieces}), 'file')}"


def _listed_version(hit: Hit) -> str:
    seen = hit.evidence[0].value.removeprefix(f"{hit.subject.name} ")
    in_range = any(isinstance(fact, BuildFact) and fact.match == "range" for fact in hit.facts)
    return f"{'a version in the listed range' if in_range else 'the listed version'} ({seen})"


def _build_sentence(hits: Iterable[Hit]) -> str:
    """Say what the build itself shows, and by which field."""
    builds = [hit for hit in hits if hit.kind == "build"]
    models = [hit for hit in hits if hit.kind == "model"]
    if not builds and not models:
        return ""
    if not builds:
        shown = listed([_shown(hit) for hit in models], 3)
        return f"The model is one that is named ({shown}); that does not tell whether this build has it."
    shown = _shown(builds[0])
    if builds[0].strength == "newer":
        return (
            f"This build is newer than every build that is published as fixed ({shown}): that it is fixed too is "
            "inferred from the order of the numbers, no publisher says so."
        )
    if builds[0].strength in ("affected", "fixed"):
        return f"This build is listed as {builds[0].strength} ({shown})."
    if any(isinstance(fact, BuildFact) and fact.inferred for fact in builds[0].facts):
        why = "that builds before the fix are affected is concluded from the fix, no publisher says which ones were"
    else:
        why = "it is named as possible, not as certain"
    return f"This build may be affected ({shown}): {why}."


def _shown(hit: Hit) -> str:
    return hit.evidence[0].value.replace("=", " is ", 1)


def _decides_sentence(match: IncidentMatch, properties: Mapping[str, str], *, on_phone: bool) -> str:
    """Say what the judgement rests on where the build does not decide, and what is missing in a weak match."""
    unknown_pack = service_pack_sentence(match.incident, properties, on_phone=on_phone)
    if match.strength == "confirmed":
        kinds = {type(fact) for hit in match.hits if hit.strength == "confirmed" for fact in hit.facts}
        if PackageFact not in kinds or any(hit.strength == "affected" for hit in match.hits):
            return ""
        proof = [name for kind, name in _PROOF.items() if kind in kinds]
        open_builds = [hit for hit in match.hits if hit.kind in ("build", "model") and hit.strength in _UNPROVEN]
        undecided = unknown_pack or ("The build alone cannot tell" if open_builds else "")
        return f"{undecided}: {listed(proof)} {'do' if len(proof) > 1 else 'does'}." if undecided else ""
    if match.strength == "weak":
        missing = _missing_sentence(match, on_phone=on_phone)
        return f"{missing} {sentence(unknown_pack)}" if unknown_pack else missing
    if match.strength != "candidate":
        return ""
    if any(hit.kind == "package-version" for hit in match.hits):
        return "A name and a version prove nothing: whether this one does it has not been seen."
    return sentence(unknown_pack) if unknown_pack else ""


def _missing_sentence(match: IncidentMatch, *, on_phone: bool) -> str:
    if not any(hit.undecided for hit in match.hits):
        return "One sign alone proves nothing: a second one is missing."
    if on_phone:
        return "That is no proof yet: it is not known whether an exception applies to this build."
    return "Without the phone that it was on it cannot be told: there are phones on which it is as it should be."
