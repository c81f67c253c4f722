"""Firmware that is not what was installed: partitions that can be written, or that something covers."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Confidence, Finding, Remedy, Severity

DETECTOR = Detector(id="system-writable", category="firmware")
WRITABLE, COVERING = "mounts_writable", "mounts_covering"
REMEDY = Remedy(text="Restart the phone and look again; if it stays so, install the maker's own firmware.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for partitions that can be written, and one, less sure, for places that are covered."""
    found = settings_of(snapshot, (WRITABLE, COVERING))
    words: dict[str, tuple[str, Severity, Confidence]] = {
        WRITABLE: ("is writable; Android mounts it read-only", "medium", "high"),
        COVERING: (
            "is covered by another file system; root programs do that, and some makers' own firmware",
            "low",
            "low",
        ),
    }
    for name, item in found.items():
        text, severity, confidence = words[name]
        places = ", ".join((item.value or "").split())
        yield DETECTOR.finding(
            setting(name),
            "The system is not mounted as installed",
            f"The firmware at {places} {text}.",
            severity=severity,
            confidence=confidence,
            evidence=item.evidence,
            remedy=(REMEDY,),
        )
