"""The table from findings to outcomes."""

from typing import get_args

import pytest

from phone_audit.detect.incidents.citations import cited
from phone_audit.judge.outcomes import CONFIDENCES, RULES, strongest, supports, weaker
from phone_audit.model.base import READ_CONTEXT
from phone_audit.model.finding import OUTCOMES, Confidence, Finding, Outcome, Severity, Sign
from tests.judge.cases import SIGNS, finding, incident


@pytest.mark.parametrize(
    ("detector", "confidence", "outcome"),
    [
        ("tracker-present", "high", "exposed"),
        ("tracker-present", "low", "nothing-found"),
        ("telemetry-endpoint", "medium", "exposed"),
        ("cleartext-endpoint", "medium", "exposed"),
        ("cleartext-endpoint", "low", "nothing-found"),
        ("cleartext-allowed", "confirmed", "nothing-found"),
        ("debuggable-package", "confirmed", "nothing-found"),
        ("trusts-user-cas", "confirmed", "nothing-found"),
        ("accepts-any-certificate", "medium", "exposed"),
        ("accepts-any-certificate", "low", "nothing-found"),
        ("packed-code", "high", "inconclusive"),
        ("packed-code", "medium", "inconclusive"),
        ("packed-code", "low", "nothing-found"),
        ("public-test-key", "confirmed", "inconclusive"),
        ("leaked-key", "confirmed", "suspicious"),
        ("test-keys-build", "confirmed", "suspicious"),
        ("debuggable-firmware", "confirmed", "suspicious"),
        ("insecure-adb", "confirmed", "suspicious"),
        ("selinux-permissive", "confirmed", "suspicious"),
        ("verified-boot-failed", "confirmed", "suspicious"),
        ("verified-boot-failed", "medium", "nothing-found"),
        ("unlocked-bootloader", "confirmed", "inconclusive"),
        ("own-boot-key", "confirmed", "inconclusive"),
        ("development-build", "confirmed", "inconclusive"),
        ("proxy-set", "confirmed", "inconclusive"),
        ("network-proxy-set", "confirmed", "inconclusive"),
        ("user-ca-added", "confirmed", "inconclusive"),
        ("system-ca-unlisted", "confirmed", "inconclusive"),
        ("system-ca-unlisted", "low", "nothing-found"),
        ("root-program-found", "high", "inconclusive"),
        ("build-prop-contradicted", "high", "inconclusive"),
        ("watching-powers", "high", "suspicious"),
        ("watching-powers", "medium", "inconclusive"),
        ("adb-key-built-in", "high", "suspicious"),
        ("ota-test-key", "confirmed", "suspicious"),
        ("hosts-file-changed", "high", "inconclusive"),
        ("hosts-file-changed", "low", "nothing-found"),
        ("system-writable", "high", "inconclusive"),
        ("system-writable", "low", "nothing-found"),
        ("accessibility-service-on", "confirmed", "nothing-found"),
        ("notification-listener-on", "confirmed", "nothing-found"),
        ("device-admin-on", "confirmed", "nothing-found"),
        ("input-method-foreign", "confirmed", "nothing-found"),
        ("default-package-foreign", "confirmed", "nothing-found"),
        ("vpn-set", "confirmed", "nothing-found"),
        ("install-checks-off", "confirmed", "nothing-found"),
        ("storage-unencrypted", "confirmed", "nothing-found"),
        ("patch-level-old", "confirmed", "nothing-found"),
        ("platform-test-key", "high", "suspicious"),
        ("platform-test-key", "medium", "nothing-found"),
        ("sdk-contradicts-release", "high", "suspicious"),
        ("first-api-above-sdk", "high", "suspicious"),
        ("fingerprint-contradicts-build", "confirmed", "inconclusive"),
        ("partitions-differ-in-type", "confirmed", "inconclusive"),
        ("brand-denied", "confirmed", "inconclusive"),
        ("patch-newer-than-build", "confirmed", "inconclusive"),
        ("vendor-newer-than-system", "confirmed", "inconclusive"),
        ("boot-state-contradicts-lock", "confirmed", "inconclusive"),
        ("partition-dates-apart", "confirmed", "nothing-found"),
        ("patch-levels-apart", "confirmed", "nothing-found"),
        ("private-dns-set", "confirmed", "nothing-found"),
        ("signature-broken", "medium", "inconclusive"),
        ("signature-broken", "low", "nothing-found"),
        ("indicator.hash", "confirmed", "known-bad"),
        ("indicator.certificate", "confirmed", "known-bad"),
        ("indicator.package", "confirmed", "known-bad"),
        ("indicator.package", "medium", "suspicious"),
        ("indicator.host", "medium", "suspicious"),
        ("indicator.host", "confirmed", "suspicious"),
        ("indicator.host", "low", "nothing-found"),
        ("indicator.unwanted", "high", "suspicious"),
        ("indicator.unwanted", "low", "nothing-found"),
        ("indicator.tracker", "medium", "exposed"),
        ("indicator.listed", "confirmed", "exposed"),
        ("indicator.commonplace", "confirmed", "nothing-found"),
        ("not-a-detector", "confirmed", "nothing-found"),
    ],
)
def test_detectors(detector: str, confidence: Confidence, outcome: Outcome) -> None:
    assert supports(finding(detector, confidence=confidence), {}) == outcome


