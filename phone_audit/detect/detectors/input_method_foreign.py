"""Keyboards that did not come with the phone: they see everything that is typed."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector
from phone_audit.detect.privileged_apps import holders, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy, Subject

DETECTOR = Detector(id="input-method-foreign", category="powers")
REMEDY = Remedy(text="If you did not choose it: Settings, System, Keyboard, choose the one that came with the phone.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the keyboard in use was added to the phone."""
    for one in holders(snapshot):
        if one.power == "input" and one.system is False:
            yield DETECTOR.finding(
                Subject(kind="package", name=one.name),
                "The keyboard did not come with the phone",
                f"{one.name} is the keyboard in use{shown_user(one.user)}: it sees everything that is typed.",
                severity="low",
                confidence="confirmed",
                evidence=one.evidence,
                main=str(one.user),
                remedy=(REMEDY,),
            )
