"""Whether a package may do what its code is written to do."""

from typing import Any

import pytest

from phone_audit.detect.allowed import with_allowed
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apk import ApkInfo, Behaviour, Component
from phone_audit.model.device import AppOp, Build, PackageUser, Snapshot
from tests.judge.cases import apk_info, package, snapshot

PERMISSION = "android.permission."
PHONE, PRIVILEGED = PERMISSION + "READ_PHONE_STATE", PERMISSION + "READ_PRIVILEGED_PHONE_STATE"
SMS_APP = "receiver for android.provider.Telephony.SMS_DELIVER"
IMEI = (PHONE, PRIVILEGED, SMS_APP)
FINE, COARSE, USAGE = (
    PERMISSION + n for n in ("ACCESS_FINE_LOCATION", "ACCESS_COARSE_LOCATION", "PACKAGE_USAGE_STATS")
)


def info(name: str, *permissions: str, **changes: Any) -> ApkInfo:
    seen = Behaviour(id=name, title=name, evidence=())
    fields: dict[str, Any] = {"min_sdk": 21, "target_sdk": 28, "permissions": permissions} | changes
    return apk_info("com.a", behaviours=(seen,), **fields)


def told(seen: ApkInfo, phone: Snapshot | None = None) -> tuple[bool | None, tuple[str, ...]]:
    (one,) = with_allowed(seen, load_knowledge(), phone).behaviours or ()
    return one.allowed, one.needs


def allowed(seen: ApkInfo, phone: Snapshot | None = None) -> bool | None:
    return told(seen, phone)[0]


def user(*granted: str, ops: tuple[AppOp, ...] | None = None, unknown: bool = False) -> PackageUser:
    nothing = dict.fromkeys(PackageUser.model_fields, None) | {"id": 0, "installed": True}
    return PackageUser(**nothing | {"granted": None if unknown else granted, "appops": ops})


def phone(sdk: int | None, *users: PackageUser, **changes: Any) -> Snapshot:
    build = dict.fromkeys(Build.model_fields, None) | {"partitions": {}, "sdk": sdk}
    return snapshot({}, [package("com.a", users=users, **changes)], build=Build(**build))


def test_a_permission_that_is_asked_for_allows() -> None:
    assert told(info("read.imei", PHONE)) == (True, IMEI)
    assert told(info("read.imei")) == (False, IMEI)
    assert allowed(info("read.imei", FINE)) is False


def test_what_needs_nothing_is_not_told() -> None:
    assert told(info("read.android-id")) == (None, ())
    assert told(info("act.of-extra-knowledge")) == (None, ())


def test_versions_of_android_that_take_the_package_count() -> None:
    assert allowed(info("read.imei", PHONE, min_sdk=29)) is False
    assert told(info("read.packages", target_sdk=30)) == (None, ())  # Android 10 asks for nothing
    assert allowed(info("read.packages", min_sdk=30, target_sdk=30)) is False
    assert told(info("read.packages", min_sdk=30, target_sdk=29)) == (None, ())


def test_a_permission_of_the_system_counts_where_the_phone_shows_that_the_package_has_it() -> None:
    asking = info("read.imei", PRIVILEGED, min_sdk=29)
    assert allowed(asking) is None
    assert allowed(info("read.imei", PRIVILEGED, PHONE, min_sdk=29)) is None
    assert allowed(info("read.imei", PRIVILEGED, PHONE)) is True
    assert allowed(asking, phone(30, user(PRIVILEGED))) is True
    assert allowed(asking, phone(30, user())) is False
    assert allowed(asking, phone(30, user(unknown=True), system=True)) is True
    assert allowed(asking, phone(30, user(unknown=True), system=False)) is False
    assert allowed(info("read.imei", PRIVILEGED, min_sdk=29, shared_user_id="android.uid.system")) is True


def test_only_what_a_version_that_takes_the_package_asks_for_is_named() -> None:
    assert told(info("read.imei", min_sdk=29, target_sdk=29)) == (False, (PRIVILEGED, SMS_APP))
    assert told(info("read.imei"), phone(28, user())) == (False, (PHONE, PRIVILEGED))
    assert told(info("read.cell-towers", COARSE)) == (True, (FINE, COARSE))


def test_where_nobody_is_allowed() -> None:
    assert told(info("read.serial-field", PHONE, min_sdk=28, target_sdk=28)) == (False, ())


def test_fine_is_not_coarse_where_android_tells_them_apart() -> None:
    wifi = PERMISSION + "ACCESS_WIFI_STATE"
    assert allowed(info("read.wifi-networks", wifi, COARSE, min_sdk=29, target_sdk=29)) is False
    assert allowed(info("read.wifi-networks", wifi, FINE, min_sdk=29, target_sdk=29)) is True
    assert allowed(info("read.wifi-networks", FINE)) is False


def test_the_system_is_refused_nothing() -> None:
    assert allowed(info("read.imei", shared_user_id="android.uid.system")) is True


def test_another_package_of_the_same_user_id_may_have_asked() -> None:
    assert told(info("read.imei", shared_user_id="com.shared")) == (None, IMEI)
    assert allowed(info("read.imei", PHONE, shared_user_id="com.shared")) is True


def test_a_manifest_that_was_not_read_says_nothing() -> None:
    assert told(info("read.imei", permissions=None)) == (None, ())


