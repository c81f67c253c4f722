"""Which classes and resources the other files of a package name: layouts, preferences, plug-ins, native code."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from phone_audit.apk.dex.descriptors import names_in

MOST_BYTES: Final = 64 << 20
"""Bytes of files in which names are looked for."""
_TOGETHER: Final = 1 << 18
"""Bytes of files that are looked through together; many are small."""
_LENGTHS: Final = 3
"""Beginnings of a text that may be the length in front of it, as compiled resources have it."""

_IN_NAME: Final = rb"[\w$./-]"
_WIDE: Final = re.compile(rb"\0(?:%b\0){2,}+" % _IN_NAME)
"""What may be names in UTF-16, without their first byte: zeros are found fast. The zeros behind a text end one."""
_FIRST: Final = re.compile(_IN_NAME)
_SHORTEST: Final = 3


class TooLargeError(Exception):
    """There are more bytes than are looked through."""


def names_in_files(files: Iterable[bytes | memoryview], defined: Collection[bytes]) -> Iterator[bytes]:
    """Yield the descriptors of those of some classes that files name; some more than once.

    Raises:
        TooLargeError: after what the first `MOST_BYTES` of them name.
    """
    known = {name[1:-1].replace(b"/", b"."): name for name in defined}
    size = 0
    texts: list[bytes] = []
    for text in _within_bounds(files):
        texts += (text, *_wide(text))
        size += len(text)
        if size > _TOGETHER:
            yield from _among(texts, known)
            texts, size = [], 0
    yield from _among(texts, known)


def _wide(text: bytes) -> Iterator[bytes]:
    """Yield what may be names in UTF-16, in single bytes."""
    for found in _WIDE.finditer(text):
        at = found.start()
        first = _FIRST.match(text, at - 1) if at else None
        name = (first[0] if first else b"") + found[0].replace(b"\0", b"")
        if len(name) >= _SHORTEST:
            yield name


def names_held(files: Iterable[bytes | memoryview], names: Collection[str]) -> frozenset[str]:
    """Return those of some names that stand in files, in UTF-8 or UTF-16; raise as `names_in_files`."""
    wanted = {name: (name.encode(), name.encode("utf-16-le")) for name in names}
    found: set[str] = set()
    for text in _within_bounds(files):
        found |= {name for name in wanted.keys() - found if any(form in text for form in wanted[name])}
        if len(found) == len(wanted):
            break
    return frozenset(found)


def _within_bounds(files: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    left = MOST_BYTES
    for content in files:
        left -= len(content)
        if left < 0:
            raise TooLargeError
        yield bytes(content)


def _among(texts: Sequence[bytes], known: Mapping[bytes, bytes]) -> Iterator[bytes]:
    names = set(names_in(b"\0".join(texts)))
    for start in range(_LENGTHS):
        yield from (known[name] for name in known.keys() & {name[start:] for name in names})
