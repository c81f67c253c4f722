"""Certificate authorities that somebody added to the phone."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting
from phone_audit.detect.privileged_apps import per_user, shown_user
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="user-ca-added", category="certificates")
STORE = "ca_certificates_added"
REMEDY = Remedy(
    text="If neither you nor the company that owns the phone added it: Settings, Security, Trusted credentials, User.",
    risk="In the network of a company some services may then be out of reach.",
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each user who has such authorities."""
    for user, item in per_user(snapshot, STORE):
        count = len(item.evidence)
        if item.value != "0" and count:
            names = ", ".join(piece.value.partition(" ")[2] or piece.value[:16] for piece in item.evidence[:3])
            yield DETECTOR.finding(
                setting(STORE),
                "Certificate authorities were added",
                f"{count} certificate {'authority was' if count == 1 else 'authorities were'} added{shown_user(user)} "
                f"({names}): whoever holds the key can read the encrypted traffic of packages that trust it.",
                severity="medium",
                confidence="confirmed",
                evidence=item.evidence,
                main=str(user),
                remedy=(REMEDY,),
            )
