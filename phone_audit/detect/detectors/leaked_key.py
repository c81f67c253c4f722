"""Signers whose private key was stolen."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, apk_subject, source_of
from phone_audit.detect.detectors.public_test_key import known_signers, signer_seen
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="leaked-key", category="leaked-key")
REMEDY = Remedy(text="Remove it unless it came with the phone, and install the phone's newest firmware.")


def check(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each signer that is known to have leaked."""
    subject = apk_subject(info)
    for signer, key in known_signers(info, knowledge):
        if key.kind == "leaked":
            yield DETECTOR.finding(
                subject,
                "Signed with a leaked key",
                f"{subject.name} is signed with {key.name}, which has leaked: the signature does not show its maker.",
                severity="high",
                confidence="confirmed",
                evidence=(signer_seen(signer),),
                main=key.id,
                sources=source_of(knowledge, key.source),
                remedy=(REMEDY,),
            )
