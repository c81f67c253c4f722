"""The wire format of protocol buffers: fields by their number, nothing of their meaning.

Source: protobuf.dev, "Encoding".
"""

from collections.abc import Iterator

_VARINT, _BYTES = 0, 2
_FIXED = {1: 8, 5: 4}
_LONGEST_VARINT = 10

Field = tuple[int, int | memoryview]
"""Number of the field, and its value: a whole number, or the bytes of a text or of a message inside."""


def fields(message: memoryview) -> Iterator[Field]:
    r"""Yield the fields in the order of the bytes, up to the `ValueError` of a damaged one.

    Messages inside are not looked into, so the work is bounded.

    Example:
        >>> list(fields(memoryview(b"\x08\x96\x01\x15\x02\0\0\0")))
        [(1, 150), (2, 2)]
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        size = _FIXED.get(kind, 0)
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif not size:
            raise ValueError
        content = message[at : at + size]
        if len(content) < size:
            raise ValueError
        at += size
        yield number, content if kind == _BYTES else int.from_bytes(content, "little")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 7 * _LONGEST_VARINT, 7):
        if at >= len(message):
            raise ValueError
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError
