"""Recorded traffic → findings, worded by what was seen and never stronger: a host alone does not say which phone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from phone_audit.detect.detector import Detector
from phone_audit.detect.incidents.citations import all_sources, publishers
from phone_audit.detect.incidents.incident_index import index_of
from phone_audit.detect.incidents.match_input import MatchInput, PackageInput
from phone_audit.detect.indicator_findings import IndicatorHit, feed_sources, indicator_hits
from phone_audit.detect.traffic.traffic_join import WireHost
from phone_audit.knowledge.feeds.indicator import MALICIOUS
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.incident import IncidentEntry
from phone_audit.model.detection import Detection, MatchedIncident, MatchStrength
from phone_audit.model.finding import Confidence, Evidence, Finding, Sign
from phone_audit.model.traffic import HostTraffic, SentIdentifier
from phone_audit.model.wording import counted, listed

IDENTIFIER: Final = Detector(
    "traffic.identifier",
    "data-leak",
    "grave",
    "Keep the capture: it shows what was sent. Switch the app off, or leave the phone off networks you do not trust.",
)
NAMED_IDENTIFIER: Final = Detector(
    "traffic.named-identifier",
    "data-leak",
    "sends",
    "Compare its last digits with those of your phone (*#06# shows its IMEI); keep the capture if they are the same.",
)
NEARBY_IDENTIFIER: Final = replace(NAMED_IDENTIFIER, id="traffic.identifier-nearby", sign="unclear")
"""Of a device on the network that may be another one."""
INCIDENT: Final = Detector("traffic.incident", "", "possible-incident")
"""Has the category of the incident, as the next one."""
INCIDENT_HOST: Final = Detector(
    "traffic.incident-host",
    "",
    "unclear",
    "Find out which device it is: most routers list by address who asked, and a capture on the phone names the app.",
)
INDICATOR: Final = replace(INCIDENT_HOST, id="traffic.indicator")
"""Has the category of what is listed."""
CLEARTEXT: Final = Detector(
    "traffic.cleartext",
    "cleartext",
    "sends",
    "Do not use it on networks you do not trust, and ask its maker for encrypted connections.",
)
TRAFFIC_SIGNS: Final[Mapping[str, Sign]] = {
    one.id: one.sign
    for one in (IDENTIFIER, NAMED_IDENTIFIER, NEARBY_IDENTIFIER, INCIDENT, INCIDENT_HOST, INDICATOR, CLEARTEXT)
}
"""Every id that a finding of this file can have, and what it is a sign of."""
SEEN_ON_THE_WIRE: Final = "Seen on the wire:"
"""Begins what recorded traffic adds to the reason of an incident."""
_BY_BUILD: Final[tuple[MatchStrength, ...]] = ("candidate", "model", "fixed", "newer")
"""How strongly an incident is met where nothing but the build speaks of it."""
_MOST_SAID: Final = 3
_MOST_PLACES: Final = 4
_SURER: Final[Mapping[Confidence, Confidence]] = {"low": "medium", "medium": "high", "high": "confirmed"}


def with_traffic(detected: Detection, hosts: Sequence[WireHost], knowledge: Knowledge) -> Detection:
    """Return what is claimed of a phone with what recorded traffic adds to it.

    An incident that was met some other way, and one of whose hosts was seen, says so; where this phone was seen to talk
    to it, that makes the claim surer.
    """
    by_incident = incident_hosts(hosts, knowledge)
    matched = tuple(_seen_incident(match, by_incident.get(match.incident.id, ())) for match in detected.matched)
    met = {match.incident.id: match.strength for match in detected.matched if match.findings}
    return replace(detected, matched=matched).plus(traffic_findings(hosts, knowledge, met))


def traffic_findings(
    hosts: Sequence[WireHost], knowledge: Knowledge, met: Mapping[str, MatchStrength]
) -> Iterable[Finding]:
    """Yield what recorded traffic shows by itself.

    `met` are incidents that are met some other way, and how strongly. One that is met by more than its build says
    itself that its host was seen.
    """
    yield from _identifiers(hosts)
    yield from _incidents(hosts, knowledge, met)
    yield from _indicators(hosts, knowledge)
    yield from _cleartext(hosts)


def incident_hosts(hosts: Iterable[WireHost], knowledge: Knowledge) -> dict[str, tuple[WireHost, ...]]:
    """Return the places that incidents name as a strong sign, by the incident's id."""
    index = index_of(knowledge)
    found: dict[str, dict[WireHost, None]] = {}
    for one in hosts:
        for incident, fact in index.endpoints(one.seen.compared):
            if fact.weight == "strong":
                found.setdefault(incident.id, {})[one] = None
    return {name: tuple(places) for name, places in found.items()}


