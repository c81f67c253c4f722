"""What the rules see in the properties of a phone: keys, build type, debugging port, SELinux, boot."""

from collections.abc import Mapping
from typing import Any

import pytest

from phone_audit.detect.detectors import device_findings
from phone_audit.model.device import StateItem
from phone_audit.model.finding import Evidence, Finding, Remedy, Severity, Subject, finding_key
from tests.detect.detectors.seen import firmware_knowledge
from tests.judge.cases import PIXEL, SIGNS, snapshot

RETAIL = {
    **PIXEL,
    "ro.build.type": "user",
    "ro.build.tags": "release-keys",
    "ro.debuggable": "0",
    "ro.secure": "1",
    "ro.adb.secure": "1",
    "ro.boot.flash.locked": "1",
    "ro.boot.vbmeta.device_state": "locked",
    "ro.boot.verifiedbootstate": "green",
    "ro.boot.selinux": "enforcing",
}
ENFORCING = Evidence(kind="command", where="getenforce", value="Enforcing")
PERMISSIVE = Evidence(kind="command", where="getenforce", value="Permissive")


REMEDIES = {
    "test-keys-build": Remedy(
        text="Ask the maker for firmware with release keys; without it, keep nothing private on this phone."
    ),
    "development-build": Remedy(
        text="If you did not install this firmware yourself, ask who did, or install the maker's own."
    ),
    "debuggable-firmware": Remedy(
        text="Install the maker's own firmware; a build of type user that is debuggable was altered."
    ),
    "insecure-adb": Remedy(
        text="Switch USB debugging off, keep the phone out of networks of others, and replace its firmware."
    ),
    "selinux-permissive": Remedy(
        text="Install the maker's own firmware; no phone that may carry Google's services is sold like this."
    ),
    "unlocked-bootloader": Remedy(
        text="If you did not unlock it yourself, install the maker's firmware and lock the bootloader.",
        risk="Locking erases the phone, and with altered firmware it may not start again.",
    ),
    "own-boot-key": Remedy(
        text="Compare the key that the phone shows while it starts with the one that the maker of the system publishes."
    ),
    "verified-boot-failed": Remedy(
        text="Do not use this phone for anything private; have the maker's firmware installed anew."
    ),
}


def seen(*properties: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(kind="property", where="getprop", value=text) for text in properties)


def state(value: str | None, evidence: Evidence) -> StateItem:
    return StateItem(key="selinux", value=value, expected="Enforcing", evidence=(evidence,))


def made(
    detector: str,
    category: str,
    setting: str,
    title: str,
    message: str,
    severity: Severity,
    evidence: tuple[Evidence, ...],
    remedy: Remedy,
) -> Finding:
    subject = Subject(kind="setting", name=setting)
    return Finding(
        id=detector, key=finding_key(detector, subject, ""), category=category, title=title, message=message,
        severity=severity, confidence="confirmed", subject=subject, evidence=evidence, remedy=(remedy,),
        sign=SIGNS[detector],
    )  # fmt: skip


def on_phone(rule: str, properties: Mapping[str, str], **changes: Any) -> list[Finding]:
    """What one rule says of a retail phone with these changes; every finding names sources, which are left out here."""
    found = device_findings(snapshot({**RETAIL, **properties}, **changes), firmware_knowledge())
    assert all(item.sources for item in found)
    return [item.model_copy(update={"sources": ()}) for item in found if item.id == rule]


def test_test_keys() -> None:
    message = (
        "The firmware says that it is signed with test keys, which everybody can have: "
        "anyone can make a package that it takes for a part of itself."
    )
    assert on_phone("test-keys-build", {"ro.build.tags": "x,test-keys"}) == [
        made("test-keys-build", "leaked-key", "ro.build.tags", "Firmware signed with test keys", message, "high",
             seen("ro.build.tags=x,test-keys"), REMEDIES["test-keys-build"])
    ]  # fmt: skip
    assert on_phone("test-keys-build", {"ro.build.tags": "no-test-keys"}) == []


def test_development_builds() -> None:
    message = "The firmware was built for development: root over USB debugging can be had without breaking anything."
    for properties, evidence in (
        ({"ro.build.type": "userdebug"}, seen("ro.build.type=userdebug")),
        ({"ro.build.type": "eng"}, seen("ro.build.type=eng")),
        ({"ro.build.tags": "dev-keys"}, seen("ro.build.tags=dev-keys")),
        (
            {"ro.build.type": "eng", "ro.build.tags": "dev-keys"},
            seen("ro.build.type=eng", "ro.build.tags=dev-keys"),
        ),
    ):
        assert on_phone("development-build", properties) == [
            made("development-build", "firmware", "ro.build.type", "Development firmware", message, "medium",
                 evidence, REMEDIES["development-build"])
        ]  # fmt: skip


