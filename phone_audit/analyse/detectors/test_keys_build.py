"""Firmware that is signed with public test keys."""

from collections.abc import Iterator

from phone_audit.analyse.detector import Detector, property_seen, setting
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="test-keys-build", category="leaked-key")
NAME = "ro.build.tags"
REMEDY = Remedy(text="Ask the maker for firmware with release keys; without it, keep nothing private on this phone.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the build says that its keys are test keys."""
    if "test-keys" in snapshot.properties.get(NAME, "").split(","):
        yield DETECTOR.finding(
            setting(NAME),
            "Firmware signed with test keys",
            "The firmware says that it is signed with test keys, which everybody can have: "
            "anyone can make a package that it takes for a part of itself.",
            severity="high",
            confidence="confirmed",
            evidence=(property_seen(snapshot, NAME),),
            remedy=(REMEDY,),
        )