def wire_sentence(places: Sequence[WireHost]) -> str:
    """Say where the hosts of an incident were seen, what this phone did first, and which identifiers were sent.

    A look-up of a host is left out where the same file shows a connection to it.
    """
    connected = {(one.log.file, one.seen.compared) for one in places if one.seen.protocol != "dns"}
    places = [one for one in places if one.seen.protocol != "dns" or (one.log.file, one.seen.compared) not in connected]
    said = []
    for one in sorted(places, key=lambda place: (not place.of_this_phone, place.seen.protocol == "dns"))[:_MOST_SAID]:
        sent = [identifier.masked for identifier in one.seen.sent]
        where = "in its name" if one.seen.protocol == "dns" else "in the clear"
        said.append(f"{one.said}{f', with {listed(sent)} {where}' if sent else ''}")
    more = f"; and {counted(len(places) - _MOST_SAID, 'more place')}" if len(places) > _MOST_SAID else ""
    return f"{SEEN_ON_THE_WIRE} {'; '.join(said)}{more}."


def _seen_incident(match: MatchedIncident, places: Sequence[WireHost]) -> MatchedIncident:
    if not places or not match.findings:
        return match
    packages = {one.package for one in places if one.package is not None}
    evidence = tuple(dict.fromkeys(one.evidence for one in places))
    surer = any(one.of_this_phone for one in places)
    findings = tuple(
        _seen_finding(finding, evidence, surer=surer) if number == 0 or finding.subject.name in packages else finding
        for number, finding in enumerate(match.findings)
    )
    return replace(match, findings=findings, reason=f"{match.reason} {wire_sentence(places)}")


def _seen_finding(finding: Finding, evidence: tuple[Evidence, ...], *, surer: bool) -> Finding:
    sure = _SURER.get(finding.confidence, finding.confidence) if surer else finding.confidence
    message = f"{finding.message.removesuffix('.')}; a host of it was seen on the wire."
    both = tuple(dict.fromkeys((*finding.evidence, *evidence)))
    return finding.model_copy(update={"evidence": both, "confidence": sure, "message": message})


def _identifiers(hosts: Iterable[WireHost]) -> Iterable[Finding]:
    for one in hosts:
        unproven = NAMED_IDENTIFIER if one.of_this_phone else NEARBY_IDENTIFIER
        for own, detector in ((True, IDENTIFIER), (False, unproven)):
            sent = [identifier for identifier in one.seen.sent if identifier.own is own]
            if sent:
                yield _identifier(one, sent, detector)


def _identifier(one: WireHost, sent: Sequence[SentIdentifier], detector: Detector) -> Finding:
    own = detector is IDENTIFIER
    whose = "of this phone" if own else "called so; not known to be this phone's"
    claim = f"{_counted(sent, one.seen)}, by {one.who} ({one.log.file})"
    of_whom = "Identifiers of this phone" if own else "Identifiers"
    how = _in_host(one.seen) if one.seen.protocol == "dns" else "sent without encryption"
    return detector.finding(
        one.subject,
        f"{of_whom} {how}",
        f"{_capital(claim)}.",
        severity="critical" if own else "high",
        confidence="confirmed" if own else "medium",
        evidence=[
            one.evidence.model_copy(update={"value": f"{one.seen.place}: {_shown(piece, whose, one.seen)}"})
            for piece in sent
        ],
        main=one.seen.place,
    )


def _shown(sent: SentIdentifier, whose: str, seen: HostTraffic) -> str:
    return f"{sent.masked} ({whose}){f', {_in_host(seen)}' if sent.in_host else ''}, {_times(sent)}"


def _in_host(seen: HostTraffic) -> str:
    return f"in the host name that was {'looked up' if seen.protocol == 'dns' else 'asked for'}"


