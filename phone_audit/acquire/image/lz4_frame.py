"""A frame of LZ4, as Samsung packs images, read at any place: its blocks are found first, and unpacked when read.

Source: lz4 `doc/lz4_Frame_format.md`.
"""

from typing import Final

from phone_audit.acquire.image.byte_source import (
    ByteSource,
    ImageError,
    PieceCache,
    Work,
    begins,
    check_range,
    read_blocks,
)
from phone_audit.files.bounds import MB
from phone_audit.files.lz4_block import unpack_lz4

_MAGIC: Final = 0x184D2204
_SIZES: Final = {4: 64 * 1024, 5: 256 * 1024, 6: MB, 7: 4 * MB}
_INDEPENDENT, _BLOCK_SUM, _SIZE, _DICTIONARY = 0x20, 0x10, 0x08, 0x01
_STORED: Final = 1 << 31
_MOST_BLOCKS: Final = 500_000
_KEPT: Final = 48 * MB


def is_lz4_frame(source: ByteSource) -> bool:
    return begins(source, 0, 4) == _MAGIC.to_bytes(4, "little")


class Lz4Frame:
    """The unpacked bytes. Raises ImageError where it is damaged, or of a form that cannot be read at any place."""

    def __init__(self, source: ByteSource, work: Work) -> None:
        self._source = source
        flags, sizes = source.read(4, 2)
        self._block = _SIZES.get(sizes >> 4 & 7, 0)
        if flags >> 6 != 1 or not self._block:
            raise ImageError("the head of the LZ4 frame is damaged")
        if not flags & _INDEPENDENT or flags & _DICTIONARY:
            raise ImageError("it is an LZ4 frame whose blocks depend on one another, which is not read")
        size = int.from_bytes(source.read(6, 8), "little") if flags & _SIZE else None
        self._places: list[tuple[int, int]] = []
        at = 15 if flags & _SIZE else 7
        while packed := int.from_bytes(source.read(at, 4), "little"):
            self._places.append((at + 4, packed))
            at += 4 + (packed & ~_STORED) + (4 if flags & _BLOCK_SUM else 0)
            if len(self._places) > _MOST_BLOCKS or packed & ~_STORED > self._block:
                raise ImageError("a block of the LZ4 frame is damaged")
        self._cache, self._work = PieceCache(_KEPT), work
        last = max(0, len(self._places) - 1) * self._block
        self.size = len(self._places) * self._block if size is None else size
        if size is None and self._places:
            self.size = last + len(self._unpacked(len(self._places) - 1, short=True))
        if not last <= self.size <= len(self._places) * self._block:
            raise ImageError("the head of the LZ4 frame is damaged")

    def read(self, at: int, count: int) -> bytes:
        check_range(self, at, count)
        return read_blocks(at, count, self._block, self._cache, self._unpacked)

    def _unpacked(self, number: int, *, short: bool = False) -> bytes:
        place, packed = self._places[number]
        size = min(self._block, self.size - number * self._block)
        self._work.spend(size)
        raw = self._source.read(place, packed & ~_STORED)
        try:
            return raw if packed & _STORED else unpack_lz4(raw, size, short=short)
        except ValueError as error:
            raise ImageError(str(error)) from error
