"""`getprop`, `id`, `getenforce`, `date` → the firmware build, what they say of the phone's state, and times in UTC."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import item, seen
from phone_audit.acquire.text import known, number
from phone_audit.model.device import Build, StateItem

GETPROP = listed_command("properties", limit=8 * MEGABYTE)
SHELL_ID = listed_command("shell id", timeout=10.0, limit=MEGABYTE)
SELINUX = listed_command("selinux", timeout=10.0, limit=MEGABYTE)

PROPERTIES: Mapping[str, str] = {
    "ro.adb.secure": "1",
    "ro.boot.flash.locked": "1",
    "ro.boot.vbmeta.device_state": "locked",
    "ro.boot.verifiedbootstate": "green",
    "ro.boot.veritymode": "enforcing",
    "ro.build.tags": "release-keys",
    "ro.build.type": "user",
    "ro.crypto.state": "encrypted",
    "ro.debuggable": "0",
    "ro.secure": "1",
}
"""Property → what an ordinary phone says."""

SELINUX_MODE = re.compile("[A-Za-z]{1,20}")
PARTITION = re.compile(r"ro\.([A-Za-z0-9_]+)\.build\.fingerprint")


def identity_items(properties: Mapping[str, str], selinux: str | None, shell_id: str | None) -> list[StateItem]:
    """Return what the whole getprop, and the answers of getenforce and id, say of the phone's state."""
    items = []
    for name, expected in PROPERTIES.items():
        if name in properties:
            value = properties[name]
            items.append(item(name, known(value), [seen("property", "getprop", f"[{name}]: [{value}]")], expected))
    if selinux and SELINUX_MODE.fullmatch(mode := selinux.strip()):
        items.append(item("selinux", known(mode), [seen("command", "getenforce", mode)], "Enforcing"))
    if shell_id and (who := shell_id.strip()).startswith("uid="):
        items.append(item("shell", who.partition(" ")[0], [seen("command", "id", who)], "uid=2000(shell)"))
    return items


def parse_build(properties: Mapping[str, str]) -> Build:
    """Return the build that the properties describe; an empty property counts as not set."""

    def first(*names: str) -> str | None:
        return next((value for name in names if (value := known(properties.get(name)))), None)

    partitions = {
        match[1]: value
        for name, text in sorted(properties.items())
        if (match := PARTITION.fullmatch(name)) and (value := known(text))
    }
    return Build(
        fingerprint=first(
            "ro.build.fingerprint",
            "ro.system.build.fingerprint",
            "ro.product.build.fingerprint",
            "ro.vendor.build.fingerprint",
        ),
        id=first("ro.build.id", "ro.system.build.id"),
        display_id=first("ro.build.display.id"),
        incremental=first("ro.build.version.incremental", "ro.system.build.version.incremental"),
        type=first("ro.build.type", "ro.system.build.type"),
        tags=first("ro.build.tags", "ro.system.build.tags"),
        android_version=first("ro.build.version.release", "ro.system.build.version.release"),
        sdk=number(first("ro.build.version.sdk", "ro.system.build.version.sdk")),
        security_patch=first("ro.build.version.security_patch"),
        date_utc=number(first("ro.build.date.utc", "ro.system.build.date.utc")),
        verified_boot_state=first("ro.boot.verifiedbootstate"),
        bootloader_locked=_locked(
            first("ro.boot.flash.locked"),
            first("ro.boot.vbmeta.device_state", "ro.secureboot.lockstate"),
            first("ro.boot.verifiedbootstate"),
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


DATE = listed_command("date", timeout=10.0, limit=MEGABYTE)
SECONDS = re.compile(r"\s*(\d{9,11})(?:\s+([+-])(\d{2}):?(\d{2}))?")
LOCAL = re.compile(r"(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.\d+)?")
RFC_3339 = "%Y-%m-%dT%H:%M:%SZ"
FIRST_YEAR = 1971
"""Earlier times are Android's zero (a package that the user does not have), in whatever zone."""


def parse_date(text: str) -> tuple[int, int] | None:
    """Read `date '+%s %z'`: seconds since 1970, and the phone's offset from UTC in seconds; None where it is none.

    Example:
        >>> parse_date("1795611574 +0200")
        (1795611574, 7200)
    """
    match = SECONDS.match(text)
    if match is None:
        return None
    east = (int(match[3]) * 3600 + int(match[4]) * 60) if match[2] else 0
    return int(match[1]), -east if match[2] == "-" else east


def utc(local: str | None, offset: int) -> str | None:
    """Return a time that the phone prints without a zone in RFC 3339, UTC; None where it is none, or Android's zero.

    The offset is the one in force now, so a time on the other side of a daylight-saving change is an hour off. Digits
    may be those of the phone's language: Android prints Persian and Arabic ones. `offset` is from UTC, in seconds.

    Example:
        >>> utc("2019-06-28 10:18:15", 7200)
        '2019-06-28T08:18:15Z'
    """
    match = LOCAL.fullmatch((local or "").strip())
    if match is None or int(match[1]) < FIRST_YEAR:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    try:
        time = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - timedelta(seconds=offset)
    except (ValueError, OverflowError):
        return None
    return time.strftime(RFC_3339)


def utc_of(seconds: float) -> str | None:
    """Return a time in seconds since 1970 in RFC 3339, UTC; None where no calendar holds it."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime(RFC_3339)
    except (ValueError, OverflowError, OSError):
        return None
