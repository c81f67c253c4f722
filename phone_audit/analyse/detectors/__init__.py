"""All detectors, listed by hand."""

from phone_audit.analyse.detector import ApkDetector, DeviceDetector
from phone_audit.analyse.detectors import (
    accepts_any_certificate,
    cleartext_allowed,
    cleartext_endpoint,
    debuggable_firmware,
    debuggable_package,
    development_build,
    insecure_adb,
    leaked_key,
    own_boot_key,
    packed_code,
    private_dns_set,
    proxy_set,
    public_test_key,
    selinux_permissive,
    signature_broken,
    telemetry_endpoint,
    test_keys_build,
    tracker_present,
    trusts_user_cas,
    unlocked_bootloader,
    verified_boot_failed,
)
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding

APK_DETECTORS: tuple[ApkDetector, ...] = (
    tracker_present,
    telemetry_endpoint,
    cleartext_endpoint,
    cleartext_allowed,
    public_test_key,
    leaked_key,
    signature_broken,
    trusts_user_cas,
    accepts_any_certificate,
    debuggable_package,
    packed_code,
)
DEVICE_DETECTORS: tuple[DeviceDetector, ...] = (
    test_keys_build,
    development_build,
    debuggable_firmware,
    insecure_adb,
    selinux_permissive,
    unlocked_bootloader,
    own_boot_key,
    verified_boot_failed,
    proxy_set,
    private_dns_set,
)
DETECTOR_IDS: tuple[str, ...] = (
    *(detector.DETECTOR.id for detector in APK_DETECTORS),
    *(detector.DETECTOR.id for detector in DEVICE_DETECTORS),
)
"""The ids of all of them, for the documentation and for the judge's table to be held against."""


def detect_apk(info: ApkInfo, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Ask every detector about one APK. What was not read (None) is not spoken of."""
    return tuple(finding for detector in APK_DETECTORS for finding in detector.check(info, knowledge))


def detect_device(snapshot: Snapshot, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Ask every detector about one phone. A property that is not set is not spoken of."""
    return tuple(finding for detector in DEVICE_DETECTORS for finding in detector.check(snapshot, knowledge))
