"""Packages that were added to the phone and read all its notifications."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector
from phone_audit.detect.privileged_apps import holders, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy, Subject

DETECTOR = Detector(id="notification-listener-on", category="powers")
REMEDY = Remedy(text="If you do not use it for that: Settings, Notifications, Notification access, switch it off.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package and user; those of the firmware stand in the state only."""
    for one in holders(snapshot):
        if one.power == "notifications" and one.system is False:
            yield DETECTOR.finding(
                Subject(kind="package", name=one.name),
                "A package reads all notifications",
                f"{one.name} may read all notifications{shown_user(one.user)}, and so messages and one-time codes.",
                severity="low",
                confidence="confirmed",
                evidence=one.evidence,
                main=str(one.user),
                remedy=(REMEDY,),
            )