def test_debuggable_retail_firmware() -> None:
    message = "The firmware calls itself a retail build and is debuggable: AOSP builds no such thing."
    assert on_phone("debuggable-firmware", {"ro.debuggable": "1"}) == [
        made("debuggable-firmware", "firmware", "ro.debuggable", "Retail firmware that is debuggable", message, "high",
             seen("ro.debuggable=1", "ro.build.type=user"), REMEDIES["debuggable-firmware"])
    ]  # fmt: skip
    assert on_phone("debuggable-firmware", {"ro.debuggable": "1", "ro.build.type": "userdebug"}) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ro.secure", "The debugging port of this retail firmware gives root (ro.secure is 0)."),
        ("ro.adb.secure", "The debugging port of this retail firmware takes every computer (ro.adb.secure is 0)."),
    ],
)
def test_an_open_debugging_port(name: str, message: str) -> None:
    assert on_phone("insecure-adb", {name: "0"}) == [
        made("insecure-adb", "firmware", name, "Open debugging port", message, "high",
             seen(f"{name}=0", "ro.build.type=user"), REMEDIES["insecure-adb"])
    ]  # fmt: skip
    assert on_phone("insecure-adb", {name: "0", "ro.build.type": "eng"}) == []


def test_both_doors_open() -> None:
    found = on_phone("insecure-adb", {"ro.secure": "0", "ro.adb.secure": "0"})
    assert len({item.key for item in found}) == 2


@pytest.mark.parametrize(
    ("properties", "items", "evidence"),
    [
        ({}, (state("Permissive", PERMISSIVE),), (PERMISSIVE,)),
        ({}, (state("Disabled\n", PERMISSIVE),), (PERMISSIVE,)),
        ({"ro.boot.selinux": "permissive"}, (state("Enforcing", ENFORCING),), seen("ro.boot.selinux=permissive")),
    ],
)
def test_selinux(properties: dict[str, str], items: tuple[StateItem, ...], evidence: tuple[Evidence, ...]) -> None:
    message = "SELinux, which keeps packages and system services apart, is not enforced on this phone."
    assert on_phone("selinux-permissive", properties, state=items) == [
        made("selinux-permissive", "firmware", "selinux", "SELinux does not enforce", message, "high", evidence,
             REMEDIES["selinux-permissive"])
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["Enforcing", None, ""])
def test_selinux_that_enforces_or_does_not_answer(value: str | None) -> None:
    assert on_phone("selinux-permissive", {}, state=(state(value, ENFORCING),)) == []


@pytest.mark.parametrize(
    "text",
    [
        "ro.boot.flash.locked=0",
        "ro.boot.vbmeta.device_state=unlocked",
        "ro.boot.verifiedbootstate=orange",
        "ro.secureboot.lockstate=unlocked",
    ],
)
def test_an_unlocked_bootloader(text: str) -> None:
    name, _, value = text.partition("=")
    message = (
        "The bootloader is unlocked: the phone starts any system, so what the system says of itself is not proven."
    )
    assert on_phone("unlocked-bootloader", {name: value}) == [
        made("unlocked-bootloader", "boot", "bootloader", "Unlocked bootloader", message, "medium", seen(text),
             REMEDIES["unlocked-bootloader"])
    ]  # fmt: skip


def test_the_colours_of_verified_boot() -> None:
    name = "ro.boot.verifiedbootstate"
    assert on_phone("verified-boot-failed", {name: "red"}) == [
        made("verified-boot-failed", "boot", name, "System that fails its check",
             "The system does not pass the check at start: it was altered or is damaged.", "high",
             seen(f"{name}=red"), REMEDIES["verified-boot-failed"])
    ]  # fmt: skip
    assert on_phone("own-boot-key", {name: "yellow"}) == [
        made("own-boot-key", "boot", name, "System of another maker, verified",
             "The system is verified with a key that was put in by an owner, not with the phone maker's.", "low",
             seen(f"{name}=yellow"), REMEDIES["own-boot-key"])
    ]  # fmt: skip
    for detector, quiet in (("verified-boot-failed", "yellow"), ("own-boot-key", "red")):
        assert on_phone(detector, {name: quiet}) == on_phone(detector, {name: "orange"}) == []


def test_a_retail_phone_and_one_that_says_nothing() -> None:
    assert device_findings(snapshot(RETAIL, state=(state("Enforcing", ENFORCING),)), firmware_knowledge()) == ()
    assert device_findings(snapshot({}), firmware_knowledge()) == ()
