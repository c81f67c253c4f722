"""All that speaks of a phone or an APK: published incidents, what feeds list, detectors and firmware rules."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from phone_audit.detect.detectors import apk_findings, device_findings
from phone_audit.detect.incidents.incident_findings import matched_incidents
from phone_audit.detect.incidents.match_input import MatchInput, PathKind, input_of_apk, input_of_phone
from phone_audit.detect.indicator_findings import indicator_findings
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo, Endpoint
from phone_audit.model.detection import Detection
from phone_audit.model.device import Snapshot


def detect_apk(info: ApkInfo, knowledge: Knowledge) -> Detection:
    """Return what is claimed of one APK, with nothing known of a phone."""
    return match_listed(input_of_apk(info), knowledge, on_phone=False).plus(apk_findings(info, knowledge))


def detect_phone(
    snapshot: Snapshot,
    apks: Sequence[ApkInfo],
    knowledge: Knowledge,
    paths: Mapping[str, PathKind] = MappingProxyType({}),
    digests: Mapping[str, Sequence[str]] = MappingProxyType({}),
    seen: Mapping[str, Sequence[Endpoint]] = MappingProxyType({}),
) -> Detection:
    """Return what is claimed of a phone; the paths of `apks` are those on it.

    `paths` exist on it besides those of packages, `digests` are hashes of files there; `seen` are hosts that recorded
    traffic shows a package to talk to.
    """
    in_code = (finding for info in apks for finding in apk_findings(info, knowledge))
    listed = match_listed(input_of_phone(snapshot, apks, paths, digests, seen), knowledge, on_phone=True)
    return listed.plus((*device_findings(snapshot, knowledge), *in_code))


def match_listed(given: MatchInput, knowledge: Knowledge, *, on_phone: bool) -> Detection:
    """Return what incidents and feeds list of a phone or an APK; `on_phone`: whether commands for one make sense."""
    matched = matched_incidents(given, knowledge, on_phone=on_phone)
    return Detection(matched, indicator_findings(given, knowledge, on_phone=on_phone))
