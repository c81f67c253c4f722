"""Media of any size, complete by their own structure, with noise for what they show or play."""

import random
import struct
import zlib

PNG_HEAD = b"\x89PNG\r\n\x1a\n"
PNG_END = b"\0\0\0\0IEND\xaeB`\x82"


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that look like what is compressed."""
    return random.Random(seed).randbytes(size)


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(size: int, piece: int | None = None) -> bytes:
    """A picture, cut into pieces of so many bytes, as libpng does it; None: in one."""
    begin = PNG_HEAD + chunk(b"IHDR", bytes(13))
    left = size - len(begin) - len(PNG_END)
    pieces = []
    while left:
        length = left if piece is None else min(left, piece + 12)
        pieces.append(chunk(b"IDAT", noise(length - 12, length)))
        left -= length
    return begin + b"".join(pieces) + PNG_END


def riff(kind: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A RIFF file."""
    content = kind + b"".join(name + struct.pack("<I", len(one)) + one + bytes(len(one) % 2) for name, one in chunks)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def wav(size: int, *behind: tuple[bytes, bytes]) -> bytes:
    """A sound whose samples take so many bytes."""
    return riff(b"WAVE", (b"fmt ", bytes(16)), (b"data", noise(size)), *behind)


def font(*tables: int, magic: bytes = b"\0\1\0\0") -> bytes:
    """A font with tables of these sizes."""
    at = 12 + 16 * len(tables)
    records, content = b"", b""
    for number, size in enumerate(tables):
        records += struct.pack(">4s3I", b"tab%d" % number, 0, at + len(content), size)
        content += noise(size) + bytes(-size % 4)
    return magic + struct.pack(">4H", len(tables), 0, 0, 0) + records + content


def box(kind: bytes, content: bytes, *, large: bool = False) -> bytes:
    """A box of an MPEG-4 file."""
    if large:
        return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content), kind) + content


def mpeg4(*boxes: bytes) -> bytes:
    """A video of these boxes."""
    return box(b"ftyp", b"isom" + bytes(8)) + b"".join(boxes)
