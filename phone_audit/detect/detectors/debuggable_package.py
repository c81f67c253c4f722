"""Packages that any computer with USB debugging can look into."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, apk_subject, manifest_says
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="debuggable-package", category="debuggable")
REMEDY = Remedy(text="Replace it by a release of its maker; this one was built for development.")


def check(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the manifest says `android:debuggable`."""
    if not info.debuggable:
        return
    subject = apk_subject(info)
    yield DETECTOR.finding(
        subject,
        "Debuggable package",
        f"{subject.name} is debuggable: over USB debugging its data can be read and its code changed while it runs.",
        severity="low",
        confidence="confirmed",
        evidence=(manifest_says("android:debuggable=true"),),
        remedy=(REMEDY,),
    )
