"""Phones whose system does not pass the check at start."""

from collections.abc import Iterator

from phone_audit.analyse.detector import Detector, property_seen, setting
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="verified-boot-failed", category="boot")
NAME = "ro.boot.verifiedbootstate"
REMEDY = Remedy(text="Do not use this phone for anything private; have the maker's firmware installed anew.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the verified-boot colour is red."""
    if snapshot.properties.get(NAME) == "red":
        yield DETECTOR.finding(
            setting(NAME),
            "System that fails its check",
            "The system does not pass the check at start: it was altered or is damaged.",
            severity="high",
            confidence="confirmed",
            evidence=(property_seen(snapshot, NAME),),
            remedy=(REMEDY,),
        )
