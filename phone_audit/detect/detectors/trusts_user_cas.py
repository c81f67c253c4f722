"""Packages whose connections can be read by whoever added a certificate authority to the phone."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, apk_subject, is_default, policy_says
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="trusts-user-cas", category="network-policy")
REMEDY = Remedy(text="Look in Settings, Security, Encryption and credentials, for certificates that you did not add.")


def check(info: ApkInfo, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where certificate authorities that the user added are trusted."""
    policy = info.network_policy
    if policy is None or not policy.trusts_user_cas:
        return
    subject = apk_subject(info)
    yield DETECTOR.finding(
        subject,
        "Trusts certificate authorities added by the user",
        f"{subject.name} trusts certificate authorities that were added to the phone by its user.",
        severity="info" if is_default(policy) else "low",
        confidence="confirmed",
        evidence=(policy_says(policy, "user certificates are trust anchors"),),
        remedy=(REMEDY,),
    )
