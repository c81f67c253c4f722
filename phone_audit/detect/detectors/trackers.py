"""Third-party code that sends, and addresses of services that collect usage data or serve advertising."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from phone_audit.detect.detector import ApkCheck, Detector, apk_subject, evidence_of, may_use_network, source_of
from phone_audit.detect.endpoint_order import by_harm, is_read_by_nobody
from phone_audit.detect.instrumentation import of_test_library, only_tests
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import TrackerFact
from phone_audit.model.apk import ApkInfo, Endpoint, EndpointCategory, Tier, Tracker
from phone_audit.model.finding import Confidence, Finding, Source

TRACKER_PRESENT = Detector(
    "tracker-present",
    "tracker",
    "sends",
    "Look for a switch for analytics or personalised advertising in its settings, or stop using it.",
    held="code of known trackers",
)
CONNECTION_RENTED_OUT = Detector(
    "connection-rented-out",
    "tracker",
    "sends",
    "Uninstall it, or look in its settings for an offer to share your internet connection and decline that. What "
    "strangers do over your connection seems to come from you.",
    held="code that rents out the connection",
)
TELEMETRY_ENDPOINT = Detector(
    "telemetry-endpoint",
    "telemetry",
    "sends",
    "Switch off usage reports and personalised advertising in the phone's settings, or block these hosts.",
    held="addresses of telemetry or advertising services",
)
_TIERS: Mapping[Tier, tuple[Confidence, str]] = {
    "initialised": ("confirmed", "starts {what} {name}"),
    "present": ("high", "holds the code of {what} {name}"),
    "host-only": ("medium", "holds addresses of {what} {name}, but not its code"),
    "referenced": ("low", "names classes of {what} {name} that are not in it"),
}
_WHAT: Mapping[str, str] = {
    TRACKER_PRESENT.id: "the tracker",
    CONNECTION_RENTED_OUT.id: "a kit that rents out the phone's internet connection to strangers:",
}
_TITLES: Mapping[str, str] = {TRACKER_PRESENT.id: "Tracker", CONNECTION_RENTED_OUT.id: "Your connection is rented out"}
_WITH_CODE: frozenset[Tier] = frozenset({"initialised", "present"})
_NO_INTERNET = "; it has no permission to use the internet"
_BY_TESTS = "; only the library that runs its tests names them"
_INTRUSIVE = frozenset({"location", "profiling", "identification"})
_PROXY = "residential-proxy"
"""The category of code that lets strangers use the connection of the phone."""
_SERVICES: Mapping[EndpointCategory, str] = {"telemetry": "Telemetry", "advertising": "Advertising"}


def tracker_present(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each tracker whose code or addresses are there.

    Only code that is there can watch anybody, and only where the package may use the network does it report.
    """
    for tracker in info.trackers or ():
        if _PROXY not in tracker.categories:
            intrusive = not _INTRUSIVE.isdisjoint(tracker.categories)
            yield _of_tracker(TRACKER_PRESENT, info, tracker, knowledge, severe=intrusive)


