"""Packages that can be debugged."""

from phone_audit.detect.detectors.package_code import DEBUGGABLE_PACKAGE, debuggable_package
from phone_audit.model.finding import Evidence, Finding, Subject, finding_key
from tests.detect.detectors.seen import knowledge
from tests.judge.cases import apk_info

SUBJECT = Subject(kind="package", name="com.a")


def test_a_debuggable_package() -> None:
    assert list(debuggable_package(apk_info("com.a", debuggable=True), knowledge())) == [
        Finding(
            id="debuggable-package",
            key=finding_key("debuggable-package", SUBJECT, ""),
            category="debuggable",
            title="Debuggable package",
            message="com.a is debuggable: over USB debugging its data can be read and its code changed while it runs.",
            severity="low",
            confidence="confirmed",
            subject=SUBJECT,
            evidence=(Evidence(kind="manifest", where="AndroidManifest.xml", value="android:debuggable=true"),),
            remedy=DEBUGGABLE_PACKAGE.remedy,
        )
    ]


def test_one_that_is_not_and_one_that_was_not_read() -> None:
    assert list(debuggable_package(apk_info("com.a", debuggable=False), knowledge())) == []
    assert list(debuggable_package(apk_info("com.a", debuggable=None), knowledge())) == []
