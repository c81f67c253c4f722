"""Addresses of services that collect usage data or serve advertising, by owner."""

from collections.abc import Iterator, Mapping

from phone_audit.detect.detector import Detector, apk_subject, may_use_network, source_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Endpoint, EndpointCategory
from phone_audit.model.finding import Confidence, Evidence, Finding, Remedy, Source

DETECTOR = Detector(id="telemetry-endpoint", category="telemetry")
REMEDY = Remedy(
    text="Switch off usage reports and personalised advertising in the phone's settings, or block these hosts."
)
_WORDS: Mapping[EndpointCategory, str] = {"telemetry": "Telemetry", "advertising": "Advertising"}


def check(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each owner and kind of service."""
    groups: dict[tuple[str, EndpointCategory], list[Endpoint]] = {}
    for endpoint in info.endpoints or ():
        if endpoint.ruled_out is None and endpoint.owner is not None and endpoint.category in _WORDS:
            groups.setdefault((endpoint.owner, endpoint.category), []).append(endpoint)
    subject = apk_subject(info)
    for (owner, category), endpoints in sorted(groups.items()):
        hosts = [endpoint.host for endpoint in endpoints]
        yield DETECTOR.finding(
            subject,
            f"{_WORDS[category]} addresses of {owner}",
            f"{subject.name} holds {_amount(hosts)} of {owner} for {category}.",
            severity="low",
            confidence=_confidence(info, endpoints),
            evidence=evidence_of(endpoints),
            main=f"{owner} {category}",
            sources=_sources(hosts, knowledge),
            remedy=(REMEDY,),
        )


def evidence_of(endpoints: list[Endpoint]) -> list[Evidence]:
    """Return the places at which endpoints stand, each once."""
    return list(
        dict.fromkeys(piece for endpoint in endpoints for holder in endpoint.held_by for piece in holder.evidence)
    )


def _amount(hosts: list[str]) -> str:
    return f"the address {hosts[0]}" if len(hosts) == 1 else f"{len(hosts)} addresses, {hosts[0]} among them,"


def _confidence(info: ApkInfo, endpoints: list[Endpoint]) -> Confidence:
    """An address in the code is not yet a call of it; without the right to use the network it is hardly one."""
    if any(endpoint.observed for endpoint in endpoints):
        return "confirmed"
    return "low" if may_use_network(info) is False else "medium"


def _sources(hosts: list[str], knowledge: Knowledge) -> list[Source]:
    owners = [fact.source for host in hosts if (fact := knowledge.owner_of(host)) is not None]
    return [source for name in dict.fromkeys(owners) for source in source_of(knowledge, name)]
