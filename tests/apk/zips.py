"""ZIP archives written by hand, so that any field can be wrong."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One entry; what is None is written as it should be."""

    name: str | bytes
    content: bytes = b""
    deflate: bool = True
    method: int | None = None
    flags: int = 0
    crc: int | None = None
    compressed: int | None = None
    size: int | None = None
    local_sizes: bool = True
    extra: bytes = b""
    local_magic: bytes = b"PK\x03\x04"

    @property
    def encoded_name(self) -> bytes:
        return self.name if isinstance(self.name, bytes) else self.name.encode()

    @property
    def raw(self) -> bytes:
        if not self.deflate:
            return self.content
        stream = zlib.compressobj(9, zlib.DEFLATED, -15)
        return stream.compress(self.content) + stream.flush()


def make_zip(
    parts: Sequence[Part],
    *,
    prefix: bytes = b"",
    gap: bytes = b"",
    comment: bytes = b"",
    after: bytes = b"",
    records: int | None = None,
    before_directory: bytes = b"",
) -> bytes:
    """Write the parts; offsets do not count `prefix`, `gap` lies between directory and end record."""
    body, directory = bytearray(), bytearray()
    for part in parts:
        record = _record(part, len(body))
        body += _local(part) + part.raw
        directory += record
    body += before_directory
    end = end_record(len(parts) if records is None else records, len(directory), len(body), comment)
    return prefix + bytes(body) + bytes(directory) + gap + end + after


def end_record(records: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    return struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, records, records, size, offset, len(comment)) + comment


def _method(part: Part) -> int:
    return part.method if part.method is not None else 8 if part.deflate else 0


def _local(part: Part) -> bytes:
    sizes = (zlib.crc32(part.content), len(part.raw), len(part.content)) if part.local_sizes else (0, 0, 0)
    head = (part.local_magic, 20, part.flags, _method(part), 0, 0, *sizes, len(part.encoded_name), 0)
    return struct.pack("<4s5H3I2H", *head) + part.encoded_name


def _record(part: Part, offset: int) -> bytes:
    crc = zlib.crc32(part.content) if part.crc is None else part.crc
    compressed = len(part.raw) if part.compressed is None else part.compressed
    size = len(part.content) if part.size is None else part.size
    lengths = (len(part.encoded_name), len(part.extra), 0)
    fields = (20, 20, part.flags, _method(part), 0, 0, crc, compressed, size, *lengths, 0, 0, 0, offset)
    return struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *fields) + part.encoded_name + part.extra
