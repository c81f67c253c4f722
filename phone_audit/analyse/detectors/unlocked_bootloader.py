"""Phones that start any system without a check."""

from collections.abc import Iterator, Mapping

from phone_audit.analyse.detector import Detector, property_seen, setting
from phone_audit.knowledge.load import Knowledge
from phone_audit.model.device import Snapshot
from phone_audit.model.finding import Finding, Remedy

DETECTOR = Detector(id="unlocked-bootloader", category="boot")
REMEDY = Remedy(
    text="If you did not unlock it yourself, install the maker's firmware and lock the bootloader.",
    risk="Locking erases the phone, and with altered firmware it may not start again.",
)
_UNLOCKED: Mapping[str, str] = {
    "ro.boot.flash.locked": "0",
    "ro.boot.vbmeta.device_state": "unlocked",
    "ro.boot.verifiedbootstate": "orange",
    "ro.secureboot.lockstate": "unlocked",
}
"""What the properties say of an unlocked bootloader (Android Verified Boot, and Xiaomi's own)."""


def check(snapshot: Snapshot, _knowledge: Knowledge) -> Iterator[Finding]:
    """Yield a finding where any property says that the bootloader is unlocked."""
    names = [name for name, value in _UNLOCKED.items() if snapshot.properties.get(name) == value]
    if names:
        yield DETECTOR.finding(
            setting("bootloader"),
            "Unlocked bootloader",
            "The bootloader is unlocked: the phone starts any system, so what the system says of itself is not proven.",
            severity="medium",
            confidence="confirmed",
            evidence=[property_seen(snapshot, name) for name in names],
            remedy=(REMEDY,),
        )
