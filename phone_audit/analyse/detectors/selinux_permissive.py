"""Phones on which the walls between packages and system only report."""

from collections.abc import Iterator

from phone_audit.analyse.detector import Detector, property_seen, setting
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Evidence, Finding, Remedy

DETECTOR = Detector(id="selinux-permissive", category="firmware")
NAME = "ro.boot.selinux"
STATE_KEY = "selinux"
REMEDY = Remedy(text="Install the maker's own firmware; no phone that may carry Google's services is sold like this.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where the phone answers that SELinux is permissive or off, or was started so."""
    evidence: list[Evidence] = []
    for item in snapshot.state:
        if item.key == STATE_KEY and (item.value or "").strip().lower() in ("permissive", "disabled"):
            evidence.extend(item.evidence)
    if snapshot.properties.get(NAME) == "permissive":
        evidence.append(property_seen(snapshot, NAME))
    if evidence:
        yield DETECTOR.finding(
            setting("selinux"),
            "SELinux does not enforce",
            "SELinux, which keeps packages and system services apart, is not enforced on this phone.",
            severity="high",
            confidence="confirmed",
            evidence=evidence,
            remedy=(REMEDY,),
        )
