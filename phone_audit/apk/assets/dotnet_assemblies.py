"""Assemblies of Xamarin and .NET for Android that are compressed with LZ4, one by one or in a store.

Sources: dotnet/android, `src/Xamarin.Android.Build.Tasks/Utilities/AssemblyCompression.cs`; lz4,
`doc/lz4_Block_format.md`. A library for LZ4 would be one more that reads hostile bytes; such packages hold a few
megabytes of it.
"""

import re
import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from phone_audit.errors import ApkError

_SHORTEST_MATCH: Final = 4
_MORE: Final = 15
ASSEMBLY_MAGIC: Final = b"XALZ"
ASSEMBLY_STORE_MAGIC: Final = b"XABA"
_HEADER: Final = struct.Struct("<4sII")
_MARK: Final = re.compile(ASSEMBLY_MAGIC)


def decompress(block: bytes, size: int) -> bytes:
    """Decode one block.

    Args:
        block: the block; bytes that follow it are not looked at.
        size: how many bytes it decodes to; the work is bounded by this.

    Raises:
        ApkError: it is damaged, or decodes to something else. Code `damaged-entry`.
    """
    out = bytearray()
    at = 0
    try:
        while len(out) < size:
            token = block[at]
            length, at = _length(block, at + 1, token >> 4, size)
            out += block[at : at + length]
            at += length
            if len(out) >= size or at >= len(block):
                break
            distance = block[at] | block[at + 1] << 8
            length, at = _length(block, at + 2, token & 15, size)
            _repeat(out, distance, length + _SHORTEST_MATCH)
    except IndexError as error:
        raise _damaged() from error
    if len(out) != size:
        raise _damaged()
    return bytes(out)


def _length(block: bytes, at: int, low: int, most: int) -> tuple[int, int]:
    """Read what is added to a length of 15: bytes up to the first that is not 255."""
    if low < _MORE:
        return low, at
    length = low
    while length <= most:
        more = block[at]
        at += 1
        length += more
        if more != 255:
            return length, at
    raise _damaged()


def _repeat(out: bytearray, distance: int, length: int) -> None:
    if not 0 < distance <= len(out):
        raise _damaged()
    start = len(out) - distance
    if distance >= length:
        out += out[start : start + length]
        return
    pattern = bytes(out[start:])
    out += (pattern * (length // distance + 1))[:length]


def _damaged() -> ApkError:
    return ApkError("A compressed assembly is damaged.", code="damaged-entry")


def compressed_assemblies(data: memoryview, limit: int) -> Iterator[tuple[int, bytes | ApkError]]:
    """Decode every compressed assembly that stands in a file: alone, in `assemblies.blob`, in a library that holds it.

    Each begins with XALZ, an index and its size when decoded; an LZ4 block follows. Source: dotnet/android,
    `src/Xamarin.Android.Build.Tasks/Utilities/AssemblyCompression.cs`.

    Args:
        data: the file; hostile.
        limit: bytes that all of them together may decode to.

    Yields:
        Where each begins, and its bytes or why there are none.
    """
    marks = [found.start() for found in _MARK.finditer(data)]
    for at, following in pairwise([*marks, len(data)]):
        if at + _HEADER.size > len(data):
            return
        _, _, size = _HEADER.unpack_from(data, at)
        if size > limit:
            yield at, ApkError("Its compressed assemblies are larger than may be unpacked.", code="size-limit")
            return
        try:
            yield at, decompress(bytes(data[at + _HEADER.size : following]), size)
        except ApkError as error:
            yield at, error
        else:
            limit -= size
