"""Phones that look up all names at one host that somebody chose."""

from collections.abc import Iterator

from phone_audit.detect.detector import Detector, setting, settings_of
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="private-dns-set", category="network")
MODE, NAME = "private_dns_mode", "private_dns_specifier"
REMEDY = Remedy(text="If you did not choose it: Settings, Network and internet, Private DNS, set to Automatic.")


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where a host is set and used; with another mode Android keeps the name and does not use it."""
    found = settings_of(snapshot, (MODE, NAME))
    if NAME not in found or MODE not in found or found[MODE].value != "hostname":
        return
    yield DETECTOR.finding(
        setting(NAME),
        "A private DNS host is set",
        f"The phone looks up the name of every host it contacts at {found[NAME].value}.",
        severity="info",
        confidence="confirmed",
        evidence=[piece for item in found.values() for piece in item.evidence],
        remedy=(REMEDY,),
    )
