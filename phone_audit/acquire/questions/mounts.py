r"""`/proc/mounts` → what can be written of the system, and what covers it. Blanks in paths are octal, as `\040`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phone_audit.acquire.commands import MEGABYTE, listed_command
from phone_audit.acquire.questions.question import Question, item, seen
from phone_audit.acquire.text import lines_of
from phone_audit.model.device import StateItem

MOUNTS = listed_command("mounts", timeout=10.0, limit=4 * MEGABYTE)

OCTAL = re.compile(r"\\([0-3][0-7]{2})")
FIELDS = 6
"""Device, place, kind, options, and two numbers (of fstab, always 0)."""
PARTITIONS = ("/system", "/vendor", "/product", "/system_ext", "/odm", "/system_root")
"""Where the firmware lies. Android mounts each read-only, and `/` too where the system is its root."""
COVERING = frozenset({"tmpfs", "overlay"})
ROOT_DEVICES = ("magisk", "KSU", "APatch")
"""What Magisk, KernelSU and APatch call the file systems that they mount."""
ON_DISK = frozenset({"ext4", "erofs", "f2fs", "squashfs"})


@dataclass(frozen=True)
class Mount:
    """One mounted file system, and the line that says so."""

    device: str
    point: str
    kind: str
    options: frozenset[str]
    line: str


def parse_mounts(text: str) -> tuple[Mount, ...]:
    r"""Read the lines, in order; later mounts at a place cover earlier ones.

    Example:
        >>> parse_mounts("/dev/block/dm-0 / ext4 ro,seclabel 0 0\n")[0].point
        '/'
    """
    mounts = []
    for line in lines_of(text):
        words = line.split(" ")
        if len(words) == FIELDS and words[1].startswith("/") and words[4].isdecimal():
            device, point, kind, options = (OCTAL.sub(lambda octal: chr(int(octal[1], 8)), word) for word in words[:4])
            mounts.append(Mount(device, point, kind, frozenset(options.split(",")), line))
    return tuple(mounts)


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
        evidence = [seen("command", MOUNTS.text, mount.line) for mount in found]
        yield item(key, " ".join(points), evidence, "")


def _in_firmware(point: str) -> bool:
    return any(point == place or point.startswith(f"{place}/") for place in PARTITIONS)


QUESTION = Question(MOUNTS, parse_mounts, mount_items)
