"""Packages with powers over the phone: accessibility, notifications, administrators, keyboards, roles."""

from typing import Any

import pytest

from phone_audit.detect.apps.origin import Installers
from phone_audit.detect.detectors.privileges import (
    ACCESSIBILITY_SERVICE_ON,
    WATCHING_POWERS,
    accessibility_service_on,
    default_package_foreign,
    device_admin_on,
    input_method_foreign,
    notification_listener_on,
    watching_powers,
)
from phone_audit.knowledge.load import load_knowledge
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.states import installed, item, on_phone, says
from tests.judge.cases import PIXEL, snapshot

NAME = "com.spy"
SERVICE = f"{NAME}/.Service"
SUBJECT = Subject(kind="package", name=NAME)
ACCESSIBILITY = item(
    "accessibility_services", f"{SERVICE}:com.google.talkback/.T", says(SERVICE), says("com.google.x/.T")
)
NOTIFICATIONS = item("enabled_notification_listeners", SERVICE, says(f"enabled_notification_listeners={SERVICE}"))
ADMIN = item("device_admins", SERVICE, says(f"{SERVICE} wipe-data"))


def test_an_accessibility_service() -> None:
    powers = item("accessibility_powers", "Helper: read the screen", says("Helper: read the screen"))
    assert on_phone(accessibility_service_on, ACCESSIBILITY, powers, packages=(installed(NAME),)) == [
        Finding(
            id="accessibility-service-on",
            key=finding_key("accessibility-service-on", SUBJECT, "0"),
            category="powers",
            title="An accessibility service is on",
            message="com.spy has an accessibility service that is on: such a service may be allowed to read everything "
            "on the screen and to tap on your behalf.",
            severity="medium",
            confidence="confirmed",
            subject=SUBJECT,
            evidence=(says(SERVICE), says("Helper: read the screen")),
            remedy=ACCESSIBILITY_SERVICE_ON.remedy,
        )
    ]


def test_the_setting_and_the_dump_say_it_once() -> None:
    setting = item("enabled_accessibility_services", SERVICE, says(f"enabled_accessibility_services={SERVICE}"))
    (found,) = on_phone(accessibility_service_on, ACCESSIBILITY, setting, packages=(installed(NAME),))
    assert found.evidence == (says(SERVICE), says(f"enabled_accessibility_services={SERVICE}"))


@pytest.mark.parametrize(
    ("detector", "state"),
    [
        (accessibility_service_on, ACCESSIBILITY),
        (notification_listener_on, NOTIFICATIONS),
        (device_admin_on, ADMIN),
        (input_method_foreign, item("default_input_method", SERVICE, says(SERVICE))),
        (watching_powers, ADMIN),
    ],
)
def test_nothing_is_said_of_the_firmware_of_what_is_gone_and_of_what_is_empty(detector: Any, state: Any) -> None:
    assert on_phone(detector, state, packages=(installed(NAME, installer=None),))
    assert on_phone(detector, state, packages=(installed(NAME, system=True),)) == []
    assert on_phone(detector, state, packages=(installed(NAME, users=(10,)),)) == []
    assert on_phone(detector, state) == []
    assert on_phone(detector, item(state.key, ""), item(f"{state.key}@x", SERVICE), packages=(installed(NAME),)) == []


def test_another_user() -> None:
    state = item("enabled_notification_listeners@10", SERVICE, says(SERVICE))
    (found,) = on_phone(notification_listener_on, state, packages=(installed(NAME, users=(0, 10)),))
    assert found.message == "com.spy may read all notifications (user 10), and so messages and one-time codes."
    assert (found.key, found.severity) == (finding_key("notification-listener-on", SUBJECT, "10"), "low")


def test_an_administrator_and_the_owners() -> None:
    owner = item("device_owner", "com.mdm/.A", says("com.mdm/.A"))
    profile = item("profile_owner@10", "com.work/.A", says("com.work/.A"))
    found = on_phone(device_admin_on, ADMIN, owner, profile, packages=(installed(NAME),))
    assert [(one.title, one.message, one.severity) for one in found] == [
        ("Somebody else manages this phone or a profile", "com.mdm manages the device.", "low"),
        ("A device administrator",
         "com.spy is a device administrator: it must be switched off before it can be removed, and may lock or "
         "erase the phone.", "medium"),
        ("Somebody else manages this phone or a profile", "com.work manages the profile of user 10.", "low"),
    ]  # fmt: skip


