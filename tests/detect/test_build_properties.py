"""Fingerprints taken apart."""

from phone_audit.detect.build_properties import fingerprint_parts, with_fingerprint_parts
from tests.judge.cases import NOKIA_FINGERPRINT


def test_all_eight_parts() -> None:
    assert fingerprint_parts(NOKIA_FINGERPRINT) == {
        "ro.product.brand": "Nokia",
        "ro.product.name": "Onyx_00WW",
        "ro.product.device": "B2N_sprout",
        "ro.build.version.release": "9",
        "ro.build.id": "PPR1.180610.011",
        "ro.build.version.incremental": "00WW_3_22C",
        "ro.build.type": "user",
        "ro.build.tags": "release-keys",
    }


def test_what_is_no_fingerprint_has_no_parts() -> None:
    assert fingerprint_parts("B2N_sprout:9/PPR1.180610.011/00WW_3_22C:user/release-keys") == {}
    assert fingerprint_parts(NOKIA_FINGERPRINT + "/more:x") == {}
    assert fingerprint_parts("") == {}


def test_a_property_that_says_something_else_stands() -> None:
    known = with_fingerprint_parts({"ro.build.fingerprint": NOKIA_FINGERPRINT, "ro.product.device": "Other"})
    assert known["ro.product.device"] == "Other"
    assert known["ro.product.name"] == "Onyx_00WW"


def test_an_empty_property_is_not_set() -> None:
    known = with_fingerprint_parts({"ro.build.fingerprint": NOKIA_FINGERPRINT, "ro.product.device": "", "x": ""})
    assert known["ro.product.device"] == "B2N_sprout"
    assert "x" not in known


def test_the_fingerprint_of_a_partition_is_not_taken_apart() -> None:
    properties = {"ro.vendor.build.fingerprint": NOKIA_FINGERPRINT}
    assert with_fingerprint_parts(properties) == properties
