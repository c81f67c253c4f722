"""Phones that have had no security patches for a long time."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="patch-level-old", category="firmware")
AGE = "patch_age_days"
LONG, VERY_LONG = 183, 730
"""Days: half a year, in which makers promise at least one update of most models, and two years."""
REMEDY = Remedy(text="Install the newest firmware; if the maker no longer provides any, consider another phone.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the patches are older than half a year on the day of the reading."""
    for item in settings_of(snapshot, (AGE,)).values():
        days = int(item.value or 0)
        if days > LONG:
            yield DETECTOR.finding(
                setting("ro.build.version.security_patch"),
                "Old security patches",
                (
                    f"The security patches are {days // 30} months old: vulnerabilities published "
                    "since then are not fixed."
                ),
                severity="medium" if days > VERY_LONG else "low",
                confidence="confirmed",
                evidence=item.evidence,
                remedy=(REMEDY,),
            )