def test_a_keyboard() -> None:
    (found,) = on_phone(
        input_method_foreign, item("default_input_method", SERVICE, says(SERVICE)), packages=(installed(NAME),)
    )
    assert found.message == "com.spy is the keyboard in use: it sees everything that is typed."


def test_default_packages() -> None:
    state = (
        item("role:SMS", "com.sms", says("SMS com.sms")), item("sms_default_application", "com.sms", says("x")),
        item("role:BROWSER", "com.web", says("x")), item("role:DIALER", "com.dial com.sms", says("x")),
    )  # fmt: skip
    found = on_phone(
        default_package_foreign, *state, packages=(installed("com.sms"), installed("com.dial", system=True))
    )
    assert [one.message for one in found] == [
        "com.sms makes and takes the calls.", "com.sms sends and receives the text messages.",
    ]  # fmt: skip
    assert {one.severity for one in found} == {"info"}
    assert on_phone(default_package_foreign, *state) == []


def test_two_powers_in_a_package_from_no_store() -> None:
    packages = (installed(NAME, installer="com.google.android.packageinstaller"),)
    (found,) = on_phone(watching_powers, ACCESSIBILITY, NOTIFICATIONS, packages=packages)
    assert found == Finding(
        id="watching-powers",
        key=finding_key("watching-powers", SUBJECT, "0"),
        category="powers",
        sign="watching",
        title="Installed by hand, and able to watch",
        message="com.spy was not installed from a store and has an accessibility service that is on and access to all "
        "notifications.",
        severity="high",
        confidence="high",
        subject=SUBJECT,
        evidence=(
            says(SERVICE),
            says(f"enabled_notification_listeners={SERVICE}"),
            Evidence(kind="package", where="pm list packages -i",
                     value=f"{NAME} installer=com.google.android.packageinstaller"),
        ),
        remedy=WATCHING_POWERS.remedy,
    )  # fmt: skip


def test_one_power_is_less_sure_and_a_store_is_none() -> None:
    (found,) = on_phone(watching_powers, ADMIN, packages=(installed(NAME, installer=None),))
    assert (found.severity, found.confidence) == ("medium", "medium")
    play = installed("com.android.vending", system=True)
    known = load_knowledge()
    assert on_phone(watching_powers, ADMIN, NOTIFICATIONS, packages=(installed(NAME), play), knowledge=known) == []
    (found,) = on_phone(watching_powers, ADMIN, NOTIFICATIONS, packages=(installed(NAME),), knowledge=known)
    assert found.message == (
        "com.spy is noted as from Google Play, which is not shown to be on this phone, and has the powers of "
        "a device administrator and access to all notifications."
    )


@pytest.mark.parametrize(
    ("installer", "by_hand"),
    [
        (None, True),
        ("com.android.packageinstaller", True),
        ("com.android.vending", False),
        ("com.sec.android.app.samsungapps", True),
        ("org.fdroid.fdroid", False),
        ("com.maker.store", False),
        ("com.added.store", True),
        ("com.gone.store", True),
    ],
)
def test_who_installed_it(installer: str | None, by_hand: bool) -> None:
    package = installed(NAME, installer=installer)
    stores = (installed("com.android.vending", system=True), installed("org.fdroid.fdroid"))
    others = (installed("com.maker.store", system=True), installed("com.added.store"), *stores)
    phone = snapshot(PIXEL, packages=(package, *others))
    installers = Installers.of(phone, load_knowledge())
    assert installers.is_by_hand(package, package.users[0]) == by_hand
    assert not installers.is_by_hand(installed(NAME, system=True, installer=None), package.users[0])
    assert not installers.is_by_hand(installed(NAME, system=None, installer=None), package.users[0])
