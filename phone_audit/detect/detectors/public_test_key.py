"""Signers whose private key everybody can download."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, apk_subject, source_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.knowledge.schema.facts import KeyFact
from phone_audit.model.apk import ApkInfo, Signer
from phone_audit.model.finding import Evidence, Finding, Remedy

DETECTOR = Detector(id="public-test-key", category="leaked-key")
REMEDY = Remedy(text="Get it only from its maker's own site or store, and compare the file's hash if one is published.")
_PUBLIC = ("aosp-test-key", "aosp-build-testdata")


def check(info: ApkInfo, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each signer that is a published test key."""
    subject = apk_subject(info)
    for signer, key in known_signers(info, knowledge):
        if key.kind in _PUBLIC:
            yield DETECTOR.finding(
                subject,
                "Signed with a public test key",
                (
                    f"{subject.name} is signed with {key.name}, a key that anyone can get, so anyone "
                    "can make an update for it."
                ),
                severity="medium",
                confidence="confirmed",
                evidence=(signer_seen(signer),),
                main=key.id,
                sources=source_of(knowledge, key.source),
                remedy=(REMEDY,),
            )


def known_signers(info: ApkInfo, knowledge: Knowledge) -> Iterator[tuple[Signer, KeyFact]]:
    """Yield the signers whose certificate is known."""
    for signer in info.signers or ():
        key = knowledge.key_of(signer.sha256)
        if key is not None:
            yield signer, key


def signer_seen(signer: Signer) -> Evidence:
    """Show a signing certificate."""
    return Evidence(kind="certificate", where=", ".join(signer.schemes), value=signer.sha256)