def test_a_component_may_be_what_is_needed() -> None:
    service = Component(
        kind="service", name="com.a.S", exported=True, permission=PERMISSION + "BIND_ACCESSIBILITY_SERVICE", actions=()
    )
    assert allowed(info("read.screen-text", components=(service,))) is True
    assert told(info("read.screen-text", components=())) == (
        False,
        (
            "service for android.accessibilityservice.AccessibilityService",
            "service guarded by android.permission.BIND_ACCESSIBILITY_SERVICE",
        ),
    )


def test_on_a_phone_what_was_granted_decides() -> None:
    asks = info("read.location", FINE)
    assert allowed(asks, phone(30, user())) is False
    assert allowed(asks, phone(30, user(FINE))) is True
    assert allowed(asks, phone(30, user(), user(COARSE))) is True
    assert allowed(info("read.location"), phone(30, user(FINE))) is True  # asked for by one that shares its user id
    assert allowed(info("read.location", shared_user_id="com.shared"), phone(30, user())) is False


def test_where_the_phone_does_not_say_what_was_granted_what_is_asked_for_counts() -> None:
    assert allowed(info("read.location", FINE), phone(30, user(unknown=True))) is True
    assert allowed(info("read.location", FINE), snapshot({})) is True
    assert allowed(info("read.location"), phone(30)) is False


@pytest.mark.parametrize(("sdk", "expected"), [(28, True), (29, False), (None, True)])
def test_the_version_of_the_phone_counts(sdk: int | None, expected: bool) -> None:
    assert allowed(info("read.imei", PHONE), phone(sdk, user(PHONE))) is expected


def test_privileged_and_system_packages_of_a_phone() -> None:
    assert allowed(info("read.imei", PRIVILEGED), phone(33, user())) is False  # no allow-list names it
    assert allowed(info("read.imei", PRIVILEGED), phone(33, user(PRIVILEGED))) is True
    assert allowed(info("read.imei"), phone(33, user(), app_id=1000)) is True


def test_what_came_with_the_firmware_may_do_more() -> None:
    asks = info("read.interface-mac", min_sdk=30, target_sdk=30)
    assert allowed(asks) is False
    assert allowed(asks, phone(30, user(), system=False)) is False
    assert allowed(asks, phone(30, user(), system=None)) is False
    assert allowed(asks, phone(30, user(), system=True)) is True
    assert allowed(asks, phone(30, user(unknown=True), system=True)) is True


def test_what_the_owner_allows_in_the_settings() -> None:
    def op(mode: str) -> tuple[AppOp, ...]:
        return (AppOp(op="GET_USAGE_STATS", mode=mode, last_access=None, last_background=None),)

    asks = info("read.usage", USAGE)
    assert allowed(asks, phone(30, user(ops=op("allow")))) is True
    assert allowed(asks, phone(30, user(ops=op("default")))) is False
    assert told(asks, phone(30, user())) == (None, (USAGE,))


def test_a_flow_is_allowed_where_its_source_is() -> None:
    def flow(source: str, data: str, *permissions: str) -> ApkInfo:
        seen = Behaviour(id=f"flow.{data}-log", title="f", evidence=(), source=source, data=data)
        return apk_info("com.a", behaviours=(seen,), permissions=permissions, min_sdk=21, target_sdk=28)

    imei = "android.telephony.TelephonyManager.getDeviceId"
    assert allowed(flow(imei, "imei")) is False
    assert allowed(flow(imei, "imei", PHONE)) is True
    assert allowed(flow("is handed location", "location")) is False
    assert allowed(flow("is handed location", "location", COARSE)) is True
    assert allowed(flow("android.provider.Settings$Secure.getString", "android-id")) is None


def test_nothing_to_say() -> None:
    assert with_allowed(apk_info("com.a"), load_knowledge()) == apk_info("com.a")


def until(name: str, found: Snapshot | None = None, **changes: Any) -> int | None:
    (one,) = with_allowed(info(name, **changes), load_knowledge(), found).behaviours or ()
    return one.until_sdk


def test_what_later_phones_refuse_is_told_with_its_api_level() -> None:
    assert until("read.interface-mac") == 32
    assert until("read.interface-mac", target_sdk=33) == 29
    assert until("read.interface-mac", min_sdk=33) is None  # refused by all
    assert until("read.interface-mac", shared_user_id="android.uid.system") is None
    assert until("read.android-id") is None  # refused by none
    assert until("read.interface-mac", phone(28, user())) is None


def held_until(name: str, *permissions: str, **changes: Any) -> int | None:
    (one,) = with_allowed(info(name, *permissions, **changes), load_knowledge()).behaviours or ()
    return one.until_sdk


def test_what_later_phones_refuse_for_want_of_a_permission_is_told_with_its_api_level() -> None:
    wifi = "android.permission.ACCESS_WIFI_STATE"
    assert held_until("read.wifi-networks", wifi) == 22
    assert held_until("read.wifi-networks", wifi, FINE) is None
    assert held_until("read.wifi-networks", wifi, min_sdk=23) is None  # refused by all
    assert held_until("read.imei", PHONE) == 28
    assert held_until("read.imei", PHONE, min_sdk=29) is None
    assert held_until("read.location", FINE) is None
