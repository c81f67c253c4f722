"""The EROFS file system: where things lie. What is packed is in `erofs_extents.py`.

Source: the kernel's `fs/erofs/erofs_fs.h` and `Documentation/filesystems/erofs.rst`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from phone_audit.acquire.image.byte_source import (
    ByteSource,
    ImageError,
    Lazy,
    Part,
    PieceCache,
    Run,
    Runs,
    Work,
    begins,
)
from phone_audit.acquire.image.erofs_extents import ExtentFile, PackedLayout, read_extents
from phone_audit.acquire.image.file_system import CUT_OFF, LONGEST_TARGET, Entry, Flaw, Kind, kind_of
from phone_audit.acquire.text import decode
from phone_audit.files.bounds import MB

_SUPER: Final = 1024
_MAGIC: Final = 0xE0F5E1E2
_READ: Final = 0x7F
"""Features that are read: padding, large clusters, chunks, second heads, data in the index, fragments, prefixes."""
_PADDED: Final = 0x1
_FRAGMENTS: Final = 0x20
_PLAIN, _FULL, _INLINE, _COMPACT, _CHUNKS = 0, 1, 2, 3, 4
_ALL_FOLDERS, _ALL_CLUSTERS = 64 * MB, 16_000_000
"""Bytes of all folders, and clusters of all files; 20,000 names have one MB, 64 GB as many clusters."""
_MOST_CHUNKS: Final = 500_000
_HOLE: Final = 0xFFFFFFFF
_KEPT: Final = 16 * MB
"""Bytes of unpacked clusters that are kept."""


@dataclass(frozen=True)
class _Inode:
    nid: int
    layout: int
    kind: Kind
    size: int
    value: int
    end: int
    """Where its own bytes and attributes end."""


def is_erofs(source: ByteSource) -> bool:
    return begins(source, _SUPER, 4) == _MAGIC.to_bytes(4, "little")


class Erofs:
    """See `FileSystem`. A node is the number of an inode.

    Raises an ImageError where its super block is damaged, or names features that are not read.
    """

    kind = "EROFS"

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        raw = source.read(_SUPER, 128)
        bits, _, self.root = struct.unpack_from("<BBH", raw, 12)
        self._meta = struct.unpack_from("<I", raw, 40)[0]
        self._features = struct.unpack_from("<I", raw, 80)[0]
        self._packed_nid = struct.unpack_from("<Q", raw, 96)[0]
        if not is_erofs(source) or not 9 <= bits <= 16:
            raise ImageError("the EROFS super block is damaged")
        if self._features & ~_READ:
            raise ImageError("the EROFS file system uses features that are not read")
        self._bits = bits
        self._block = 1 << bits
        self.flaws: tuple[Flaw, ...] = (CUT_OFF,) if struct.unpack_from("<I", raw, 36)[0] << bits > source.size else ()
        self._cache = PieceCache(_KEPT)
        self._clusters_left, self._folders_left = Work(_ALL_CLUSTERS), Work(_ALL_FOLDERS)

    def entries(self, folder: object) -> Iterator[Entry]:
        inode = self._inode(folder)
        if inode.kind != "folder":
            raise ImageError("what is named as a folder is none")
        self._folders_left.spend(inode.size)
        content = self._content(inode)
        for at in range(0, content.size, self._block):
            for name, nid in _in_block(content.read(at, min(self._block, content.size - at))):
                yield Entry(name, self._kind(nid), nid)  # as Linux has it: not by the kind in the folder

    def open(self, file: object) -> ByteSource:
        inode = self._inode(file)
        if inode.kind != "file":
            raise ImageError("what is named as a file is none")
        return self._content(inode)

    def target(self, link: object) -> str:
        inode = self._inode(link)
        if inode.size > LONGEST_TARGET:
            raise ImageError("a link is longer than any path")
        return decode(self._content(inode).read(0, inode.size))

    def _kind(self, nid: int) -> Kind:
        try:
            return self._inode(nid).kind
        except ImageError:
            return "damaged"

    def _inode(self, nid: object) -> _Inode:
        if not isinstance(nid, int):
            raise ImageError("an inode is named that is not there")
        at = (self._meta << self._bits) + 32 * nid
        form, attributes, mode = struct.unpack("<HHH", self._source.read(at, 6))
        length = 64 if form & 1 else 32
        raw = self._source.read(at, length)
        size = struct.unpack_from("<Q" if form & 1 else "<I", raw, 8)[0]
        value = struct.unpack_from("<I", raw, 16)[0]
        end = at + length + (12 + 4 * (attributes - 1) if attributes else 0)
        return _Inode(nid, form >> 1 & 7, kind_of(mode), size, value, end)

    def _content(self, inode: _Inode) -> ByteSource:
        if inode.layout == _PLAIN:
            return Part(self._source, inode.value << self._bits, inode.size)
        if inode.layout == _INLINE:
            whole = inode.size & -self._block
            runs = [Run(0, whole, self._source, inode.value << self._bits)] if whole else []
            return Runs([*runs, Run(whole, inode.size - whole, self._source, inode.end)], inode.size)
        if inode.layout == _CHUNKS:
            return Lazy(inode.size, lambda: self._chunks(inode))
        if inode.layout in (_FULL, _COMPACT):
            return Lazy(inode.size, lambda: self._unpacked(inode))
        raise ImageError("a file is kept in a way of EROFS that is not read")

    def _chunks(self, inode: _Inode) -> ByteSource:
        indexes = inode.value & 0x20
        size = self._block << (inode.value & 0x1F)
        count = -(-inode.size // size)
        width = 8 if indexes else 4
        if count > _MOST_CHUNKS:
            raise ImageError("a file has more chunks than any has")
        self._clusters_left.spend(count)
        raw = self._source.read(-(-inode.end // width) * width, count * width)
        runs = []
        for number in range(count):
            device, block = struct.unpack_from("<2xHI", raw, number * 8) if indexes else (0, 0)
            if not indexes:
                block = struct.unpack_from("<I", raw, number * 4)[0]
            if device:
                raise ImageError("a part of a file lies on another device")
            if block != _HOLE:
                runs.append(
                    Run(number * size, min(size, inode.size - number * size), self._source, block << self._bits)
                )
        return Runs(runs, inode.size)

    def _unpacked(self, inode: _Inode) -> ByteSource:
        layout = PackedLayout(
            self._source,
            self._bits,
            inode.size,
            at=-(-inode.end // 8) * 8,
            compact=inode.layout == _COMPACT,
            padded=bool(self._features & _PADDED),
        )
        index = read_extents(layout, self._clusters_left)
        if index.fragment is not None and inode.nid == self._packed_nid:
            raise ImageError("the fragments of files lie in themselves")
        fragments = self._fragments if index.fragment is not None else Runs([], 0)
        return ExtentFile(layout, index, fragments, self._cache, inode.nid)

    @cached_property
    def _fragments(self) -> ByteSource:
        """The file that holds the ends of others."""
        if not self._features & _FRAGMENTS or not self._packed_nid:
            raise ImageError("a part of a file is said to lie in a file that is not there")
        return self._content(self._inode(self._packed_nid))


def _in_block(block: bytes) -> Iterator[tuple[str, int]]:
    """Yield names and inodes of one block of a folder: records, then the names."""
    first = int.from_bytes(block[8:10], "little")
    if first % 12 or not 12 <= first <= len(block):
        raise ImageError("an entry of a folder is damaged")
    starts = [struct.unpack_from("<QH", block, at) for at in range(0, first, 12)]
    for number, (nid, start) in enumerate(starts):
        end = starts[number + 1][1] if number + 1 < len(starts) else len(block)
        if not first <= start < end <= len(block):
            raise ImageError("an entry of a folder is damaged")
        name = decode(block[start:end].split(b"\0")[0])
        if name not in (".", ".."):
            yield name, nid
