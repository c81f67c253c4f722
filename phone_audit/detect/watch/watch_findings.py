"""What was seen live → findings.

A package that was connected is judged by what its code holds, as in any scan. A connection adds to that only what is
shown: an address or a name that was seen stands beside the code as an endpoint that was called. What is `app-only` is
told in words, and no known-bad rests on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from phone_audit.detect.build_properties import with_fingerprint_parts
from phone_audit.detect.detector import Detector, evidence_of
from phone_audit.detect.incidents.citations import all_sources
from phone_audit.detect.incidents.incident_findings import matched_incident
from phone_audit.detect.incidents.incident_index import index_of
from phone_audit.detect.incidents.incident_match import IncidentMatch
from phone_audit.detect.incidents.incident_matcher import match_incidents
from phone_audit.detect.incidents.match_input import MatchInput, PackageInput, package_of_files
from phone_audit.detect.indicator_findings import indicator_findings
from phone_audit.detect.watch.connection_join import observed_endpoint, socket_evidence
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.apk import ApkInfo, Endpoint
from phone_audit.model.detection import Detection
from phone_audit.model.finding import Finding, Severity, Sign, Subject
from phone_audit.model.watch import Observation
from phone_audit.model.wording import listed

INCIDENT_TALKS = Detector("watch.incident", "", "possible-incident")
"""Has the category of the incident."""
CLEARTEXT = Detector(
    "watch.cleartext",
    "cleartext",
    "sends",
    "Do not use it on networks you do not trust, and ask its maker for encrypted connections.",
)
SCREEN_OFF = Detector("watch.screen-off", "network", "none")

WATCH_SIGNS: Mapping[str, Sign] = {one.id: one.sign for one in (INCIDENT_TALKS, CLEARTEXT, SCREEN_OFF)}
"""Every id that a finding of this file can have besides those of a scan, and what it is a sign of."""

_MOST_NAMED = 3


@dataclass(frozen=True)
class WatchedPackage:
    """A package that was connected: its analysed files, and whether it came with the firmware."""

    name: str
    apks: tuple[ApkInfo, ...]
    system: bool | None

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return tuple(one for info in self.apks for one in info.endpoints or ())


def detect_watch(
    observations: Sequence[Observation],
    packages: Mapping[str, WatchedPackage],
    properties: Mapping[str, str],
    knowledge: Knowledge,
) -> Detection:
    """Return what is claimed of what was seen; the observations are joined with the code of their packages."""
    given = MatchInput(properties=properties, packages=tuple(_inputs(observations, packages)))
    matches = [match for match in match_incidents(given, knowledge) if _speaks_of_packages(match)]
    known = with_fingerprint_parts(properties)
    clear = [one for one in observations if one.cleartext]
    dark = [one for one in observations if one.screen_off]
    return Detection(
        matched=tuple(matched_incident(match, known, on_phone=True) for match in matches),
        findings=(
            *indicator_findings(MatchInput(packages=given.packages), knowledge, on_phone=True),
            *_incident_talks(observations, matches, packages, knowledge),
            *_connected(
                CLEARTEXT, "medium", "Unencrypted connections", ", where by custom nothing is encrypted", clear
            ),
            *_connected(SCREEN_OFF, "info", "Connected while the screen was off", " while the screen was off", dark),
        ),
    )


def _inputs(observations: Sequence[Observation], packages: Mapping[str, WatchedPackage]) -> Iterable[PackageInput]:
    """Yield the packages with what their code holds and what was seen of them.

    What was seen of a uid that several packages share is nobody's in particular: it stands alone.
    """
    seen: dict[str, list[Endpoint]] = {}
    for one in observations:
        endpoint = observed_endpoint(one)
        if endpoint is None:
            continue
        if len(one.packages) == 1:
            seen.setdefault(one.packages[0], []).append(endpoint)
        else:
            yield PackageInput(name=None, endpoints=(endpoint,), path=one.who)
    for name, package in sorted(packages.items()):
        read = package_of_files(name, package.apks, package.apks[0].path if package.apks else "pm list packages")
        yield replace(read, endpoints=(*read.endpoints, *seen.get(name, ())), system=package.system)


def _speaks_of_packages(match: IncidentMatch) -> bool:
    """Leave out what only the build or a property says: that is for `scan`, and says nothing of who talks."""
    return any(hit.kind not in ("build", "model", "property", "path") for hit in match.hits)


def _incident_talks(
    observations: Sequence[Observation],
    matches: Sequence[IncidentMatch],
    packages: Mapping[str, WatchedPackage],
    knowledge: Knowledge,
) -> Iterable[Finding]:
    """Yield a finding for each place that a package of a published incident was connected to, worded by the join."""
    proven: dict[str, IncidentEntry] = {}
    for match in matches:
        for hit in match.hits:
            if hit.strength == "confirmed" and hit.subject.kind == "package":
                proven.setdefault(hit.subject.name, match.incident)
    for one in observations:
        for name in one.packages:
            if name in proven:
                held = packages[name].endpoints if name in packages else ()
                yield _talks(one, name, proven[name], held, knowledge)


def _talks(
    one: Observation, name: str, incident: IncidentEntry, held: Sequence[Endpoint], knowledge: Knowledge
) -> Finding:
    index = index_of(knowledge)
    named = [point for point in held if any(entry.id == incident.id for entry, _ in index.endpoints(point.host))]
    others = len(one.packages) - 1
    sharing = f" (or one of the {others} others that share its uid)" if others else ""
    own = one.model_copy(update={"held_in": (name,) if held else ()})
    said = own.said(sorted({point.host for point in named}) or None)
    return replace(INCIDENT_TALKS, category=incident.category).finding(
        Subject(kind="package", name=name),
        "A package of a published incident was connected",
        f"{name}{sharing}, which “{incident.title}” is about, was {said}.",
        severity=incident.severity,
        confidence="high" if one.joined_by != "app-only" else "medium",
        evidence=(socket_evidence(one), *evidence_of(named)),
        main=f"{one.protocol} {one.place} {one.user}",
        sources=all_sources(incident),
    )


def _connected(
    detector: Detector, severity: Severity, title: str, how: str, observations: Iterable[Observation]
) -> Iterable[Finding]:
    """Yield one finding for each package or uid that was connected so."""
    for who, ones in _by_owner(observations):
        text = f"{who.name} was connected to {listed([one.place for one in ones], _MOST_NAMED)}{how}."
        evidence = [socket_evidence(one) for one in ones]
        yield detector.finding(who, title, text, severity=severity, confidence="medium", evidence=evidence)


def _by_owner(observations: Iterable[Observation]) -> Iterable[tuple[Subject, list[Observation]]]:
    groups: dict[str, list[Observation]] = {}
    for one in observations:
        groups.setdefault(one.who, []).append(one)
    for name, ones in sorted(groups.items()):
        yield Subject(kind="package" if len(ones[0].packages) == 1 else "device", name=name), ones
