"""All detectors, listed by hand, and the rules of the knowledge, which need no file here."""

from phone_audit.detect.detector import ApkDetector, DeviceDetector
from phone_audit.detect.detectors import (
    accepts_any_certificate,
    accessibility_service_on,
    adb_key_built_in,
    build_prop_contradicted,
    cleartext_allowed,
    cleartext_endpoint,
    debuggable_package,
    default_package_foreign,
    device_admin_on,
    firmware_rules,
    hosts_file_changed,
    input_method_foreign,
    install_checks_off,
    leaked_key,
    network_proxy_set,
    notification_listener_on,
    ota_test_key,
    packed_code,
    patch_level_old,
    private_dns_set,
    proxy_set,
    public_test_key,
    root_program_found,
    signature_broken,
    storage_unencrypted,
    system_ca_unlisted,
    system_writable,
    telemetry_endpoint,
    tracker_present,
    trusts_user_cas,
    user_ca_added,
    vpn_set,
    watching_powers,
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
    proxy_set,
    private_dns_set,
    accessibility_service_on,
    notification_listener_on,
    device_admin_on,
    input_method_foreign,
    default_package_foreign,
    watching_powers,
    vpn_set,
    network_proxy_set,
    install_checks_off,
    user_ca_added,
    system_ca_unlisted,
    ota_test_key,
    hosts_file_changed,
    adb_key_built_in,
    root_program_found,
    system_writable,
    build_prop_contradicted,
    storage_unencrypted,
    patch_level_old,
)


def detector_ids(knowledge: Knowledge) -> tuple[str, ...]:
    """Return the ids of all detectors and firmware rules: what documentation and the judge's table have to name."""
    on_apks = (detector.DETECTOR.id for detector in APK_DETECTORS)
    on_phones = (detector.DETECTOR.id for detector in DEVICE_DETECTORS)
    return (*on_apks, *on_phones, *(rule.id for rule in knowledge.firmware_rules))


def apk_findings(info: ApkInfo, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Ask every detector about one APK. What was not read (None) is not spoken of."""
    return tuple(finding for detector in APK_DETECTORS for finding in detector.check(info, knowledge))


def device_findings(snapshot: Snapshot, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Ask every rule and detector about one phone. A property that is not set is not spoken of."""
    listed = (finding for detector in DEVICE_DETECTORS for finding in detector.check(snapshot, knowledge))
    return (*firmware_rules.check(snapshot, knowledge), *listed)
