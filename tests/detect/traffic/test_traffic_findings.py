"""What recorded traffic shows of published incidents, listed hosts and identifiers, and never more than that."""

from dataclasses import replace
from pathlib import Path

import pytest

from phone_audit.detect.detect import detect_phone
from phone_audit.detect.traffic.traffic_findings import TRAFFIC_SIGNS, traffic_findings, wire_sentence, with_traffic
from phone_audit.detect.traffic.traffic_join import WireHost, join_traffic, phone_apps
from phone_audit.judge.outcomes import supports
from phone_audit.knowledge.feeds.index import Indicators
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.detection import Detection
from phone_audit.model.finding import Finding
from phone_audit.model.traffic import HostTraffic, SentIdentifier, TrafficLog
from tests.judge.cases import (
    NOKIA,
    PIXEL,
    REGISTRATION,
    REGISTRATION_PATH,
    apk_info,
    endpoint,
    knowledge_of,
    package,
    snapshot,
)
from tests.knowledge.feeds.feeds import item, keep

HOST = "zzhc.vnet.cn"
INCIDENT = "nokia-7-plus-vnet-cn-2019"
OWN = SentIdentifier("imei", "IMEI …4417", own=True, times=14)


def seen(host: str = HOST, **changes: object) -> HostTraffic:
    fields: dict[str, object] = {
        "host": host, "address": "203.0.113.77", "port": 9999, "protocol": "http", "package": None, "uid": None,
        "cleartext": True, "times": 14,
    }  # fmt: skip
    return HostTraffic(**(fields | changes))  # type: ignore[arg-type]


def wire(*hosts: HostTraffic, holder: str = "") -> tuple[WireHost, ...]:
    log = TrafficLog("router.log", "ab" * 32, "pcap", None, None, hosts)
    held = [(holder, (endpoint(HOST),))] if holder else []
    return join_traffic([log], phone_apps([(REGISTRATION, 1001), ("com.a", 10_001)], held))


def found(hosts: tuple[WireHost, ...]) -> list[Finding]:
    return list(traffic_findings(hosts, load_knowledge(), {}))


def outcomes(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.id, one.confidence, supports(one, {})) for one in findings]


def test_an_identifier_of_this_phone() -> None:
    (finding, *_) = found(wire(seen(port=None, sent=(OWN,))))
    assert (
        finding.message == "IMEI …4417 in the clear to zzhc.vnet.cn, 14 times, by some app on this phone (router.log)."
    )
    assert (finding.id, finding.severity, finding.confidence) == ("traffic.identifier", "critical", "confirmed")
    assert supports(finding, {}) == "suspicious"
    assert finding.evidence[0].value == "zzhc.vnet.cn: IMEI …4417 (of this phone), 14 times"


def test_an_identifier_that_may_be_anybodys() -> None:
    other = SentIdentifier("imei", "IMEI …7518", own=False, times=1)
    more = replace(other, masked="IMSI …0001", times=3)
    (finding, *_) = found(wire(seen("a.example", sent=(other, more))))
    assert finding.message == (
        "IMEI …7518 (1 time) and IMSI …0001 (3 times) in the clear to a.example:9999, by some app on this network "
        "(router.log)."
    )
    assert outcomes([finding]) == [("traffic.identifier-nearby", "medium", "inconclusive")]
    (finding, *_) = found(wire(seen("a.example", sent=(other,), package="com.a")))
    assert finding.message == "IMEI …7518 in the clear to a.example:9999, 1 time, by com.a (router.log)."
    assert outcomes([finding]) == [("traffic.named-identifier", "medium", "exposed")]


def test_an_identifier_in_the_name_of_a_host() -> None:
    named = SentIdentifier("imei", "IMEI …7518", own=True, times=3, in_host=True)
    place = seen("…7518.t.evil.example", protocol="dns", port=None, cleartext=None, times=3, sent=(named,))
    (finding,) = found(wire(place))
    assert finding.title == "Identifiers of this phone in the host name that was looked up"
    assert finding.message == (
        "IMEI …7518 in the host name that was looked up, …7518.t.evil.example, 3 times, by some app on this phone "
        "(router.log)."
    )
    assert finding.evidence[0].value == (
        "…7518.t.evil.example: IMEI …7518 (of this phone), in the host name that was looked up, 3 times"
    )
    assert outcomes([finding]) == [("traffic.identifier", "confirmed", "suspicious")]
    asked = replace(place, protocol="tls", port=443, cleartext=False, sent=(named, replace(named, in_host=False)))
    (finding,) = found(wire(asked))
    assert finding.title == "Identifiers of this phone sent without encryption"
    assert finding.message.startswith("IMEI …7518 and IMEI …7518 in the clear to …7518.t.evil.example:443, 3 times")


def test_a_masked_host_is_compared_whole(tmp_path: Path) -> None:
    whole = f"490154203237518.{HOST}"
    masked = seen(f"…7518.{HOST}", whole_host=whole, sent=(), cleartext=False)
    knowledge = replace(knowledge_of(), indicators=Indicators([keep(tmp_path, item("host", whole))]))
    (finding,) = traffic_findings(wire(masked), knowledge, {})
    assert finding.subject.name == f"…7518.{HOST}"
    log = TrafficLog("router.log", "ab" * 32, "pcap", None, None, (masked,))
    (one,) = join_traffic([log], phone_apps([], [("com.a", (endpoint(whole),))]))
    assert one.holders == ("com.a",)
    assert whole not in f"{one.said} {one.evidence} {one.subject} {finding.message} {finding.evidence} {one.seen}"


