"""The ext4 file system, as far as the read-only partitions of Android use it.

Source: the kernel's `Documentation/filesystems/ext4` (super block, group descriptors, inodes, extent trees, linear
directories). A journal is not replayed: partitions of firmware are written once; where it should be, that is told.
Blocks that files share (Android's `shared_blocks`) are read as any other.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, Lazy, Part, Run, Runs, Work, begins
from phone_audit.acquire.image.file_system import CUT_OFF, LONGEST_TARGET, Entry, Flaw, Kind, kind_of
from phone_audit.acquire.text import decode

_SUPER: Final = 1024
_MAGIC: Final = 0xEF53
_ROOT: Final = 2
_EXTENTS: Final = 0xF30A
_INCOMPATIBLE: Final = {0x1: "compression", 0x8: "a journal of another device", 0x10: "META_BG", 0x10000: "encryption"}
"""Features of a super block that change where things lie, and are not read."""
_REPLAY: Final = 0x4
"""Marks a journal that is applied before anything is read."""
_USES_EXTENTS, _INLINE, _ENCRYPTED = 0x80000, 0x10000000, 0x800
_CASEFOLD: Final = 0x40000000
"""Marks a folder in which `HOSTS` is found as `hosts`, too."""
_TREE_ROOT: Final = 60
"""Bytes of an inode in which its tree begins, or a short link lies."""
_DEEPEST: Final = 5
_MOST_RUNS: Final = 100_000
"""Runs of one file; one of 2 GB in pieces of 64 KB has a third of it."""
_ALL_RUNS, _ALL_FOLDERS = 4_000_000, 64 * 2**20
"""Runs of all files, and bytes of all folders; 20,000 names have one MB."""
_UNWRITTEN: Final = 32768
"""Lengths above this one mark blocks that were kept and never written."""


@dataclass(frozen=True)
class _Inode:
    kind: Kind
    size: int
    flags: int
    block: bytes


def is_ext4(source: ByteSource) -> bool:
    return begins(source, _SUPER + 56, 2) == _MAGIC.to_bytes(2, "little")


class Ext4:
    """See `FileSystem`. A node is the number of an inode.

    Raises an ImageError where its super block is damaged, or names features that are not read.
    """

    kind = "ext4"
    root = _ROOT

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        raw = source.read(_SUPER, 1024)
        inodes, blocks_low = struct.unpack_from("<II", raw, 0)
        first, log_size = struct.unpack_from("<II", raw, 20)
        per_group, self._inodes_per_group = struct.unpack_from("<I4xI", raw, 32)
        features = struct.unpack_from("<I", raw, 96)[0]
        if not is_ext4(source) or log_size > 6 or not per_group or not self._inodes_per_group:
            raise ImageError("the ext4 super block is damaged")
        for bit, what in _INCOMPATIBLE.items():
            if features & bit:
                raise ImageError(f"the ext4 file system uses {what}, which is not read")
        self._block: int = 1024 << log_size
        self._inodes = inodes
        self._inode_size = struct.unpack_from("<H", raw, 88)[0] if struct.unpack_from("<I", raw, 76)[0] else 128
        wide = features & 0x80
        self._descriptor_size = struct.unpack_from("<H", raw, 254)[0] if wide else 32
        self._blocks = blocks_low | (struct.unpack_from("<I", raw, 336)[0] << 32 if wide else 0)
        self._descriptors = (first + 1) * self._block
        self._runs_left, self._folders_left = Work(_ALL_RUNS), Work(_ALL_FOLDERS)
        self.flaws = tuple(self._flaws(features))
        if not 128 <= self._inode_size <= self._block or not 32 <= self._descriptor_size <= 1024:
            raise ImageError("the ext4 super block is damaged")

    def _flaws(self, features: int) -> Iterator[Flaw]:
        if self._blocks * self._block > self._source.size:
            yield CUT_OFF
        if features & _REPLAY:
            yield "journal", "What its journal says was not applied: files may be others than those that were read."

    def entries(self, folder: object) -> Iterator[Entry]:
        inode = self._inode(folder)
        if inode.kind != "folder":
            raise ImageError("what is named as a folder is none")
        content = self._content(inode)
        self._folders_left.spend(content.size)
        for at in range(0, content.size, self._block):
            yield from self._in_block(content.read(at, min(self._block, content.size - at)))
        if inode.flags & _CASEFOLD:
            raise ImageError("there a name stands for all that differ from it in case, and such are taken for others")

    def _in_block(self, block: bytes) -> Iterator[Entry]:
        """Yield the entries of one block of a folder; those of its index look like empty ones."""
        at = 0
        while at + 8 <= len(block):
            number, length, name_length = struct.unpack_from("<IHB", block, at)
            if length < 8 or at + length > len(block) or 8 + name_length > length:
                raise ImageError("an entry of a folder is damaged")
            name = decode(block[at + 8 : at + 8 + name_length])
            if number and name not in (".", ".."):
                yield Entry(name, self._kind(number), number)
            at += length

    def open(self, file: object) -> ByteSource:
        inode = self._inode(file)
        if inode.kind != "file":
            raise ImageError("what is named as a file is none")
        return self._content(inode)

    def target(self, link: object) -> str:
        inode = self._inode(link)
        if inode.size > LONGEST_TARGET:
            raise ImageError("a link is longer than any path")
        if inode.size < _TREE_ROOT and not inode.flags & _USES_EXTENTS:
            return decode(inode.block[: inode.size])
        return decode(self._content(inode).read(0, inode.size))

    def _kind(self, number: int) -> Kind:
        try:
            return self._inode(number).kind
        except ImageError:
            return "damaged"

    def _inode(self, number: object) -> _Inode:
        if not isinstance(number, int) or not 0 < number <= self._inodes:
            raise ImageError("an inode is named that is not there")
        group, index = divmod(number - 1, self._inodes_per_group)
        raw = self._source.read(self._descriptors + group * self._descriptor_size, self._descriptor_size)
        table = struct.unpack_from("<I", raw, 8)[0]
        if self._descriptor_size >= 64:
            table |= struct.unpack_from("<I", raw, 40)[0] << 32
        raw = self._source.read(table * self._block + index * self._inode_size, 128)
        mode, low = struct.unpack_from("<H2xI", raw, 0)
        flags = struct.unpack_from("<I", raw, 32)[0]
        high = struct.unpack_from("<I", raw, 108)[0]
        return _Inode(kind_of(mode), low | high << 32, flags, raw[40:100])

    def _content(self, inode: _Inode) -> ByteSource:
        if inode.flags & _ENCRYPTED:
            raise ImageError("it is encrypted")
        if inode.flags & _INLINE or not inode.flags & _USES_EXTENTS:
            raise ImageError("it is kept in a way of ext4 that is not read (inline, or a list of blocks)")
        return Lazy(inode.size, lambda: self._joined(inode))

    def _joined(self, inode: _Inode) -> ByteSource:
        runs = sorted((run for run in self._runs(inode.block) if run.size), key=lambda run: run.at)
        whole = Runs(runs, max(inode.size, runs[-1].at + runs[-1].size if runs else 0))
        return Part(whole, 0, inode.size)

    def _runs(self, root: bytes) -> Iterator[Run]:
        """Yield where the bytes of a file lie, by its tree, whose depth is counted down and whose nodes are counted."""
        pending: list[tuple[int | None, int]] = [(None, _DEEPEST)]
        left = _MOST_RUNS
        while pending:
            place, deepest = pending.pop()
            node = root if place is None else self._source.read(place, self._block)
            magic, count, _, depth = struct.unpack_from("<HHHH", node, 0)
            left -= count + 1
            self._runs_left.spend(count + 1)
            if magic != _EXTENTS or 12 + 12 * count > len(node) or depth > deepest or left < 0:
                raise ImageError("the tree of a file's blocks is damaged")
            for at in range(12, 12 + 12 * count, 12):
                if depth:
                    low, high = struct.unpack_from("<IH", node, at + 4)
                    pending.append((self._place(low, high, 1), depth - 1))
                    continue
                first, length, high, low = struct.unpack_from("<IHHI", node, at)
                if length <= _UNWRITTEN:
                    place = self._place(low, high, length)
                    yield Run(first * self._block, length * self._block, self._source, place)

    def _place(self, low: int, high: int, count: int) -> int:
        block: int = low | high << 32
        if block + count > self._blocks:
            raise ImageError("a file lies outside of its file system")
        return block * self._block
