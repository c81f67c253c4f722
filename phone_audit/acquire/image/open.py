"""Tells what a firmware is packed in, layer by layer, and opens its partitions."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, FileBytes, ImageError, begins
from phone_audit.acquire.image.erofs import Erofs, is_erofs
from phone_audit.acquire.image.ext4 import Ext4, is_ext4
from phone_audit.acquire.image.file_system import FileSystem
from phone_audit.acquire.image.firmware import SYSTEM, Firmware, Partition
from phone_audit.acquire.image.folder import FolderFiles
from phone_audit.acquire.image.partition_names import partition_name, stem_of
from phone_audit.acquire.image.sparse import is_sparse, read_sparse
from phone_audit.acquire.image.super_partitions import is_super, read_super
from phone_audit.acquire.text import shown
from phone_audit.errors import SnapshotError
from phone_audit.files.open_regular import open_inside, open_regular
from phone_audit.model.finding import Skipped

Layer = Iterator[tuple[str, ByteSource]]
"""What lies in a container, each with its name; damage raises `ImageError`."""

_SIGNS: Final = frozenset({"app", "build.prop", "etc", "framework", "overlay", "priv-app", "apex"})
"""What one of lies at the top of a partition of Android."""
_NO_PARTITION: Final = frozenset({"apex", "cache", "data", "dev", "proc", "sys", "mnt", "storage", "sdcard"})
"""Folders at the top of a running phone that come from no partition of the firmware."""
_AGAIN: Final = "Take it from its maker again, and compare its size and hash."
_DEEPEST: Final = 8
"""Layers inside one another: a ZIP in a ZIP with a sparse image with partitions has five."""
_MOST_MEMBERS: Final = 2000
_MOST_NAMED: Final = 12
_REFUSED: Final = {
    ".ofp": "Oppo's and Realme's format .ofp, which is encrypted",
    ".ozip": "Oppo's format .ozip, which is encrypted",
    ".kdz": "LG's format .kdz",
    ".pac": "the format .pac of Unisoc's tools",
    ".nb0": "the format .nb0",
}
"""Suffix → what such a file is; none of these is read."""
_UNREAD: Final = ((1024, b"\x10\x20\xf5\xf2", "F2FS"), (0, b"hsqs", "SquashFS"))
"""Place and bytes by which file systems are told that are not read."""


def _sparse(source: ByteSource, name: str) -> Layer:
    yield name, read_sparse(source)


_CONTAINERS: Final[tuple[tuple[Callable[[ByteSource], bool], Callable[[ByteSource, str], Layer]], ...]] = (
    (is_sparse, _sparse),
    (is_super, read_super),
)
_FILE_SYSTEMS: Final[tuple[tuple[Callable[[ByteSource], bool], Callable[[ByteSource], FileSystem]], ...]] = (
    (is_ext4, Ext4),
    (is_erofs, Erofs),
)


@dataclass
class Contents:
    """What is found on the way in.

    Attributes:
        partitions: those that can be read.
        skipped: what should have been read, and was not.
        others: names of what holds no file system of Android.
        left: how many members of containers may still be looked at.
    """

    partitions: list[Partition] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    left: int = _MOST_MEMBERS

    def skip(self, subject: str, code: str, reason: str) -> None:
        """Note what was not read."""
        self.skipped.append(Skipped(subject=shown(subject), step="read", code=code, reason=shown(reason)))

    def take(self, source: ByteSource, name: str, depth: int = 0) -> None:
        """Take what a source holds, whatever that is. What is damaged is noted, and costs itself alone."""
        self.left -= 1
        if self.left < 0 or depth > _DEEPEST:
            self.skip(name, "too-many", "More layers or members than any firmware has; this one was not looked at.")
            return
        try:
            self._take(source, name, depth)
        except ImageError as error:
            self.skip(name, "damaged", f"It was not read: {error}.")

    def _take(self, source: ByteSource, name: str, depth: int) -> None:
        for fits, read in _CONTAINERS:
            if fits(source):
                for inner, content in read(source, name):
                    self.take(content, inner, depth + 1)
                return
        for fits, make in _FILE_SYSTEMS:
            if fits(source):
                files = make(source)
                next(iter(files.entries(files.root)), None)
                self.partitions.append(Partition(partition_name(stem_of(name), files), files, shown(name)))
                return
        for at, sign, what in _UNREAD:
            if begins(source, at, len(sign)) == sign:
                self.skip(name, "unsupported", f"It is a file system of the kind {what}, which is not read.")
                return
        self.others.append(shown(name))


def is_firmware(path: Path) -> bool:
    """Tell whether a path begins as a firmware does; little is read."""
    if path.is_dir():
        return _is_dump(path)
    if path.suffix.lower() in _REFUSED:
        return True
    try:
        with open_regular(path) as file:
            source = FileBytes(file, path)
            return any(fits(source) for fits, _ in (*_CONTAINERS, *_FILE_SYSTEMS))
    except OSError:
        return False


@contextmanager
def open_firmware(path: Path) -> Iterator[Firmware]:
    """Open everything that can be read of a firmware.

    Raises:
        SnapshotError: nothing of it can be, with the reason.
    """
    contents = Contents()
    with ExitStack() as resources:
        if path.is_dir():
            _take_folder(path, contents, resources)
        elif (suffix := path.suffix.lower()) in _REFUSED:
            raise SnapshotError(
                f"{path} is {_REFUSED[suffix]}; it is not read.",
                "Unpack it with a tool that you trust, and name the folder with its images.",
            )
        else:
            contents.take(_opened(path, resources), path.name)
        if not contents.partitions:
            reasons = " ".join(f"{note.subject}: {note.reason}" for note in contents.skipped[:3])
            raise SnapshotError(f"No partition of {path} could be read. {reasons}".strip(), _AGAIN)
        yield Firmware(contents.partitions, contents.skipped, tuple(contents.others[:_MOST_NAMED]))


def _opened(path: Path, resources: ExitStack) -> ByteSource:
    try:
        return FileBytes(resources.enter_context(open_regular(path)), path)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read: {error.strerror}.") from error


def _names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(one.name for one in folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else _NONE
    except OSError:
        return _NONE


_NONE: Final[frozenset[str]] = frozenset()


def _is_dump(folder: Path) -> bool:
    """Tell whether a folder is a system partition, or holds one, or its image."""
    places = (folder, folder / SYSTEM, folder / SYSTEM / SYSTEM)
    unpacked = any("build.prop" in names and names & {"app", "priv-app", "framework"} for names in map(_names, places))
    return unpacked or any(stem_of(name) in _IMAGES and "." in name for name in _names(folder))


_IMAGES: Final = frozenset({"system", "super", "payload"})


def _take_folder(folder: Path, contents: Contents, resources: ExitStack) -> None:
    """Take the partitions of a dump: the folder itself, or the folders and images in it."""
    names = _names(folder)
    if "build.prop" in names and SYSTEM not in names:
        contents.partitions.append(Partition(SYSTEM, FolderFiles(folder), str(folder)))
        return
    for name in sorted(names - _NO_PARTITION):
        if _names(folder / name) & {*_SIGNS, SYSTEM}:
            contents.partitions.append(Partition(name, FolderFiles(folder / name), name))
        elif (folder / name).is_file() and "." in name:
            try:
                file = resources.enter_context(open_inside(folder, name))
            except OSError as error:
                contents.skip(name, "damaged", f"It was not read: {error.strerror}.")
            else:
                contents.take(FileBytes(file, folder / name), name)
