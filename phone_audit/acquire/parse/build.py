"""Properties → the firmware build."""

import re
from collections.abc import Mapping

from phone_audit.acquire.parse.text import known, number
from phone_audit.model.device import Build

PARTITION = re.compile(r"ro\.([A-Za-z0-9_]+)\.build\.fingerprint")


def parse_build(properties: Mapping[str, str]) -> Build:
    """Return the build that the properties describe; an empty property counts as not set.

    Args:
        properties: the whole getprop, as decoded.
    """

    def said(*names: str) -> str | None:
        return next((value for name in names if (value := known(properties.get(name)))), None)

    partitions = {
        match[1]: value
        for name, text in sorted(properties.items())
        if (match := PARTITION.fullmatch(name)) and (value := known(text))
    }
    return Build(
        fingerprint=said(
            "ro.build.fingerprint",
            "ro.system.build.fingerprint",
            "ro.product.build.fingerprint",
            "ro.vendor.build.fingerprint",
        ),
        id=said("ro.build.id", "ro.system.build.id"),
        display_id=said("ro.build.display.id"),
        incremental=said("ro.build.version.incremental", "ro.system.build.version.incremental"),
        type=said("ro.build.type", "ro.system.build.type"),
        tags=said("ro.build.tags", "ro.system.build.tags"),
        android_version=said("ro.build.version.release", "ro.system.build.version.release"),
        sdk=number(said("ro.build.version.sdk", "ro.system.build.version.sdk")),
        security_patch=said("ro.build.version.security_patch"),
        date_utc=number(said("ro.build.date.utc", "ro.system.build.date.utc")),
        verified_boot_state=said("ro.boot.verifiedbootstate"),
        bootloader_locked=_locked(
            said("ro.boot.flash.locked"),
            said("ro.boot.vbmeta.device_state", "ro.secureboot.lockstate"),
            said("ro.boot.verifiedbootstate"),
        ),
        partitions=partitions,
    )


def _locked(flash: str | None, device: str | None, verified: str | None) -> bool | None:
    """Unlocked when anything says so: what a phone has to hide is the open bootloader.

    An orange boot is an open one, a green or yellow one a closed one (Android's documentation of verified boot).
    """
    if flash == "0" or device == "unlocked" or verified == "orange":
        return False
    return True if flash == "1" or device == "locked" or verified in ("green", "yellow") else None
