"""Packages that were added to the phone and read or steer its screen."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector
from phone_audit.detect.privileged_apps import holders, per_user, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy, Subject

DETECTOR = Detector(id="accessibility-service-on", category="powers")
REMEDY = Remedy(
    text="If nobody who uses this phone needs it: Settings, Accessibility, switch it off.",
    risk="Whoever installed it may notice. If you think someone is watching you, get help first: "
    "https://stopstalkerware.org.",
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package and user; those of the firmware stand in the state only."""
    for one in holders(snapshot):
        if one.power == "accessibility" and one.system is False:
            powers = [piece for user, item in per_user(snapshot, "accessibility_powers") for piece in item.evidence
                      if user == one.user]  # fmt: skip
            yield DETECTOR.finding(
                Subject(kind="package", name=one.name),
                "An accessibility service is on",
                f"{one.name} has an accessibility service that is on{shown_user(one.user)}: such a service may be "
                "allowed to read everything on the screen and to tap on your behalf.",
                severity="medium",
                confidence="confirmed",
                evidence=(*one.evidence, *powers),
                main=str(one.user),
                remedy=(REMEDY,),
            )
