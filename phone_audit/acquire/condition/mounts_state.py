"""Mounted file systems → whether the system can be written, and what covers parts of it."""

from collections.abc import Iterator, Sequence

from phone_audit.acquire.condition import questions
from phone_audit.acquire.condition.item import item, seen
from phone_audit.acquire.parse.mounts import Mount
from phone_audit.model.device import StateItem

PARTITIONS = ("/system", "/vendor", "/product", "/system_ext", "/odm", "/system_root")
"""Where the firmware lies. Android mounts each read-only, and `/` too where the system is its root."""
COVERING = frozenset({"tmpfs", "overlay"})
ROOT_DEVICES = ("magisk", "KSU", "APatch")
"""What Magisk, KernelSU and APatch call the file systems that they mount."""
ON_DISK = frozenset({"ext4", "erofs", "f2fs", "squashfs"})


def mount_items(mounts: Sequence[Mount]) -> Iterator[StateItem]:
    """Yield the places of the firmware that can be written, and those that something covers."""
    if not mounts:
        return
    last = {mount.point: mount for mount in mounts}
    writable = [
        mount
        for mount in last.values()
        if (mount.point == "/" or _in_firmware(mount.point)) and mount.kind in ON_DISK and "rw" in mount.options
    ]
    covered = [
        mount
        for mount in mounts
        if mount.device in ROOT_DEVICES or (_in_firmware(mount.point) and mount.kind in COVERING)
    ]
    for key, found in (("mounts_writable", writable), ("mounts_covering", covered)):
        points = sorted({mount.point for mount in found})
        evidence = [seen("command", questions.MOUNTS.text, mount.line) for mount in found]
        yield item(key, " ".join(points), evidence, "")


def _in_firmware(point: str) -> bool:
    return any(point == place or point.startswith(f"{place}/") for place in PARTITIONS)
