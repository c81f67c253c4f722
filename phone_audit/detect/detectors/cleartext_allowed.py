"""Packages that may send without encryption, with no such address in sight."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, apk_subject, may_use_network, policy_says
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Finding

DETECTOR = Detector(id="cleartext-allowed", category="cleartext")


def check(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the policy allows cleartext; with an unencrypted address, `cleartext-endpoint` speaks."""
    policy = info.network_policy
    if policy is None or not policy.cleartext or may_use_network(info) is False:
        return
    if any(endpoint.cleartext and endpoint.ruled_out is None for endpoint in info.endpoints or ()):
        return
    subject = apk_subject(info)
    yield DETECTOR.finding(
        subject,
        "May send without encryption",
        f"{subject.name} is allowed to send without encryption; no unencrypted address was found in it.",
        severity="info",
        confidence="confirmed",
        evidence=(policy_says(policy, "cleartext traffic is permitted"),),
    )
