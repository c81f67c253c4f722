"""Code that accepts any certificate."""

from typing import Any

import pytest

from phone_audit.detect.detectors.network_policy import ANY_CERTIFICATE, accepts_any_certificate
from phone_audit.model.apk import AcceptedBy, Behaviour, Party, Tracker
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import knowledge, policy
from tests.judge.cases import apk_info

SUBJECT = Subject(kind="package", name="com.a")
EVIDENCE = (Evidence(kind="call", where="classes.dex", value="verify returns true", class_="com.a.B", method="verify"),)


def held(party: Party = "first-party", library: str | None = None, **changes: Any) -> AcceptedBy:
    return AcceptedBy(party=party, library=library, evidence=EVIDENCE, **changes)


def found(*holders: AcceptedBy, **changes: Any) -> list[Finding]:
    network = policy(accepts_any_certificate=bool(holders), accepted_by=holders)
    return list(accepts_any_certificate(apk_info("com.a", network_policy=network, **changes), knowledge()))


def test_its_own_code() -> None:
    assert found(held()) == [
        Finding(
            id="accepts-any-certificate",
            key=finding_key("accepts-any-certificate", SUBJECT, "first-party"),
            category="network-policy",
            sign="sends",
            title="Accepts any certificate",
            message="Its own code in com.a accepts any certificate: on connections that use it, whoever controls the "
            "network can read and change what is sent.",
            severity="high",
            confidence="high",
            subject=SUBJECT,
            evidence=EVIDENCE,
            remedy=ANY_CERTIFICATE.remedy,
            headline=ANY_CERTIFICATE.held,
            held=True,
        )
    ]


@pytest.mark.parametrize(
    ("holder", "said"),
    [
        (held("library", "Rabbit"), "Code of the library Rabbit in com.a"),
        (held("obfuscated"), "Renamed code in com.a"),
        (held("unknown"), "Code in com.a"),
    ],
)
def test_code_of_others(holder: AcceptedBy, said: str) -> None:
    (finding,) = found(holder)
    assert finding.message.startswith(said)
    assert finding.confidence == "medium"


def test_each_party_is_told_apart() -> None:
    findings = found(held(), held("library", "A"), held("library", "B"))
    assert len({finding.key for finding in findings}) == 3


def test_without_the_permission_nothing_is_sent() -> None:
    assert [finding.confidence for finding in found(held(), permissions=())] == ["low"]
    assert [finding.confidence for finding in found(held(), permissions=None)] == ["high"]


def test_code_counts_where_the_policy_could_not_be_read() -> None:
    behaviour = Behaviour(id="act.accept-any-certificate", title="Accepts any certificate", evidence=EVIDENCE)
    other = Behaviour(id="act.other", title="Other", evidence=EVIDENCE)
    (finding,) = accepts_any_certificate(apk_info("com.a", behaviours=(behaviour, other)), knowledge())
    assert (finding.confidence, finding.evidence) == ("medium", EVIDENCE)
    assert [one.confidence for one in found(held(), behaviours=(behaviour,))] == ["high"]


def test_nothing_accepted_or_not_known() -> None:
    assert found() == []
    assert list(accepts_any_certificate(apk_info("com.a"), knowledge())) == []


def test_confirmed_where_its_own_code_puts_it_before_connections() -> None:
    assert [one.confidence for one in found(held(installed=True))] == ["confirmed"]
    assert [one.confidence for one in found(held("library", "A", installed=True))] == ["medium"]
    assert [one.confidence for one in found(held(installed=True), permissions=())] == ["low"]


def test_any_host_name_is_told_apart() -> None:
    (finding,) = found(held(accepts="host-name"))
    assert finding.title == "Accepts a certificate for any host name"
    assert finding.message == (
        "Its own code in com.a accepts a certificate for any host name: on connections that use it, whoever controls "
        "the network and has a valid certificate, of any name, can read and change what is sent."
    )
    assert (finding.severity, finding.confidence) == ("medium", "high")


def test_both_of_one_party_are_one_finding() -> None:
    (finding,) = found(held(accepts="host-name"), held(installed=True))
    assert finding.title == "Accepts any certificate"
    assert finding.message.startswith("Its own code in com.a accepts any certificate, for any host name: on")
    assert (finding.severity, finding.confidence) == ("high", "confirmed")
    assert finding.evidence == EVIDENCE * 2


def test_what_a_library_offers_and_nobody_uses_is_no_finding() -> None:
    assert found(held("library", "A", way="unused")) == []


def test_what_is_called_like_a_library_and_puts_it_before_connections_is_told() -> None:
    """A name alone hides nothing."""
    (finding,) = found(held("library", "A", way="unused", installed=True))
    assert (finding.severity, finding.confidence) == ("low", "low")
    assert finding.message.endswith("could accept any certificate; nothing in it was seen to use that.")
    assert len(found(held("library", "A", way="unused"), held("library", "B", way="unused", installed=True))) == 1


@pytest.mark.parametrize("party", ["first-party", "obfuscated", "unknown"])
def test_code_of_no_library_is_told_even_if_nothing_was_seen_to_use_it(party: Party) -> None:
    (finding,) = found(held(party, way="unused", installed=True))
    assert finding.message.endswith("in com.a could accept any certificate; nothing in it was seen to use that.")
    assert (finding.severity, finding.confidence) == ("low", "low")


def test_what_an_address_would_have_to_ask_for() -> None:
    used, option = found(held("library", "A"), held("library", "A", way="option"))
    assert used.key != option.key
    assert (option.severity, option.confidence) == ("low", "low")
    assert option.message == (
        "Code of the library A in com.a accepts any certificate where an address, a script or a file of its "
        "developers asks for it, which none in it was seen to do."
    )


def test_what_only_a_tracker_sends_is_less_bad() -> None:
    tracker = Tracker(
        id="ads", name="Ads", owner=None, categories=("advertising",), tier="present", endpoints=(), evidence=()
    )
    holders = held("library", "Ads"), held("library", "Other"), held("library", "Ads2", accepts="host-name")
    assert [one.severity for one in found(*holders, trackers=(tracker,))] == ["medium", "high", "medium"]
    assert [one.severity for one in found(held("library", "Ads", accepts="host-name"), trackers=(tracker,))] == ["low"]


def test_a_behaviour_that_nothing_uses_gives_no_finding_without_a_policy() -> None:
    unused = Behaviour(id="act.accept-any-certificate", title="A", evidence=EVIDENCE, library_only=True)
    host = Behaviour(id="act.accept-any-host-name", title="A", evidence=EVIDENCE)
    (finding,) = accepts_any_certificate(apk_info("com.a", behaviours=(unused, host)), knowledge())
    assert finding.title == "Accepts a certificate for any host name"
