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


def test_up_to_android_2_2_the_board_stood_behind_the_device() -> None:
    """`google/passion/passion/mahimahi` is the Nexus One's; the board is none of the eight parts."""
    parts = fingerprint_parts("google/passion/passion/mahimahi:2.2/FRF91/43546:user/release-keys")
    assert list(parts.values()) == ["google", "passion", "passion", "2.2", "FRF91", "43546", "user", "release-keys"]
    without = fingerprint_parts("a/Hi3716C/Hi3716C/:2.2/FRF91/1:user/test-keys")
    assert (without["ro.product.device"], without["ro.build.version.release"]) == ("Hi3716C", "2.2")


def test_a_part_that_a_maker_left_empty_is_not_set() -> None:
    """Google certified such builds: no incremental, or neither name nor device."""
    parts = fingerprint_parts("ALLVIEW/ALLVIEW/ALLVIEW:4.4.2/KVT49L/:user/release-keys")
    assert (parts["ro.build.id"], "ro.build.version.incremental" in parts) == ("KVT49L", False)
    parts = fingerprint_parts("Bauhn//:4.1.2/Bauhn/ALPS.JB.MP.V1.31:user/release-keys")
    assert not parts.keys() & {"ro.product.name", "ro.product.device"}
    assert parts["ro.build.version.incremental"] == "ALPS.JB.MP.V1.31"


def test_what_is_no_fingerprint_has_no_parts() -> None:
    assert fingerprint_parts("/passion/passion:2.2/FRF91/43546:user/release-keys") == {}
    assert fingerprint_parts("google/passion/passion/a/b:2.2/FRF91/43546:user/release-keys") == {}
    assert fingerprint_parts("google/passion/passion:2.2//43546:user/release-keys") == {}
    assert fingerprint_parts("google/passion/passion:2.2/FRF91/43546:/release-keys") == {}
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
