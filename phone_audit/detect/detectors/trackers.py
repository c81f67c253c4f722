"""Third-party code that sends, and addresses of services that collect usage data or serve advertising."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from phone_audit.detect.detector import ApkCheck, Detector, apk_subject, evidence_of, may_use_network, source_of
from phone_audit.detect.endpoint_order import by_harm
from phone_audit.detect.instrumentation import of_test_library, only_tests
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import TrackerFact
from phone_audit.model.apk import ApkInfo, Endpoint, EndpointCategory, Tier
from phone_audit.model.finding import Confidence, Finding

TRACKER_PRESENT = Detector(
    "tracker-present",
    "tracker",
    "sends",
    "Look for a switch for analytics or personalised advertising in its settings, or stop using it.",
    held="code of known trackers",
)
TELEMETRY_ENDPOINT = Detector(
    "telemetry-endpoint",
    "telemetry",
    "sends",
    "Switch off usage reports and personalised advertising in the phone's settings, or block these hosts.",
    held="addresses of telemetry or advertising services",
)
_TIERS: Mapping[Tier, tuple[Confidence, str]] = {
    "initialised": ("confirmed", "starts the tracker {name}"),
    "present": ("high", "holds the code of the tracker {name}"),
    "host-only": ("medium", "holds addresses of the tracker {name}, but not its code"),
    "referenced": ("low", "names classes of the tracker {name} that are not in it"),
}
_WITH_CODE: frozenset[Tier] = frozenset({"initialised", "present"})
_NO_INTERNET = "; it has no permission to use the internet"
_BY_TESTS = "; only the library that runs its tests names them"
_INTRUSIVE = frozenset({"location", "profiling", "identification"})
_SERVICES: Mapping[EndpointCategory, str] = {"telemetry": "Telemetry", "advertising": "Advertising"}


def tracker_present(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each tracker whose code or addresses are there.

    Only code that is there can watch anybody, and only where the package may use the network does it report.
    """
    subject = apk_subject(info)
    mute = may_use_network(info) is False
    by_host = {endpoint.host: endpoint for endpoint in info.endpoints or ()}
    for tracker in info.trackers or ():
        fact = _facts(knowledge).get(tracker.id)
        confidence, seen = _TIERS[tracker.tier]
        named = [by_host[host] for host in tracker.endpoints if host in by_host]
        but = _NO_INTERNET if mute else ""
        if tracker.tier == "host-only" and not mute and _of_tests(info, named, knowledge):
            but = _BY_TESTS
        intrusive = tracker.tier in _WITH_CODE and not _INTRUSIVE.isdisjoint(tracker.categories)
        yield TRACKER_PRESENT.finding(
            subject,
            f"Tracker: {tracker.name}",
            f"{subject.name} {seen.format(name=tracker.name)}{but}.",
            severity="medium" if intrusive and not mute else "low",
            confidence="low" if but else confidence,
            evidence=tracker.evidence,
            main=tracker.id,
            sources=source_of(knowledge, fact.source) if fact else (),
        )


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
    where nothing starts that code; nor one of the package where only its tests report that they were run.
    """
    if any(endpoint.observed for endpoint in endpoints):
        return "confirmed"
    is_called = any(endpoint.counts for endpoint in endpoints)
    by_package = may_use_network(info) is not False and not _of_tests(info, endpoints, knowledge)
    return "medium" if is_called and by_package else "low"


def _of_tests(info: ApkInfo, endpoints: Sequence[Endpoint], knowledge: Knowledge) -> bool:
    """Tell whether addresses are those of the library that runs the tests, in a package that is nothing but tests."""
    return only_tests(info, knowledge) and of_test_library(endpoints, knowledge)


CHECKS: tuple[tuple[Detector, ApkCheck], ...] = (
    (TRACKER_PRESENT, tracker_present),
    (TELEMETRY_ENDPOINT, telemetry_endpoint),
)
