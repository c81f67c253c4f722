"""The LZ4 block format, decoded within a limit.

Source: lz4, `doc/lz4_Block_format.md`. A library for this would be one more that reads hostile bytes; the packages
that need it (assemblies of Xamarin and .NET) hold a few megabytes of it.
"""

from typing import Final

from phone_audit.errors import ApkError

_SHORTEST_MATCH: Final = 4
_MORE: Final = 15


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
