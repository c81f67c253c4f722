"""Tells what a firmware is packed in, and opens its partitions."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from phone_audit.acquire.image.firmware import SYSTEM, Firmware, Partition
from phone_audit.acquire.image.folder import FolderFiles
from phone_audit.errors import SnapshotError
from phone_audit.model.finding import Skipped

_SIGNS: Final = frozenset({"app", "build.prop", "etc", "framework", "overlay", "priv-app", "apex"})
"""What one of lies at the top of a partition of Android."""
_NO_PARTITION: Final = frozenset({"apex", "cache", "data", "dev", "proc", "sys", "mnt", "storage", "sdcard"})
"""Folders at the top of a running phone that come from no partition of the firmware."""
_AS_MADE: Final = "Take it from its maker again, and compare its size and hash."


@dataclass
class Contents:
    """What was found on the way: partitions, and what could not be read."""

    partitions: list[Partition] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def is_firmware(path: Path) -> bool:
    """Tell whether a path begins as a firmware does; little is read."""
    return path.is_dir() and _is_dump(path)


@contextmanager
def open_firmware(path: Path) -> Iterator[Firmware]:
    """Open everything that can be read of a firmware.

    Raises:
        SnapshotError: nothing of it can be, with the reason.
    """
    with ExitStack() as resources:
        found = Contents()
        _take_folder(path, found)
        if not found.partitions:
            reasons = " ".join(note.reason for note in found.skipped[:3])
            raise SnapshotError(f"No partition of {path} could be read. {reasons}".strip(), _AS_MADE)
        yield Firmware(found.partitions, found.skipped)
        resources.close()


def _names(folder: Path) -> frozenset[str]:
    try:
        return (
            frozenset(one.name for one in folder.iterdir())
            if folder.is_dir() and not folder.is_symlink()
            else frozenset()
        )
    except OSError:
        return frozenset()


def _is_dump(folder: Path) -> bool:
    """Tell whether a folder is a system partition, or holds one."""
    places = (folder, folder / SYSTEM, folder / SYSTEM / SYSTEM)
    return any("build.prop" in names and names & {"app", "priv-app", "framework"} for names in map(_names, places))


def _take_folder(folder: Path, found: Contents) -> None:
    """Take the partitions of an unpacked dump: the folder itself, or the folders in it that look like one."""
    names = _names(folder)
    if "build.prop" in names and SYSTEM not in names:
        found.partitions.append(Partition(SYSTEM, FolderFiles(folder), str(folder)))
        return
    for name in sorted(names - _NO_PARTITION):
        if _names(folder / name) & {*_SIGNS, SYSTEM}:
            found.partitions.append(Partition(name, FolderFiles(folder / name), name))
