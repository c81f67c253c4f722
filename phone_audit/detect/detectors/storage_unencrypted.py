"""Phones whose storage anybody can read who has it in their hands."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="storage-unencrypted", category="firmware")
STATE = "ro.crypto.state"
REMEDY = Remedy(text="Settings, Security, Encryption; where the phone cannot do that, keep nothing private on it.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the phone says that it does not encrypt; nothing where it does not say."""
    for item in settings_of(snapshot, (STATE,)).values():
        if item.value in ("unencrypted", "unsupported"):
            yield DETECTOR.finding(
                setting(STATE),
                "The storage is not encrypted",
                "The data on this phone is not encrypted: anyone who has the phone can read it.",
                severity="low",
                confidence="confirmed",
                evidence=item.evidence,
                remedy=(REMEDY,),
            )