def test_a_host_alone_does_not_say_which_phone() -> None:
    findings = found(wire(seen(protocol="dns", port=None, cleartext=None, times=1)))
    assert {(one.id, supports(one, {})) for one in findings} == {("traffic.incident-host", "inconclusive")}
    ours = next(one for one in findings if "Nokia" in one.message)
    assert ours.message == (
        "Some app on this network looked up zzhc.vnet.cn, 1 time (router.log), which “Nokia 7 Plus: China Telecom "
        "activation client shipped on non-Chinese firmware” is about. A host alone does not say which phone it was."
    )


def test_the_host_of_an_incident_from_this_phone() -> None:
    findings = found(wire(seen(sent=(OWN,))))
    assert ("traffic.incident", "high", "suspicious") in outcomes(findings)


@pytest.mark.parametrize("host", ["vnet.cn", "notzzhc.vnet.cn.example", "www.example.com"])
def test_a_near_miss(host: str) -> None:
    assert found(wire(seen(host, cleartext=False))) == []


def test_what_lists_name_on_this_network(tmp_path: Path) -> None:
    knowledge = replace(knowledge_of(), indicators=Indicators([keep(tmp_path, item("host", "spy.example"))]))
    hosts = wire(seen("spy.example", cleartext=False), seen("x.example", cleartext=False))
    (finding,) = traffic_findings(hosts, knowledge, {})
    assert outcomes([finding]) == [("traffic.indicator", "low", "inconclusive")]
    assert finding.message == (
        "Some app on this network was connected to spy.example:9999, 14 times (router.log); it is listed as SpyOne, "
        "stalkerware, by A lab (2026-01-31). A host alone does not say which phone it was."
    )


def test_cleartext_of_one_package() -> None:
    findings = found(wire(seen("a.example", package="com.a"), seen("b.example", package="com.a", times=1)))
    assert [(one.id, one.message) for one in findings] == [
        ("traffic.cleartext", "com.a was seen to talk to a.example:9999 and b.example:9999 without encryption.")
    ]


def detected(properties: dict[str, str], hosts: tuple[WireHost, ...], *, code: bool = True) -> Detection:
    phone = snapshot(properties, [package(REGISTRATION, REGISTRATION_PATH)])
    apks = [apk_info(REGISTRATION, REGISTRATION_PATH, endpoints=(endpoint(HOST),))] if code else []
    observed = {one.package: (one.endpoint,) for one in hosts if one.package}
    return with_traffic(detect_phone(phone, apks, load_knowledge(), seen=observed), hosts, load_knowledge())


def test_a_case_that_is_proven_says_that_it_was_seen_on_the_wire() -> None:
    hosts = wire(seen(sent=(OWN,)), seen(protocol="dns", port=None, cleartext=None), holder=REGISTRATION)
    result = detected(dict(NOKIA), hosts)
    match = next(one for one in result.matched if one.incident.id == INCIDENT)
    assert match.reason.endswith(
        "Seen on the wire: some app on this phone was connected to zzhc.vnet.cn:9999, which the code of "
        f"{REGISTRATION} holds, 14 times (router.log), with IMEI …4417 in the clear."
    )
    assert [piece.kind for piece in match.findings[0].evidence].count("socket") == 2
    assert not [one for one in result.findings if one.id.startswith("traffic.incident") and "Nokia" in one.message]


def test_the_name_and_a_host_that_a_capture_gives_it_prove_a_case_without_its_code() -> None:
    hosts = wire(seen(package=REGISTRATION))
    match = next(one for one in detected(dict(NOKIA), hosts, code=False).matched if one.incident.id == INCIDENT)
    assert match.strength == "confirmed"
    assert f"the package {REGISTRATION} with zzhc.vnet.cn seen on the wire" in match.reason


def test_a_router_log_proves_nothing_on_a_phone_without_its_code() -> None:
    result = detected(dict(PIXEL), wire(seen(protocol="dns", port=None)), code=False)
    assert not [one for one in result.matched if one.incident.id == INCIDENT]
    assert {supports(one, {}) for one in result.findings if one.id.startswith("traffic.")} == {"inconclusive"}


def test_a_build_that_may_be_affected_and_the_host_on_the_network_are_two_signs() -> None:
    result = detected(dict(NOKIA), wire(seen(protocol="dns", port=None)), code=False)
    match = next(one for one in result.matched if one.incident.id == INCIDENT)
    assert match.strength == "candidate"
    assert "Seen on the wire: some app on this network looked up zzhc.vnet.cn" in match.reason
    assert ("traffic.incident", "medium", "suspicious") in outcomes(list(result.findings))


def test_of_many_places_a_few_are_told() -> None:
    places = wire(*(seen(port=port, times=1) for port in range(1, 7)))
    assert wire_sentence(places).endswith("zzhc.vnet.cn:3, 1 time (router.log); and 3 more places.")


def test_each_finding_has_its_sign() -> None:
    assert all(one.sign == TRAFFIC_SIGNS[one.id] for one in found(wire(seen(sent=(OWN,)))))
