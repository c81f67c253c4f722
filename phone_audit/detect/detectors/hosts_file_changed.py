"""Names for which the phone asks nobody, since a file of the system answers."""

from collections.abc import Iterator
from ipaddress import ip_address

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Evidence, Finding, Remedy

DETECTOR = Detector(id="hosts-file-changed", category="network")
ENTRIES = "hosts_entries"
REMEDY = Remedy(
    text="If you did not change it yourself (as some blockers of advertising do), install the maker's firmware."
)


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding, high where a name leads to another computer, low where names lead nowhere: to block them."""
    for item in settings_of(snapshot, (ENTRIES,)).values():
        if item.value == "0":
            continue
        led = [piece for piece in item.evidence if not _leads_nowhere(piece)]
        if led:
            message = f"The system's hosts file sends host names to other computers, such as {led[0].value}."
        else:
            message = f"The system's hosts file blocks {item.value} names; AOSP's has none."
        yield DETECTOR.finding(
            setting(ENTRIES),
            "The system's hosts file was changed",
            message,
            severity="medium" if led else "info",
            confidence="high" if led else "low",
            evidence=led or item.evidence,
            remedy=(REMEDY,),
        )


def _leads_nowhere(piece: Evidence) -> bool:
    try:
        address = ip_address(piece.value.partition(" ")[0].partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
