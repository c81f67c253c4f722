"""Tells what a firmware is packed in, layer by layer, down to its partitions."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, Work, begins
from phone_audit.acquire.image.erofs import Erofs, is_erofs
from phone_audit.acquire.image.ext4 import Ext4, is_ext4
from phone_audit.acquire.image.file_system import Entry, FileSystem
from phone_audit.acquire.image.firmware import SYSTEM, Partition
from phone_audit.acquire.image.folder import FolderFiles
from phone_audit.acquire.image.inflated import GZIP, UNKNOWN, Inflated
from phone_audit.acquire.image.lz4_frame import Lz4Frame, is_lz4_frame
from phone_audit.acquire.image.member_tree import MemberTree
from phone_audit.acquire.image.partition_names import is_partition_name, partition_name, stem_of
from phone_audit.acquire.image.payload import is_payload, read_payload
from phone_audit.acquire.image.sparse import is_sparse, read_sparse
from phone_audit.acquire.image.super_partitions import is_super, read_super
from phone_audit.acquire.image.tar import MD5, digest_flaw, is_gzip, is_tar, tar_tree
from phone_audit.acquire.image.zip_members import is_zip_of_images, zip_tree
from phone_audit.acquire.text import shown
from phone_audit.model.finding import Skipped

Layer = Iterable[tuple[str, ByteSource]]
"""What lies in a container, each with its name; damage raises `ImageError`."""

_SIGNS: Final = frozenset({"app", "build.prop", "framework", "overlay", "priv-app", "etc"})
"""What one of lies at the top of a partition of Android."""
_NO_PARTITION: Final = frozenset(
    {"apex", "cache", "data", "dev", "proc", "sys", "mnt", "storage", "sdcard", "META-INF"}
)
"""Folders at the top of a running phone, or of an archive, that are no partition of the firmware."""
_IMAGE: Final = re.compile(r".+\.(?:img|bin|lz4|ext4|erofs|raw|simg|zip|tar|md5|tgz|gz)", re.IGNORECASE | re.DOTALL)
_DEEPEST: Final = 8
"""Layers inside one another: a ZIP in a ZIP with a sparse image with partitions has five."""
_DEEPEST_FOLDER: Final = 3
_MOST_MEMBERS: Final = 2000
_MOST_AT_TOP: Final = 200_000
_HEAD: Final = 4096
"""Bytes in which every file system that a phone mounts says that it is one."""
_UNREAD: Final = ((1024, b"\x10\x20\xf5\xf2", "F2FS"), (0, b"hsqs", "SquashFS"))
"""Place and bytes by which file systems are told that are not read."""


_CONTAINERS: Final[tuple[tuple[Callable[[ByteSource], bool], Callable[[ByteSource, str, Work], Layer]], ...]] = (
    (is_sparse, lambda source, name, _: [(name, read_sparse(source))]),
    (is_super, lambda source, name, _: read_super(source, name)),
    (is_payload, read_payload),
    (is_gzip, lambda source, name, work: [(name, Inflated(source, UNKNOWN, GZIP, work))]),
    (is_lz4_frame, lambda source, name, work: [(name, Lz4Frame(source, work))]),
)
_ARCHIVES: Final[tuple[tuple[Callable[[ByteSource], bool], Callable[[ByteSource, Work], MemberTree]], ...]] = (
    (is_zip_of_images, zip_tree),
    (is_tar, lambda source, _: tar_tree(source)),
)
_FILE_SYSTEMS: Final[tuple[tuple[Callable[[ByteSource], bool], Callable[[ByteSource], FileSystem]], ...]] = (
    (is_ext4, Ext4),
    (is_erofs, Erofs),
)


def is_layer(source: ByteSource) -> bool:
    """Tell whether a source begins as something that is read."""
    return any(fits(source) for fits, _ in (*_CONTAINERS, *_ARCHIVES, *_FILE_SYSTEMS))


def file_system_of(source: ByteSource) -> FileSystem | None:
    """Return the file system that a source is; None where it is none that is read.

    Raises an ImageError where it is damaged.
    """
    for fits, make in _FILE_SYSTEMS:
        if fits(source):
            files = make(source)
            next(iter(files.entries(files.root)), None)
            return files
    return None


class Subtree:
    """A folder of a file system as one of its own."""

    def __init__(self, files: FileSystem, root: object) -> None:
        self.kind, self.flaws, self.root = files.kind, files.flaws, root
        self.entries, self.open, self.target = files.entries, files.open, files.target


@dataclass
class Contents:
    """What is found on the way in.

    Attributes:
        work: what may still be unpacked.
        partitions: those that can be read.
        skipped: what should have been read, and was not.
        others: names of what holds no file system of Android.
        left: how many members of containers may still be looked at.
    """

    work: Work
    partitions: list[Partition] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    left: int = _MOST_MEMBERS

    def skip(self, subject: str, code: str, reason: str) -> None:
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
        source.read(0, min(1, source.size))  # it may say that it cannot be read at all
        for fits, read in _CONTAINERS:
            if fits(source):
                for inner, content in read(source, name, self.work):
                    self.take(content, inner, depth + 1)
                return
        for fits, tree_of in _ARCHIVES:
            if fits(source):
                tree = tree_of(source, self.work)
                self.take_tree(tree, tree.root, name, depth)
                self._note(tree, name)
                if name.lower().endswith(MD5) and (flaw := digest_flaw(source)):
                    self.skip(name, *flaw)
                return
        if (files := file_system_of(source)) is not None:
            self.partitions.append(Partition(partition_name(stem_of(name), files), files, shown(name)))
            self._note(files, name)
        else:
            unread = (what for at, sign, what in _UNREAD if begins(source, at, len(sign)) == sign)
            if what := next(unread, None):
                self.skip(name, "unsupported", f"It is a file system of the kind {what}, which is not read.")
            elif is_partition_name(stem_of(name)) and not _is_empty(source):
                reason = "It has the name of a partition of Android, and no file system that is read."
                self.skip(name, "unsupported", reason)
            else:
                self.others.append(shown(name.rpartition("/")[2]))

    def _note(self, files: FileSystem, name: str) -> None:
        for code, reason in files.flaws:
            self.skip(name, code, reason)

    def _take_file(self, files: FileSystem, one: Entry, name: str, depth: int) -> None:
        try:
            source = files.open(one.node)
        except ImageError as error:
            self.skip(name, "damaged", f"It was not read: {error}.")
        else:
            if isinstance(files, FolderFiles):
                self.work.grant(source.size)
            self.take(source, name, depth)

    def take_tree(self, files: FileSystem, node: object, name: str, depth: int, folders: int = 0) -> None:
        """Take the partitions of an unpacked dump: the folder itself, or the folders and images in it.

        A folder beside those of partitions is taken as one where nothing else is in it. Raises an ImageError where the
        folder is damaged.
        """
        entries = _listed(files, node)
        if "build.prop" in entries and SYSTEM not in entries:
            self.partitions.append(Partition(SYSTEM, Subtree(files, node), name))
            return
        inner = [one for one in entries.values() if one.kind == "folder" and one.name not in _NO_PARTITION]
        found: list[Entry] = []
        rest: list[Entry] = []
        for one in inner:
            signs = {*_SIGNS, SYSTEM} if one.name == SYSTEM else _SIGNS
            try:
                (rest if signs.isdisjoint(_listed(files, one.node)) else found).append(one)
            except ImageError as error:
                self.skip(f"{name}/{one.name}", "damaged", f"The folder was not read: {error}.")
        for one in entries.values():
            if one.kind == "file" and _IMAGE.fullmatch(one.name):
                self._take_file(files, one, f"{name}/{one.name}", depth + 1)
            elif one.kind == "file" or one.name in _NO_PARTITION:
                self.others.append(shown(one.name))
        for one in rest:
            before, others = (len(self.partitions), len(self.skipped)), len(self.others)
            if folders < _DEEPEST_FOLDER:
                self.take_tree(files, one.node, f"{name}/{one.name}", depth, folders + 1)
            if found and before == (len(self.partitions), len(self.skipped)):
                self.others[others:] = [name for name in self.others[others:] if _IMAGE.fullmatch(name)]
                found.append(one)
            elif folders == _DEEPEST_FOLDER:
                self.others.append(shown(one.name))
        for one in found:
            self.partitions.append(Partition(one.name, Subtree(files, one.node), f"{name}/{one.name}"))


def _is_empty(source: ByteSource) -> bool:
    count = min(_HEAD, source.size)
    return begins(source, 0, count) == bytes(count)


def _listed(files: FileSystem, node: object) -> dict[str, Entry]:
    return {one.name: one for one in sorted(islice(files.entries(node), _MOST_AT_TOP), key=lambda one: one.name)}


def is_dump(files: FileSystem) -> bool:
    """Tell whether a folder is a system partition, or holds one, or an image of one."""
    try:
        entries = _listed(files, files.root)
        folders = [entries]
        for name in (SYSTEM, SYSTEM):
            one = folders[-1].get(name)
            if one is None or one.kind != "folder":
                break
            folders.append(_listed(files, one.node))
    except ImageError:
        return False
    unpacked = any(
        "build.prop" in one and not one.keys().isdisjoint({"app", "priv-app", "framework"}) for one in folders
    )
    return unpacked or any(_IMAGE.fullmatch(name) and stem_of(name) in _TELLING for name in entries)


_TELLING: Final = frozenset({"system", "super", "payload"})
