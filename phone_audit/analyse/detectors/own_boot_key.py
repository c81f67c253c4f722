"""Phones whose system is checked against a key that the owner put in."""

from collections.abc import Iterator

from phone_audit.analyse.detector import Detector, property_seen, setting
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="own-boot-key", category="boot")
NAME = "ro.boot.verifiedbootstate"
REMEDY = Remedy(
    text="Compare the key that the phone shows while it starts with the one that the maker of the system publishes."
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the verified-boot colour is yellow."""
    if snapshot.properties.get(NAME) == "yellow":
        yield DETECTOR.finding(
            setting(NAME),
            "System of another maker, verified",
            "The system is verified with a key that was put in by an owner, not with the phone maker's.",
            severity="low",
            confidence="confirmed",
            evidence=(property_seen(snapshot, NAME),),
            remedy=(REMEDY,),
        )
