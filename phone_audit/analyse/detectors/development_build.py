"""Firmware that was built for development, not for sale."""

from collections.abc import Iterator

from phone_audit.analyse.detector import Detector, property_seen, setting
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="development-build", category="firmware")
TYPE, TAGS = "ro.build.type", "ro.build.tags"
REMEDY = Remedy(
    text="If you did not install this firmware yourself, ask who did, or install the maker's own.",
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding for a build of type userdebug or eng, or with the maker's development keys."""
    names = []
    if snapshot.properties.get(TYPE) in ("userdebug", "eng"):
        names.append(TYPE)
    if "dev-keys" in snapshot.properties.get(TAGS, "").split(","):
        names.append(TAGS)
    if names:
        yield DETECTOR.finding(
            setting(TYPE),
            "Development firmware",
            "The firmware was built for development: root over USB debugging can be had without breaking anything.",
            severity="medium",
            confidence="confirmed",
            evidence=[property_seen(snapshot, name) for name in names],
            remedy=(REMEDY,),
        )
