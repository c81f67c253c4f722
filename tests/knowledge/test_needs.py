"""What Android asks for before the code of a rule works, where versions and privileges make a difference."""

import pytest

from phone_audit.knowledge.load import load_knowledge
from phone_audit.knowledge.schema.behaviour import Held

SMS_APP = ("receiver for android.provider.Telephony.SMS_DELIVER",)
ACCESSIBILITY = "service for android.accessibilityservice.AccessibilityService"
GUARDED = "service guarded by android.permission.BIND_ACCESSIBILITY_SERVICE"


def allows(rule_id: str, sdk: int, target: int, names: str = "", components: tuple[str, ...] = ()) -> bool | None:
    """Ask a rule; `names` are permissions of the platform, and `preinstalled` for a package that is."""
    (rule,) = (rule for rule in load_knowledge().behaviours if rule.id == rule_id)
    words = names.split()
    held = Held(
        sdk=sdk,
        target=target,
        permissions=tuple(f"android.permission.{word}" for word in words if word.isupper()),
        components=components,
        preinstalled="preinstalled" in words,
    )
    return rule.allows(held)


@pytest.mark.parametrize(
    ("sdk", "target", "names", "expected"),
    [
        (22, 22, "GET_ACCOUNTS", True),
        (25, 25, "READ_CONTACTS", False),
        (26, 25, "GET_ACCOUNTS", True),
        (26, 26, "GET_ACCOUNTS", False),
        (26, 26, "READ_CONTACTS", True),
        (33, 33, "GET_ACCOUNTS_PRIVILEGED", True),
    ],
)
def test_accounts_of_others_are_seen_with_contacts_from_android_8(
    sdk: int, target: int, names: str, expected: bool
) -> None:
    assert allows("read.accounts", sdk, target, names) is expected


@pytest.mark.parametrize(
    ("sdk", "target", "names", "expected"),
    [
        (29, 29, "", None),
        (32, 29, "", None),
        (30, 30, "", False),
        (33, 29, "", False),
        (33, 29, "preinstalled", True),
        (30, 30, "preinstalled", True),
    ],
)
def test_hardware_addresses_of_interfaces(sdk: int, target: int, names: str, expected: bool | None) -> None:
    assert allows("read.interface-mac", sdk, target, names) is expected


@pytest.mark.parametrize("rule_id", ["read.running-packages", "read.running-services"])
def test_the_old_permission_for_tasks_is_enough_for_preinstalled_packages(rule_id: str) -> None:
    assert allows(rule_id, 29, 29, "GET_TASKS") is False
    assert allows(rule_id, 29, 29, "preinstalled") is False
    assert allows(rule_id, 29, 29, "GET_TASKS preinstalled") is True
    assert allows(rule_id, 29, 29, "REAL_GET_TASKS") is True


@pytest.mark.parametrize("rule_id", ["read.imei", "read.imsi", "read.iccid", "read.serial"])
def test_an_app_for_text_messages_may_read_identifiers_from_android_10(rule_id: str) -> None:
    assert allows(rule_id, 28, 28, components=SMS_APP) is False
    assert allows(rule_id, 29, 29, components=SMS_APP) is True
    assert allows(rule_id, 29, 28, "READ_PHONE_STATE") is False


@pytest.mark.parametrize(
    ("rule_id", "sdk", "target", "names", "expected"),
    [
        ("read.wifi-networks", 23, 22, "ACCESS_WIFI_STATE", True),
        ("read.wifi-networks", 23, 23, "ACCESS_WIFI_STATE", False),
        ("read.wifi-networks", 28, 22, "ACCESS_WIFI_STATE", False),
        ("read.wifi-networks", 29, 28, "ACCESS_WIFI_STATE ACCESS_COARSE_LOCATION", True),
        ("read.wifi-networks", 29, 29, "ACCESS_WIFI_STATE ACCESS_COARSE_LOCATION", False),
        ("read.wifi-name", 26, 26, "ACCESS_WIFI_STATE", True),
        ("read.wifi-name", 27, 25, "ACCESS_WIFI_STATE", True),
        ("read.wifi-name", 27, 26, "ACCESS_WIFI_STATE", False),
        ("read.wifi-name", 28, 25, "ACCESS_WIFI_STATE", False),
        ("read.cell-towers", 29, 28, "ACCESS_COARSE_LOCATION", True),
        ("read.cell-towers", 29, 29, "ACCESS_COARSE_LOCATION", False),
    ],
)
def test_the_place_is_guarded_by_level_and_target(
    rule_id: str, sdk: int, target: int, names: str, expected: bool
) -> None:
    assert allows(rule_id, sdk, target, names) is expected


@pytest.mark.parametrize(
    ("rule_id", "sdk", "target", "names", "expected"),
    [
        ("read.bluetooth-mac", 22, 22, "BLUETOOTH", True),
        ("read.bluetooth-mac", 31, 31, "BLUETOOTH LOCAL_MAC_ADDRESS", False),
        ("read.bluetooth-mac", 31, 31, "BLUETOOTH_CONNECT LOCAL_MAC_ADDRESS", True),
        ("read.bluetooth-mac", 31, 30, "BLUETOOTH LOCAL_MAC_ADDRESS", True),
        ("read.call-log", 16, 15, "READ_CONTACTS", True),
        ("read.call-log", 16, 16, "READ_CONTACTS", False),
        ("read.photos", 18, 18, "", None),
        ("read.photos", 19, 18, "", False),
        ("read.phone-number", 22, 22, "READ_SMS", False),
        ("read.phone-number", 23, 23, "READ_SMS", True),
        ("read.phone-number", 30, 30, "READ_PHONE_STATE", False),
        ("read.location-background", 28, 28, "ACCESS_FINE_LOCATION", True),
        ("read.location-background", 29, 29, "ACCESS_FINE_LOCATION", False),
        ("read.location-background", 29, 29, "ACCESS_FINE_LOCATION ACCESS_BACKGROUND_LOCATION", True),
        ("listen.sms", 28, 28, "RECEIVE_MMS", False),
        ("read.sms-incoming", 28, 28, "RECEIVE_WAP_PUSH", False),
        ("act.reboot", 30, 30, "RECOVERY", True),
        ("act.device-lock", 28, 28, "LOCK_DEVICE", False),
        ("act.device-lock", 29, 29, "LOCK_DEVICE", True),
        ("act.device-lock", 30, 30, "MASTER_CLEAR", False),
        ("act.device-lock", 31, 31, "MASTER_CLEAR", True),
        ("read.serial-field", 28, 27, "", None),
        ("read.serial-field", 28, 28, "READ_PHONE_STATE", False),
    ],
)
def test_levels_and_targets(rule_id: str, sdk: int, target: int, names: str, expected: bool | None) -> None:
    assert allows(rule_id, sdk, target, names) is expected


def test_a_service_for_accessibility_has_to_be_guarded_from_android_4_1() -> None:
    assert allows("read.screen-text", 15, 15, components=(ACCESSIBILITY,)) is True
    assert allows("read.screen-text", 15, 15) is False
    assert allows("read.screen-text", 16, 16, components=(ACCESSIBILITY,)) is False
    assert allows("read.screen-text", 16, 16, components=(ACCESSIBILITY, GUARDED)) is True
