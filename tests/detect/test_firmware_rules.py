"""How rules become findings: evidence, the signer of the platform, and where a firmware contradicts itself."""

from collections.abc import Mapping

import pytest

from phone_audit.detect.firmware_rules import check, check_properties
from phone_audit.detect.known_good import PLATFORM
from phone_audit.model.device import Package
from phone_audit.model.finding import Evidence, Finding
from tests.detect.detectors.seen import firmware_knowledge
from tests.judge.cases import PIXEL, package, snapshot

KNOWN = firmware_knowledge()
TEST_KEY = next(key.sha256 for key in KNOWN.keys if key.id == "aosp-platform")


def on_phone(*packages: Package, **properties: str) -> list[Finding]:
    return list(check(snapshot({**PIXEL, **properties}, packages), KNOWN))


def texts(finding: Finding) -> list[str]:
    return [piece.value for piece in finding.evidence]


def test_a_platform_with_a_test_key() -> None:
    (found,) = on_phone(package(PLATFORM, signers=(TEST_KEY,)))
    assert (found.id, found.severity, found.confidence) == ("platform-test-key", "high", "high")
    assert found.evidence == (
        Evidence(kind="property", where="getprop", value="ro.build.tags=release-keys"),
        Evidence(kind="certificate", where=PLATFORM, value=TEST_KEY),
    )


@pytest.mark.parametrize(
    "packages",
    [
        (),
        (package(PLATFORM, signers=None),),
        (package(PLATFORM, signers=()),),
        (package(PLATFORM, signers=("0" * 64,)),),
        (package("com.other", signers=(TEST_KEY,)),),
    ],
)
def test_a_platform_with_a_key_of_its_own(packages: tuple[Package, ...]) -> None:
    assert on_phone(*packages) == []


@pytest.mark.parametrize(
    ("properties", "rule", "evidence"),
    [
        (
            {"ro.build.version.release": "14", "ro.build.type": "userdebug"},
            "fingerprint-contradicts-build",
            [f"ro.build.fingerprint={PIXEL['ro.build.fingerprint']}", "ro.build.version.release=14",
             "ro.build.type=userdebug"],
        ),
        (
            {"ro.vendor.build.type": "userdebug"},
            "partitions-differ-in-type",
            ["ro.build.type=user", "ro.vendor.build.type=userdebug"],
        ),
        (
            {"ro.product.vendor.brand": "alps", "ro.product.odm.brand": "Xiaomi"},
            "brand-denied",
            [f"ro.build.fingerprint={PIXEL['ro.build.fingerprint']}", "ro.product.odm.brand=Xiaomi"],
        ),
        (
            {"ro.build.version.release": "15", "ro.build.version.sdk": "27"},
            "sdk-contradicts-release",
            ["ro.build.version.release=15", "ro.build.version.sdk=27"],
        ),
        (
            {"ro.boot.verifiedbootstate": "green", "ro.boot.flash.locked": "0"},
            "boot-state-contradicts-lock",
            ["ro.boot.verifiedbootstate=green", "ro.boot.flash.locked=0"],
        ),
    ],
)  # fmt: skip
def test_contradictions_show_both_sides(properties: Mapping[str, str], rule: str, evidence: list[str]) -> None:
    (found,) = (item for item in on_phone(**properties) if item.id == rule)
    assert texts(found) == evidence
    assert len({item.key for item in on_phone(**properties)}) == len(on_phone(**properties))


def test_properties_without_a_phone() -> None:
    found = list(check_properties({"ro.build.tags": "test-keys"}, KNOWN))
    assert [(item.id, item.subject.kind, texts(item)) for item in found] == [
        ("test-keys-build", "setting", ["ro.build.tags=test-keys"])
    ]
    assert list(check_properties({}, KNOWN)) == []
