"""The content of an entry as scheme v1 signs it.

Follows AOSP apksig `LocalFileRecord.java`, which is stricter than Android's reader of assets (`archive.py`): the local
header has to say what the directory says, and an entry has to hold as many bytes as announced. Checksums are not
compared with the content, there neither. A stream that lacks its end counts there if its content is whole.
"""

import struct
from collections.abc import Iterator

from phone_audit.apk.zip.archive import Archive, inflated
from phone_audit.apk.zip.directory import LOCAL, Buffer, Entry
from phone_audit.apk.zip.held_entries import damaged
from phone_audit.errors import ApkError

_STORED, _DEFLATED = 0, 8
_DESCRIPTOR = 8
_RECORD = struct.Struct("<8xH6x3IH12xI")
"""Flags, CRC-32, compressed and inflated size, length of the name, offset of the local header."""
_LOCAL = struct.Struct("<4s2xH6x3I2H")
"""Magic, flags, CRC-32, compressed and inflated size, length of name and of extra field."""


def signed_pieces(archive: Archive, entry: Entry) -> Iterator[bytes | Buffer]:
    """Yield the content of an entry piece by piece.

    Raises:
        ApkError: code `damaged-entry`, perhaps after some pieces.
    """
    start, stop = signed_extent(archive, entry)
    raw = archive.data[start:stop]
    if entry.method == _STORED:
        yield raw
        return
    size = 0
    for piece in inflated(entry, raw, to_the_end=False):
        size += len(piece)
        yield piece
    if size != entry.size:
        raise ApkError(f"The entry {entry.name} is not of the announced size.", code="damaged-entry")


def is_read_as_signed(entry: Entry, size: int) -> bool:
    """Whether what `Archive.read` gave, of so many bytes, is the signed content too, if the extent is right."""
    return size == entry.size and entry.method in (_STORED, _DEFLATED)


def signed_extent(archive: Archive, entry: Entry) -> tuple[int, int]:
    """Find the bytes of an entry, and compare its two headers.

    Sizes of 64 bits, which Android 6 does not know, are refused.

    Returns:
        The offsets at which the bytes, perhaps deflated, begin and end.

    Raises:
        ApkError: code `damaged-entry`, or `not-brought`.
    """
    archive.held.require(entry)
    data, end = archive.data, archive.index.directory_offset
    at, record = entry.header_offset, entry.record
    flags, crc, compressed, size, length, offset = _RECORD.unpack_from(data, record)
    if compressed != entry.compressed or size != entry.size or offset != at:
        raise ApkError(f"The entry {entry.name} has sizes of 64 bits.", code="damaged-entry")
    name_at = at + _LOCAL.size
    if name_at + length > end:
        raise damaged(entry)
    magic, local_flags, local_crc, local_compressed, local_size, local_length, extra = _LOCAL.unpack_from(data, at)
    if magic != LOCAL:
        raise damaged(entry)
    sizes_agree = flags & _DESCRIPTOR or (local_crc == crc and local_compressed == compressed and local_size == size)
    names_agree = length == local_length and bytes(data[name_at : name_at + length]) == _name_of(data, record, length)
    if (flags ^ local_flags) & _DESCRIPTOR or not sizes_agree or not names_agree:
        raise ApkError(f"The two headers of the entry {entry.name} do not agree.", code="damaged-entry")
    start = name_at + length + extra
    stop = start + (size if entry.method == _STORED else compressed)
    if stop > end:
        raise damaged(entry)
    return start, stop


def _name_of(data: Buffer, record: int, length: int) -> Buffer:
    start = record + _RECORD.size
    return data[start : start + length]
