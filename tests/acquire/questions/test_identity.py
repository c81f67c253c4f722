import pytest

from phone_audit.acquire.questions.identity import parse_build
from phone_audit.model.device import Build
from phone_audit.model.text import parse_getprop
from tests.acquire.packages.dumps_of import dump

NOKIA = "Nokia/Onyx_00WW/B2N_sprout:9/PPR1.180610.011/00WW_3_22C:user/release-keys"


def test_every_field() -> None:
    properties = {
        "ro.build.fingerprint": NOKIA,
        "ro.build.id": "PPR1.180610.011",
        "ro.build.display.id": "00WW_3_22C",
        "ro.build.version.incremental": "00WW_3_22C",
        "ro.build.type": "user",
        "ro.build.tags": "release-keys",
        "ro.build.version.release": "9",
        "ro.build.version.sdk": "28",
        "ro.build.version.security_patch": "2018-09-01",
        "ro.build.date.utc": "1537920000",
        "ro.boot.verifiedbootstate": "green",
        "ro.boot.flash.locked": "1",
        "ro.vendor.build.fingerprint": NOKIA,
        "ro.odm.build.fingerprint": "",
        "ro.bootimage.build.fingerprint": "other",
    }
    assert parse_build(properties) == Build(
        fingerprint=NOKIA,
        id="PPR1.180610.011",
        display_id="00WW_3_22C",
        incremental="00WW_3_22C",
        type="user",
        tags="release-keys",
        android_version="9",
        sdk=28,
        security_patch="2018-09-01",
        date_utc=1537920000,
        verified_boot_state="green",
        bootloader_locked=True,
        partitions={"bootimage": "other", "vendor": NOKIA},
    )


def test_nothing_is_known_of_nothing() -> None:
    build = parse_build({})
    assert build.fingerprint is None
    assert build.sdk is None
    assert build.bootloader_locked is None
    assert build.partitions == {}


def test_a_phone_without_the_main_fingerprint_has_that_of_a_partition() -> None:
    assert parse_build({"ro.system.build.fingerprint": "s", "ro.vendor.build.fingerprint": "v"}).fingerprint == "s"


def test_numbers_that_are_none_and_bytes_that_are_no_text() -> None:
    build = parse_build({"ro.build.version.sdk": "28; rm", "ro.build.date.utc": "", "ro.build.display.id": "a\udcff"})
    assert (build.sdk, build.date_utc, build.display_id) == (None, None, r"a\xff")


@pytest.mark.parametrize(
    ("flash", "device", "verified", "locked"),
    [
        ("1", "locked", "green", True),
        ("0", "unlocked", None, False),
        ("1", "unlocked", "green", False),
        ("1", "locked", "orange", False),
        ("0", None, None, False),
        (None, "locked", None, True),
        (None, None, "orange", False),
        (None, None, "yellow", True),
        (None, None, "green", True),
        (None, None, "red", None),
        (None, None, None, None),
    ],
)
def test_an_open_bootloader_is_believed_from_any_property(
    flash: str | None, device: str | None, verified: str | None, locked: bool | None
) -> None:
    said = {
        "ro.boot.flash.locked": flash,
        "ro.boot.vbmeta.device_state": device,
        "ro.boot.verifiedbootstate": verified,
    }
    assert parse_build({name: value for name, value in said.items() if value}).bootloader_locked is locked


def test_a_maker_with_a_property_of_its_own() -> None:
    assert parse_build({"ro.secureboot.lockstate": "unlocked"}).bootloader_locked is False


def test_real_car_with_android_9_and_an_open_bootloader() -> None:
    fingerprint = "qti/gwm/gwm:9/PQ1A.190105.004/bean12291953:user/test-keys"
    build = parse_build(parse_getprop(dump("android-09-car-getprop.txt")))
    assert build == Build(
        fingerprint=fingerprint,
        id="PQ1A.190105.004",
        display_id="PQ1A.190105.004 test-keys",
        incremental="eng.bean.20221229.195411",
        type="user",
        tags="test-keys",
        android_version="9",
        sdk=28,
        security_patch="2020-02-05",
        date_utc=1672314831,
        verified_boot_state="orange",
        bootloader_locked=False,
        partitions={"bootimage": fingerprint, "vendor": fingerprint},
    )
