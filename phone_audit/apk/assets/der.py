"""Structures in DER as far as it matters which texts they hold. Source: ITU-T X.690, section 8."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Final, NamedTuple

_OBJECT, _OCTETS, _SEQUENCE = 0x06, 0x04, 0x30
_CONSTRUCTED: Final = 0x20
_LONG_NUMBER: Final = 0x1F
_TEXTS: Final = frozenset({0x0C, 0x13, 0x14, 0x16, 0x1A, 0x1E, 0x82, 0x86})
"""Texts of every alphabet, and among the names of a certificate a host and a URI."""
_URI_TEXTS: Final = frozenset({0x16, 0x86})
_MOST_LENGTH_BYTES: Final = 4
_MAX_DEPTH: Final = 32
_MAX_VALUES: Final = 200_000
_LOOKED_BACK: Final = 640
"""Bytes before a text in which the structure begins that an object identifier names; some list several addresses."""
_MAX_NAMED, _MAX_STEPS = 8, 64
"""Structures that are tried for one text, the nearest first, and values that are walked over in each."""
_NAMED: Final = re.compile(rb"\x30(?:[\x04-\x7f]|\x81.|\x82..)\x06[\x03-\x10]", re.DOTALL)


class Value(NamedTuple):
    """One value. `start` is where its tag stands, `begin` and `end` those of its content, in bytes."""

    tag: int
    start: int
    begin: int
    end: int


def value_at(data: memoryview, start: int, limit: int) -> Value | None:
    """Read the header of the value that starts here and ends at `limit` or before; None where there is none."""
    if start + 2 > limit or data[start] & _LONG_NUMBER == _LONG_NUMBER:
        return None
    length, begin = data[start + 1], start + 2
    if length >= 0x80:
        more = length - 0x80
        if not 0 < more <= _MOST_LENGTH_BYTES or begin + more > limit:
            return None
        length = int.from_bytes(data[begin : begin + more], "big")
        begin += more
    return Value(data[start], start, begin, begin + length) if begin + length <= limit else None


class DerFile:
    """A file that may be one structure in DER from its first byte to its last; hostile."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def holds_text(self, at: int) -> bool:
        """Tell whether the byte at `at` is one of a text that comes after an object identifier, as in certificates."""
        row = bisect_right(self._texts, (at, len(self._data))) - 1
        return row >= 0 and at < self._texts[row][1]

    @cached_property
    def _texts(self) -> list[tuple[int, int]]:
        """Begin and end of the texts, in ascending order."""
        values = _all_values(self._data)
        named = next((number for number, value in enumerate(values) if value.tag == _OBJECT), len(values))
        return [(value.begin, value.end) for value in values[named:] if value.tag in _TEXTS]


def _all_values(data: memoryview) -> list[Value]:
    """Return every value in the order of the file; none where it is no one structure in DER, or too large."""
    outer = value_at(data, 0, len(data))
    if outer is None or outer.tag != _SEQUENCE or outer.end != len(data):
        return []
    values: list[Value] = []
    waiting = [(outer, 0)]
    while waiting:
        value, depth = waiting.pop()
        values.append(value)
        inner = _inside(data, value)
        if inner is None or depth == _MAX_DEPTH or len(values) + len(waiting) + len(inner) > _MAX_VALUES:
            return []
        waiting.extend((one, depth + 1) for one in reversed(inner))
    return values


def _inside(data: memoryview, value: Value) -> list[Value] | None:
    """Return the values inside one; None where it must hold some and does not. Octets may hold some."""
    if not value.tag & _CONSTRUCTED and value.tag != _OCTETS:
        return []
    inner = list(_children(data, value))
    complete = (inner[-1].end if inner else value.begin) == value.end
    return inner if complete else [] if value.tag == _OCTETS else None


def _children(data: memoryview, value: Value, until: int | None = None) -> Iterator[Value]:
    """Yield what one value holds, or only up to the one that holds the byte at `until`."""
    at, last = value.begin, value.end if until is None else until
    while at <= last and (inner := value_at(data, at, value.end)):
        yield inner
        at = inner.end


def is_named_uri(data: memoryview, begin: int) -> bool:
    """Tell whether the text that begins here is a whole value, in a structure that an object identifier names.

    So stand the addresses of revocation lists, of issuers and of policies in certificates (RFC 5280, sections 4.2.1
    and 4.2.2), anywhere in hostile bytes. Each structure between must be sound up to the text.
    """
    text = _text_before(data, begin)
    if text is None:
        return False
    low = max(0, text.start - _LOOKED_BACK)
    near = [low + hit.start() for hit in _NAMED.finditer(bytes(data[low : text.start]))][-_MAX_NAMED:]
    return any(_leads_to(data, start, text) for start in reversed(near))


def _text_before(data: memoryview, begin: int) -> Value | None:
    for header in (2, 3):
        start = begin - header
        if start >= 0 and data[start] in _URI_TEXTS:
            value = value_at(data, start, len(data))
            if value is not None and value.begin == begin:
                return value
    return None


def _leads_to(data: memoryview, start: int, text: Value) -> bool:
    """Walk down from the value that starts here to a text."""
    value = value_at(data, start, len(data))
    left = _MAX_STEPS
    while value is not None and value.end >= text.end and (value.tag & _CONSTRUCTED or value.tag == _OCTETS):
        inner = list(islice(_children(data, value, text.start), left))
        left -= len(inner)
        value = inner[-1] if inner and inner[-1].end > text.start else None
        if value == text:
            return True
    return False
