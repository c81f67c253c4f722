"""Retail firmware whose debugging port asks nobody."""

from collections.abc import Iterator

from phone_audit.analyse.detector import Detector, property_seen, setting
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="insecure-adb", category="firmware")
TYPE = "ro.build.type"
REMEDY = Remedy(text="Switch USB debugging off, keep the phone out of networks of others, and replace its firmware.")
_SEEN = {
    "ro.secure": "The debugging port of this retail firmware gives root (ro.secure is 0).",
    "ro.adb.secure": "The debugging port of this retail firmware takes every computer (ro.adb.secure is 0).",
}


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding for each property that opens the debugging port of a build of type user."""
    if snapshot.properties.get(TYPE) != "user":
        return
    for name, message in _SEEN.items():
        if snapshot.properties.get(name) == "0":
            yield DETECTOR.finding(
                setting(name),
                "Open debugging port",
                message,
                severity="high",
                confidence="confirmed",
                evidence=(property_seen(snapshot, name), property_seen(snapshot, TYPE)),
                remedy=(REMEDY,),
            )
