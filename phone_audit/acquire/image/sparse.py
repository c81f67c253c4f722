"""Android's sparse images: chunks that are kept, filled with four bytes, or left out.

Source: AOSP `system/core/libsparse/sparse_format.h`.
"""

import struct
from typing import Final

from phone_audit.acquire.image.byte_source import ByteSource, ImageError, Run, Runs, begins

_MAGIC: Final = 0xED26FF3A
_HEADER, _CHUNK = struct.Struct("<IHHHHIIII"), struct.Struct("<HHII")
_RAW, _FILL, _SKIP, _CRC = 0xCAC1, 0xCAC2, 0xCAC3, 0xCAC4
_MOST_CHUNKS: Final = 500_000
"""An image of 8 GB has some ten thousand."""


def is_sparse(source: ByteSource) -> bool:
    return begins(source, 0, 4) == _MAGIC.to_bytes(4, "little")


def read_sparse(source: ByteSource) -> ByteSource:
    """Return the image that it stands for. Raises ImageError where it is damaged."""
    header = source.read(0, _HEADER.size)
    magic, major, _, header_size, chunk_size, block, blocks, chunks, _ = _HEADER.unpack(header)
    if magic != _MAGIC or major != 1 or header_size < _HEADER.size or chunk_size < _CHUNK.size or not block:
        raise ImageError("the head of the sparse image is damaged")
    if block % 4 or chunks > _MOST_CHUNKS:
        raise ImageError("the head of the sparse image is damaged")
    runs: list[Run] = []
    at, out = header_size, 0
    for _ in range(chunks):
        kind, _, count, total = _CHUNK.unpack(source.read(at, _CHUNK.size))
        size, held = count * block, total - chunk_size
        if kind == _RAW and held == size:
            runs.append(Run(out, size, source, at + chunk_size))
        elif kind == _FILL and held >= 4:
            fill = source.read(at + chunk_size, 4)
            if fill.strip(b"\0"):
                runs.append(Run(out, size, fill=fill))
        elif kind not in (_SKIP, _CRC) or held < 0:
            raise ImageError("a chunk of the sparse image is damaged")
        at += total
        out += 0 if kind == _CRC else size
        if total < chunk_size or at > source.size or out > blocks * block:
            raise ImageError("a chunk of the sparse image is damaged")
    return Runs([run for run in runs if run.size], blocks * block)
