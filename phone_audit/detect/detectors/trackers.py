"""Third-party code that sends, and addresses of services that collect usage data or serve advertising."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from phone_audit.detect.detector import ApkCheck, Detector, apk_subject, evidence_of, may_use_network, source_of
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
_INTRUSIVE = frozenset({"location", "profiling", "identification"})
_SERVICES: Mapping[EndpointCategory, str] = {"telemetry": "Telemetry", "advertising": "Advertising"}


def tracker_present(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each tracker whose code or addresses are there."""
    subject = apk_subject(info)
    for tracker in info.trackers or ():
        fact = _facts(knowledge).get(tracker.id)
        confidence, seen = _TIERS[tracker.tier]
        yield TRACKER_PRESENT.finding(
            subject,
            f"Tracker: {tracker.name}",
            f"{subject.name} {seen.format(name=tracker.name)}.",
            severity="medium" if _INTRUSIVE & set(tracker.categories) else "low",
            confidence=confidence,
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
    for (owner, category), endpoints in sorted(groups.items()):
        hosts = [endpoint.host for endpoint in endpoints]
        amount = f"{len(hosts)} addresses, {hosts[0]} among them,"
        if len(hosts) == 1:
            amount = f"the address {hosts[0]}"
        owners = [fact.source for host in hosts if (fact := knowledge.owner_of(host)) is not None]
        yield TELEMETRY_ENDPOINT.finding(
            subject,
            f"{_SERVICES[category]} addresses of {owner}",
            f"{subject.name} holds {amount} of {owner} for {category}.",
            severity="low",
            confidence=_called(info, endpoints),
            evidence=evidence_of(endpoints),
            main=f"{owner} {category}",
            sources=[source for name in dict.fromkeys(owners) for source in source_of(knowledge, name)],
        )


def _called(info: ApkInfo, endpoints: Sequence[Endpoint]) -> Confidence:
    """An address in the code is not yet a call of it; without the right to use the network it is hardly one."""
    if any(endpoint.observed for endpoint in endpoints):
        return "confirmed"
    return "low" if may_use_network(info) is False else "medium"


CHECKS: tuple[tuple[Detector, ApkCheck], ...] = (
    (TRACKER_PRESENT, tracker_present),
    (TELEMETRY_ENDPOINT, telemetry_endpoint),
)