def connection_rented_out(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each known kit by which strangers use the connection of whoever has the package."""
    for tracker in info.trackers or ():
        if _PROXY in tracker.categories:
            yield _of_tracker(CONNECTION_RENTED_OUT, info, tracker, knowledge, severe=True)


def _of_tracker(detector: Detector, info: ApkInfo, tracker: Tracker, knowledge: Knowledge, *, severe: bool) -> Finding:
    """Write the finding of a tracker; `severe` where its code does more than count."""
    subject = apk_subject(info)
    mute = may_use_network(info) is False
    fact = _facts(knowledge).get(tracker.id)
    confidence, seen = _TIERS[tracker.tier]
    by_host = {endpoint.host: endpoint for endpoint in info.endpoints or ()}
    but = _NO_INTERNET if mute else ""
    if tracker.tier == "host-only" and not mute:
        named = [by_host[host] for host in tracker.endpoints if host in by_host]
        but = _BY_TESTS if _of_tests(info, named, knowledge) else ""
        if not any(one.use == "fetched" for one in named):
            confidence = "low"
    is_there = tracker.tier in _WITH_CODE
    told = seen.format(what=_WHAT[detector.id], name=_named(tracker, fact)) + (_taken(fact) if is_there else "")
    return detector.finding(
        subject,
        f"{_TITLES[detector.id]}: {tracker.name}",
        f"{subject.name} {told}{but}.",
        severity="medium" if severe and is_there and not mute else "low",
        confidence="low" if but else confidence,
        evidence=tracker.evidence,
        main=tracker.id,
        sources=_sources(fact, knowledge),
    )


def _named(tracker: Tracker, fact: TrackerFact | None) -> str:
    """Name a tracker, and whose it is where the country of its owner is known."""
    known = fact is not None and fact.country is not None
    return f"{tracker.name} ({tracker.owner}, {fact.country})" if fact and known else tracker.name


def _taken(fact: TrackerFact | None) -> str:
    """Say what a tracker is documented to take, where anybody says it."""
    if fact is None or fact.takes is None:
        return ""
    *most, last = fact.takes.data
    return f", which is documented to take {', '.join(most)}{' and ' if most else ''}{last}"


def _sources(fact: TrackerFact | None, knowledge: Knowledge) -> list[Source]:
    """Return who says what is known of a tracker, and who says what it takes."""
    if fact is None:
        return []
    page = fact.takes.source if fact.takes else ""
    said = [Source(title=f"What {fact.name} takes", publisher=page.split("/")[2], date="", url=page)] if page else []
    return [*source_of(knowledge, fact.source), *said]


@lru_cache(maxsize=4)
def _facts(knowledge: Knowledge) -> Mapping[str, TrackerFact]:
    return {fact.id: fact for fact in knowledge.trackers}


def telemetry_endpoint(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each owner and kind of service."""
    groups: dict[tuple[str, EndpointCategory], list[Endpoint]] = {}
    for endpoint in info.endpoints or ():
        if endpoint.ruled_out is None and endpoint.owner is not None and endpoint.category in _SERVICES:
            groups.setdefault((endpoint.owner, endpoint.category), []).append(endpoint)
    subject = apk_subject(info)
    for (owner, category), group in sorted(groups.items()):
        endpoints = by_harm(group, info.package)
        idle = all(one.started is False for one in endpoints)
        but = "; nothing was found in this app that starts code with them" if idle else ""
        hosts = [endpoint.host for endpoint in endpoints]
        amount = f"{len(hosts)} addresses, {hosts[0]} among them,"
        if len(hosts) == 1:
            amount = f"the address {hosts[0]}"
        owners = [fact.source for host in hosts if (fact := knowledge.owner_of(host)) is not None]
        yield TELEMETRY_ENDPOINT.finding(
            subject,
            f"{_SERVICES[category]} addresses of {owner}",
            f"{subject.name} holds {amount} of {owner} for {category}{but}.",
            severity="low",
            confidence=_called(info, endpoints, knowledge),
            evidence=evidence_of(endpoints),
            main=f"{owner} {category}",
            sources=[source for name in dict.fromkeys(owners) for source in source_of(knowledge, name)],
        )


def _called(info: ApkInfo, endpoints: Sequence[Endpoint], knowledge: Knowledge) -> Confidence:
    """An address in the code is not yet a call of it.

    Without the right to use the network it is hardly one, nor where code only shows, compares or never loads it, or
    where nothing starts that code or asks for the resource that holds it; nor one of the package where only its tests
    report that they were run.
    """
    if any(endpoint.observed for endpoint in endpoints):
        return "confirmed"
    is_called = any(one.counts and not is_read_by_nobody(one) for one in endpoints)
    by_package = may_use_network(info) is not False and not _of_tests(info, endpoints, knowledge)
    return "medium" if is_called and by_package else "low"


def _of_tests(info: ApkInfo, endpoints: Sequence[Endpoint], knowledge: Knowledge) -> bool:
    """Tell whether addresses are those of the library that runs the tests, in a package that is nothing but tests."""
    return only_tests(info, knowledge) and of_test_library(endpoints, knowledge)


CHECKS: tuple[tuple[Detector, ApkCheck], ...] = (
    (TRACKER_PRESENT, tracker_present),
    (CONNECTION_RENTED_OUT, connection_rented_out),
    (TELEMETRY_ENDPOINT, telemetry_endpoint),
)
