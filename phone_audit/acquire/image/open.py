"""Opens a firmware, whatever it is packed in."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from phone_audit.acquire.image.byte_source import FileBytes, ImageError, Work
from phone_audit.acquire.image.firmware import Firmware
from phone_audit.acquire.image.folder import FolderFiles
from phone_audit.acquire.image.layers import Contents, is_dump, is_layer
from phone_audit.acquire.image.modules import mount_modules
from phone_audit.errors import SnapshotError
from phone_audit.files.open_regular import open_regular

_AGAIN: Final = "Take it from its maker again, and compare its size and hash."
_MOST_NAMED: Final = 12
_REFUSED: Final = {
    ".ofp": "Oppo's and Realme's format .ofp, which is encrypted",
    ".ozip": "Oppo's format .ozip, which is encrypted",
    ".kdz": "LG's format .kdz",
    ".pac": "the format .pac of Unisoc's tools",
    ".nb0": "the format .nb0",
}
"""Suffix → what such a file is; none of these is read."""


def is_firmware(path: Path) -> bool:
    """Tell whether a path begins as a firmware does; little is read."""
    if path.is_dir():
        return is_dump(FolderFiles(path))
    if path.suffix.lower() in _REFUSED:
        return True
    try:
        with open_regular(path) as file:
            return is_layer(FileBytes(file, path))
    except OSError:
        return False


@contextmanager
def open_firmware(path: Path) -> Iterator[Firmware]:
    """Open everything that can be read of a firmware; SnapshotError where nothing of it can be, with the reason."""
    suffix = path.suffix.lower()
    contents = Contents(Work.of_file(path.stat().st_size if path.is_file() else 0))
    if path.is_dir():
        files = FolderFiles(path)
        try:
            contents.take_tree(files, files.root, path.name, 0)
        except ImageError as error:
            raise SnapshotError(f"{path} was not read: {error}.") from error
        yield _firmware(path, contents)
        return
    if suffix in _REFUSED:
        raise SnapshotError(
            f"{path} is {_REFUSED[suffix]}; it is not read.",
            "Unpack it with a tool that you trust, and name the folder with its images.",
        )
    try:
        with open_regular(path) as file:
            contents.take(FileBytes(file, path), path.name)
            yield _firmware(path, contents)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}.") from error


def named(names: Sequence[str]) -> tuple[str, ...]:
    """Return the first of many names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return (*names[:_MOST_NAMED], f"and {more:,} more") if more > 0 else tuple(names)


def _firmware(path: Path, contents: Contents) -> Firmware:
    if not contents.partitions:
        reasons = " ".join(f"{note.subject}: {note.reason}" for note in contents.skipped[:3])
        raise SnapshotError(f"No partition of {path} could be read. {reasons}".strip(), _AGAIN)
    firmware = Firmware(contents.partitions, contents.skipped, named(contents.others))
    mount_modules(firmware, contents.work)
    firmware.note_dangling(".apk")
    return firmware
