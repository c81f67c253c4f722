"""The constant pool of Java class files: which classes are defined and named, and what texts there are."""

import struct
from typing import Final, NamedTuple

CLASS_MAGIC: Final = b"\xca\xfe\xba\xbe"
_UTF8, _CLASS, _STRING = 1, 7, 8
_SIZES: Final = {
    3: 5, 4: 5, 5: 9, 6: 9, 7: 3, 8: 3, 9: 5, 10: 5, 11: 5, 12: 5, 15: 4, 16: 3, 17: 5, 18: 5, 19: 3, 20: 3,
}  # fmt: skip
"""Bytes of a constant, its tag with it. Source: The Java Virtual Machine Specification, 4.4."""
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
    at = 10
    places = [0]
    classes: list[int] = []
    strings: list[int] = []
    while len(places) < count:
        places.append(at)
        tag = data[at]
        if tag == _UTF8:
            at += 3 + (data[at + 1] << 8 | data[at + 2])
            continue
        if tag == _CLASS:
            classes.append(at)
        elif tag == _STRING:
            strings.append(at)
        elif tag in _TWO_SLOTS:
            places.append(at)
        at += _SIZES[tag]
    (this,) = struct.unpack_from(">H", data, at + 2)

    def text_of(place: int) -> tuple[int, bytes]:
        """Return the text to which the constant at a place refers.

        Where it begins, and its bytes; 0 where it is none.
        """
        at = places[data[place + 1] << 8 | data[place + 2]]
        if data[at] != _UTF8:
            return 0, b""
        return at + 3, data[at + 3 : at + 3 + (data[at + 1] << 8 | data[at + 2])]

    if places[this] not in classes:
        raise IndexError
    names = (text_of(place) for place in classes)
    return JavaClass(
        defined=_descriptor(text_of(places[this])[1]),
        named=tuple({_descriptor(name) for begin, name in names if begin}),
        texts=tuple(text for place in strings if (text := text_of(place))[0]),
    )


def _descriptor(name: bytes) -> bytes:
    return name if name.startswith(b"[") else b"L%b;" % name
