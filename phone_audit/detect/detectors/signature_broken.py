"""Packages whose signature does not go with what they hold."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, apk_subject
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.apk import ApkInfo
from phone_audit.model.finding import Evidence, Finding, Remedy

DETECTOR = Detector(id="signature-broken", category="signature")
REMEDY = Remedy(
    text="Take the file from its maker again and compare its hash. If it came with the phone, ask its maker."
)
_CHANGED = (
    "-content-digest", "-entry-digest", "-section-digest", "-unsigned-entry", "-signature-mismatch", "-key-mismatch",
    "-scheme-stripped", "-lineage-signature", "-lineage-mismatch", "-duplicate-entry", "-bytes-in-front",
    "signers-differ",
)  # fmt: skip
"""Words that tell of other contents or another key than was signed; the rest may be age, damage or missing parts."""
_NO_VERDICT = ("stamp-", "v4-")
_SHOWN = 5


def check(info: ApkInfo, _: Knowledge) -> Iterator[Finding]:
    """Yield a finding where signatures are there, and Android would refuse them."""
    signature = info.signature
    if signature is None or signature.verified is not False or not signature.schemes:
        return
    subject = apk_subject(info)
    faults = [error for error in signature.errors if not error.startswith(_NO_VERDICT)]
    changed = [error for error in faults if error.partition(":")[0].endswith(_CHANGED)]
    shown = (changed or faults)[:_SHOWN]
    schemes = ", ".join(signature.schemes)
    yield DETECTOR.finding(
        subject,
        "Signature does not verify",
        _message(subject.name, changed=bool(changed)),
        severity="medium" if changed else "info",
        confidence="medium" if changed else "low",
        evidence=[Evidence(kind="certificate", where=schemes, value=error) for error in shown],
        remedy=(REMEDY,) if changed else (),
    )


def _message(name: str, *, changed: bool) -> str:
    if changed:
        return f"{name} was changed after it was signed, so its signature does not show who made its contents."
    return f"The signature of {name} is incomplete, or some versions of Android that it is made for would refuse it."
