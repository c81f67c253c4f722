"""Properties → the firmware build."""

import re
from collections.abc import Mapping

from phone_audit.acquire.parse.text import known, number
from phone_audit.model.device import Build

PARTITION = re.compile(r"ro\.([A-Za-z0-9_]+)\.build\.fingerprint")


def parse_build(properties: Mapping[str, str]) -> Build:
    """Give the build that the properties describe; an empty property counts as not set.

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
        fingerprint=said("ro.build.fingerprint", "ro.system.build.fingerprint", "ro.vendor.build.fingerprint"),
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
        bootloader_locked=_locked(said("ro.boot.flash.locked"), said("ro.boot.vbmeta.device_state")),
        partitions=partitions,
    )


def _locked(flash: str | None, vbmeta: str | None) -> bool | None:
    """Unlocked when either says so: what a phone has to hide is the open bootloader."""
    if flash == "0" or vbmeta == "unlocked":
        return False
    return True if flash == "1" or vbmeta == "locked" else None
