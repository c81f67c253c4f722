"""What the network policy allows: cleartext, and certificate authorities of the user."""

from typing import Any

import pytest

from phone_audit.detect.detectors.network_policy import (
    TRUSTS_USER_CAS,
    cleartext_allowed,
    trusts_user_cas,
)
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import knowledge, policy
from tests.judge.cases import apk_info, endpoint

SUBJECT = Subject(kind="package", name="com.a")


def test_cleartext_allowed() -> None:
    assert list(cleartext_allowed(apk_info("com.a", network_policy=policy(cleartext=True)), knowledge())) == [
        Finding(
            id="cleartext-allowed",
            key=finding_key("cleartext-allowed", SUBJECT, ""),
            category="cleartext",
            title="May send without encryption",
            message="com.a is allowed to send without encryption; no unencrypted address that could be read was "
            "found in it.",
            severity="info",
            confidence="confirmed",
            subject=SUBJECT,
            evidence=(
                Evidence(kind="manifest", where="network security config", value="cleartext traffic is permitted"),
            ),
        )
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"network_policy": policy()},
        {"network_policy": None},
        {"network_policy": policy(cleartext=True), "permissions": ()},
        {"network_policy": policy(cleartext=True), "endpoints": (endpoint("a.example", cleartext=True),)},
    ],
)
def test_cleartext_not_allowed_not_known_or_told_by_an_address(changes: dict[str, Any]) -> None:
    assert list(cleartext_allowed(apk_info("com.a", **changes), knowledge())) == []


def test_an_address_that_is_ruled_out_does_not_speak_instead() -> None:
    near = endpoint("schemas.example", cleartext=True, ruled_out="namespace")
    apk = apk_info("com.a", network_policy=policy(cleartext=True), endpoints=(near,))
    assert len(list(cleartext_allowed(apk, knowledge()))) == 1


def test_an_address_of_which_little_follows_does_not_speak_instead() -> None:
    spared = (endpoint("a.example", schemes=("http",)), endpoint("b.example", schemes=("https",)))
    (found,) = cleartext_allowed(
        apk_info("com.a", network_policy=policy(cleartext=True), endpoints=spared), knowledge()
    )
    assert found.message.endswith("was found in it but a.example, as of a page for people or a check of the network.")


def test_trusts_user_cas() -> None:
    apk = apk_info("com.a", network_policy=policy(trusts_user_cas=True))
    assert list(trusts_user_cas(apk, knowledge())) == [
        Finding(
            id="trusts-user-cas",
            key=finding_key("trusts-user-cas", SUBJECT, ""),
            category="network-policy",
            title="Trusts certificate authorities added by the user",
            message="com.a trusts certificate authorities that were added to the phone by its user.",
            severity="low",
            confidence="confirmed",
            subject=SUBJECT,
            evidence=(
                Evidence(kind="manifest", where="network security config", value="user certificates are trust anchors"),
            ),
            remedy=TRUSTS_USER_CAS.remedy,
        )
    ]


def test_the_default_of_an_old_target_version_is_no_choice_of_the_package() -> None:
    old = policy(cleartext=True, trusts_user_cas=True, source="platform default")
    (found,) = trusts_user_cas(apk_info("com.a", network_policy=old), knowledge())
    assert found.severity == "info"
    assert found.evidence == (
        Evidence(
            kind="manifest",
            where="AndroidManifest.xml",
            value="user certificates are trust anchors (default for its target version)",
        ),
    )
    (cleartext,) = cleartext_allowed(apk_info("com.a", network_policy=old), knowledge())
    assert cleartext.evidence[0].where == "AndroidManifest.xml"


@pytest.mark.parametrize("allowed", [policy(), None])
def test_trusts_no_user_cas(allowed: Any) -> None:
    assert list(trusts_user_cas(apk_info("com.a", network_policy=allowed), knowledge())) == []
