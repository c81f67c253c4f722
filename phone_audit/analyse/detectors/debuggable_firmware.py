"""Retail firmware that lets every package be debugged."""

from collections.abc import Iterator

from phone_audit.analyse.detector import Detector, property_seen, setting
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="debuggable-firmware", category="firmware")
NAME, TYPE = "ro.debuggable", "ro.build.type"
REMEDY = Remedy(text="Install the maker's own firmware; a build of type user that is debuggable was altered.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where a build calls itself `user` and is debuggable all the same."""
    if snapshot.properties.get(NAME) == "1" and snapshot.properties.get(TYPE) == "user":
        yield DETECTOR.finding(
            setting(NAME),
            "Retail firmware that is debuggable",
            "The firmware calls itself a retail build and is debuggable: AOSP builds no such thing.",
            severity="high",
            confidence="confirmed",
            evidence=(property_seen(snapshot, NAME), property_seen(snapshot, TYPE)),
            remedy=(REMEDY,),
        )
