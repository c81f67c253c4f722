"""The constant pool of Java class files: which classes are defined and named, and what texts there are."""

import struct
from typing import Final, NamedTuple

MAGIC: Final = b"\xca\xfe\xba\xbe"
_UTF8, _CLASS, _STRING = 1, 7, 8
_SIZES: Final = {
    3: 4,
    4: 4,
    5: 8,
    6: 8,
    7: 2,
    8: 2,
    9: 4,
    10: 4,
    11: 4,
    12: 4,
    15: 3,
    16: 2,
    17: 4,
    18: 4,
    19: 2,
    20: 2,
}
"""Bytes after the tag. Source: The Java Virtual Machine Specification, 4.4."""
_TWO_SLOTS: Final = (5, 6)


class JavaClass(NamedTuple):
    """Descriptors as in a DEX file, such as `Lcom/example/A;`; texts with the offset of their first byte."""

    defined: bytes | None
    named: tuple[bytes, ...]
    texts: tuple[tuple[int, bytes], ...]


def read_class(data: memoryview) -> JavaClass | None:
    """Read the constant pool of one class file; None where it is damaged.

    `texts` are the constants that code loads as strings.
    """
    try:
        return _read(bytes(data))
    except (struct.error, IndexError, KeyError):
        return None


def _read(data: bytes) -> JavaClass:
    (count,) = struct.unpack_from(">H", data, 8)
    at, index = 10, 1
    words: dict[int, tuple[int, int]] = {}
    classes: dict[int, int] = {}
    strings: list[int] = []
    while index < count:
        tag = data[at]
        if tag == _UTF8:
            length = data[at + 1] << 8 | data[at + 2]
            words[index] = (at + 3, length)
            at += 3 + length
        else:
            if tag == _CLASS:
                classes[index] = data[at + 1] << 8 | data[at + 2]
            elif tag == _STRING:
                strings.append(data[at + 1] << 8 | data[at + 2])
            at += 1 + _SIZES[tag]
        index += 2 if tag in _TWO_SLOTS else 1
    _, this = struct.unpack_from(">HH", data, at)

    def word(number: int) -> bytes:
        begin, length = words[number]
        return data[begin : begin + length]

    named = {_descriptor(word(name)) for name in classes.values() if name in words}
    return JavaClass(
        defined=_descriptor(word(classes[this])),
        named=tuple(sorted(named)),
        texts=tuple((words[number][0], word(number)) for number in strings if number in words),
    )


def _descriptor(name: bytes) -> bytes:
    return name if name.startswith(b"[") else b"L" + name + b";"
