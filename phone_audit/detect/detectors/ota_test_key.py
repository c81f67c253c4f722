"""Phones that accept an update of the whole system from anybody."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting, settings_of, source_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="ota-test-key", category="leaked-key")
STORE = "ota_certificates"
REMEDY = Remedy(
    text="Ask the maker for firmware signed with its own keys; until then, keep nothing private on this phone."
)


def check(snapshot: Snapshot, knowledge: Knowledge) -> Iterator[Finding]:
    """Yield one finding for each public or leaked key among those that system updates are accepted by."""
    for item in settings_of(snapshot, (STORE,)).values():
        for piece in item.evidence:
            key = knowledge.key_of(piece.value.partition(" ")[0])
            if key is not None:
                yield DETECTOR.finding(
                    setting(STORE),
                    "System updates are accepted from anyone",
                    (
                        f"An update of the whole system is accepted if it is signed with {key.name}, "
                        "a key that anyone can get."
                    ),
                    severity="high",
                    confidence="confirmed",
                    evidence=(piece,),
                    main=key.id,
                    sources=source_of(knowledge, key.source),
                    remedy=(REMEDY,),
                )
