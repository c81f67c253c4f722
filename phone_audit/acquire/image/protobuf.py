"""The wire format of protocol buffers: fields by their number, nothing of their meaning.

Source: protobuf's documentation, "Encoding".
"""

from collections.abc import Iterator

from phone_audit.acquire.image.byte_source import ImageError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST = 10
"""Bytes of a number."""

Field = tuple[int, int, memoryview]
"""Number of a field, its value where that is a number, its bytes where that is not."""
_NONE = memoryview(b"")


def fields(message: memoryview) -> Iterator[Field]:
    r"""Yield the fields of a message, in order.

    Raises:
        ImageError: it is damaged.

    Example:
        >>> [(number, value, bytes(raw)) for number, value, raw in fields(memoryview(b"\x08\x96\x01\x12\x01a"))]
        [(1, 150, b''), (2, 0, b'a')]
    """
    at = 0
    while at < len(message):
        key, at = _number(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _number(message, at)
            yield key >> 3, value, _NONE
            continue
        if kind == _BYTES:
            count, at = _number(message, at)
        elif kind in (_FIXED64, _FIXED32):
            count = 8 if kind == _FIXED64 else 4
        else:
            raise ImageError("a list of partitions is damaged")
        if at + count > len(message):
            raise ImageError("a list of partitions is damaged")
        yield key >> 3, 0, message[at : at + count]
        at += count


def _number(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(_LONGEST):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, at
    raise ImageError("a list of partitions is damaged")
