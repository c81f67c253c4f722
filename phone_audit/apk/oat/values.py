"""Where encoded values end. Source: dex-format, "encoded_value encoding", "encoded_array", "encoded_annotation"."""

from typing import Final

from phone_audit.apk.oat.reading import CodeFileError, uleb128

_ARRAY: Final = 0x1C
_ANNOTATION: Final = 0x1D
_MOST_VALUES: Final = 1 << 17
"""Values in one list and those inside it; no class has so many."""
_NO_BYTES: Final = frozenset({0x1E, 0x1F})
"""VALUE_NULL and VALUE_BOOLEAN keep everything in their first byte."""


def end_of_array(data: memoryview, at: int) -> int:
    """Return where an encoded_array ends.

    Raises:
        CodeFileError: it is not whole.
    """
    count, at = uleb128(data, at)
    return _end(data, at, [(count, False)])


def end_of_annotation(data: memoryview, at: int) -> int:
    """Return where an encoded_annotation ends.

    Raises:
        CodeFileError: it is not whole.
    """
    _, at = uleb128(data, at)
    count, at = uleb128(data, at)
    return _end(data, at, [(count, True)])


def _end(data: memoryview, at: int, open_lists: list[tuple[int, bool]]) -> int:
    """Pass over values; `open_lists` are the lists being read: values left, and whether each has a name before it."""
    seen = 0
    while open_lists:
        left, named = open_lists.pop()
        if not left:
            continue
        seen += 1
        if seen > _MOST_VALUES:
            raise CodeFileError("A list of values is longer than any class can have.")
        open_lists.append((left - 1, named))
        if named:
            _, at = uleb128(data, at)
        if at >= len(data):
            raise CodeFileError("A value lies outside the file.")
        head = data[at]
        at += 1
        kind = head & 0x1F
        if kind == _ARRAY:
            count, at = uleb128(data, at)
            open_lists.append((count, False))
        elif kind == _ANNOTATION:
            _, at = uleb128(data, at)
            count, at = uleb128(data, at)
            open_lists.append((count, True))
        elif kind not in _NO_BYTES:
            at += (head >> 5) + 1
    if at > len(data):
        raise CodeFileError("A value lies outside the file.")
    return at