@pytest.mark.parametrize(
    ("claim", "raises", "outcome"),
    [
        ("published-incident", "known-bad", "known-bad"),
        ("published-incident", "suspicious", "suspicious"),
        ("published-incident", "exposed", "exposed"),
        ("possible-incident", "known-bad", "suspicious"),
        ("possible-incident", "suspicious", "suspicious"),
        ("possible-incident", "exposed", "exposed"),
        ("candidate-build", "known-bad", "inconclusive"),
        ("candidate-build", "exposed", "inconclusive"),
        ("named-model", "known-bad", "inconclusive"),
    ],
)
def test_an_incident_raises_no_more_than_it_states(claim: str, raises: str, outcome: Outcome) -> None:
    incidents = {"case": cited(incident(raises=raises))}
    assert supports(finding(claim, incident="case", confidence="low"), incidents) == outcome


def test_every_sign_has_its_row() -> None:
    assert {sign for rule in RULES for sign in rule.signs} == set(get_args(Sign))


def test_a_result_that_is_read_states_no_sign() -> None:
    """What stands in a file of somebody else does not say how it is to be judged."""
    written = {**finding("leaked-key").model_dump(), "sign": "incident"}
    assert Finding.model_validate(written, context=READ_CONTEXT).sign == "none"
    assert "sign" not in finding("leaked-key").model_dump()


def test_the_rows_stand_strongest_first() -> None:
    ranks = [OUTCOMES.index(rule.outcome) for rule in RULES]
    assert ranks == sorted(ranks, reverse=True)


def test_a_surer_finding_never_supports_less() -> None:
    for name in SIGNS:
        ranks = [OUTCOMES.index(supports(finding(name, confidence=sure), {})) for sure in CONFIDENCES]
        assert ranks == sorted(ranks), name


def test_strongest_and_weaker() -> None:
    assert strongest([]) == "nothing-found"
    assert strongest(["exposed", "known-bad", "inconclusive"]) == "known-bad"
    assert weaker("known-bad", "exposed") == weaker("exposed", "known-bad") == "exposed"


@pytest.mark.parametrize(
    ("category", "severity", "outcome"),
    [
        ("vulnerable-preinstall", "info", "exposed"),
        ("vulnerable-preinstall", "low", "exposed"),
        ("vulnerable-preinstall", "medium", "suspicious"),
        ("vulnerable-preinstall", "high", "suspicious"),
        ("backdoor", "low", "suspicious"),
    ],
)
@pytest.mark.parametrize("detector", ["published-incident", "possible-incident"])
def test_a_small_hole_in_what_was_preinstalled_makes_nothing_suspicious(
    detector: str, category: str, severity: Severity, outcome: Outcome
) -> None:
    case = cited(incident(raises="suspicious"))
    found = finding(detector, category=category, severity=severity, incident=case.id)
    assert supports(found, {case.id: case}) == outcome
