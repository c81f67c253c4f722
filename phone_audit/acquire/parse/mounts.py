r"""`/proc/mounts` → where what is mounted. Blanks in paths are written in octal, as `\040`."""

import re
from dataclasses import dataclass

from phone_audit.acquire.parse.text import lines_of

OCTAL = re.compile(r"\\([0-3][0-7]{2})")
FIELDS = 6
"""Device, place, kind, options, and two numbers (of fstab, always 0)."""


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
