"""Numbers that only this phone has, out of answers that are asked for anyway."""

import pytest

from phone_audit.acquire.questions.identifiers import (
    distinct,
    netstats_identifiers,
    property_identifiers,
    settings_identifiers,
)
from phone_audit.acquire.text import decode
from phone_audit.model.device import PhoneIdentifier


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("gsm.device.imei0", "490154203237518", "imei"),
        ("persist.sys.imei1", "35000000123456", "imei"),
        ("persist.sys.tctPowerIccid", "8947080000123456789", "iccid"),
        ("ril.imsi", "242011234567890", "imsi"),
        ("ro.boot.wifimacaddr", "a0:b1:c2:d3:e4:f5", "mac"),
        ("ro.boot.bt_mac", "A0B1C2D3E4F5", "mac"),
        ("persist.service.bdroid.bdaddr", "A0-B1-C2-D3-E4-F5", "mac"),
        ("ro.serialno", "B2NGAA8851000123", "serial"),
        ("vendor.gsm.serial", "ABC1234567", "serial"),
    ],
)
def test_what_makers_put_into_properties(name: str, value: str, kind: str) -> None:
    assert [(one.kind, one.value) for one in property_identifiers({name: value})] == [(kind, value)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("persist.sys.imei1", ""), ("persist.sys.imei1", "000000000000000"), ("persist.imei.enabled", "1"),
        ("ro.boot.wifimacaddr", "02:00:00:00:00:00"), ("ro.boot.wifimacaddr", "00:00:00:00:00:00"),
        ("ro.product.machine", "a0b1c2d3e4f5"), ("ro.serialno", "unknown"), ("ro.serialno", "0123456789ABCDEF"),
        ("ro.build.version.incremental", "490154203237518"),
    ],
)  # fmt: skip
def test_what_is_no_identifier(name: str, value: str) -> None:
    assert list(property_identifiers({name: value})) == []


def test_the_settings_of_a_user() -> None:
    text = "android_id=1f2e3d4c5b6a7988\nbluetooth_address=A0:B1:C2:D3:E4:F5\nbluetooth_name=x\nassistant=a\n"
    assert [(one.kind, one.value) for one in settings_identifiers(text)] == [
        ("android-id", "1f2e3d4c5b6a7988"), ("mac", "A0:B1:C2:D3:E4:F5"),
    ]  # fmt: skip
    assert list(settings_identifiers("android_id=0000000000000000\nbluetooth_address=02:00:00:00:00:00\n")) == []


def test_the_subscribers_of_mobile_networks() -> None:
    text = "ident=[{type=MOBILE, subscriberId=242011234567890, metered=true}]\nident=[{subscriberId=242011...}]\n" * 2
    assert [(one.kind, one.value) for one in netstats_identifiers(text)] == [("imsi", "242011234567890")]


def test_each_once_and_no_more_than_any_phone_has() -> None:
    many = [PhoneIdentifier(kind="serial", value=f"A{number:07}") for number in range(500)]
    assert len(distinct(many)) == 64
    same = [PhoneIdentifier(kind="mac", value="a0b1"), PhoneIdentifier(kind="mac", value="A0B1")]
    assert len(distinct(same)) == 1
    assert distinct([PhoneIdentifier(kind="serial", value=decode(b"a\xff"))])[0].value == "a\\xff"
