"""Firmware that lets certain computers debug the phone without a question."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="adb-key-built-in", category="firmware")
KEYS = ("adb_keys_built_in", "adb_keys_in_dump")
REMEDY = Remedy(text="Switch USB debugging off, and install the maker's own firmware.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the firmware holds keys of computers, whichever of the two places says so."""
    found = [item for item in settings_of(snapshot, KEYS).values() if item.value != "0" and item.evidence]
    if found:
        yield DETECTOR.finding(
            setting(KEYS[0]),
            "A computer's key is built into the firmware",
            "The firmware holds keys of computers that may debug the phone without asking: only test firmware should.",
            severity="high",
            confidence="high",
            evidence=[piece for item in found for piece in item.evidence],
            remedy=(REMEDY,),
        )
