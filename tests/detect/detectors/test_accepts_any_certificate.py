"""Code that accepts any certificate."""

from typing import Any

import pytest

from phone_audit.detect.detectors.network_policy import ANY_CERTIFICATE, accepts_any_certificate
from phone_audit.model.apk import Behaviour, HeldBy, Party
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import knowledge, policy
from tests.judge.cases import apk_info

SUBJECT = Subject(kind="package", name="com.a")
EVIDENCE = (Evidence(kind="call", where="classes.dex", value="verify returns true", class_="com.a.B", method="verify"),)


def held(party: Party = "first-party", library: str | None = None) -> HeldBy:
    return HeldBy(party=party, library=library, evidence=EVIDENCE)


def found(*holders: HeldBy, **changes: Any) -> list[Finding]:
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
def test_code_of_others(holder: HeldBy, said: str) -> None:
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
