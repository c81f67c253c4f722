"""The wire format of protobuf, read without a schema: numbered fields of a message, one after the other.

Source: protobuf.dev, "Encoding". Groups, which nobody writes any more, are refused.
"""

from collections.abc import Iterator

Field = tuple[int, int | memoryview]
"""Number of the field, and its value: a whole number, or the bytes of a text or of a message inside."""

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}
_LONGEST_VARINT = 10


def fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields in the order of the bytes. Messages inside are not looked into, so the work is bounded.

    Raises:
        ValueError: the message is damaged, perhaps after some fields.
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


def text_of(value: int | memoryview) -> str:
    """Return the text that a field holds."""
    return bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview) else ""


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
