"""All detectors, by what they look at, and the rules of the knowledge, which need no file here."""

from phone_audit.detect import firmware_rules
from phone_audit.detect.detector import Detector
from phone_audit.detect.detectors import (
    certificate_authorities,
    firmware_state,
    network_policy,
    network_settings,
    package_code,
    privileges,
    sent_data,
    signing,
    trackers,
)
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.firmware import FirmwareRule
from phone_audit.model.apk import ApkInfo
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding

APK_DETECTORS = (
    *sent_data.CHECKS,
    *trackers.CHECKS,
    *network_policy.CHECKS,
    *signing.CHECKS,
    *package_code.CHECKS,
)
DEVICE_DETECTORS = (
    *network_settings.CHECKS,
    *privileges.CHECKS,
    *certificate_authorities.CHECKS,
    *firmware_state.CHECKS,
)


def all_detectors(knowledge: Knowledge) -> tuple[Detector | FirmwareRule, ...]:
    """Return all detectors and firmware rules: what documentation has to name."""
    listed = (detector for detector, _ in (*APK_DETECTORS, *DEVICE_DETECTORS))
    return (*listed, *knowledge.firmware_rules)


def apk_findings(info: ApkInfo, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Ask every detector about one APK. What was not read (None) is not spoken of."""
    return tuple(finding for _, check in APK_DETECTORS for finding in check(info, knowledge))


def device_findings(snapshot: Snapshot, knowledge: Knowledge) -> tuple[Finding, ...]:
    """Ask every rule and detector about one phone. A property that is not set is not spoken of."""
    listed = (finding for _, check in DEVICE_DETECTORS for finding in check(snapshot, knowledge))
    return (*firmware_rules.check(snapshot, knowledge), *listed)