def _counted(sent: Sequence[SentIdentifier], seen: HostTraffic) -> str:
    """Say what was sent to a place, and how often.

    Example:
        >>> place = HostTraffic("zzhc.vnet.cn", None, None, "http", None, None, cleartext=True, times=14)
        >>> _counted([SentIdentifier("imei", "IMEI …4417", own=True, times=14)], place)
        'IMEI …4417 in the clear to zzhc.vnet.cn, 14 times'
    """
    where = f"in the clear to {seen.place}"
    if all(one.in_host for one in sent):
        where = f"{_in_host(seen)}, {seen.place}"
    if len({one.times for one in sent}) == 1:
        return f"{listed([one.masked for one in sent])} {where}, {_times(sent[0])}"
    return f"{listed([f'{one.masked} ({_times(one)})' for one in sent])} {where}"


def _capital(text: str) -> str:
    """Begin a sentence with a capital letter, unless with the name of a package."""
    return f"{text[:1].upper()}{text[1:]}" if text.partition(" ")[0].isalpha() else text


def _times(sent: SentIdentifier) -> str:
    return counted(sent.times, "time")


def _incidents(hosts: Sequence[WireHost], knowledge: Knowledge, met: Mapping[str, MatchStrength]) -> Iterable[Finding]:
    entries = {entry.id: entry for entry in knowledge.incidents}
    for name, places in sorted(incident_hosts(hosts, knowledge).items()):
        if name not in met or met[name] in _BY_BUILD:
            yield _incident(entries[name], places, met=name in met)


def _incident(incident: IncidentEntry, places: Sequence[WireHost], *, met: bool) -> Finding:
    ours = [one for one in places if one.of_this_phone]
    first = (ours or places)[0]
    but = "" if ours else ". A host alone does not say which phone it was"
    detector = replace(INCIDENT if met or ours else INCIDENT_HOST, category=incident.category)
    return detector.finding(
        first.subject,
        "A host of a published incident was seen on the wire",
        f"{_capital(first.said)}, which “{incident.title}” is about{but}.",
        severity=incident.severity if met or ours else "medium",
        confidence="high" if ours else "medium" if met else "low",
        evidence=list(dict.fromkeys(one.evidence for one in (ours or places)[:_MOST_PLACES])),
        main=incident.id,
        sources=all_sources(incident),
        advised=not ours,
    )


def _indicators(hosts: Iterable[WireHost], knowledge: Knowledge) -> Iterable[Finding]:
    """Yield what malicious hosts lists name; those of one package go through the same door as in its code."""
    for one in hosts:
        if one.package is not None or not (listing := _listing(one, knowledge)):
            continue
        about, sources = listing[0].listed.indicator.about, feed_sources(hit.listed.feed for hit in listing)
        yield replace(INDICATOR, category=about.class_).finding(
            one.subject,
            f"{about.name} ({about.class_}), seen on this network",
            f"{_capital(one.said)}; it is listed as {about.name}, {about.class_}, by "
            f"{publishers(sources)}. A host alone does not say which phone it was.",
            severity="medium",
            confidence="low",
            evidence=(one.evidence,),
            main=f"{about.name} {one.seen.protocol} {one.seen.port}",
            sources=sources,
        )


def _listing(one: WireHost, knowledge: Knowledge) -> list[IndicatorHit]:
    given = MatchInput(packages=(PackageInput(name=None, endpoints=(one.endpoint,)),))
    hits = indicator_hits(given, knowledge)
    return [hit for hit in hits if hit.worth == "strong" and hit.listed.indicator.about.class_ in MALICIOUS]


def _cleartext(hosts: Iterable[WireHost]) -> Iterable[Finding]:
    own = sorted((one for one in hosts if one.package and one.seen.cleartext), key=lambda one: one.package or "")
    for package, group in groupby(own, key=lambda one: one.package):
        ones = list(group)
        places = listed(list(dict.fromkeys(one.seen.place for one in ones)), _MOST_SAID)
        yield CLEARTEXT.finding(
            ones[0].subject,
            "Seen to send without encryption",
            f"{package} was seen to talk to {places} without encryption.",
            severity="medium",
            confidence="confirmed",
            evidence=list(dict.fromkeys(one.evidence for one in ones[:_MOST_PLACES])),
        )
