"""What an app may do now, and when it last did."""

from typing import Any

import pytest

from phone_audit.detect.apps.power_index import PowerIndex
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.apps import Power
from phone_audit.model.device import PackageUser, StateItem
from tests.detect.apps.phone_apps import NAME, app_package, op, phone, user
from tests.detect.detectors.states import item

MICROPHONE = "android.permission.RECORD_AUDIO"
OVERLAY = "android.permission.SYSTEM_ALERT_WINDOW"
NOON, LATER = "2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z"


def powers(copy: PackageUser, *state: StateItem, sdk: int = 29, asked: tuple[str, ...] = ()) -> tuple[Power, ...]:
    package = app_package(NAME, copy)
    index = PowerIndex.of(phone(package, sdk=sdk, state=state), load_knowledge(), frozenset({"aa" * 32}))
    return index.of_app(package, copy, asked, ())


def told(copy: PackageUser, *state: StateItem, **changes: Any) -> list[tuple[Any, ...]]:
    return [(one.what, one.granted, one.last_used, one.background) for one in powers(copy, *state, **changes)]


def test_a_permission_and_its_last_use() -> None:
    copy = user(granted=(MICROPHONE, "android.permission.INTERNET"), appops=(op("RECORD_AUDIO", "allow", NOON, NOON),))
    assert powers(copy) == (
        Power(
            what="microphone", granted=True, last_used=NOON, background=True, title="microphone",
            can="record with the microphone", did="used the microphone", watching="part", last_background=NOON,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("behind", "sdk", "background"),
    [(None, 29, False), (NOON, 29, False), (LATER, 29, True), (None, 27, None)],
)
def test_only_the_last_use_is_told_to_be_in_the_background(behind: str | None, sdk: int, background: Any) -> None:
    copy = user(granted=(MICROPHONE,), appops=(op("RECORD_AUDIO", "allow", LATER, behind),))
    assert told(copy, sdk=sdk) == [("microphone", True, LATER, background)]


@pytest.mark.parametrize(
    ("granted", "mode", "last", "expected"),
    [
        ((MICROPHONE,), "ignore", None, []),
        ((MICROPHONE,), "ignore", NOON, [("microphone", False, NOON, False)]),
        ((), "allow", NOON, [("microphone", False, NOON, False)]),
        ((), "allow", None, []),
        ((MICROPHONE,), "foreground", None, [("microphone", True, None, None)]),
        (None, "allow", None, [("microphone", None, None, None)]),
        (None, "deny", None, []),
    ],
)
def test_what_was_taken_away_is_told_only_where_it_was_used(
    granted: tuple[str, ...] | None, mode: str, last: str | None, expected: list[Any]
) -> None:
    assert told(user(granted=granted, appops=(op("RECORD_AUDIO", mode, last),)), asked=(MICROPHONE,)) == expected


@pytest.mark.parametrize(
    ("granted", "mode", "has"),
    [((), "allow", True), ((OVERLAY,), "default", True), ((OVERLAY,), "ignore", False), ((), "default", False)],
)
def test_special_access_is_given_by_its_app_op(granted: tuple[str, ...], mode: str, has: bool) -> None:
    found = told(user(granted=granted, appops=(op("SYSTEM_ALERT_WINDOW", mode),)))
    assert found == ([("overlay", True, None, None)] if has else [])


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("accessibility_services", f"com.x/.Y:{NAME}/.Service", "accessibility"),
        ("enabled_notification_listeners", f"{NAME}/{NAME}.Listener", "notifications"),
        ("device_admins", f"{NAME}/.Admin", "device-admin"),
        ("role:SMS", f"{NAME} com.x", "default-sms"),
        ("vpn_in_use", NAME, "vpn"),
        ("default_input_method", f"{NAME}/.Keys", "keyboard"),
    ],
)
def test_what_settings_and_services_list(key: str, value: str, what: str) -> None:
    assert told(user(), item(key, value)) == [(what, True, None, None)]
    assert told(user(), item(f"{key}@10", value)) == []
    assert told(user(), item(key, value.replace(NAME, f"{NAME}.other"))) == []
    assert told(user(10), item(f"{key}@10", value)) == [(what, True, None, None)]


def test_the_place_at_any_time_is_a_power_of_its_own_from_android_10_on() -> None:
    copy = user(granted=("android.permission.ACCESS_BACKGROUND_LOCATION", "android.permission.ACCESS_FINE_LOCATION"))
    assert [one.what for one in powers(copy)] == ["location", "background-location"]
    assert [one.what for one in powers(copy, sdk=28)] == ["location"]


def test_the_key_of_the_system_is_the_last_one() -> None:
    package = app_package(NAME, user(granted=(MICROPHONE,)))
    index = PowerIndex.of(phone(package), load_knowledge(), frozenset({"aa" * 32}))
    assert [one.what for one in index.of_app(package, package.users[0], (), ("aa" * 32,))] == [
        "microphone",
        "platform-key",
    ]
    system = app_package("android", user())
    assert index.of_app(system, system.users[0], (), ("aa" * 32,)) == ()


def test_a_time_that_is_none_is_no_use() -> None:
    copy = user(granted=(MICROPHONE,), appops=(op("RECORD_AUDIO", "allow", "yesterday"),))
    assert told(copy) == [("microphone", True, None, None)]
