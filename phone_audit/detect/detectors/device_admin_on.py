"""Packages that were added to the phone and can lock or erase it, and whoever manages it or a profile."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector
from phone_audit.detect.privileged_apps import Holder, holders, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy, Subject

DETECTOR = Detector(id="device-admin-on", category="powers")
REMEDY = Remedy(
    text="If neither you nor the company that owns the phone set it up: Settings, Security, Device admin apps, "
    "switch it off; then it can be removed.",
    risk="A phone or profile that a company manages may be erased when the management is taken away.",
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package, user and kind of power; administrators of the firmware are left out."""
    for one in holders(snapshot):
        if one.power == "owner" or (one.power == "admin" and one.system is False):
            yield DETECTOR.finding(
                Subject(kind="package", name=one.name),
                "Somebody else manages this phone or a profile" if one.power == "owner" else "A device administrator",
                _message(one),
                severity="low" if one.power == "owner" else "medium",
                confidence="confirmed",
                evidence=one.evidence,
                main=f"{one.power} {one.user}",
                remedy=(REMEDY,),
            )


def _message(one: Holder) -> str:
    if one.power == "owner":
        return f"{one.name} manages {'the device' if one.user == 0 else f'the profile of user {one.user}'}."
    return (
        f"{one.name} is a device administrator{shown_user(one.user)}: it must be switched off before "
        "it can be removed, and may lock or erase the phone."
    )
