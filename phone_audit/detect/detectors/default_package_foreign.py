"""Calls, messages and the assistant in the hands of packages that were added to the phone."""

from collections.abc import Iterator, Mapping

from phone_audit.detect.detector import Detector
from phone_audit.detect.privileged_apps import per_user, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot, StateItem
from phone_audit.model.finding import Finding, Remedy, Subject

DETECTOR = Detector(id="default-package-foreign", category="powers")
ROLES: Mapping[str, str] = {
    "role:ASSISTANT": "answers as the assistant, which may see the screen",
    "role:CALL_REDIRECTION": "may redirect calls",
    "role:CALL_SCREENING": "sees who calls and may refuse calls",
    "role:DIALER": "makes and takes the calls",
    "role:SMS": "sends and receives the text messages",
    "sms_default_application": "sends and receives the text messages",
}
REMEDY = Remedy(text="If you did not choose it: Settings, Default apps, choose another.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each package, role and user; a role and its old setting are said once."""
    added = {package.name for package in snapshot.packages if package.system is False}
    told: set[tuple[str, str, int]] = set()
    for key, what in ROLES.items():
        for user, item in per_user(snapshot, key):
            for name in _names(item):
                if name in added and (name, what, user) not in told:
                    told.add((name, what, user))
                    yield DETECTOR.finding(
                        Subject(kind="package", name=name),
                        "A default package did not come with the phone",
                        f"{name} {what}{shown_user(user)}.",
                        severity="info",
                        confidence="confirmed",
                        evidence=item.evidence,
                        main=f"{what} {user}",
                        remedy=(REMEDY,),
                    )


def _names(item: StateItem) -> list[str]:
    return [word.partition("/")[0] for word in (item.value or "").split()]
